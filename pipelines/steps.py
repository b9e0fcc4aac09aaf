"""Two steps of the nightly run alone: the checks on the last build, the report of the publication."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.errors import RunFailed, UsageError
from pipelines.lock import exclusive
from pipelines.progress import Progress
from pipelines.summary import read_last_run
from pipelines.warehouse import Warehouse

if TYPE_CHECKING:
    from expectations import Verdict


def validate(folder: Path, progress: Progress) -> Verdict:
    """The verdict on what the last run built; it is not added to the history, which has that run's already.

    Raises UsageError where nothing was built, LockHeld while a run is building.
    """
    import expectations

    warehouse = Warehouse(folder.resolve())
    if not warehouse.build_db.exists():
        raise UsageError(f"Nothing is built in {warehouse.root} yet: afterline build does that.")
    with exclusive(warehouse), progress.step("validate"):
        out = warehouse.build / "validation"
        run_id = read_last_run(warehouse)["run_id"]
        return expectations.validate(warehouse.build_db, warehouse.landing, out, run_id)


def report(folder: Path, out: Path | None, progress: Progress) -> Path:
    """Draw the published marts' report again into `out`; returns the page. The publication is not touched."""
    import analysis
    from analysis.report.header import header_from

    warehouse = Warehouse(folder.resolve())
    if not warehouse.published_db.exists():
        raise UsageError(f"Nothing is published in {warehouse.root} yet: afterline build does that.")
    publication = warehouse.current.resolve()
    manifest = publication / "manifest.json"
    try:
        values = json.loads(manifest.read_text(encoding="utf-8"))["report_header"]
    except (OSError, ValueError, KeyError) as error:
        raise RunFailed(f"{manifest} cannot be read ({type(error).__name__}).") from error
    header = header_from(values)
    target = warehouse.build / "site" if out is None else out.resolve()
    with progress.step("render"):
        analysis.render(publication / "afterline.duckdb", target, header)
    return target / "index.html"
