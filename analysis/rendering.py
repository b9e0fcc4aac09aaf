"""`render`: report, figures and patients' pages from a build's marts. Same inputs, same bytes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from analysis.disclosure.shareable_page import shareable_numbers, write_shareable
from analysis.estimation.specifications import PRIMARY
from analysis.estimation.study import StudyData, connect, read_studies
from analysis.figures.canvas import FONTS, font_face
from analysis.figures.canvas import STYLE as FIGURE_STYLE
from analysis.manuscript.folder import FOLDER, write_manuscript
from analysis.manuscript.manuscript_tables import manuscript_tables
from analysis.patients.histories import History, read_histories
from analysis.patients.patient_pages import write_patients
from analysis.patients.swimmers import swimmer_plot
from analysis.report import words
from analysis.report.header import ReportHeader
from analysis.report.numbers import Numbers, read_numbers
from analysis.report.page import context
from analysis.report.paper import paper
from analysis.report.parameters import Parameters, read_parameters
from analysis.report.pictures import pictures
from analysis.report.sensitivity_page import SensitivityPart, sensitivity_part
from analysis.report.specification_picture import filter_style
from analysis.report.specified_numbers import read_specified
from analysis.statistics.estimates import StatisticsError

HERE = Path(__file__).parent


def render(build_db: Path, site_dir: Path, header: ReportHeader, *, files: bool = True) -> None:
    """Write `index.html` (the study the header names), a page for each other study, and what they link to.

    That is figures_and_tables/ and patients/; and the report of the header's study for readers outside, in
    shareable/. The studies of a site share patients: two such reports could be subtracted from one another.
    Reads marts.study_estimates, so `estimate` has run before.
    The pages ask for nothing outside themselves. Without `files` no folder for a manuscript is written, and
    no figure links to one.
    """
    site_dir.mkdir(parents=True, exist_ok=True)
    with connect(build_db, read_only=True) as connection:
        studies = read_studies(connection)
        if not studies:
            raise StatisticsError("marts.studies is empty: there is no study to report on.")
        first = next((d for d in studies if d.study.study_id == header.study_id), studies[0])
        reports = [
            (data, "index.html" if data is first else f"{data.study.slug}.html")
            for data in sorted(studies, key=lambda data: data is not first)
        ]
        histories = read_histories(connection, [d for d, _ in reports], header.rule_set_id, header.profile_id)
        environment = _environment()
        for data, name in reports:
            numbers = read_numbers(connection, data.study.study_id)
            sensitivity = sensitivity_part(data.study, read_specified(connection, data.study.study_id))
            parameters = read_parameters(connection, data, header)
            _write_study(
                data, numbers, sensitivity, histories, site_dir, name, header, environment, parameters, files
            )
    styles = _sheets("report.css", "patient.css")
    write_patients(site_dir, environment, styles, _fonts(), histories, reports, header)


def _write_study(
    data: StudyData,
    numbers: Numbers,
    sensitivity: SensitivityPart,
    histories: Mapping[str, History],
    site_dir: Path,
    name: str,
    header: ReportHeader,
    environment: Environment,
    parameters: Parameters,
    files: bool,
) -> None:
    drawn = pictures(data, numbers, sensitivity.specified.at(PRIMARY, PRIMARY))
    swimmers = swimmer_plot(data, histories)
    if swimmers:
        drawn["swimmer"] = dict(swimmers.drawings)
    drawn.update({curve.figure: curve.drawings for curve in sensitivity.curves if curve.drawings})
    prefix = "" if name == "index.html" else f"{data.study.slug}-"
    figures = drawn
    if files:
        tables = manuscript_tables(data, numbers, sensitivity.specified, interim=not header.data_cut_final)
        links = write_manuscript(site_dir, prefix, data.study.title, drawn, tables)
        figures = {figure: sizes | links[figure] for figure, sizes in drawn.items()}
    page = environment.get_template("report.html.j2").render(
        **context(data, numbers, figures, header),
        tables=f"{FOLDER}/{prefix}tables.docx" if files else None,
        swimmers=swimmers,
        sensitivity=sensitivity,
        **paper(data, numbers, header, parameters),
        style=Markup(  # noqa: S704 - our own style sheets
            "\n".join((_fonts(), _sheets("report.css"), filter_style(sensitivity.curves)))
        ),
    )
    (site_dir / name).write_text(page, encoding="utf-8")
    if name != "index.html":
        return
    shown = shareable_numbers(data, numbers, header.shareable_min_count)
    write_shareable(
        data,
        shown,
        site_dir,
        header,
        environment,
        **paper(data, shown.numbers, header, parameters, shown),
        style=Markup("\n".join((_fonts(), _sheets("report.css")))),  # noqa: S704 - our own style sheets
    )


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("analysis"),
        autoescape=select_autoescape(("html", "j2"), default=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["inside"] = words.inside
    environment.filters["sentence"] = words.sentence
    environment.filters["drawing"] = Markup  # our SVG, whose text is escaped where it is drawn
    return environment


def _fonts() -> str:
    return "\n".join(font_face(family) for family in FONTS)


def _sheets(*names: str) -> str:
    """The figures' style sheet and the named ones."""
    sheets = (FIGURE_STYLE, *(HERE / "templates" / name for name in names))
    return "\n".join(sheet.read_text(encoding="utf-8") for sheet in sheets)
