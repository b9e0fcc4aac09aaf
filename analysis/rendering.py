"""`render`: the report page and its figures, from a build's marts. Same inputs, same bytes."""

from __future__ import annotations

import base64
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from analysis.figures import standalone
from analysis.figures.canvas import STYLE as FIGURE_STYLE
from analysis.header import ReportHeader
from analysis.numbers import Numbers, read_numbers
from analysis.page import context
from analysis.pictures import pictures
from analysis.study import StudyData, connect, read_studies

HERE = Path(__file__).parent
FONTS = {
    "Source Sans 3": "source-sans-3-latin-wght-normal.woff2",
    "Source Serif 4": "source-serif-4-latin-wght-normal.woff2",
}


def render(build_db: Path, site_dir: Path, header: ReportHeader) -> None:
    """Write `index.html` (the study the header names) and one page for each other study, with figures/ beside them.

    Reads marts.study_estimates, so `estimate` has run before. The pages ask for nothing outside themselves.
    """
    site_dir.mkdir(parents=True, exist_ok=True)
    with connect(build_db, read_only=True) as connection:
        studies = read_studies(connection)
        first = next(
            (d for d in studies if d.study.study_id == header.study_id), studies[0] if studies else None
        )
        for data in studies:
            numbers = read_numbers(connection, data.study.study_id)
            name = "index.html" if data is first else f"{data.study.slug}.html"
            _write_study(data, numbers, site_dir, name, header)


def _write_study(data: StudyData, numbers: Numbers, site_dir: Path, name: str, header: ReportHeader) -> None:
    drawn = pictures(data, numbers)
    folder = site_dir / "figures"
    folder.mkdir(exist_ok=True)
    prefix = "" if name == "index.html" else f"{data.study.slug}-"
    for figure, sizes in drawn.items():
        (folder / f"{prefix}{figure}.svg").write_text(standalone(sizes["wide"]), encoding="utf-8")
    page = (
        _environment()
        .get_template("report.html.j2")
        .render(
            **context(data, numbers, drawn, header),
            style=Markup(_style()),  # noqa: S704 - our own style sheets
        )
    )
    (site_dir / name).write_text(page, encoding="utf-8")


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("analysis"),
        autoescape=select_autoescape(("html", "j2"), default=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["drawing"] = Markup  # our SVG, whose text is escaped where it is drawn
    return environment


def _style() -> str:
    faces = [
        f'@font-face {{ font-family: "{family}"; font-weight: 200 900; font-display: swap; '
        f"src: url(data:font/woff2;base64,{_base64(HERE / 'fonts' / file)}) format('woff2'); }}"
        for family, file in FONTS.items()
    ]
    sheets = (FIGURE_STYLE, HERE / "templates" / "report.css")
    return "\n".join([*faces, *(sheet.read_text(encoding="utf-8") for sheet in sheets)])


def _base64(path: Path) -> str:
    return base64.b64encode(path.read_bytes()).decode("ascii")
