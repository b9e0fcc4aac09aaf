"""What followed what: each study patient's regimens from the index line on, and how her treatment stands."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import pairwise

import pandas as pd

from analysis.rows import Place, Row, count
from analysis.study import StudyData

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
    """Patients at each stop and in each flow, in the order they are drawn."""
    stops: Counter[Stop] = Counter()
    flows: Counter[Flow] = Counter()
    for _, hers in lines.groupby("patient_id", sort=True):
        path = stops_of(hers)
        stops.update(path)
        flows.update(pairwise(path))
    return (
        {stop: stops[stop] for stop in sorted(stops, key=_order)},
        {flow: flows[flow] for flow in sorted(flows, key=lambda flow: (_order(flow[0]), _order(flow[1])))},
    )


def stops_of(hers: pd.DataFrame) -> list[Stop]:
    """One patient's stops: a line each, then an end where no line follows, as far as `LAST_PLACE`."""
    places = [int(place) for place in hers["place"]]
    path = [Stop(place, str(name)) for place, name in zip(places, hers["regimen_category"], strict=True)]
    last = hers.iloc[-1]
    alive = ONGOING if last["end_reason"] == "ongoing" else OFF
    end = DIED if bool(last["died"]) else alive
    return [stop for stop in [*path, Stop(places[-1] + 1, end)] if stop.place <= LAST_PLACE]


def _order(stop: Stop) -> tuple[int, int, str]:
    """By place; endocrine regimens, others, chemotherapy, then the ends."""
    names = (*CATEGORIES, *ENDS)
    known = names.index(stop.name) if stop.name in names else len(CATEGORIES) - 2
    return stop.place, known, stop.name


def _place(term: str) -> Place:
    return Place("sequence", "all", "study_patients", "count", "patients", term)


def _term(flow: Flow) -> str:
    return f"{flow[0].term}>{flow[1].term}"
