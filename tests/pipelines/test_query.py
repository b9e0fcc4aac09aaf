"""`afterline sql`: one value plainly, a table otherwise, CSV that a spreadsheet cannot be tricked with."""

from pathlib import Path

import pytest

from pipelines.publish import prepare_folder, switch, write_database
from pipelines.warehouse import Warehouse
from tests.conftest import Afterline, run_afterline
from tests.pipelines.small import a_record, small_warehouse


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    warehouse = small_warehouse(tmp_path_factory.mktemp("sql") / "warehouse")
    folder = prepare_folder(warehouse, "run-1")
    write_database(warehouse, folder, a_record("run-1"))
    (folder / "site").mkdir()
    switch(warehouse, folder, "run-1")
    return warehouse


def sql(warehouse: Warehouse, *arguments: str) -> str:
    done = run_afterline("sql", *arguments, "--warehouse", warehouse.root)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_one_cell_is_printed_plainly(published: Warehouse) -> None:
    assert sql(published, "select count(*) from marts.study_patients") == "3\n"


def test_rows_are_a_table_with_numbers_to_the_right(published: Warehouse) -> None:
    answer = sql(published, "select patient_id, pfs2_days from marts.study_patients order by 1")
    assert answer.splitlines() == [
        "patient_id  pfs2_days",
        "----------  ---------",
        "a1                120",
        "b2                 90",
        "c3                 60",
    ]


def test_no_rows_are_a_header(published: Warehouse) -> None:
    assert sql(published, "select strategy from marts.study_patients where false").splitlines() == [
        "strategy",
        "--------",
    ]


def test_csv_defuses_formulas_and_keeps_numbers(published: Warehouse) -> None:
    query = (
        "select '=1+1' as a, '@x' as b, '+' as c, '-2' as d, -2 as e, ['p', 'q'] as f, null as g, 'ok,' as h"
    )
    assert sql(published, query, "--csv").splitlines() == [
        "a,b,c,d,e,f,g,h",
        "'=1+1,'@x,'+,'-2,-2,p;q,,\"ok,\"",
    ]


def test_nobody_writes_through_it(published: Warehouse, afterline: Afterline) -> None:
    done = afterline("sql", "delete from marts.study_patients", "--warehouse", published.root)
    assert done.returncode == 2
    assert "read-only" in done.stderr
    assert sql(published, "select count(*) from marts.study_patients") == "3\n"


def test_a_wrong_query_is_one_sentence(published: Warehouse, afterline: Afterline) -> None:
    done = afterline("sql", "select nothing from marts.nowhere", "--warehouse", published.root)
    assert done.returncode == 2
    assert "nowhere" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_before_the_first_publication_it_says_so(tmp_path: Path, afterline: Afterline) -> None:
    done = afterline("sql", "select 1", "--warehouse", tmp_path / "new")
    assert done.returncode == 2
    assert "Nothing is published" in done.stderr
    assert not (tmp_path / "new").exists()
