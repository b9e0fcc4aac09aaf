"""The five lines a tired engineer reads at six in the morning, and the facts behind them.

The facts are `last_run.json`; a run's closing summary and `afterline status` print the same lines from it.
"""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from pipelines.disk import replace_text
from pipelines.errors import UsageError
from pipelines.history import RunRecord
from pipelines.warehouse import Warehouse

if TYPE_CHECKING:
    from expectations.verdict import Verdict

_SHOWN = 3
_VERDICTS = {"published": "Published", "landed": "Landed only", "held": "HELD BACK", "failed": "FAILED"}


def facts_of(
    record: RunRecord,
    warehouse: Warehouse,
    accounts: dict[str, Any],
    verdict: Verdict | None,
    study: list[dict[str, Any]],
    published_run_id: str | None,
) -> dict[str, Any]:
    """Everything the summary says, ready for JSON; names of refused files included, values never."""
    standing = published_run_id is not None
    return {
        **asdict(record),
        "seconds": round((record.ended_at - record.started_at).total_seconds(), 1)
        if record.ended_at
        else None,
        **accounts,
        "checks": verdict.totals if verdict else {},
        "failing_checks": [asdict(failure) for failure in verdict.failing] if verdict else [],
        "study": study,
        "published_run_id": published_run_id,
        "report": str(warehouse.site / "index.html") if standing else None,
        "held": str(warehouse.held) if record.exit_code else None,
        "log": str(log_file(warehouse)),
    }


def log_file(warehouse: Warehouse) -> Path:
    """Where the current run writes what is too long for a sentence."""
    return warehouse.build / "logs" / "afterline.log"


def write_last_run(warehouse: Warehouse, facts: dict[str, Any]) -> None:
    """Replace `last_run.json`."""
    text = json.dumps({**facts, "summary": lines(facts)}, indent=2, default=str, ensure_ascii=False)
    replace_text(warehouse.last_run, text + "\n")


def read_last_run(warehouse: Warehouse) -> dict[str, Any]:
    """The facts of the last run; raises UsageError where there was none."""
    try:
        facts: dict[str, Any] = json.loads(warehouse.last_run.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UsageError(f"No run has worked on {warehouse.root} yet: afterline build starts one.") from None
    except (OSError, ValueError) as error:
        raise UsageError(f"{warehouse.last_run} cannot be read ({type(error).__name__}).") from error
    return facts


def lines(facts: dict[str, Any]) -> list[str]:
    """Verdict, landing, gate, study, and where to look; exactly five lines."""
    return [_verdict(facts), _landed(facts), _gate(facts), _study(facts), _where(facts)]


def study_numbers(build_db: Path) -> list[dict[str, Any]]:
    """Patients by study and strategy, with the median PFS2 in months where it was estimated."""
    with closing(duckdb.connect(str(build_db), read_only=True)) as connection:
        return [
            {"study_id": study, "strategy": strategy, "patients": patients, "pfs2_median": median}
            for study, strategy, patients, median in connection.execute(
                """
                select study_id, strategy, patients, estimate
                from (
                    select study_id, strategy, count(*) as patients
                    from marts.study_patients group by study_id, strategy
                ) as counted
                left join (
                    select study_id, group_name as strategy, estimate
                    from marts.study_estimates
                    where
                        endpoint = 'pfs2' and statistic = 'median' and population = 'compared'
                        and adjustment = 'none' and term is null
                ) as medians using (study_id, strategy)
                order by study_id, patients desc, strategy
                """
            ).fetchall()
        ]


def _verdict(facts: dict[str, Any]) -> str:
    name = _VERDICTS.get(facts["status"], facts["status"])
    seconds = f", {facts['seconds']} s" if facts["seconds"] is not None else ""
    cut = f", data cut {facts['data_cut']}" if facts["data_cut"] else ""
    if not facts["exit_code"]:
        return f"{name}: {facts['site_id']}, run {facts['run_id']}{seconds}{cut}"
    return f"{name} at {facts['last_step']} (exit {facts['exit_code']}): {facts['message']}"


def _landed(facts: dict[str, Any]) -> str:
    checks = facts["in_quarantine"]
    by_check = _listed([f"{name} {rows:,}" for name, rows in checks.items()]) or "nothing"
    refused = facts["refused"]
    names = f" ({_listed([entry['file'] for entry in refused])})" if refused else ""
    return (
        f"Landed: {facts['rows_landed']:,} rows of {facts['files_landed']} new files "
        f"({facts['files_unchanged']} unchanged); {len(refused)} files refused{names}; "
        f"in quarantine: {by_check}"
    )


def _gate(facts: dict[str, Any]) -> str:
    checks = facts["checks"]
    if not checks:
        return "Gate: not reached"
    counts = ", ".join(f"{count} {status}" for status, count in checks.items() if count)
    fatal = [entry["check_id"] for entry in facts["failing_checks"] if entry["severity"] == "fatal"]
    other = [entry["check_id"] for entry in facts["failing_checks"] if entry["severity"] == "convention"]
    named = "".join(
        f"; {what}: {_listed(ids)}" for what, ids in (("fatal", fatal), ("conventions", other)) if ids
    )
    return f"Gate: {facts['gate']}, {sum(checks.values())} checks ({counts}){named}"


def _study(facts: dict[str, Any]) -> str:
    if facts["status"] != "published":
        standing = facts["published_run_id"]
        return f"Study: unchanged, run {standing} stands" if standing else "Study: nothing is published yet"
    studies = list(dict.fromkeys(row["study_id"] for row in facts["study"]))
    parts = [_one_study(study, facts["study"]) for study in studies] or ["no study patients"]
    restated = facts["restated_patients"]
    moved = f"; {restated} restated since the last publication" if restated is not None else ""
    return f"Study: {'; '.join(parts)}{moved}"


def _one_study(study: str, rows: list[dict[str, Any]]) -> str:
    strategies = [
        f"{row['strategy']} {row['patients']}"
        + (f" (PFS2 {row['pfs2_median']:.1f} months)" if row["pfs2_median"] is not None else "")
        for row in rows
        if row["study_id"] == study
    ]
    return f"{study}: {', '.join(strategies)}"


def _where(facts: dict[str, Any]) -> str:
    if not facts["exit_code"]:
        return f"Report: {facts['report'] or 'nothing is published yet'}"
    page = Path(facts["held"]) / "index.html"
    return f"See: {page}; log {facts['log']}"


def _listed(names: list[str]) -> str:
    shown = ", ".join(names[:_SHOWN])
    return shown if len(names) <= _SHOWN else f"{shown} and {len(names) - _SHOWN} more"
