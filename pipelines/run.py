"""One run's state: what it is, what it has done so far, and how it is written down when it ends."""

from __future__ import annotations

import json
import secrets
import shutil
import socket
import traceback
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from pipelines import history, manifest
from pipelines.audit import input_labels
from pipelines.disk import sha256_of
from pipelines.errors import AfterlineError, GateHeld, RunFailed
from pipelines.held import leave_held
from pipelines.lock import user_name
from pipelines.progress import Progress, scrub
from pipelines.publish import current_run_id
from pipelines.summary import facts_of, log_file, study_numbers, write_last_run
from pipelines.warehouse import Warehouse

if TYPE_CHECKING:
    from expectations import Verdict
    from pipelines.sitefile import Site


def utc_now() -> datetime:
    """Now, UTC, as DuckDB's TIMESTAMP keeps it (without zone), to the second."""
    return datetime.now(UTC).replace(tzinfo=None, microsecond=0)


def new_run_id(started_at: datetime) -> str:
    """Sorts by time; the random part keeps two runs of one second apart."""
    return f"{started_at:%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"


@dataclass
class Run:
    """A run in progress on a locked warehouse."""

    site: Site
    warehouse: Warehouse
    progress: Progress
    record: history.RunRecord
    setup: dict[str, Any]
    verdict: Verdict | None = None
    refused: list[dict[str, str]] = field(default_factory=list)
    quarantined: dict[str, int] = field(default_factory=dict)
    data_cut: dict[str, Any] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """The run id."""
        return self.record.run_id

    @property
    def validation(self) -> Path:
        """Where the checks leave their results."""
        return self.warehouse.build / "validation"

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """One step, shown and remembered: the record says where a run ended."""
        self.record.last_step = name
        with self.progress.step(name):
            yield


def begin(site: Site, warehouse: Warehouse, progress: Progress) -> Run:
    """Start a run: an empty log, the row in the history, and the row of a killed run before it put right."""
    progress.log_to(log_file(warehouse))
    shutil.rmtree(warehouse.build / "validation", ignore_errors=True)
    started_at = utc_now()
    code = manifest.code_state()
    record = history.RunRecord(
        run_id=new_run_id(started_at),
        started_at=started_at,
        site_id=site.site,
        code_version=manifest.code_version(code),
        user_name=user_name(),
        host=socket.gethostname(),
    )
    with history.opened(warehouse.landing) as landing:
        history.prepare(landing)
        interrupted = history.repair(landing, warehouse)
        history.begin_run(landing, record)
    # it holds identifiers: the owner's alone, whatever the umask was
    warehouse.landing.chmod(0o600)
    if interrupted is not None:
        progress.note(f"run {interrupted} was cut off before it published; what stood before it stands")
        shutil.rmtree(warehouse.publications / interrupted, ignore_errors=True)
    setup = {
        "code": code,
        "lock_file_sha256": sha256_of(manifest.LOCK_FILE) if manifest.LOCK_FILE.exists() else None,
        "site_file_sha256": sha256_of(site.path),
        "study_files_sha256": {study.study: study.sha256 for study in site.study_files},
        "declared_data_cut": site.data_cut.isoformat() if site.data_cut else None,
    }
    return Run(site, warehouse, progress, record, setup)


def end(run: Run, error: BaseException | None) -> dict[str, Any]:
    """Write down how the run ended, as well as the disk still allows; returns the facts of its summary."""
    if error is not None:
        _set_outcome(run, error)
        _try(run, "counts", lambda: count_landing(run))
    facts = facts_of(
        run.record,
        run.warehouse,
        {"refused": run.refused, "in_quarantine": run.quarantined},
        run.verdict,
        (_try(run, "study", lambda: study_numbers(run.warehouse.build_db)) or []) if error is None else [],
        current_run_id(run.warehouse),
    )
    if error is not None:
        document = _try(run, "history", lambda: _record_end(run)) or {}
        _try(run, "held", lambda: leave_held(run.warehouse, run.record, facts, document, run.progress))
    _try(run, "last_run.json", lambda: write_last_run(run.warehouse, facts))
    return facts


def compose_manifest(
    run: Run, landing: duckdb.DuckDBPyConnection, produced: dict[str, dict[str, Any]]
) -> dict[str, Any]:
    """The run's manifest, chained to the newest one in landing."""
    return manifest.compose(
        run.record,
        run.setup,
        manifest.dbt_state(run.warehouse.build / "target"),
        manifest.inputs(landing),
        produced,
        run.data_cut,
        history.last_manifest_sha256(landing),
    )


def count_landing(run: Run) -> None:
    """Take the run's landing counts from landing itself, so that they hold however the run ended.

    What is in quarantine is counted over the current deliveries: a night that lands nothing new still has it.
    """
    with history.opened(run.warehouse.landing, read_only=True) as landing:
        rows = manifest.inputs(landing)
        checks = landing.execute(
            """
            select check_name, count(distinct (batch_id, record_number)) as found
            from raw.quarantined_rows inner join raw.batches using (batch_id)
            where is_current and resolved_run_id is null
            group by check_name order by found desc, check_name
            """
        ).fetchall()
    run.quarantined = dict(checks)
    mine = [entry for entry in rows if entry["run_id"] == run.id]
    current = [entry for entry in rows if entry["is_current"]]
    record = run.record
    record.files_landed = len({entry["input_number"] for entry in mine})
    record.files_unchanged = len({e["input_number"] for e in current if e["run_id"] != run.id})
    record.files_refused = len(run.refused)
    record.rows_landed = sum(entry["rows_landed"] for entry in mine)
    record.rows_quarantined = sum(entry["rows_quarantined"] for entry in mine)
    record.inputs_sha256 = manifest.inputs_sha256(rows)


def read_data_cut(run: Run) -> None:
    """The data cut in force and the record that set it, from the build.

    Day offsets lie on a fixed origin: of a site that delivers them no calendar date
    is ever shown (extracts.md).
    """
    with closing(duckdb.connect(str(run.warehouse.build_db), read_only=True)) as build:
        row = build.execute("select data_cut, set_by, set_by_id from marts.data_cut").fetchone()
        relative = build.execute(
            "select 1 from marts.patients where date_basis = 'relative' limit 1"
        ).fetchone()
    if row is None:
        raise RunFailed("The build has no data cut.")
    run.record.data_cut = None if relative else row[0]
    shown = "relative" if relative else str(row[0])
    run.data_cut = {"data_cut": shown, "set_by": row[1], "set_by_id": row[2]}


def _set_outcome(run: Run, error: BaseException) -> None:
    record = run.record
    record.ended_at = utc_now()
    record.status = "held" if isinstance(error, GateHeld) else "failed"
    if isinstance(error, AfterlineError):
        record.exit_code, record.message = error.exit_code, error.message
        return
    record.exit_code = RunFailed.exit_code
    if isinstance(error, KeyboardInterrupt):
        record.message = "The run was stopped from the keyboard."
        return
    # frames show code; the message may show data
    for line in traceback.format_tb(error.__traceback__):
        run.progress.record(line.rstrip())
    run.progress.record(f"{type(error).__name__}: {scrub(str(error))}")
    reason = error.strerror if isinstance(error, OSError) and error.strerror else type(error).__name__
    record.message = f"The run failed ({reason}); details are in {log_file(run.warehouse)}."


def _record_end(run: Run) -> dict[str, Any]:
    """Complete the history of a run that published nothing; returns its manifest as it may be shown."""
    with history.opened(run.warehouse.landing) as landing:
        landing.execute("begin")
        history.end_run(landing, run.record)
        document = compose_manifest(run, landing, {})
        history.append_manifest(landing, document, manifest.sha256(document))
        landing.execute("commit")
        return manifest.published_copy(document, input_labels(landing) if document["inputs"] else {})


def _try(run: Run, what: str, action: Any) -> Any:
    """Each record of a run's end for itself: one that fails must not take the others along."""
    try:
        return action()
    except (AfterlineError, duckdb.Error, OSError) as error:
        run.progress.record(f"{what} could not be written: {scrub(str(error).splitlines()[0])}")
        return None


def write_json(path: Path, document: dict[str, Any]) -> None:
    """One readable JSON file."""
    path.write_text(json.dumps(document, indent=2, default=str, ensure_ascii=False) + "\n", encoding="utf-8")
