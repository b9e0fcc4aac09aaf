"""What a validation leaves on disk: results and violating keys as Parquet, GX's own result as JSON."""

from __future__ import annotations

import json
from dataclasses import astuple
from pathlib import Path

import duckdb

from expectations.verdict import CheckResult
from pipelines.audit_tables import CHECK_RESULTS, CHECK_VIOLATIONS

RESULTS_FILE = "check_results.parquet"
VIOLATIONS_FILE = "check_violations.parquet"
GX_FILE = "gx_result.json"
# in memory, beside the build: what the nightly run publishes is declared in pipelines/audit_tables.py
RESULTS = "memory.main.check_results"
VIOLATIONS = "memory.main.check_violations"


def create_violations(connection: duckdb.DuckDBPyConnection) -> None:
    """An empty table for the keys of this run."""
    connection.execute(f"create table {VIOLATIONS} ({CHECK_VIOLATIONS.definition})")


def write_outputs(
    connection: duckdb.DuckDBPyConnection,
    out_dir: Path,
    results: list[CheckResult],
    gx_report: dict[str, object],
) -> None:
    """Write the results (one row a check), every violating key and GX's JSON into `out_dir`.

    A check in error keeps no keys: half a list would look like a whole one.
    """
    connection.execute(f"create table {RESULTS} ({CHECK_RESULTS.definition})")
    marks = ", ".join("?" for _ in CHECK_RESULTS.columns)
    connection.executemany(f"insert into {RESULTS} values ({marks})", [astuple(result) for result in results])
    connection.execute(
        f"delete from {VIOLATIONS} where check_id in (select check_id from {RESULTS} where status = 'error')"
    )
    _copy(connection, f"select * from {RESULTS} order by check_id", out_dir / RESULTS_FILE)
    _copy(connection, f"select * from {VIOLATIONS} order by all", out_dir / VIOLATIONS_FILE)
    text = json.dumps(gx_report, indent=2, ensure_ascii=False, sort_keys=True) + "\n"
    (out_dir / GX_FILE).write_text(text, encoding="utf-8")


def _copy(connection: duckdb.DuckDBPyConnection, query: str, path: Path) -> None:
    quoted = str(path).replace("'", "''")
    connection.execute(f"copy ({query}) to '{quoted}' (format parquet, compression zstd)")
