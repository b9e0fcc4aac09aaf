"""A warehouse small enough to read: one study, three patients, a file of medications, all by hand."""

from contextlib import closing
from datetime import datetime
from pathlib import Path

import duckdb

from pipelines import history
from pipelines.history import RunRecord
from pipelines.landing.schema import open_landing
from pipelines.warehouse import Warehouse

PATIENTS = (
    # patient, PFS1 days and event, strategy, PFS2 days and event
    ("a1", 300, 1, "endocrine", 120, 1),
    ("b2", 200, 1, "chemotherapy", 90, 0),
    ("c3", 100, 1, "chemotherapy", 60, 1),
)


def small_warehouse(root: Path) -> Warehouse:
    """A prepared warehouse with a landing file and a build of three study patients."""
    warehouse = Warehouse(root)
    warehouse.prepare()
    with open_landing(warehouse, root / "scratch") as landing:
        history.prepare(landing)
        landing.execute(
            "insert into raw.settings values ('small', null, 'keyed', 'f', 'p', date '2026-01-01')"
        )
    add_batch(warehouse, 1, {"id-a": "letrozole", "id-b": "letrozole"})
    with open_landing(warehouse, root / "scratch") as landing:
        landing.execute(
            "insert into raw.pseudonyms values "
            "('patients', 'id-a', 'a1'), ('patients', 'id-b', 'b2'), ('patients', 'id-c', 'c3')"
        )
    write_build(warehouse)
    return warehouse


def add_batch(warehouse: Warehouse, number: int, drugs: dict[str, str]) -> None:
    """Land {patient id: drug} as the medications file `number`, which becomes the current one."""
    with open_landing(warehouse, warehouse.root / "scratch") as landing:
        landing.execute("update raw.batches set is_current = false")
        landing.execute(
            "insert into raw.batches by name select ? as batch_id, ? as input_number, 1 as source_number, "
            "'medications' as table_name, 'export of Mrs Smith.csv.gz' as file_name, ? as file_sha256, "
            "'run-1' as run_id, ? as rows_in_file, 0 as rows_excluded, ? as rows_read, ? as rows_landed, "
            "0 as rows_quarantined, 0 as rows_duplicate, true as is_current, 'landed' as status, "
            "'snapshot' as delivery, timestamp '2026-01-01 00:00:00' as landed_at, 10 as file_bytes",
            [number, number, f"sha-{number}", len(drugs), len(drugs), len(drugs)],
        )
        for record, (patient, drug) in enumerate(drugs.items(), start=1):
            landing.execute(
                "insert into raw.medications by name select ? as patient_id, ? as drug, ? as _batch_id, "
                "? as _record_number",
                [patient, drug, number, record],
            )


def write_build(
    warehouse: Warehouse, patients: tuple[tuple[str, int, int, str, int, int], ...] = PATIENTS
) -> None:
    """Write the build as dbt leaves it: a table and a view with comments; the view names its catalog."""
    warehouse.build_db.unlink(missing_ok=True)
    with closing(duckdb.connect(str(warehouse.build_db))) as build:
        build.execute(
            "create schema marts; create schema staging; create table staging.secret as select 1 as x"
        )
        build.execute(
            "create table marts.study_patients_all (study_id varchar, rule_set_id varchar, "
            "patient_id varchar, pfs1_days integer, pfs1_event integer, "
            "strategy varchar, pfs2_days integer, pfs2_event integer)"
        )
        build.executemany(
            "insert into marts.study_patients_all values ('palbociclib', 'primary', ?, ?, ?, ?, ?, ?)",
            [list(patient) for patient in patients],
        )
        build.execute(
            """
            create view marts.study_patients as
            select * from "afterline"."marts"."study_patients_all" where rule_set_id = 'primary';
            comment on table marts.study_patients_all is 'All rule sets; the study''s patients.';
            comment on column marts.study_patients_all.pfs2_days is 'Days, "PFS2".';
            comment on view marts.study_patients is 'The primary analysis.';
            comment on column marts.study_patients.pfs2_days is 'Days from the next line.';
            """
        )


def a_record(run_id: str = "20260101T000000Z-000001") -> RunRecord:
    """A run that is about to be published."""
    return RunRecord(
        run_id=run_id,
        started_at=datetime.fromisoformat("2026-01-01T00:00:00"),
        ended_at=datetime.fromisoformat("2026-01-01T00:01:00"),
        status="published",
        exit_code=0,
        message="only for landing",
    )
