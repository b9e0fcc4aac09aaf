"""Run every check on one build: its denominator, Great Expectations, the key of every violating row."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import duckdb

from expectations.catalogue import Check, load_catalogue
from expectations.engine import connect, execution_engine
from expectations.judge import Evidence, judge
from expectations.keys import key_expression
from expectations.output import VIOLATIONS, create_violations, write_outputs
from expectations.suite import build_suite, run_suite
from expectations.verdict import CheckResult, Verdict, decide


def run_checks(
    build_db: Path,
    landing_db: Path,
    out_dir: Path,
    run_id: str,
    catalogue: list[Check] | None = None,
) -> tuple[Verdict, list[CheckResult]]:
    """Validate one build and write its outputs into `out_dir`; both databases are only read.

    A check that cannot run is a result (`error`), not an exception. Raises duckdb.Error where the databases
    cannot be opened, CatalogueError where the declarations do not hold, OSError where nothing can be written.
    """
    checks = load_catalogue() if catalogue is None else catalogue
    out_dir.mkdir(parents=True, exist_ok=True)
    scratch = out_dir / ".scratch"
    connection = connect(build_db, landing_db, scratch)
    try:
        create_violations(connection)
        evidence = {check.id: _look_at(connection, check, run_id) for check in checks}
        report, gx_seconds = _great_expectations(connection, checks, evidence)
        results = [judge(check, evidence[check.id], run_id) for check in checks]
        verdict = decide(results, run_id, gx_seconds)
        write_outputs(connection, out_dir, results, report)
    finally:
        connection.close()
        shutil.rmtree(scratch, ignore_errors=True)
    # last: a verdict on disk says that everything beside it is complete
    verdict.write(out_dir)
    return verdict, results


def _look_at(connection: duckdb.DuckDBPyConnection, check: Check, run_id: str) -> Evidence:
    """Count what the check looks at and store the keys of what violates it."""
    started = time.perf_counter()
    evidence = Evidence(missing=tuple(name for name in check.only_with if not _exists(connection, name)))
    if not evidence.missing:
        try:
            evidence.denominator = _scalar(connection, check.denominator_sql)
            evidence.stored = _store(connection, check, run_id)
        except (duckdb.Error, ValueError) as error:
            evidence.error = type(error).__name__
            # the message may quote a value of the data: names of tables and columns alone may be told
            if isinstance(error, (duckdb.CatalogException, duckdb.BinderException)):
                evidence.error = str(error).split("\n")[0].rstrip(".!")
    evidence.seconds = time.perf_counter() - started
    return evidence


def _great_expectations(
    connection: duckdb.DuckDBPyConnection, checks: list[Check], evidence: dict[str, Evidence]
) -> tuple[dict[str, object], float]:
    """Run the suite over every check whose denominator is known; its counts go into the evidence."""
    countable = [check for check in checks if not evidence[check.id].missing]
    suite = build_suite([(check, evidence[check.id].denominator or 0) for check in countable])
    started = time.perf_counter()
    engine = execution_engine(connection)
    try:
        found, report = run_suite(suite, engine)
    finally:
        engine.close()
    for check_id, counted in found.items():
        evidence[check_id].found = counted
    return report, time.perf_counter() - started


def _store(connection: duckdb.DuckDBPyConnection, check: Check, run_id: str) -> int:
    """Keep the key of every violating row; returns how many there are."""
    connection.execute(
        f"insert into {VIOLATIONS} select ?, ?, {key_expression(check.key_columns)} "
        f"from (\n{check.violations_sql}\n)",
        [run_id, check.id],
    )
    return _scalar(connection, f"select count(*) from {VIOLATIONS} where check_id = '{check.id}'")


def _exists(connection: duckdb.DuckDBPyConnection, table: str) -> bool:
    schema, _, name = table.rpartition(".")
    found = connection.execute(
        "select count(*) from information_schema.tables "
        "where table_catalog = current_database() and table_schema = ? and table_name = ?",
        [schema, name],
    ).fetchone()
    return found is not None and found[0] > 0


def _scalar(connection: duckdb.DuckDBPyConnection, query: str) -> int:
    row = connection.execute(query).fetchone()
    if row is None or row[0] is None:
        raise ValueError("a count came back empty")
    return int(row[0])
