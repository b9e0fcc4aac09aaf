"""What followed what: each study patient's regimens from the index line on, and how her treatment stands."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import NamedTuple

import pandas as pd

from analysis.estimation.rows import Place, Row, count
from analysis.estimation.study import StudyData

LAST_PLACE = 3  # the index line, the next, and two after it: more cannot be read side by side
# how the treatment of a patient without a further line stands
ONGOING, OFF, DIED = "on treatment", "no further line", "died"
ENDS = (ONGOING, OFF, DIED)
CATEGORIES = (
    "endocrine", "endocrine + cdk46", "endocrine + mtor", "endocrine + pi3k_akt", "other", "chemo",
)  # fmt: skip


@dataclass(frozen=True, order=True)
class Stop:
    """A regimen category, or an end, at a place after the index line (0)."""

    place: int
    name: str

    @property
    def estimate_id(self) -> str:
        """The id of the row that counts its patients."""
        return _place(self.term).estimate_id

    @property
    def term(self) -> str:
        """As the row has it: `1=chemo`."""
        return f"{self.place}={self.name}"


class Taken(NamedTuple):
    """A line as a row of StudyData.lines has it."""

    place: int
    category: str
    end_reason: str
    died: bool


Flow = tuple[Stop, Stop]


def flow_id(flow: Flow) -> str:
    """The id of the row that counts the patients who went from the one to the other."""
    return _place(_term(flow)).estimate_id


def sequence_rows(data: StudyData) -> list[Row]:
    """How many study patients came to each stop, and went from each to each."""
    stops, flows = counted(data.lines)
    n = len(data.patients)
    rows = [count(_place(stop.term), patients, n) for stop, patients in stops.items()]
    return [*rows, *(count(_place(_term(flow)), patients, n) for flow, patients in flows.items())]


def counted(lines: pd.DataFrame) -> tuple[dict[Stop, int], dict[Flow, int]]:
    """Patients at each stop and in each flow, in the order they are drawn; the lines stand by patient."""
    stops: Counter[Stop] = Counter()
    flows: Counter[Flow] = Counter()
    columns = lines[["patient_id", "place", "regimen_category", "end_reason", "died"]]
    for _, hers in groupby(columns.itertuples(index=False, name=None), key=lambda line: line[0]):
        path = stops_of([Taken(*line[1:]) for line in hers])
        stops.update(path)
        flows.update(pairwise(path))
    return (
        {stop: stops[stop] for stop in sorted(stops, key=_order)},
        {flow: flows[flow] for flow in sorted(flows, key=lambda flow: (_order(flow[0]), _order(flow[1])))},
    )


def stops_of(hers: Sequence[Taken]) -> list[Stop]:
    """One patient's stops: a line each, then an end where no line follows, as far as `LAST_PLACE`."""
    last = hers[-1]
    alive = ONGOING if last.end_reason == "ongoing" else OFF
    end = Stop(last.place + 1, DIED if last.died else alive)
    path = [Stop(line.place, str(line.category)) for line in hers]
    return [stop for stop in [*path, end] if stop.place <= LAST_PLACE]


def _order(stop: Stop) -> tuple[int, int, str]:
    """By place; endocrine regimens, others, chemotherapy, then the ends."""
    names = (*CATEGORIES, *ENDS)
    known = names.index(stop.name) if stop.name in names else len(CATEGORIES) - 2
    return stop.place, known, stop.name


def _place(term: str) -> Place:
    return Place("sequence", "all", "study_patients", "count", "patients", term)


def _term(flow: Flow) -> str:
    return f"{flow[0].term}>{flow[1].term}"
