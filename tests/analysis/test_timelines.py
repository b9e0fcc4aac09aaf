"""The patients' pages and the swimmer plot that leads to them."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ElementTree
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import duckdb
import pytest

from analysis import render
from analysis.patients.histories import page_names
from analysis.patients.swimmers import MOST
from tests.analysis.marts import estimate_quickly, make_build
from tests.analysis.test_browser import PROBE, run
from tests.analysis.test_report import HEADER, visible
from tests.analysis.walks import WALK_TABLES

HOSTILE = '../../<script>alert("x")</script>&"'
CALENDAR = re.compile(r"\b(19|20)\d\d-\d\d|\b\d{1,2} [A-Z][a-z]+ 20\d\d")


def made(folder: Path, change: str | None = None, *, files: bool = False, **options: Any) -> Path:
    """The folder of a rendered site; `change` is SQL run on the build before."""
    folder.mkdir(exist_ok=True)
    build = make_build(folder / "build.duckdb", **options)
    if change:
        with duckdb.connect(str(build)) as con:
            con.execute(change)
    estimate_quickly(build)
    render(build, folder / "site", HEADER, files=files)
    return folder / "site"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(tmp_path_factory.mktemp("timelines") / "one", files=True)


def asked(site: Path, query: str) -> list[tuple]:
    with duckdb.connect(str(site.parent / "build.duckdb"), read_only=True) as con:
        return con.execute(query).fetchall()


def page_of(site: Path, patient: str) -> str:
    return (site / "patients" / f"{patient}.html").read_text(encoding="utf-8")


def links(page: str) -> list[str]:
    return [unescape(link) for link in re.findall(r'<(?:a|link)[^>]* href="([^"]*)"', page)]


def test_every_study_patient_has_a_page_and_nobody_else(site):
    studied = {row[0] for row in asked(site, "select patient_id from marts.study_patients")}
    assert len(studied) == 52
    assert {page.stem for page in (site / "patients").glob("*.html")} == studied


def test_the_report_leads_to_every_patient_and_every_link_leads_somewhere(site):
    report = (site / "index.html").read_text(encoding="utf-8")
    figure = re.search(r'<svg[^>]*class="figure wide" role="group".*?</svg>', report, re.S).group(0)
    bars = {link for link in links(figure) if link.startswith("patients/")}
    assert len(bars) == 52
    for page in [site / "index.html", *(site / "patients").glob("*.html")]:
        text = page.read_text(encoding="utf-8")
        for link in links(text):
            if link.startswith("data:"):
                continue
            path, _, anchor = link.partition("#")
            target = (page.parent / unquote(path)) if path else page
            assert target.is_file(), link
            assert target.resolve().is_relative_to(site.resolve())
            if anchor:
                assert f'id="{anchor}"' in target.read_text(encoding="utf-8"), link


def test_the_pager_walks_through_all_patients_in_the_plots_order(site):
    report = (site / "index.html").read_text(encoding="utf-8")
    order = [link for link in links(report) if link.startswith("patients/")][:52]
    walked = [order[0]]
    while following := re.search(
        r'rel="next" href="([^"]+)"', (site / walked[-1]).read_text(encoding="utf-8")
    ):
        walked.append(f"patients/{following.group(1)}")
    assert walked == order
    before = re.search(r'rel="prev" href="([^"]+)"', (site / order[5]).read_text(encoding="utf-8"))
    assert f"patients/{before.group(1)}" == order[4]
    pfs2 = dict(asked(site, "select patient_id, pfs2_days from marts.study_patients"))
    strategy = dict(asked(site, "select patient_id, strategy from marts.study_patients"))
    ranks = {"endocrine": 0, "chemotherapy": 1, "other": 2}
    places = [(ranks[strategy[Path(p).stem]], -pfs2[Path(p).stem]) for p in order]
    assert places == sorted(places)


def decisions_of(page: str) -> dict[tuple[int, str], tuple]:
    """(day, drug) -> rule, line before, line and sub-line after, records, progressions."""
    found = {}
    for day, rule, body in re.findall(r'<tr data-day="(-?\d+)" data-rule="(\w+)">(.*?)</tr>', page, re.S):
        movement = re.findall(r'<td class="words">(.*?)</td>', body, re.S)[-1]
        lines = re.fullmatch(
            r"(?:no line|line (\d+)\.\d+) → line (\d+)\.(\d+)|stays in line (\d+)\.(\d+)", movement
        )
        before, after, subline = (lines[4], lines[4], lines[5]) if lines[4] else lines.groups()[:3]
        events = set(re.findall(r"<li>Progression .*?, ([\w-]+), (?:of the|belongs)", body))
        for drug, records in re.findall(r'data-ingredient="([^"]+)" data-records="([^"]+)"', body):
            assert (int(day), drug) not in found
            place = (before and int(before), int(after), int(subline))
            found[int(day), drug] = (rule, *place, records.split(" "), events)
    return found


def check_decisions(site: Path, connection: duckdb.DuckDBPyConnection) -> set[str]:
    """Compare every page with `line_decisions`; returns the rules that were seen."""
    rows = connection.execute(
        """
        select decisions.patient_id, decision_date - advanced_date, ingredient, rule, line_before, line_after,
            subline_after, medication_ids, progression_ids
        from marts.line_decisions as decisions inner join marts.patients using (patient_id)
        where rule_set_id = 'primary' and patient_id in (select patient_id from marts.study_patients)
        """
    ).fetchall()
    # what is kept at an opening is kept whatever was seen: `explain` names no progression beside it
    expected = {
        (row[0], row[1], row[2]): (*row[3:8], set() if row[3] == "continued" else set(row[8])) for row in rows
    }
    seen = {
        (page.stem, *key): value
        for page in (site / "patients").glob("*.html")
        for key, value in decisions_of(page.read_text(encoding="utf-8")).items()
    }
    assert seen == expected
    return {row[3] for row in rows}


def test_the_decisions_on_the_pages_are_the_marts_rows(site):
    with duckdb.connect(str(site.parent / "build.duckdb"), read_only=True) as con:
        assert check_decisions(site, con) == {"new_line"}


def test_the_decisions_of_the_patient_stories_are_the_marts_rows(stories_warehouse):
    with duckdb.connect(str(stories_warehouse.published_db), read_only=True) as con:
        rules = check_decisions(stories_warehouse.site, con)
    assert {"new_line", "window", "known_drug", "addition", "late_addition", "substitution"} <= rules


def test_the_endpoints_on_a_page_are_the_marts(site):
    row = asked(
        site,
        "select patient_id, next_line_start - advanced_date, pfs1_days, pfs2_days, pfs2_event "
        "from marts.study_patients inner join marts.patients using (patient_id) order by patient_id limit 1",
    )[0]
    page = page_of(site, row[0])
    cells = {
        name: re.findall(r"<td[^>]*>(.*?)</td>", body)
        for name, body in re.findall(r'<tr><th scope="row">(PFS[^<]*)</th>(.*?)</tr>', page)
    }
    assert cells["PFS1"][:3] == ["12", str(12 + row[2]), f"{row[2] / 30.4375:.1f}"]
    assert cells["PFS2"][:3] == [str(row[1]), str(row[1] + row[3]), f"{row[3] / 30.4375:.1f}"]
    assert cells["PFS2"][3] == ("progression" if row[4] else "censored at the last activity")
    assert cells["PFS2"][4] == f"assessments {row[0]}-pfs"
    # no row of line_endpoints ends where PFS1 ends: nothing is claimed to date it
    assert cells["PFS1"][4] == "–"


def test_the_timeline_draws_drugs_scans_lines_and_intervals(site):
    page = page_of(site, "p001")
    drawing = re.search(r'<svg[^>]*class="figure wide".*?</svg>', page, flags=re.S).group(0)
    root = ElementTree.fromstring(drawing)  # noqa: S314 - our own drawing
    space = "{http://www.w3.org/2000/svg}"
    words = [text.text for text in root.iter(f"{space}text")]
    for expected in ("letrozole", "palbociclib", "exemestane", "everolimus", "tamoxifen", "Line 1", "Line 2"):
        assert expected in words
    for expected in ("Assessments", "Progressions", "PFS1", "PFS2", "PFS2 (EMA)", "death"):
        assert expected in words
    titles = [title.text for title in root.iter(f"{space}title")]
    assert any(title.startswith("PD, imaging, day ") for title in titles)
    assert any(title.startswith("PR, clinical, day ") for title in titles)
    assert any(title.startswith("tamoxifen, early therapy, day −888") for title in titles)
    assert sum(title.startswith("Progression, imaging") for title in titles) >= 1


@pytest.mark.parametrize("relative", [False, True])
def test_no_calendar_date_is_shown(tmp_path, relative):
    folder = made(tmp_path / "dates", relative=relative)
    years = {str(row[0]) for row in asked(folder, "select distinct calendar_year from marts.study_patients")}
    assert len(years) > 1
    for page in (folder / "patients").glob("*.html"):
        text = page.read_text(encoding="utf-8")
        text = text[text.index("</head>") :]
        assert not CALENDAR.search(text)
        assert not years & set(re.findall(r"(?<!day )\b20\d\d\b", visible(text)))


def test_nothing_is_loaded_from_outside(site):
    for page in (site / "patients").glob("*.html"):
        text = page.read_text(encoding="utf-8")
        outside = re.findall(r'(?:src|href|action|data|poster)="(?!#|data:)([^"]*)"', text)
        assert all(re.fullmatch(r"\.\./index\.html#\w+|p\d+\.html|fonts\.css", link) for link in outside)
        assert re.findall(r"url\((?!data:)|@import|<script", text) == []
        assert set(re.findall(r"https?://[^\s\"'<]+", text)) == {"http://www.w3.org/2000/svg"}
    fonts = (site / "patients" / "fonts.css").read_text(encoding="utf-8")
    assert re.findall(r"url\((?!data:)", fonts) == []


def test_hostile_text_is_only_text_and_names_no_other_file(tmp_path):
    tables = ["study_patients", "index_patients", "line_endpoints", *WALK_TABLES]
    text = HOSTILE.replace("'", "''")
    change = "".join(
        f"update {name if '.' in name else f'marts.{name}'} set patient_id = '{text}' "
        "where patient_id = 'p001';"
        for name in tables
        if name != "line_rules"
    )
    change += "".join(
        f"update marts.{table} set ingredient = '{text}' where ingredient = 'letrozole';"
        for table in ("line_drugs", "line_decisions")
    )
    change += f"""
        update marts.therapy_lines set regimen = '{text}';
        update marts.study_patients set next_regimen = '{text}', histology = '{text}';
        update marts.line_decisions set medication_ids = ['{text}', 'x'];
        update marts.progression_events set progression_id = '{text}' || patient_id;
        update marts.line_endpoints set dated_by_id = '{text}', dated_by_table = '{text}';
        update intermediate.int_assessments_read set assessment_id = '{text}' || assessment_id;
        update intermediate.int_profile_assessments set assessment_id = '{text}' || assessment_id;
    """
    folder = made(tmp_path / "hostile", change)
    pages = list((folder / "patients").iterdir())
    assert len(pages) == 53
    assert all(re.fullmatch(r"[A-Za-z0-9_-]+\.(html|css)", page.name) for page in pages)
    assert {path.name for path in folder.iterdir()} == {
        "index.html",
        "patients",
        "shareable",
    }
    for page in [folder / "index.html", *pages]:
        assert "<script" not in page.read_text(encoding="utf-8").lower()
    hers = next(page for page in pages if page.name.startswith("patient-")).read_text(encoding="utf-8")
    assert "&lt;script&gt;" in hers
    assert f'href="patients/{next(p.name for p in pages if p.name.startswith("patient-"))}"' in (
        folder / "index.html"
    ).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "patient", ["../up", "a/b", "", ".hidden", "a b", "Ä", "con", "x" * 200, "a\n", "%2e"]
)
def test_an_unsafe_id_is_hashed(patient):
    assert re.fullmatch(r"patient-[0-9a-f]{20}\.html", page_names([patient])[patient])


def test_ids_that_differ_by_case_alone_get_files_of_their_own():
    names = page_names(["Ab-1", "aB-1", "P0000087"])
    assert len({name.lower() for name in names.values()}) == 3
    assert names["P0000087"] == "P0000087.html"


def test_the_same_inputs_give_the_same_bytes(site, tmp_path):
    again = made(tmp_path / "again")
    ours = sorted((site / "patients").iterdir())
    assert [page.name for page in ours] == sorted(page.name for page in (again / "patients").iterdir())
    for page in ours:
        assert page.read_bytes() == (again / "patients" / page.name).read_bytes()


def test_pages_of_patients_who_left_are_removed_and_other_files_kept(tmp_path):
    folder = made(tmp_path / "left")
    (folder / "patients" / "mine.html").write_text("a file of the reader's own", encoding="utf-8")
    with duckdb.connect(str(folder.parent / "build.duckdb")) as con:
        con.execute("delete from marts.study_patients where patient_id = 'p002'")
    render(folder.parent / "build.duckdb", folder, HEADER, files=False)
    assert not (folder / "patients" / "p002.html").exists()
    assert (folder / "patients" / "p003.html").exists()
    assert (folder / "patients" / "mine.html").exists()


def test_a_published_file_without_assessments_says_so(tmp_path):
    change = "drop table intermediate.int_assessments_read; drop table intermediate.int_profile_assessments"
    page = page_of(made(tmp_path / "published", change), "p003")
    assert "none are drawn here" in visible(page)
    assert "Assessments</text>" not in page


def test_a_study_without_patients_has_no_pages(tmp_path):
    folder = made(tmp_path / "empty", empty=True)
    assert not (folder / "patients").exists()
    assert "nobody is drawn" in visible((folder / "index.html").read_text(encoding="utf-8"))


def test_a_large_study_draws_a_share_of_each_strategy_and_says_so(tmp_path):
    folder = made(tmp_path / "large", endocrine=190, chemotherapy=290)
    report = (folder / "index.html").read_text(encoding="utf-8")
    figure = re.search(r'<svg[^>]*class="figure wide" role="group".*?</svg>', report, re.S).group(0)
    drawn = {Path(link).stem for link in links(figure)}
    assert abs(len(drawn) - MOST) <= 2
    assert f"{len(drawn)} of 484 patients are drawn" in visible(report)
    strategy = dict(asked(folder, "select patient_id, strategy from marts.study_patients"))
    share = sum(strategy[patient] == "endocrine" for patient in drawn) / len(drawn)
    assert share == pytest.approx(190 / 484, abs=0.02)
    assert len({link for link in links(report) if link.startswith("patients/")}) == 484


def test_the_saved_swimmer_plot_names_nobody(site):
    saved = (site / "figures_and_tables" / "figures" / "swimmer.svg").read_text(encoding="utf-8")
    assert "<a " not in saved
    assert not re.search(r"p0\d\d", saved)


@pytest.mark.browser
@pytest.mark.parametrize(("width", "size"), [(375, "narrow"), (1280, "wide")])
def test_a_page_does_not_scroll_sideways(browser, site, width, size):
    probe = site / "patients" / f"probe-{width}.html"
    probe.write_text(PROBE.format(width=width).replace("index.html", "p001.html"), encoding="utf-8")
    try:
        local = ["--allow-file-access-from-files", "--virtual-time-budget=5000", "--window-size=1400,1000"]
        done = run(browser, *local, "--dump-dom", probe.as_uri())
    finally:
        probe.unlink()
    assert "CONSOLE" not in done.stderr, done.stderr
    found = json.loads(re.search(r"<title>(\{.*?\})</title>", done.stdout).group(1))
    assert found["inner"] == width
    assert found["scroll"] <= width
    assert found["text"] == 0
    assert found["sizes"] == [size]
    assert found["font"]
