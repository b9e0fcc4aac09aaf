"""The dbt step: one `dbt build` in this process, without unit tests, into the build folder."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.errors import RunFailed
from pipelines.manifest import CHECKOUT
from pipelines.progress import Progress, scrub
from pipelines.warehouse import Warehouse

if TYPE_CHECKING:
    from dbt.cli.main import dbtRunnerResult

PROJECT = CHECKOUT / "dbt_project"


def run_dbt(warehouse: Warehouse, progress: Progress, *, rule_sets: str = "all") -> None:
    """Build and test every model and seed into a new `build/afterline.duckdb`.

    `rule_sets` is `all` of the seed line_rules, or `primary` alone for very large sites. Raises RunFailed
    with the first fault. The file begins empty: a mart that is no longer in the project
    must not survive in it.
    """
    from dbt.cli.main import dbtRunner

    for name in (warehouse.build_db, warehouse.build_db.with_name(f"{warehouse.build_db.name}.wal")):
        name.unlink(missing_ok=True)
    watch = _Watch(progress)
    with _environment(warehouse), _closed_afterwards():
        result = dbtRunner(callbacks=[watch]).invoke(_arguments(warehouse, rule_sets))
    if not result.success:
        raise RunFailed(_sentence(result, progress))


def _arguments(warehouse: Warehouse, rule_sets: str) -> list[str]:
    return [
        "--log-level=none",
        # dbt's own log quotes the engine's messages, cells included; ours gets them without
        "--log-level-file=none",
        "--no-send-anonymous-usage-stats",
        "--no-version-check",
        "build",
        "--exclude-resource-type=unit_test",
        f"--vars={{rule_sets: {rule_sets}}}",
        f"--project-dir={PROJECT}",
        f"--profiles-dir={PROJECT}",
        f"--target-path={warehouse.build / 'target'}",
        f"--log-path={warehouse.build / 'logs'}",
    ]


class _Watch:
    """Counts finished nodes, and keeps the engine's messages in the log without the values they quote."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._total: int | None = None
        self._done = 0

    def __call__(self, event: Any) -> None:
        if event.info.name == "LogStartLine":
            self._total = event.data.total
        elif event.info.name == "NodeFinished":
            self._done += 1
            self._progress.count(self._done, "models, seeds and tests", self._total)
        elif event.info.level in ("warn", "error"):
            self._progress.record(f"dbt {event.info.level}: {scrub(event.info.msg)}")


@contextmanager
def _environment(warehouse: Warehouse) -> Iterator[None]:
    """The two paths the dbt profile reads, and the caller's folder and environment again afterwards."""
    before, folder = dict(os.environ), Path.cwd()
    os.environ |= {
        "AFTERLINE_BUILD_DB": str(warehouse.build_db),
        "AFTERLINE_LANDING_DB": str(warehouse.landing),
        "DO_NOT_TRACK": "1",
    }
    try:
        yield
    finally:
        os.chdir(folder)
        os.environ.clear()
        os.environ.update(before)


@contextmanager
def _closed_afterwards() -> Iterator[None]:
    """dbt keeps its DuckDB file open until the process ends; the next steps need it now."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager

    try:
        yield
    finally:
        DuckDBConnectionManager.close_all_connections()


def _sentence(result: dbtRunnerResult, progress: Progress) -> str:
    """What went wrong first, in one sentence; all of it goes to the log."""
    if result.exception is not None:
        return f"dbt could not run: {_short(str(result.exception))}"
    nodes = getattr(result.result, "results", [])
    faults = [node for node in nodes if node.status in ("error", "fail")]
    if not faults:
        return "dbt ended without building everything; the log says more."
    for fault in faults:
        progress.record(f"dbt {fault.status}: {fault.node.name}: {scrub(str(fault.message))}")
    first, more = faults[0], len(faults) - 1
    others = f" (and {more} more)" if more else ""
    return f"dbt {first.node.resource_type} {first.node.name} {_verb(first)}{others}: {_short(first.message)}"


def _verb(fault: Any) -> str:
    return "failed" if fault.status == "fail" else "could not run"


def _short(message: str | None) -> str:
    """The first two lines without values: dbt puts the place in one and the reason in the other."""
    lines = [line.strip() for line in scrub(message or "").splitlines() if line.strip()]
    return " ".join(lines[:2])
