"""Her place in each study, as the marts publish it."""

from __future__ import annotations

from pipelines.explain.dates import Calendar
from pipelines.explain.marts import Row, Walk

# attrition steps (endpoints.md, section 5) after which index_patients and study_patients are taken
_INDEXED_AFTER, _STUDIED_AFTER, _COMPARED_AFTER = "index_line", "next_line", "strategy_compared"


def place_in_study(
    study: Row, walk: Walk, profile_id: str, steps: dict[str, int], calendar: Calendar
) -> list[str]:
    """Sentences: the steps she can have failed, or her strategy, and her endpoints in the study.

    `steps` are the study's own, by name and in their order; which they are depends on what it asks for.
    """
    key = (study["study_id"], profile_id)
    indexed = next((row for row in walk.indexed if (row["study_id"], row["profile_id"]) == key), None)
    studied = next((row for row in walk.studied if (row["study_id"], row["profile_id"]) == key), None)
    if studied is not None:
        return _studied(studied, steps, calendar)
    if indexed is not None:
        return _indexed(indexed, steps, calendar)
    return [f"Not in the study: she left it at {_steps(_up_to(steps, _INDEXED_AFTER))}."]


def _studied(row: Row, steps: dict[str, int], calendar: Calendar) -> list[str]:
    compared = row["strategy"] != "other"
    said = [
        f"Index line {row['index_line']}, index date {calendar.both(row['index_date'])}; next line "
        f"{row['next_line']} from {calendar.both(row['next_line_start'])}: {row['next_regimen']}.",
        f"Strategy {row['strategy']}"
        + (f" ({row['sub_strategy']})" if row["sub_strategy"] else "")
        + (
            ", compared."
            if compared
            else f": she left at {_steps(_up_to(steps, _COMPARED_AFTER, after=_STUDIED_AFTER))}."
        ),
        f"PFS1 {_time(row['pfs1_days'], row['pfs1_event'])}.",
        f"PFS2 {_time(row['pfs2_days'], row['pfs2_event'], row['pfs2_censor_reason'])}.",
        f"PFS2 (EMA) {_time(row['pfs2_ema_days'], row['pfs2_ema_event'])}.",
    ]
    if row["pfs_ratio"] is not None:
        said.append(f"PFS ratio {row['pfs_ratio']:.2f}.")
    return said


def _indexed(row: Row, steps: dict[str, int], calendar: Calendar) -> list[str]:
    failed = _up_to(steps, _STUDIED_AFTER, after=_INDEXED_AFTER)
    # a patient with a next line cannot have failed the step that asks for one
    if row["next_line_start"] is not None or not row["pfs1_event"]:
        failed.pop(_STUDIED_AFTER, None)
    return [
        f"Index line {row['index_line']}, index date {calendar.both(row['index_date'])}; she left the study "
        f"at {_steps(failed)}.",
        f"PFS1 {_time(row['pfs1_days'], row['pfs1_event'], row['pfs1_censor_reason'])}.",
        f"PFS2 (EMA) {_time(row['pfs2_ema_days'], row['pfs2_ema_event'])}.",
    ]


def _up_to(steps: dict[str, int], last: str, after: str = "all_patients") -> dict[str, int]:
    """The steps that come later than `after`, up to and with `last`."""
    first_number, last_number = steps.get(after, 0), steps.get(last, 0)
    return {name: number for name, number in steps.items() if first_number < number <= last_number}


def _steps(failed: dict[str, int]) -> str:
    named = [f"{number} {name}" for name, number in failed.items()]
    return f"step {named[0]}" if len(named) == 1 else f"one of the steps {', '.join(named)}"


def _time(days: int, event: int, reason: str | None = None) -> str:
    ended = "event" if event else "censored"
    return f"{days} days, {ended}" + (f" ({reason})" if reason else "")
