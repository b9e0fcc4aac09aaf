"""Checked durations, and the days-to-months convention that every endpoint shares."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.statistics.estimates import StatisticsError

DAYS_PER_MONTH = 30.4375

Numbers = Sequence[float] | npt.NDArray[np.float64] | pd.Series
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Durations:
    """Times to an event, one row a patient; make them with `durations`, which checks them.

    `time` (n,) in any one unit, `event` (n,) of 0.0 and 1.0, `entry` (n,) in the unit of `time`: she is at
    risk after her entry. Where `entry` is 0 she is observed from the start on, day 0 included. `left_out`
    counts the patients who left before they came under observation; they take no part.
    """

    time: Floats
    event: Floats
    entry: Floats
    left_out: int = 0

    @property
    def n(self) -> int:
        """Patients who take part."""
        return len(self.time)

    @property
    def events(self) -> int:
        """Events among them."""
        return int(self.event.sum())

    @property
    def delayed(self) -> bool:
        """Whether anybody enters late, so that every estimate is made with delayed entry."""
        return bool((self.entry > 0).any())

    @property
    def start(self) -> Floats:
        """Entry as a counting process wants it: -1 where observed from the start, so that day 0 counts."""
        return np.where(self.entry > 0, self.entry, -1.0)

    @cached_property
    def places(self) -> tuple[npt.NDArray[np.intp], Floats]:
        """The place of each time (n,) among the distinct times (k,), and those in order.

        Found once, by hashing, which takes a third of the time of sorting: every estimate starts from it.
        """
        place, time = pd.factorize(self.time, sort=True)
        return place, np.asarray(time, dtype=float)

    def where(self, mask: npt.NDArray[np.bool_]) -> Durations:
        """The rows that the mask (n,) keeps."""
        return Durations(self.time[mask], self.event[mask], self.entry[mask])

    def flipped(self) -> Durations:
        """Censoring as the event: what reverse Kaplan-Meier looks at."""
        return Durations(self.time, 1.0 - self.event, self.entry, self.left_out)


def durations(time: Numbers, event: Numbers, entry: Numbers | None = None) -> Durations:
    """Check times (n,), events (n,) and entries (n,), and set aside who left before entry.

    Raises StatisticsError where a duration is missing or negative, an event is not 0 or 1, or lengths differ.
    """
    times, events = _floats(time, "duration"), _floats(event, "event")
    entries = np.zeros_like(times) if entry is None else _floats(entry, "entry")
    if not len(times) == len(events) == len(entries):
        raise StatisticsError(
            f"{len(times)} durations, {len(events)} events and {len(entries)} entries do not match."
        )
    if (times < 0).any():
        raise StatisticsError(f"{int((times < 0).sum())} of {len(times)} durations are negative.")
    if (entries < 0).any():
        raise StatisticsError(f"{int((entries < 0).sum())} of {len(entries)} entry times are negative.")
    if not np.isin(events, (0.0, 1.0)).all():
        raise StatisticsError("An event is 0 or 1; other values were given.")
    seen = under_observation(times, entries)
    return Durations(times[seen], events[seen], entries[seen], int((~seen).sum()))


def under_observation(time: Floats, entry: Floats) -> npt.NDArray[np.bool_]:
    """Who (n,) takes part: she was observed from the start, or her time ends after her entry."""
    return (entry == 0) | (time > entry)


def together(groups: Iterable[Durations]) -> Durations:
    """All groups as one, in their order."""
    parts = list(groups)
    return Durations(
        np.concatenate([part.time for part in parts]),
        np.concatenate([part.event for part in parts]),
        np.concatenate([part.entry for part in parts]),
        sum(part.left_out for part in parts),
    )


def two_groups(data: Durations, group: npt.NDArray[np.bool_]) -> tuple[Durations, Durations]:
    """The reference (False) and the other group (True). Raises StatisticsError where a group is empty."""
    check_groups(data, group)
    return data.where(~group), data.where(group)


def check_groups(data: Durations, group: npt.NDArray[np.bool_]) -> None:
    """Raises StatisticsError where the labels (n,) are not as many as the patients, or a group is empty."""
    if len(group) != data.n:
        raise StatisticsError(f"{data.n} durations and {len(group)} group labels do not match.")
    if not group.any() or group.all():
        raise StatisticsError("A comparison needs patients in both groups.")


def checked_weight(weight: Numbers, n: int) -> Floats:
    """Weights (n,) as floats. Raises StatisticsError unless there are `n` of them, all positive."""
    weights = _floats(weight, "weight")
    if len(weights) != n:
        raise StatisticsError(f"{n} patients and {len(weights)} weights do not match.")
    if (weights <= 0).any():
        raise StatisticsError(f"{int((weights <= 0).sum())} of {n} weights are not positive.")
    return weights


def _floats(values: Numbers, name: str) -> Floats:
    column = pd.to_numeric(pd.Series(values), errors="coerce").to_numpy(dtype=float, na_value=np.nan)
    if not np.isfinite(column).all():
        missing = int((~np.isfinite(column)).sum())
        raise StatisticsError(f"{missing} of {len(column)} {name} values are missing or not a number.")
    return column
