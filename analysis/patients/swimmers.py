"""The report's swimmer plot, from the histories of a study's patients."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from analysis.estimation.study import StudyData
from analysis.estimation.survival_rows import axis_ticks
from analysis.figures import NARROW, WIDE
from analysis.figures.swimmer import Lane, Swimmer, swimmer_figure
from analysis.patients.histories import History
from analysis.report import words
from analysis.statistics.durations import DAYS_PER_MONTH

MOST = 120  # bars of one picture: more can be neither read nor hit with a finger
FOLDER = "patients"


@dataclass(frozen=True)
class SwimmerPlot:
    """The drawings by size, and what stands beside them.

    `file` and `file-narrow` are the drawings to be saved, without links and ids;
    `drawn` of `patients` have a bar; `groups` are (label, tone, [(patient id, link)]) of everybody.
    """

    drawings: Mapping[str, str]
    drawn: int
    patients: int
    groups: list[tuple[str, str, list[tuple[str, str]]]]


def swimmer_plot(data: StudyData, histories: Mapping[str, History]) -> SwimmerPlot | None:
    """Draw one study's patients, None where it has none."""
    study = data.study
    mine = [history for history in histories.values() if study.study_id in history.stays]
    if not mine:
        return None
    lanes, groups = [], []
    for name in [*study.strategies, *sorted({_strategy(h, data) for h in mine} - set(study.strategies))]:
        group = [history for history in mine if _strategy(history, data) == name]
        if group:
            tone = str(study.strategies.index(name)) if name in study.strategies else "all"
            key = f"strategy.{name}.count" if name in study.strategies else None
            label = study.label(name) + ("" if name in study.strategies else ", not compared")
            chosen = [_swimmer(h, data) for h in _evenly(group, len(mine))]
            lanes.append(Lane(label, tone, key, len(group), chosen))
            groups.append((label, f"tone-{tone}", [(h.patient_id, f"{FOLDER}/{h.page}") for h in group]))
    ticks = axis_ticks(max([swimmer.end for lane in lanes for swimmer in lane.swimmers] + [1.0]))
    title, label = "Each patient, by strategy", f"Months since the start of {study.index_drug}"
    drawings = {
        size.name: swimmer_figure("swimmer", title, label, lanes, ticks, size, linked=True)
        for size in (WIDE, NARROW)
    }
    for name, size in (("file", WIDE), ("file-narrow", NARROW)):
        drawings[name] = swimmer_figure("swimmer", title, label, lanes, ticks, size, linked=False)
    return SwimmerPlot(drawings, sum(len(lane.swimmers) for lane in lanes), len(mine), groups)


def _strategy(history: History, data: StudyData) -> str:
    return str(history.stays[data.study.study_id]["strategy"])


def _evenly(group: Sequence[History], of: int) -> list[History]:
    """All of a group, or so many of it, evenly over its order, as its share of `MOST` allows.

    The first `MOST` of all would be one strategy alone, and its longest.
    """
    wanted = len(group) if of <= MOST else max(1, round(MOST * len(group) / of))
    return [group[i * len(group) // wanted] for i in range(wanted)]


def _swimmer(history: History, data: StudyData) -> Swimmer:
    row = history.stays[data.study.study_id]

    def months(days: float) -> float:
        return days / DAYS_PER_MONTH

    index, pfs = row["index_date"], history.pfs(int(row["next_line"]))
    start = (row["next_line_start"] - index).days
    died = history.facts["death_date"] is not None
    followed = history.facts["death_date"] or history.facts["last_contact_date"]
    line = history.walk.line(row["next_line"])
    second = start + int(row["pfs2_days"])
    return Swimmer(
        label=history.patient_id,
        words=_words(history.patient_id, row),
        href=f"{FOLDER}/{history.page}",
        pfs1=months(row["pfs1_days"]),
        next_start=months(start),
        pfs2_end=months(second),
        end=months(max(second, (followed - index).days if followed else 0)),
        progressed=pfs is not None and pfs["event_type"] == "progression",
        died=died,
        # coverage that ran out shortly before last contact is `ongoing` even where another line followed
        ongoing=not died and line is history.walk.lines[-1] and line["end_reason"] == "ongoing",
    )


def _words(patient: str, row: Mapping[str, Any]) -> str:
    pfs1, pfs2 = (words.number(row[name] / DAYS_PER_MONTH, 1) for name in ("pfs1_days", "pfs2_days"))
    ended = "" if row["pfs2_event"] else ", censored"
    return f"Patient {patient}: PFS1 {pfs1} months, then {row['next_regimen']}, PFS2 {pfs2} months{ended}"
