"""The manifest: hashes that see every change and no order, and a chain that a changed link breaks."""

import itertools
import json
import subprocess
from contextlib import closing
from pathlib import Path

import duckdb
import pytest

from pipelines import history, manifest
from pipelines.audit import input_labels
from pipelines.publish import switch
from pipelines.warehouse import Warehouse
from tests.pipelines.small import PATIENTS, a_record, small_warehouse, write_build


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    return small_warehouse(tmp_path / "warehouse")


def hash_of(warehouse: Warehouse) -> str:
    return str(manifest.outputs(warehouse.build_db)["study_patients_all"]["hash"])


def test_output_hash_ignores_the_order_of_rows(warehouse: Warehouse) -> None:
    before = hash_of(warehouse)
    write_build(warehouse, PATIENTS[::-1])
    assert hash_of(warehouse) == before


@pytest.mark.parametrize(
    "changed",
    [
        (*PATIENTS[:2], ("c3", 100, 1, "chemotherapy", 61, 1)),
        # values that moved between two patients, and a pair of doubled rows: what a plain xor would miss
        (("a1", 200, 1, "endocrine", 120, 1), ("b2", 300, 1, "chemotherapy", 90, 0), PATIENTS[2]),
        (*PATIENTS, PATIENTS[0], PATIENTS[0]),
        PATIENTS[:2],
    ],
)
def test_output_hash_sees_every_change(warehouse: Warehouse, changed: tuple) -> None:
    before = hash_of(warehouse)
    write_build(warehouse, changed)
    assert hash_of(warehouse) != before


def test_null_is_not_the_text_null(tmp_path: Path) -> None:
    fingerprints = set()
    for number, value in enumerate(["null", "'null'", "'NULL'", "''"]):
        file = tmp_path / f"{number}.duckdb"
        with closing(duckdb.connect(str(file))) as connection:
            connection.execute(f"create schema marts; create table marts.t as select {value}::varchar as x")
        fingerprints.add(manifest.outputs(file)["t"]["hash"])
    assert len(fingerprints) == 4


def append(landing: duckdb.DuckDBPyConnection, run_id: str) -> dict:
    record = a_record(run_id)
    document = manifest.compose(
        record,
        {"code": manifest.code_state(), "lock_file_sha256": None, "site_file_sha256": "s"},
        {"invocation_id": None, "nodes": {}},
        manifest.inputs(landing),
        {},
        {},
        history.last_manifest_sha256(landing),
    )
    history.append_manifest(landing, document, manifest.sha256(document))
    return document


def test_each_manifest_carries_the_hash_of_the_one_before(warehouse: Warehouse) -> None:
    with history.opened(warehouse.landing) as landing:
        documents = [append(landing, f"run-{number}") for number in range(3)]
        stored = [
            json.loads(text)
            for (text,) in landing.execute(
                "select manifest from history.manifests order by sequence"
            ).fetchall()
        ]

    assert documents[0]["previous_manifest_sha256"] is None
    for before, after in itertools.pairwise(stored):
        assert after["previous_manifest_sha256"] == manifest.sha256(before)
    stored[1]["status"] = "failed"
    assert stored[2]["previous_manifest_sha256"] != manifest.sha256(stored[1])


def test_the_published_copy_has_labels_and_the_hash_of_the_whole(warehouse: Warehouse) -> None:
    with history.opened(warehouse.landing) as landing:
        document = append(landing, "run-1")
        shown = manifest.published_copy(document, input_labels(landing))

    assert document["inputs"][0]["file_name"] == "export of Mrs Smith.csv.gz"
    assert shown["inputs"][0]["file_name"] == "medications-1.csv.gz"
    assert "Smith" not in json.dumps(shown, default=str)
    assert shown["manifest_sha256"] == manifest.sha256(document)


def test_inputs_hash_is_of_the_current_files_whatever_their_order() -> None:
    one = {"table_name": "patients", "file_sha256": "a", "is_current": True}
    two = {"table_name": "labs", "file_sha256": "b", "is_current": True}
    old = {"table_name": "labs", "file_sha256": "c", "is_current": False}
    assert manifest.inputs_sha256([one, two]) == manifest.inputs_sha256([two, old, one])
    assert manifest.inputs_sha256([one, two]) != manifest.inputs_sha256([one])


def test_code_state_names_commit_and_changes(tmp_path: Path) -> None:
    git = ["git", "-C", str(tmp_path), "-c", "user.name=t", "-c", "user.email=t@example.org"]
    assert manifest.code_state(tmp_path)["commit"] is None
    subprocess.run([*git, "init", "-q"], check=True)
    subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", "one"], check=True)
    clean = manifest.code_state(tmp_path)
    (tmp_path / "new.txt").write_text("x")
    changed = manifest.code_state(tmp_path)

    assert len(clean["commit"]) == 40
    assert (clean["dirty"], changed["dirty"]) == (False, True)
    assert manifest.code_version(changed) == manifest.code_version(clean) + "+changes"


@pytest.mark.parametrize(("status", "expected"), [("running", "interrupted"), ("published", "interrupted")])
def test_a_run_that_was_cut_off_is_put_right_by_the_next(
    warehouse: Warehouse, status: str, expected: str
) -> None:
    with history.opened(warehouse.landing) as landing:
        record = a_record("run-1")
        record.status = status
        history.begin_run(landing, record)
        assert history.repair(landing, warehouse) == "run-1"
        assert history.repair(landing, warehouse) is None
        assert landing.execute("select status, exit_code from history.runs").fetchall() == [(expected, None)]


def test_a_run_killed_after_its_publication_counts_as_published(warehouse: Warehouse) -> None:
    folder = warehouse.publications / "run-1.partial"
    folder.mkdir()
    switch(warehouse, folder, "run-1")
    with history.opened(warehouse.landing) as landing:
        record = a_record("run-1")
        record.status, record.exit_code = "running", None
        history.begin_run(landing, record)
        assert history.repair(landing, warehouse) is None
        assert landing.execute("select status, exit_code from history.runs").fetchall() == [("published", 0)]
