"""Land a site's extracts: every file known, landed or refused; then what is current and what is held back."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from pipelines.extract_format import TABLES
from pipelines.landing.current import make_current, retire_the_rest
from pipelines.landing.inputs import Delivery, Input, Refusal, RefusedError, deliveries
from pipelines.landing.manifest import Manifest
from pipelines.landing.missing import refuse_missing
from pipelines.landing.patients_known import hold_unknown_patients
from pipelines.landing.pseudonyms import add_pseudonyms
from pipelines.landing.reading import stage
from pipelines.landing.rows import Landed, land_rows
from pipelines.landing.schema import create_views, open_landing
from pipelines.landing.settings import require_same_site, write_settings
from pipelines.landing.spool import fingerprint
from pipelines.landing.studies import write_studies
from pipelines.progress import Progress
from pipelines.sitefile import Site
from pipelines.warehouse import Warehouse

_SCRATCH = "landing-"


@dataclass
class LandingResult:
    """What one landing did.

    `up_to_date` counts files known before, `refused` names what holds the gate, `quarantined` counts the open
    findings of the current deliveries by check, `rows` the rows of each `raw.current_<table>`.
    """

    landed: list[Landed] = field(default_factory=list)
    up_to_date: int = 0
    refused: list[Refusal] = field(default_factory=list)
    quarantined: dict[str, int] = field(default_factory=dict)
    rows: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class _Run:
    """What every step of one landing needs."""

    connection: duckdb.DuckDBPyConnection
    site: Site
    run_id: str
    landed_at: datetime
    scratch: Path
    manifests: dict[int, Manifest]


def land(site: Site, warehouse: Warehouse, run_id: str, progress: Progress) -> LandingResult:
    """Land everything the site's folders hold into `landing.duckdb`.

    A refused file leaves the delivery before it current and is named in the result; the caller holds the
    gate. Raises UsageError (missing folder, another site's warehouse, another key) before anything lands.
    """
    warehouse.prepare()
    found = deliveries(site)
    manifests = {n: Manifest(site.folder_of(source)) for n, source in enumerate(site.sources, start=1)}
    for left in warehouse.build.glob(f"{_SCRATCH}*"):
        shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=_SCRATCH, dir=warehouse.build) as folder:
        scratch = Path(folder)
        with open_landing(warehouse, scratch) as connection:
            key = require_same_site(connection, site)
            run = _Run(connection, site, run_id, datetime.now(UTC), scratch, manifests)
            result = LandingResult()
            refuse_missing(connection, site, found, manifests)
            _land_files(run, found, result, progress)
            create_views(connection, site)
            connection.execute("begin")
            retire_the_rest(connection, found, run_id)
            hold_unknown_patients(connection, run_id)
            add_pseudonyms(connection, site.site, key)
            write_settings(connection, site, key, run.landed_at.astimezone().date())
            write_studies(connection, site.study_files)
            connection.execute("commit")
            _count(connection, site, result)
    return result


def _land_files(run: _Run, found: list[Delivery], result: LandingResult, progress: Progress) -> None:
    total, done = sum(len(delivery.inputs) for delivery in found), 0
    for delivery in found:
        batches: list[int] = []
        for item in delivery.inputs:
            done += 1
            progress.count(done, "files", total)
            batch = _land_file(run, delivery, item, result)
            if batch is not None:
                batches.append(batch)
        checked = not run.manifests[delivery.source_number].present
        make_current(run.connection, delivery, batches, run.run_id, checked)
        for refusal in delivery.refusals:
            result.refused.append(refusal)
            progress.note(f"refused {refusal.table}, {refusal.file}: {refusal.reason}")
            run.connection.execute(
                "insert into raw.refused_files values (?, ?, ?, ?, ?, ?)",
                [
                    *(run.run_id, refusal.source_number, refusal.table),
                    *(refusal.file, refusal.file_sha256, refusal.reason),
                ],
            )


def _land_file(run: _Run, delivery: Delivery, item: Input, result: LandingResult) -> int | None:
    """The batch of this file in this table, landed now or before; None where it is refused."""
    sha256 = None
    try:
        before = fingerprint(item.path, run.site.limits)
        sha256 = before.sha256
        manifest = run.manifests[item.source_number]
        stated_rows = manifest.check(item.name, sha256)
        known = _known_batch(run.connection, item, sha256)
        if known is not None:
            result.up_to_date += 1
            return known
        staged = stage(run.connection, item, before, run.site.limits, run.scratch)
        if staged.copy and not staged.copy.has_final_newline and not manifest.present:
            raise RefusedError(
                "the last line does not end: the file may be truncated (no manifest.csv says otherwise)."
            )
        landed = land_rows(run.connection, item, staged, before, run.run_id, run.landed_at, stated_rows)
    except RefusedError as refused:
        delivery.refuse(item.name, refused.reason, sha256)
        return None
    result.landed.append(landed)
    return landed.batch_id


def _known_batch(connection: duckdb.DuckDBPyConnection, item: Input, sha256: str) -> int | None:
    row = connection.execute(
        """select max(batch_id) from raw.batches
        where source_number = ? and table_name = ? and file_sha256 = ? and mapping_hash = ?""",
        [item.source_number, item.table.name, sha256, item.mapping_hash],
    ).fetchone()
    return row[0] if row else None


def _count(connection: duckdb.DuckDBPyConnection, site: Site, result: LandingResult) -> None:
    result.quarantined = dict(
        connection.execute(
            """select check_name, count(*) from raw.quarantined_rows
            inner join raw.batches using (batch_id)
            where is_current and resolved_run_id is null group by check_name order by check_name"""
        ).fetchall()
    )
    adds_up = all(source.delivery == "snapshot" for source in site.sources)
    for name in TABLES:
        # of increments a later row replaces an earlier one, so only the view knows
        counted = f"select sum(rows_landed) from raw.batches where is_current and table_name = '{name}'"
        query = counted if adds_up else f"select count(*) from raw.current_{name}"
        row = connection.execute(query).fetchone()
        result.rows[name] = int(row[0] or 0) if row else 0
