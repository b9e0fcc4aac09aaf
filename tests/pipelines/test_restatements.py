"""Restatements: who differs from the last publication, in what, and which input moved her."""

import json
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines import history, manifest
from pipelines.publish import prepare_folder, switch, write_database
from pipelines.restatements import write_restatements
from pipelines.warehouse import Warehouse
from tests.pipelines.small import PATIENTS, a_record, add_batch, small_warehouse, write_build

SETUP: dict[str, Any] = {
    "code": {"commit": "c", "dirty": False, "version": "1"},
    "lock_file_sha256": "l",
    "site_file_sha256": "s",
}


@pytest.fixture
def published(tmp_path: Path) -> Warehouse:
    warehouse = small_warehouse(tmp_path / "warehouse")
    folder = prepare_folder(warehouse, "run-1")
    write_database(warehouse, folder, a_record("run-1"))
    with history.opened(warehouse.landing, read_only=True) as landing:
        document = {**SETUP, "inputs": manifest.inputs(landing)}
    (folder / "manifest.json").write_text(json.dumps(document, default=str))
    (folder / "site").mkdir()
    switch(warehouse, folder, "run-1")
    return warehouse


def restate(warehouse: Warehouse, setup: dict[str, Any] = SETUP) -> tuple[int | None, list[dict[str, Any]]]:
    file = warehouse.build / "restatements.parquet"
    patients = write_restatements(warehouse, "run-2", setup, file)
    cursor = duckdb.sql(f"from read_parquet('{file}') order by patient_id, column_name")
    return patients, [dict(zip(cursor.columns, row, strict=True)) for row in cursor.fetchall()]


def moved(patient: int, **values: Any) -> tuple:
    names = ("patient", "pfs1_days", "pfs1_event", "strategy", "pfs2_days", "pfs2_event")
    changed = dict(zip(names, PATIENTS[patient], strict=True)) | values
    return tuple(tuple(changed.values()) if place == patient else row for place, row in enumerate(PATIENTS))


def test_nothing_is_restated_when_nothing_changed(published: Warehouse) -> None:
    assert restate(published) == (0, [])


def test_before_the_first_publication_there_is_nothing_to_restate(tmp_path: Path) -> None:
    assert restate(small_warehouse(tmp_path / "new")) == (None, [])


def test_the_one_input_in_which_her_records_differ_is_named(published: Warehouse) -> None:
    add_batch(published, 2, {"id-a": "exemestane", "id-b": "letrozole"})
    write_build(published, moved(0, pfs2_days=60))

    patients, rows = restate(published)

    assert patients == 1
    (row,) = rows
    assert row["previous_run_id"] == "run-1"
    assert (row["patient_id"], row["change"], row["column_name"]) == ("a1", "changed", "pfs2_days")
    assert (row["old_value"], row["new_value"]) == ("120", "60")
    assert (row["input_numbers"], row["cause"]) == ([2], "input")


def test_where_her_own_records_are_the_same_all_new_inputs_are_named(published: Warehouse) -> None:
    add_batch(published, 2, {"id-a": "exemestane", "id-b": "letrozole"})
    write_build(published, moved(1, strategy="endocrine"))

    _, (row,) = restate(published)

    assert (row["patient_id"], row["input_numbers"], row["cause"]) == ("b2", [2], "inputs")


@pytest.mark.parametrize(
    "change",
    [{"site_file_sha256": "other"}, {"code": {"commit": "c", "dirty": True, "version": "1"}}],
)
def test_a_changed_setup_leaves_no_input_alone_responsible(published: Warehouse, change: dict) -> None:
    write_build(published, moved(0, pfs2_days=60))
    _, (without,) = restate(published, SETUP | change)
    add_batch(published, 2, {"id-a": "exemestane", "id-b": "letrozole"})
    _, (with_input,) = restate(published, SETUP | change)

    assert (without["input_numbers"], without["cause"]) == ([], "setup")
    assert (with_input["input_numbers"], with_input["cause"]) == ([2], "inputs or setup")


def test_a_study_file_answers_for_its_own_study_alone(published: Warehouse) -> None:
    write_build(published, moved(0, pfs2_days=60))
    manifest_file = published.publications / "run-1" / "manifest.json"
    then = json.loads(manifest_file.read_text())
    manifest_file.write_text(json.dumps(then | {"study_files_sha256": {"palbociclib": "a", "cdk46": "a"}}))

    own, other = ({"study_files_sha256": {"palbociclib": p, "cdk46": c}} for p, c in (("b", "a"), ("a", "b")))
    _, (without,) = restate(published, SETUP | own)
    add_batch(published, 2, {"id-a": "exemestane", "id-b": "letrozole"})
    _, (with_input,) = restate(published, SETUP | own)
    _, (of_another,) = restate(published, SETUP | other)

    assert (without["input_numbers"], without["cause"]) == ([], "study file")
    assert (with_input["input_numbers"], with_input["cause"]) == ([2], "inputs or setup")
    assert (of_another["input_numbers"], of_another["cause"]) == ([2], "input")


@pytest.mark.parametrize("then", [{}, {"study_files_sha256": {"palbociclib": "a"}}])
def test_a_study_that_comes_or_goes_restates_nothing(published: Warehouse, then: dict) -> None:
    write_build(published, moved(0, pfs2_days=60))
    manifest_file = published.publications / "run-1" / "manifest.json"
    manifest_file.write_text(json.dumps(json.loads(manifest_file.read_text()) | then))
    now = {"study_files_sha256": {} if then else {"palbociclib": "a"}}
    assert restate(published, SETUP | now) == (0, [])


def test_a_censored_time_that_grows_is_follow_up_and_not_counted(published: Warehouse) -> None:
    write_build(published, moved(1, pfs2_days=100))
    patients, (row,) = restate(published)
    assert (patients, row["change"], row["column_name"]) == (0, "follow_up", "pfs2_days")


@pytest.mark.parametrize("values", [{"pfs2_days": 80}, {"pfs2_days": 100, "pfs2_event": 1}])
def test_a_shorter_time_or_a_new_event_is_a_restatement(published: Warehouse, values: dict) -> None:
    write_build(published, moved(1, **values))
    patients, rows = restate(published)
    assert patients == 1
    assert {row["change"] for row in rows} == {"changed"}


def test_entering_and_leaving_the_study_are_one_row_each(published: Warehouse) -> None:
    write_build(published, (*PATIENTS[1:], ("d4", 50, 1, "endocrine", 10, 0)))
    patients, rows = restate(published)
    assert patients == 2
    assert [(row["patient_id"], row["change"], row["column_name"]) for row in rows] == [
        ("a1", "left", None),
        ("d4", "entered", None),
    ]
