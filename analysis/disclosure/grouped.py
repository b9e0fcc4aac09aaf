"""Survival data in groups of patients: what a curve may show outside (statistics.md, two renderings).

Every step is made by `at_least` events in a row, and patients who are censored leave in groups as large; all
of a group leave at the time of its middle one, to a tenth of a month. Everything read from the curve
(survival, limits, numbers at risk) is then a function of whole groups, whatever an attacker solves for. The
middle and not the last, because a curve that falls only when its group is complete lies too high everywhere.

References: Domingo-Ferrer and Mateo-Sanz, IEEE Trans Knowl Data Eng 2002;14:189 (microaggregation); the
rounded Kaplan-Meier of OpenSAFELY (kaplan-meier-function, argument `min_count`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.statistics.durations import Durations, Floats
from analysis.statistics.kaplan_meier import KaplanMeier, kaplan_meier


@dataclass(frozen=True)
class GroupedCurve:
    """The Kaplan-Meier curve of grouped data, known up to `until` (months)."""

    fit: KaplanMeier
    until: float


def grouped_curve(data: Durations, at_least: int) -> GroupedCurve | None:
    """The curve in steps of `at_least` events, as long as that many patients are at risk after each.

    It ends where the next group would leave fewer, or where fewer are observed: no plateau is drawn that the
    data do not have. None where it cannot be had: under twice as many patients, or patients who came under
    observation late, whose entries would have to be grouped as well.
    """
    if data.delayed or data.n < 2 * at_least:
        return None
    until = _tenth(np.sort(data.time)[-at_least])
    leaving = sorted(
        [(time, 1.0) for time in _groups(data.time[data.event == 1], at_least)]
        + [(time, 0.0) for time in _groups(data.time[data.event == 0], at_least)],
        key=lambda group: (group[0], -group[1]),  # at one time events come before those censored
    )
    times, events, left = [], [], data.n
    for time, event in leaving:
        if time > until or left < 2 * at_least:
            until = min(until, time)
            break
        times += [time] * at_least
        events += [event] * at_least
        left -= at_least
    times, events = [*times, *[until] * left], [*events, *[0.0] * left]
    fit = kaplan_meier(Durations(np.array(times), np.array(events), np.zeros(data.n)))
    return GroupedCurve(_without_marks(fit), until)


def _without_marks(fit: KaplanMeier) -> KaplanMeier:
    """The same curve; nobody's censoring is marked."""
    return KaplanMeier(
        fit.data, fit.time, fit.at_risk, fit.events, np.zeros_like(fit.censored), fit.survival, fit.lower,
        fit.upper,
    )  # fmt: skip


def _groups(times: Floats, at_least: int) -> list[float]:
    """The middle of each whole group."""
    whole = len(times) - len(times) % at_least
    return [_tenth(time) for time in np.sort(times)[:whole][(at_least - 1) // 2 :: at_least]]


def _tenth(time: float) -> float:
    return float(np.round(time, 1))
