"""The tables of a manuscript: the same numbers as CSV and in Word, safe to open, the same bytes again."""

from __future__ import annotations

import csv
import io
import math
import zipfile
from pathlib import Path

import docx
import duckdb
import pytest

from analysis import render
from analysis.estimation.study import connect, read_studies
from analysis.manuscript.manuscript_tables import manuscript_tables
from analysis.manuscript.tables import LIMITS, Cell, Column, Line, Table, as_csv, safe
from analysis.manuscript.word_tables import as_docx
from analysis.report.numbers import read_numbers
from analysis.report.specified_numbers import read_specified
from tests.analysis.marts import estimate_quickly, make_build
from tests.analysis.test_report import HEADER

FORMULA = '=HYPERLINK("http://x","y")'
SAMPLE = Table(
    "sample",
    "Median PFS2 by strategy",
    (Column("Group"), Column("Median", LIMITS), Column("Difference")),
    (
        Line((Cell("Endocrine"), Cell("9.8 (4.8–NR)", (9.8, 4.8, "NR")), Cell("−0.23", (-0.23,)))),
        Line((Cell(FORMULA), Cell("–", (None, None, None)), Cell("", (None,))), inner=True),
    ),
    ("NR, not reached.",),
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(tmp_path_factory.mktemp("tables"))


def made(place: Path, change: str = "", **options: object) -> Path:
    build = make_build(place / "build.duckdb", **options)
    if change:
        with duckdb.connect(str(build)) as con:
            con.execute(change)
    estimate_quickly(build)
    render(build, place / "site", HEADER)
    return place / "site" / "figures_and_tables"


def tables_of(place: Path, change: str = "", **options: object) -> list[Table]:
    """The tables alone, without a page or a picture."""
    build = make_build(place / "build.duckdb", **options)
    with duckdb.connect(str(build)) as con:
        con.execute(change or "select 1")
    estimate_quickly(build)
    return read_tables(build, interim=True)


def read_tables(build: Path, *, interim: bool) -> list[Table]:
    with connect(build, read_only=True) as con:
        data = read_studies(con)[0]
        study = data.study.study_id
        numbers, specified = read_numbers(con, study), read_specified(con, study)
        return manuscript_tables(data, numbers, specified, interim=interim)


def rows_of(path: Path) -> list[list[str]]:
    return list(csv.reader(io.StringIO(path.read_text(encoding="utf-8"))))


def test_a_cell_with_limits_is_three_numbers():
    head, first, second = csv.reader(io.StringIO(as_csv(SAMPLE)))
    assert head == ["Group", "Median", "Median: lower 95 % limit", "Median: upper 95 % limit", "Difference"]
    assert first == ["Endocrine", "9.8", "4.8", "NR", "-0.23"]
    assert second == ["'" + FORMULA, "", "", "", ""]


@pytest.mark.parametrize("start", ["=1+1", "+1", "-1 day", "@SUM", "\t=1", "\r=1", "  =1", "\n-x"])
def test_text_is_never_a_formula(start):
    assert safe(start) == "'" + start


@pytest.mark.parametrize(
    ("number", "written"),
    [
        (-0.2346, "-0.2346"),
        (0.0, "0"),
        (48.0, "48"),
        (1234567.0, "1234567"),
        (2.0 / 3, "0.666667"),
        (None, ""),
        (math.nan, ""),
        (math.inf, ""),
        (1e-9, "1e-09"),
    ],
)
def test_a_number_stays_a_number(number, written):
    assert safe(number) == written


def test_every_csv_has_a_header_and_rows_of_its_length(folder):
    tables = sorted((folder / "tables").glob("*.csv"))
    names = {"attrition", "table_1", "pfs2", "comparisons", "later_endpoints", "index_endpoints", "published"}
    names |= {"response", "best_response", "choice", "adjusted", "weighted", "further_line", "pfs_ratio"}
    assert {table.stem for table in tables} == names | {"sensitivity", "specifications"}
    for table in tables:
        head, *rows = rows_of(table)
        assert rows, table.name
        assert len(set(head)) == len(head), table.name
        assert all(len(row) == len(head) for row in rows), table.name
        for cell in (cell for row in [head, *rows] for cell in row):
            assert cell.lower() not in ("nan", "inf", "none"), table.name
            if cell.startswith(("=", "+", "-", "@")):
                float(cell)


def test_the_numbers_of_a_csv_are_those_of_the_estimates(folder):
    query = "select estimate, ci_low, ci_high from marts.study_estimates where estimate_id = ?"
    with duckdb.connect(str(folder.parent.parent / "build.duckdb"), read_only=True) as con:
        wanted = con.execute(query, ["pfs2.endocrine.median"]).fetchall()[0]
    head, *rows = rows_of(folder / "tables" / "pfs2.csv")
    line = next(row for row in rows if row[1].startswith("Median, months"))
    first = head.index("Endocrine therapy")
    found = [None if cell == "NR" else float(cell) for cell in line[first : first + 3]]
    assert found == pytest.approx(list(wanted), rel=1e-5)


def test_the_document_holds_every_table_with_caption_notes_and_repeated_header(folder):
    document = docx.Document(str(folder / "tables.docx"))
    printed = [path for path in (folder / "tables").glob("*.csv") if path.stem != "specifications"]
    assert len(document.tables) == len(printed)
    captions = [p.text for p in document.paragraphs if p.style.name == "Caption"]
    assert len(captions) == len(printed)
    assert [caption.split(".")[0] for caption in captions] == [
        f"Table {number}" for number in range(1, len(printed) + 1)
    ]
    for table in document.tables:
        assert table.rows[0]._tr.trPr.findall(docx.oxml.ns.qn("w:tblHeader"))
    words = " ".join(p.text for p in document.paragraphs)
    for note in ("log-log", "standardised mean difference", "Unadjusted: an association", "Clopper-Pearson"):
        assert note in words


def test_the_document_prints_what_the_csv_holds(folder):
    document = docx.Document(str(folder / "tables.docx"))
    attrition = document.tables[0]
    printed = [[cell.text.replace(",", "") for cell in row.cells] for row in attrition.rows[1:]]
    assert printed == rows_of(folder / "tables" / "attrition.csv")[1:]


def test_columns_are_never_narrower_than_their_words():
    document = docx.Document(io.BytesIO(as_docx("A title", [SAMPLE])))
    widths = [cell.width.mm for cell in document.tables[0].rows[0].cells]
    assert all(width > 12 for width in widths)
    assert sum(widths) < 210


def test_the_document_carries_no_clock_and_is_the_same_again():
    once, again = as_docx("A title", [SAMPLE]), as_docx("A title", [SAMPLE])
    assert once == again
    with zipfile.ZipFile(io.BytesIO(once)) as archive:
        assert {entry.date_time[0] for entry in archive.infolist()} == {1980}
        core = archive.read("docProps/core.xml").decode()
    assert core.count("2000-01-01T00:00:00Z") == 2


def test_a_document_takes_text_that_xml_cannot_hold():
    hostile = Table("x", "A \x00 title <b>&", (Column("\x0b"),), (Line((Cell("\ud800 <script>\x1f"),)),))
    table = docx.Document(io.BytesIO(as_docx("\x00" + "t" * 300, [hostile]))).tables[0]
    assert table.rows[1].cells[0].text == " <script>"


@pytest.mark.parametrize(
    "options",
    [{"empty": True}, {"endocrine": 0, "chemotherapy": 1}, {"endocrine": 3, "chemotherapy": 4}],
    ids=["empty", "one patient", "a handful"],
)
def test_small_studies_have_tables_too(tmp_path, options):
    tables = tables_of(tmp_path, **options)
    assert len(tables) >= 2
    assert len(docx.Document(io.BytesIO(as_docx("A title", tables))).tables) >= 2
    for table in tables:
        cells = {cell.lower() for row in csv.reader(io.StringIO(as_csv(table))) for cell in row}
        assert not cells & {"nan", "inf", "none"}, table.name


def test_only_an_interim_look_says_so_and_wherever_p_values_stand(folder):
    build = folder.parent.parent / "build.duckdb"
    tables = read_tables(build, interim=True)
    noted = {table.name for table in tables if any("interim look" in note for note in table.notes)}
    assert noted == {"choice", "response", "comparisons"}
    final = read_tables(build, interim=False)
    assert not any("interim look" in note for table in final for note in table.notes)


def test_hostile_labels_are_text_in_every_table(tmp_path):
    change = f"update marts.study_strategies set label = '{FORMULA}' where strategy = 'endocrine'"
    tables = tables_of(tmp_path, change)
    for table in tables:
        for row in csv.reader(io.StringIO(as_csv(table))):
            assert not [cell for cell in row if cell.startswith("=")], table.name
    document = docx.Document(io.BytesIO(as_docx(FORMULA, tables)))
    assert FORMULA in document.tables[1].rows[0].cells[1].text


def test_all_files_are_the_same_again(folder, tmp_path):
    again = made(tmp_path)
    ours = sorted(path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    assert ours == sorted(path.relative_to(again) for path in again.rglob("*") if path.is_file())
    for path in ours:
        assert (folder / path).read_bytes() == (again / path).read_bytes(), path
