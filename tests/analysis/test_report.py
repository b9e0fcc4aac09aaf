"""The page: every number a row, the same bytes again, nothing from outside, words for what cannot be had."""

from __future__ import annotations

import dataclasses
import re
import xml.etree.ElementTree as ElementTree
from datetime import date
from pathlib import Path

import duckdb
import pytest

from analysis import ReportHeader, StatisticsError, estimate, render
from tests.analysis.marts import estimate_quickly, make_build

HEADER = ReportHeader(
    site_id="demo",
    data_cut=date(2026, 6, 30),
    data_cut_set_by="declared",
    inputs_hash="9f2c4be1d07a5583e6c1b7aa4f0d93ab",
    code_version="0.1.0",
    checks_summary={"pass": 24, "not_applicable": 1},
)
HOSTILE = '<script>alert("x")</script>'
SMALL = {
    "empty": {"empty": True},
    "one patient": {"endocrine": 0, "chemotherapy": 1},
    "one arm": {"endocrine": 0, "chemotherapy": 29},
    "a handful": {"endocrine": 3, "chemotherapy": 4},
    "late entry": {"entry": True},
    "large": {"endocrine": 190, "chemotherapy": 290},
}


def published(
    folder: Path, header: ReportHeader = HEADER, *, files: bool = False, **options: object
) -> tuple[Path, str]:
    build = make_build(folder / "build.duckdb", **options)
    estimate_quickly(build)
    render(build, folder / "site", header, files=files)
    return build, (folder / "site" / "index.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    return published(tmp_path_factory.mktemp("report"), files=True)


def visible(page: str) -> str:
    """The page's words, without style sheets and drawings."""
    page = re.sub(r"<(style|svg|head)\b.*?</\1>", " ", page, flags=re.S)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


def test_the_lead_says_what_was_found(report):
    build, page = report
    with duckdb.connect(str(build), read_only=True) as con:
        query = "select estimate from marts.study_estimates where estimate_id = 'pfs2.chemotherapy.median'"
        median = con.execute(query).fetchall()[0][0]
    lead = visible(page[page.index('class="lead"') : page.index('class="key"')])
    assert "19 women went on to endocrine therapy and 29 to chemotherapy" in lead
    assert f"{median:.1f}" in lead


def test_every_number_shown_is_a_row(report):
    build, page = report
    with duckdb.connect(str(build), read_only=True) as con:
        known = {row[0] for row in con.execute("select estimate_id from marts.study_estimates").fetchall()}
        query = "select rule_set_id, profile_id, estimate_id from marts.sensitivity_estimates"
        specified = set(con.execute(query).fetchall())
    chosen = r'data-rule-set="([^"]+)" data-profile="([^"]+)" data-estimate="([^"]+)"'
    assert len(set(re.findall(chosen, page))) > 50
    assert set(re.findall(chosen, page)) <= specified
    shown = set(re.findall(r'data-estimate="([^"]+)"', re.sub(chosen, "", page)))
    assert len(shown) > 200
    assert {key.replace("&lt;", "<").replace("&gt;", ">") for key in shown} <= known


def test_no_table_cell_prints_a_number_without_its_row(report):
    _, page = report
    page = re.sub(r'<table class="checklist">.*?</table>', "", page, flags=re.S)  # words, no estimates
    cells = re.findall(r"<td[^>]*>(.*?)</td>", page, flags=re.S)
    numbers = [cell for cell in cells if re.search(r"\d", re.sub(r"<[^>]+>", "", cell))]
    assert len(numbers) > 150
    assert [cell for cell in numbers if "data-estimate" not in cell] == []


def test_the_words_are_association_and_interim_look(report):
    _, page = report
    words = visible(page).lower()
    assert "associated with a hazard ratio" in words
    assert "interim look, not adjusted for repeated looks" in words
    words = words.replace("effective sample size", "")  # the name of a number (Kish 1965)
    assert not re.search(r"\b(effect|effective|efficacious|superior|benefit of)\b", words)


def test_a_final_data_cut_is_no_interim_look(tmp_path):
    final = dataclasses.replace(HEADER, data_cut_final=True)
    assert "interim look" not in visible(published(tmp_path, final)[1])


def test_the_same_inputs_give_the_same_bytes(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    assert published(tmp_path / "a")[1] == published(tmp_path / "b")[1]


def test_estimating_again_changes_nothing(tmp_path):
    build, _ = published(tmp_path)
    query = "select * from marts.study_estimates order by study_id, position"
    with duckdb.connect(str(build)) as con:
        before = con.execute(query).fetchall()
    estimate_quickly(build)
    with duckdb.connect(str(build)) as con:
        assert con.execute(query).fetchall() == before


def test_hostile_text_is_only_text(tmp_path):
    header = dataclasses.replace(HEADER, site_id=HOSTILE, code_version=HOSTILE, inputs_hash=HOSTILE)
    build = make_build(tmp_path / "build.duckdb", title=HOSTILE)
    with duckdb.connect(str(build)) as con:
        con.execute("update marts.study_patients set histology = ? where patient_id = 'p001'", [HOSTILE])
        con.execute("update marts.studies set index_label = ?", [HOSTILE])
        con.execute(
            "update marts.cohort_attrition set step = ? where step_number = 3", [HOSTILE + "{0.__class__}"]
        )
    estimate_quickly(build)
    render(build, tmp_path / "site", header)
    page = (tmp_path / "site" / "index.html").read_text(encoding="utf-8")
    assert "<script" not in page.lower()
    assert "&lt;script&gt;" in page
    for figure in (tmp_path / "site" / "figures_and_tables" / "figures").glob("*.svg"):
        assert "<script" not in figure.read_text(encoding="utf-8").lower()


def test_nothing_is_loaded_from_outside(report):
    _, page = report
    outside = re.findall(r'(?:src|href|action|data|poster)="(?!#|data:)([^"]*)"', page)
    ours = r"patients/[A-Za-z0-9_-]+\.html|figures_and_tables/(tables\.docx|figures/[a-z0-9_-]+\.(svg|png))"
    assert all(re.fullmatch(ours, link) for link in outside)
    assert "@import" not in page
    assert re.findall(r"url\((?!data:)", page) == []
    assert "<script" not in page
    assert set(re.findall(r"https?://[^\s\"'<]+", page)) == {"http://www.w3.org/2000/svg"}


def test_figures_are_files_that_parse(report):
    build, _ = report
    figures = sorted((build.parent / "site" / "figures_and_tables" / "figures").glob("*.svg"))
    names = {"attrition", "pfs2", "pfs1", "pfs2_ema", "ttnt", "ttd", "os", "pfs1_by_strategy", "swimmer"}
    names |= {"specification", "incidence", "ratio", "sankey", "love", "propensity", "forest", "weighted"}
    assert {figure.stem for figure in figures} == names | {f"{name}-column" for name in names}
    pictures = {figure.stem for figure in figures[0].parent.glob("*.png")}
    assert pictures == names
    for figure in figures:
        root = ElementTree.fromstring(figure.read_text(encoding="utf-8"))  # noqa: S314 - our own files
        assert root.find("{http://www.w3.org/2000/svg}title").text


@pytest.mark.parametrize("options", SMALL.values(), ids=SMALL.keys())
def test_small_and_odd_studies_render_without_a_nan(tmp_path, options):
    _, page = published(tmp_path, **options)
    words = visible(page)
    assert not re.search(r"\b(nan|NaN|inf|None)\b", words)
    assert "Methods" in words


def test_an_empty_study_says_so(tmp_path):
    _, page = published(tmp_path, empty=True)
    assert "there is nothing to compare yet" in visible(page)
    assert re.search(r'data-estimate="attrition.all.count.advanced_disease.left">203<', page)


def test_a_handful_of_events_has_no_p_value(tmp_path):
    build, page = published(tmp_path, endocrine=3, chemotherapy=4)
    with duckdb.connect(str(build), read_only=True) as con:
        query = "select estimate, note from marts.study_estimates where estimate_id like 'pfs2.%.p_value.%'"
        rows = con.execute(query).fetchall()
    assert rows
    assert all(value is None and "fewer than 5 events" in note for value, note in rows)
    assert "fewer than 5 events in a group: no p-value" in visible(page)


def test_fewer_than_ten_events_are_said_in_words(tmp_path):
    _, page = published(tmp_path, endocrine=8, chemotherapy=29)
    assert "Fewer than 10 events in a group" in visible(page)


def test_late_entry_is_estimated_with_late_entry(tmp_path):
    build, _ = published(tmp_path, entry=True)
    with duckdb.connect(str(build), read_only=True) as con:
        query = "select method from marts.study_estimates where estimate_id = 'pfs2.endocrine.median'"
        assert con.execute(query).fetchall() == [("Kaplan-Meier with delayed entry",)]


def test_relative_dates_print_no_calendar_date(tmp_path):
    _, page = published(tmp_path, relative=True)
    words = visible(page)
    assert "dates are relative" in words
    assert "30 June 2026" not in words
    assert "Year of the next line" not in words


def test_intervals_in_the_table_name_their_variance(report):
    build, _ = report
    with duckdb.connect(str(build), read_only=True) as con:
        unnamed = con.execute(
            "select estimate_id from marts.study_estimates "
            "where coalesce(ci_low, ci_high) is not null and variance is null"
        ).fetchall()
        described = con.execute(
            "select count(*) from duckdb_columns() where table_name = 'study_estimates' and comment is null"
        ).fetchall()
    assert unnamed == []
    assert described == [(0,)]


def test_a_missing_duration_stops_the_estimates_and_keeps_the_old_ones(tmp_path):
    build, _ = published(tmp_path)
    with duckdb.connect(str(build)) as con:
        con.execute("update marts.study_patients set pfs2_days = null where patient_id = 'p002'")
    with pytest.raises(StatisticsError, match="pfs2: 1 of 19 duration values are missing"):
        estimate(build)
    with duckdb.connect(str(build)) as con:
        assert con.execute("select count(*) from marts.study_estimates").fetchall()[0][0] > 500
