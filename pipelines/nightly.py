"""The nightly run: land, dbt build, estimate, validate, render, publish; and its steps alone.

Everything that needs disk is done before the last rename, which is the moment of publication: a full disk,
a kill or a failed check leaves what was published before as it was.
"""

from __future__ import annotations

import shutil
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

import duckdb

from pipelines import history, manifest
from pipelines.audit import input_labels
from pipelines.errors import AfterlineError, GateHeld, RunFailed
from pipelines.lock import exclusive
from pipelines.progress import Progress
from pipelines.publish import prepare_folder, retain, switch, write_database
from pipelines.restated import what_changed
from pipelines.restatements import write_restatements
from pipelines.run import Run, begin, compose_manifest, count_landing, end, read_data_cut, utc_now, write_json
from pipelines.sitefile import load_site
from pipelines.warehouse import Warehouse

if TYPE_CHECKING:
    from analysis.report.header import ReportHeader

RESTATED = "restatements.parquet"


def build(site_file: Path, warehouse_folder: Path, progress: Progress) -> dict[str, Any]:
    """Run everything and publish; returns the facts of the summary, their `exit_code` included.

    Raises UsageError (site file) or LockHeld before anything has run; what happens afterwards is recorded.
    """
    return _recorded(site_file, warehouse_folder, progress, _all_steps)


def land(site_file: Path, warehouse_folder: Path, progress: Progress) -> dict[str, Any]:
    """Land the extracts and stop; held if a file was refused. Raises as `build` does."""
    return _recorded(site_file, warehouse_folder, progress, _land_only)


def _all_steps(run: Run) -> None:
    _land(run)
    try:
        _transform(run)
        _validate(run)
    except AfterlineError:
        # without the refused file there may be nothing to build from: it is the cause, and what to mend
        _hold_if_refused(run)
        raise
    _hold_if_refused(run)
    _hold_if_failing(run)
    folder = prepare_folder(run.warehouse, run.id)
    try:
        _publish(run, folder, _render(run, folder))
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    _tidy(run)


def _land_only(run: Run) -> None:
    _land(run)
    _hold_if_refused(run)
    run.record.status, run.record.exit_code, run.record.ended_at = "landed", 0, utc_now()
    with history.opened(run.warehouse.landing) as landing:
        history.end_run(landing, run.record)


def _land(run: Run) -> None:
    from pipelines.landing import land as land_extracts

    with run.step("land"):
        landed = land_extracts(run.site, run.warehouse, run.id, run.progress)
        run.refused = [{"file": refusal.file, "reason": refusal.reason} for refusal in landed.refused]
        count_landing(run)


def _transform(run: Run) -> None:
    from pipelines.transform import run_dbt

    with run.step("dbt build"):
        run_dbt(run.warehouse, run.progress, rule_sets=run.site.rule_sets)
        read_data_cut(run)
    with run.step("estimate"):
        import analysis

        analysis.estimate(run.warehouse.build_db)


def _validate(run: Run) -> None:
    import expectations

    with run.step("validate"):
        warehouse = run.warehouse
        run.verdict = expectations.validate(warehouse.build_db, warehouse.landing, run.validation, run.id)
        totals = run.verdict.totals
        run.progress.count(sum(totals.values()), "checks")
        run.record.gate = run.verdict.gate
        run.record.checks_passed = totals["pass"]
        run.record.checks_failed = totals["fail"] + totals["error"]
        with history.opened(warehouse.landing) as landing:
            history.append_checks(landing, run.validation)


def _hold_if_refused(run: Run) -> None:
    if run.refused:
        run.record.gate = "held"
        first, others = run.refused[0], len(run.refused) - 1
        more = f" (and {others} more files)" if others else ""
        raise GateHeld(f"{first['file']} was refused{more}: {first['reason']}")


def _hold_if_failing(run: Run) -> None:
    if run.verdict is not None and run.verdict.status == "held":
        first, *others = run.verdict.failing_fatal
        more = f" (and {len(others)} more checks)" if others else ""
        raise GateHeld(f"{first.check_id}{more}: {first.sentence}")


def _render(run: Run, folder: Path) -> ReportHeader:
    import analysis

    with run.step("render"):
        run.record.restated_patients = write_restatements(
            run.warehouse, run.id, run.setup, run.warehouse.build / RESTATED
        )
        header = report_header(run)
        analysis.render(run.warehouse.build_db, folder / "site", header)
    return header


def report_header(run: Run) -> ReportHeader:
    """What the report says about its run; nothing in it changes when the same run is repeated."""
    from analysis.report.header import ReportHeader

    record = run.record
    return ReportHeader(
        site_id=record.site_id,
        data_cut=record.data_cut,
        data_cut_set_by=run.data_cut["set_by"],
        inputs_hash=record.inputs_sha256,
        code_version=record.code_version,
        gate=record.gate or "open",
        checks_summary=run.verdict.totals if run.verdict else {},
        restated_patients=record.restated_patients,
        data_cut_final=run.site.data_cut_final,
        changes=what_changed(run.warehouse.build / RESTATED, run.warehouse.landing)
        if record.restated_patients is not None
        else None,
        shareable_min_count=run.site.shareable.min_count,
    )


def _publish(run: Run, folder: Path, header: ReportHeader) -> None:
    with run.step("publish"):
        warehouse, record = run.warehouse, run.record
        record.status, record.exit_code, record.ended_at = "published", 0, utc_now()
        with history.opened(warehouse.landing) as landing:
            history.append_parquet(landing, history.RESTATEMENTS, warehouse.build / RESTATED)
        write_database(warehouse, folder, record)
        quality = folder / "site" / "quality"
        quality.mkdir(exist_ok=True)
        shutil.copy(run.validation / "gx_result.json", quality)
        produced = manifest.outputs(folder / "afterline.duckdb")
        with history.opened(warehouse.landing) as landing:
            landing.execute("begin")
            document = compose_manifest(run, landing, produced)
            history.append_manifest(landing, document, manifest.sha256(document))
            history.end_run(landing, record)
            landing.execute("commit")
            shown = manifest.published_copy(document, input_labels(landing))
        write_json(folder / "manifest.json", {**shown, "report_header": asdict(header)})
        run.progress.count(len(produced), "marts")
        switch(warehouse, folder, run.id)


def _tidy(run: Run) -> None:
    """Once published, nothing may fail the run: an old folder that stays is a line in the log."""
    try:
        gone = retain(run.warehouse, run.site.retention.publications)
    except OSError as error:
        run.progress.note(f"old publications could not be removed: {error.strerror}")
    else:
        if gone:
            run.progress.note(f"{len(gone)} old publications removed")


def _recorded(
    site_file: Path, warehouse_folder: Path, progress: Progress, steps: Callable[[Run], None]
) -> dict[str, Any]:
    """Run `steps` under the lock, and write down how they ended."""
    site = load_site(site_file)
    warehouse = _prepared(warehouse_folder)
    with _terminated_like_interrupted(), exclusive(warehouse):
        try:
            run = begin(site, warehouse, progress)
        except (OSError, duckdb.Error) as error:
            raise RunFailed(f"{warehouse.root} cannot be written: {type(error).__name__}.") from error
        try:
            steps(run)
        except (Exception, KeyboardInterrupt) as error:
            return end(run, error)
        return end(run, None)


def _prepared(folder: Path) -> Warehouse:
    # absolute: a step that changes the working folder must not move the warehouse
    warehouse = Warehouse(folder.resolve())
    try:
        warehouse.prepare()
    except OSError as error:
        raise RunFailed(f"{warehouse.root} cannot be written: {error.strerror}.") from error
    return warehouse


@contextmanager
def _terminated_like_interrupted() -> Iterator[None]:
    """A service manager's SIGTERM ends the run as the keyboard would: recorded, with everything put away."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(_signal: int, _frame: FrameType | None) -> None:
        raise RunFailed("The run was stopped by a signal (SIGTERM).")

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
