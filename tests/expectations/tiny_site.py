"""A clean warehouse of four patients in the shape of a real one, small enough to break by hand."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb

HERE = Path(__file__).parent
TABLES = (
    "patients",
    "diagnoses",
    "biomarkers",
    "metastases",
    "medications",
    "assessments",
    "performance_status",
    "encounters",
    "labs",
    "procedures",
    "comorbidities",
    "other_cancers",
)
OWN_ID = {
    "diagnoses": "diagnosis_id",
    "medications": "medication_id",
    "assessments": "assessment_id",
    "procedures": "procedure_id",
}


@dataclass(frozen=True)
class TinySite:
    """The two files that the checks read."""

    build_db: Path
    landing_db: Path

    def run(self, *statements: str) -> None:
        """Write to both files: plain names are the build's, landing's begin with `landing.raw.`."""
        with duckdb.connect(str(self.build_db)) as connection:
            connection.execute(f"attach '{self.landing_db}' as landing")
            for statement in statements:
                connection.execute(statement)


def build(folder: Path) -> TinySite:
    """Write the clean site into `folder`."""
    site = TinySite(folder / "afterline.duckdb", folder / "landing.duckdb")
    schemas = ("staging", "intermediate", "marts", "landing.raw")
    site.run(
        *(f"create schema {schema}" for schema in schemas),
        (HERE / "tiny_staging.sql").read_text(encoding="utf-8"),
        *(_placed(table, batch) for batch, table in enumerate(TABLES, start=1)),
        *LANDING,
        *(statement for batch, table in enumerate(TABLES, start=1) for statement in _landed(table, batch)),
        (HERE / "tiny_marts.sql").read_text(encoding="utf-8"),
    )
    return site


def _placed(table: str, batch: int) -> str:
    """Give every record of a staging table its key and its place in a file."""
    key = OWN_ID.get(table, f"'{batch}-' || (rowid + 1)")
    return (
        f"create or replace table staging.stg_{table} as select *, {key} as record_key, "
        f"'calendar' as date_basis, 1 as source_number, {batch} as batch_id, rowid + 1 as record_number "
        f"from staging.stg_{table}"
    )


LANDING = (
    "create table landing.raw.batches (batch_id bigint, table_name varchar, file_sha256 varchar, "
    "delivery varchar, landed_at timestamp, rows_in_file bigint, rows_excluded bigint, rows_read bigint, "
    "rows_landed bigint, rows_quarantined bigint, rows_duplicate bigint, is_current boolean)",
    "create table landing.raw.quarantined_rows (batch_id bigint, record_number bigint, check_name varchar, "
    "resolved_run_id varchar)",
    "create table landing.raw.pseudonyms as select distinct 'patients' as id_table, "
    "'MRN-' || patient_id as id, patient_id as pseudonym from staging.stg_patients",
)


def _landed(table: str, batch: int) -> list[str]:
    """The raw rows behind a staging table, under the hospital's own ids, and their batch."""
    return [
        f"create table landing.raw.{table} as select 'MRN-' || patient_id as patient_id, "
        f"'sha-{batch}' as _file_sha256, batch_id as _batch_id, record_number as _record_number "
        f"from staging.stg_{table}",
        f"create view landing.raw.current_{table} as select * from landing.raw.{table}",
        f"insert into landing.raw.batches select {batch}, '{table}', 'sha-{batch}', 'snapshot', "
        f"'2026-07-01 05:00:00', count(*), 0, count(*), count(*), 0, 0, true from landing.raw.{table}",
    ]
