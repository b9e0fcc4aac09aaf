"""The run history in landing.duckdb, schema `history`: append-only, written by the nightly run alone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb

from pipelines.audit_tables import CHECK_RESULTS, CHECK_VIOLATIONS, RESTATEMENTS, RUNS, Table
from pipelines.errors import RunFailed
from pipelines.progress import scrub
from pipelines.warehouse import Warehouse

# not published: the sentence may name a file, and who started a run is the hospital's own business
_PRIVATE_RUN_COLUMNS = '"message" VARCHAR, "user_name" VARCHAR, "host" VARCHAR'


@dataclass
class RunRecord:
    """One run as `audit.runs` shows it, and the three columns that stay in landing; times are UTC, naive."""

    run_id: str
    started_at: datetime
    ended_at: datetime | None = None
    status: str = "running"
    exit_code: int | None = None
    last_step: str = ""
    site_id: str = ""
    data_cut: date | None = None
    code_version: str = ""
    inputs_sha256: str = ""
    files_landed: int = 0
    files_unchanged: int = 0
    files_refused: int = 0
    rows_landed: int = 0
    rows_quarantined: int = 0
    gate: str | None = None
    checks_passed: int | None = None
    checks_failed: int | None = None
    restated_patients: int | None = None
    message: str = ""
    user_name: str = ""
    host: str = ""


@contextmanager
def opened(landing: Path, read_only: bool = False) -> Iterator[duckdb.DuckDBPyConnection]:
    """Landing, for as short as possible: dbt and the checks attach the same file in between."""
    try:
        connection = duckdb.connect(
            str(landing), read_only=read_only, config={"autoinstall_known_extensions": "false"}
        )
    except duckdb.Error as error:
        raise RunFailed(f"{landing.name} cannot be opened: {scrub(str(error).splitlines()[0])}") from error
    try:
        yield connection
    finally:
        connection.close()


def prepare(connection: duckdb.DuckDBPyConnection) -> None:
    """Create the schema and its tables where they are missing."""
    connection.execute("create schema if not exists history")
    connection.execute(f"create table if not exists history.runs ({RUNS.definition}, {_PRIVATE_RUN_COLUMNS})")
    for table in (CHECK_RESULTS, CHECK_VIOLATIONS, RESTATEMENTS):
        connection.execute(f"create table if not exists history.{table.name} ({table.definition})")
    connection.execute(
        "create table if not exists history.manifests (sequence INTEGER, run_id VARCHAR, "
        "manifest_sha256 VARCHAR, previous_sha256 VARCHAR, manifest VARCHAR)"
    )


def begin_run(connection: duckdb.DuckDBPyConnection, record: RunRecord) -> None:
    """Note a run as running; it is completed by `end_run`, or by the next run if it is killed."""
    names = [field.name for field in fields(RunRecord)]
    marks = ", ".join("?" for _ in names)
    connection.execute(
        f"insert into history.runs ({', '.join(names)}) values ({marks})",
        [getattr(record, name) for name in names],
    )


def end_run(connection: duckdb.DuckDBPyConnection, record: RunRecord) -> None:
    """Complete the run's row."""
    values = asdict(record)
    run_id = values.pop("run_id")
    settings = ", ".join(f"{name} = ?" for name in values)
    connection.execute(
        f"update history.runs set {settings} where run_id = ?",
        [*values.values(), run_id],
    )


def repair(connection: duckdb.DuckDBPyConnection, warehouse: Warehouse) -> str | None:
    """Let the newest run's row say what the disk says; returns the run id of a run that was cut off.

    A run is published when, and only when, `current` was made to point at it. Its row is written a moment
    before, so a kill in between leaves a row that promises too much.
    """
    newest = connection.execute(
        "select run_id, status from history.runs order by started_at desc, run_id desc limit 1"
    ).fetchone()
    if newest is None:
        return None
    run_id, status = newest
    is_current = warehouse.current.is_symlink() and warehouse.current.readlink().name == run_id
    actual, code = ("published", 0) if is_current else ("interrupted", None)
    if status not in ("running", "published") or status == actual:
        return None
    connection.execute(
        "update history.runs set status = ?, exit_code = ? where run_id = ?", [actual, code, run_id]
    )
    return None if is_current else str(run_id)


def append_checks(connection: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """Append a run's check results and violating keys from the Parquet files the checks left in `folder`."""
    for table in (CHECK_RESULTS, CHECK_VIOLATIONS):
        append_parquet(connection, table, folder / f"{table.name}.parquet")


def append_parquet(connection: duckdb.DuckDBPyConnection, table: Table, file: Path) -> None:
    """Append one Parquet file to the history table of the same columns, by name."""
    connection.execute(
        f"insert into history.{table.name} ({table.column_list}) "
        f"select {table.column_list} from read_parquet(?)",
        [str(file)],
    )


def last_manifest_sha256(connection: duckdb.DuckDBPyConnection) -> str | None:
    """Hash of the newest manifest, the link the next one continues from."""
    row = connection.execute(
        "select manifest_sha256 from history.manifests order by sequence desc limit 1"
    ).fetchone()
    return None if row is None else str(row[0])


def append_manifest(connection: duckdb.DuckDBPyConnection, manifest: dict[str, Any], sha256: str) -> None:
    """Append a run's manifest, and its hash, to the chain."""
    connection.execute(
        "insert into history.manifests "
        "select coalesce(max(sequence), 0) + 1, ?, ?, ?, ? from history.manifests",
        [
            manifest["run_id"],
            sha256,
            manifest["previous_manifest_sha256"],
            json.dumps(manifest, default=str, ensure_ascii=False),
        ],
    )
