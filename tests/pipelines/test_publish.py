"""Publication: what is in the file, and that readers only ever see one run whole."""

from contextlib import closing
from pathlib import Path

import duckdb
import pytest

from pipelines import history
from pipelines.errors import RunFailed
from pipelines.publish import (
    current_run_id,
    prepare_folder,
    retain,
    switch,
    write_database,
    write_held_audit,
)
from pipelines.warehouse import Warehouse
from tests.pipelines.small import a_record, add_batch, small_warehouse, write_build


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    return small_warehouse(tmp_path / "warehouse")


def publish(warehouse: Warehouse, run_id: str) -> None:
    record = a_record(run_id)
    with history.opened(warehouse.landing) as landing:
        history.begin_run(landing, record)
    folder = prepare_folder(warehouse, run_id)
    (folder / "site").mkdir()
    (folder / "site" / "index.html").write_text(run_id)
    write_database(warehouse, folder, record)
    switch(warehouse, folder, run_id)


def query(file: Path, sql: str) -> list[tuple[object, ...]]:
    with closing(duckdb.connect(str(file), read_only=True)) as connection:
        return connection.execute(sql).fetchall()


def test_the_published_file_has_marts_and_audit_only(warehouse: Warehouse) -> None:
    publish(warehouse, "run-1")

    kinds = query(
        warehouse.published_db,
        "select distinct table_schema, table_type from information_schema.tables order by 1",
    )
    assert kinds == [("audit", "BASE TABLE"), ("marts", "BASE TABLE")]


def test_views_become_tables_with_all_their_rows(warehouse: Warehouse) -> None:
    publish(warehouse, "run-1")

    rows = query(
        warehouse.published_db, "select patient_id, pfs2_days from marts.study_patients order by all"
    )
    assert rows == [("a1", 120), ("b2", 90), ("c3", 60)]


def test_comments_of_tables_views_and_columns_are_copied(warehouse: Warehouse) -> None:
    publish(warehouse, "run-1")

    tables = query(
        warehouse.published_db,
        "select table_name, comment from duckdb_tables() where schema_name = 'marts' order by 1",
    )
    columns = query(
        warehouse.published_db,
        "select table_name, comment from duckdb_columns() "
        "where schema_name = 'marts' and column_name = 'pfs2_days' order by 1",
    )
    assert tables == [
        ("study_patients", "The primary analysis."),
        ("study_patients_all", "All rule sets; the study's patients."),
    ]
    assert columns == [
        ("study_patients", "Days from the next line."),
        ("study_patients_all", 'Days, "PFS2".'),
    ]


def test_every_audit_column_is_described(warehouse: Warehouse) -> None:
    publish(warehouse, "run-1")

    bare = query(
        warehouse.published_db,
        "select table_name, column_name from duckdb_columns() "
        "where schema_name = 'audit' and comment is null",
    )
    tables = query(
        warehouse.published_db,
        "select count(*), count(comment) from duckdb_tables() where schema_name = 'audit'",
    )
    assert bare == []
    assert tables == [(6, 6)]


def test_audit_names_no_file_and_no_message(warehouse: Warehouse) -> None:
    publish(warehouse, "run-1")

    assert query(warehouse.published_db, "select input_number, file, rows_landed from audit.inputs") == [
        (1, "medications-1.csv.gz", 2)
    ]
    run = query(warehouse.published_db, "from audit.runs")
    assert len(run) == 1
    assert "only for landing" not in str(run)


def test_public_ids_keep_their_file_names(warehouse: Warehouse) -> None:
    with closing(duckdb.connect(str(warehouse.landing))) as landing:
        landing.execute("update raw.settings set pseudonyms = 'none'")
    publish(warehouse, "run-1")

    assert query(warehouse.published_db, "select file from audit.inputs") == [("export of Mrs Smith.csv.gz",)]


def test_parquet_copies_say_the_same(warehouse: Warehouse) -> None:
    publish(warehouse, "run-1")

    assert sorted(file.name for file in warehouse.marts.iterdir()) == [
        "study_patients.parquet",
        "study_patients_all.parquet",
    ]
    copied = duckdb.sql(f"from read_parquet('{warehouse.marts}/study_patients.parquet') order by patient_id")
    assert copied.fetchall() == query(warehouse.published_db, "from marts.study_patients order by patient_id")


def test_publication_is_complete_and_leaves_no_log_beside(warehouse: Warehouse) -> None:
    publish(warehouse, "run-1")

    names = sorted(path.name for path in (warehouse.publications / "run-1").iterdir())
    assert names == ["afterline.duckdb", "marts", "site"]
    assert [path.name for path in warehouse.publications.iterdir()] == ["run-1"]


def test_the_names_follow_the_newest_run(warehouse: Warehouse) -> None:
    publish(warehouse, "run-1")
    links = {name: str((warehouse.root / name).readlink()) for name in ("afterline.duckdb", "marts", "site")}
    publish(warehouse, "run-2")

    assert links == {name: f"current/{name}" for name in links}
    assert links == {name: str((warehouse.root / name).readlink()) for name in links}
    assert current_run_id(warehouse) == "run-2"
    assert (warehouse.site / "index.html").read_text() == "run-2"


def test_a_reader_keeps_the_file_that_was_opened(warehouse: Warehouse) -> None:
    publish(warehouse, "run-1")
    with closing(duckdb.connect(str(warehouse.published_db), read_only=True)) as reader:
        write_build(warehouse, (("a1", 1, 1, "endocrine", 1, 1),))
        publish(warehouse, "run-2")

        assert reader.execute("select count(*) from marts.study_patients").fetchone() == (3,)
    assert query(warehouse.published_db, "select count(*) from marts.study_patients") == [(1,)]


def test_a_folder_in_the_way_of_a_name_is_not_replaced(warehouse: Warehouse) -> None:
    warehouse.marts.mkdir()
    (warehouse.marts / "mine.txt").write_text("kept")

    with pytest.raises(RunFailed, match="in the way"):
        publish(warehouse, "run-1")
    assert (warehouse.marts / "mine.txt").read_text() == "kept"
    assert current_run_id(warehouse) is None


def test_a_build_without_marts_is_not_published(warehouse: Warehouse) -> None:
    with closing(duckdb.connect(str(warehouse.build_db))) as build:
        build.execute("drop schema marts cascade")

    with pytest.raises(RunFailed, match="no marts"):
        publish(warehouse, "run-1")


def test_leftovers_of_a_killed_run_are_cleared(warehouse: Warehouse) -> None:
    (warehouse.publications / "run-0.partial").mkdir()
    publish(warehouse, "run-1")

    assert [path.name for path in warehouse.publications.iterdir()] == ["run-1"]


def test_retention_keeps_the_newest_and_always_the_current(warehouse: Warehouse) -> None:
    for number in range(1, 5):
        publish(warehouse, f"run-{number}")
    warehouse.current.unlink()
    warehouse.current.symlink_to("publications/run-1")

    assert sorted(retain(warehouse, 2)) == ["run-2", "run-3"]
    assert sorted(path.name for path in warehouse.publications.iterdir()) == ["run-1", "run-4"]
    assert retain(warehouse, 1) == ["run-4"]
    assert current_run_id(warehouse) == "run-1"


def test_held_audit_has_no_marts(warehouse: Warehouse, tmp_path: Path) -> None:
    add_batch(warehouse, 2, {"id-a": "letrozole"})
    write_held_audit(warehouse, tmp_path, a_record())

    schemas = query(
        tmp_path / "afterline-audit.duckdb", "select distinct table_schema from information_schema.tables"
    )
    inputs = query(tmp_path / "afterline-audit.duckdb", "select input_number, is_current from audit.inputs")
    assert schemas == [("audit",)]
    assert inputs == [(1, False), (2, True)]
