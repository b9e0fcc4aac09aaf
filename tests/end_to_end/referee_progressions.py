"""A second reading of the rules: progression events and their episodes (EP 1), one patient at a time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from tests.end_to_end.referee import History, Record

# EP 1: one assessment a date, worst wins
WORST_FIRST = ("PD", "SD", "PR", "CR", "NE")


@dataclass(frozen=True)
class Event:
    """EP 1: one progression event, and the date of its episode."""

    progression_id: str
    day: int
    source: str
    episode: int


def worst(responses: Iterable[str]) -> str:
    """EP 1: one assessment a date: worst wins."""
    return min(responses, key=WORST_FIRST.index)


def progression_events(history: History) -> tuple[Event, ...]:
    """EP 1: events of all three sources, gathered into episodes."""
    last_day = history.cut if history.death is None else history.death
    readings = [one for one in history.chart.readings if one.day <= last_day]
    found = [(one.assessment_id, one.day, one.source) for one in readings if one.response == "PD"]
    for record in history.records:
        day = _stop_for_progression(history, record)
        if day is not None:
            found.append((record.medication_id, day, "stop_reason"))
    found.sort(key=lambda one: one[1])

    # EP 1: the evaluable radiology assessments, one a date
    radiology: dict[int, list[str]] = defaultdict(list)
    for one in readings:
        if one.source == "imaging" and one.response != "NE":
            radiology[one.day].append(one.response)
    scans = {day: worst(responses) for day, responses in radiology.items()}

    episodes: dict[int, int] = {}
    chain_start = episode = previous = 0
    for day in sorted({day for _, day, _ in found}):
        if not episodes or day > previous + history.rules.pd_episode_days:
            chain_start = episode = day
        elif scans.get(day) == "PD":
            # a radiology PD begins a new episode where the last evaluable radiology assessment before it is
            # non-progressive and later than the chain's first event
            before = max((scan for scan in scans if scan < day), default=None)
            if before is not None and before > chain_start and scans[before] != "PD":
                episode = day
        episodes[day] = episode
        previous = day
    return tuple(Event(name, day, source, episodes[day]) for name, day, source in found)


def _stop_for_progression(history: History, record: Record) -> int | None:
    # EP 1: a line-defining medication stopped with reason progression and an end date
    stopped = [drug for drug in record.drugs if drug.role == "line_defining"]
    if not stopped or record.stop_reason != "progression" or record.end is None:
        return None
    # TL 2: after the data cut it is not yet recorded; after death nobody stops a drug, the end is a plan
    if record.end > (history.cut if history.death is None else history.death):
        return None
    # if another line-defining drug's era started up to pd_attribution_days before the stop (and after the
    # stopped record's own start), dated at the earliest such start
    return min(
        (
            era.start
            for era in history.eras
            if era.drug not in stopped
            and record.start < era.start <= record.end
            and era.start >= record.end - history.rules.pd_attribution_days
        ),
        default=record.end,
    )
