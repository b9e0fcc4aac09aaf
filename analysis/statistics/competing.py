"""Cumulative incidence where another event may come first: Aalen and Johansen's estimator.

The share of patients with the event of interest by t, the competing event keeping its own share: one minus
Kaplan-Meier with the competing event censored says more than that. By `survival` (R's survfit with states),
whose variance is the infinitesimal jackknife; lifelines moves tied times apart at random.

Reference: Aalen and Johansen, Scand J Stat 1978;5:141. Limits on the log-log scale, as for survival:
p^exp(±z se / (p log p)), which stay between 0 and 1.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from survival.surv_analysis import survfitaj

from analysis.statistics.durations import Durations, Floats, Numbers, durations
from analysis.statistics.estimates import Estimate, Interval, StatisticsError, Variance
from analysis.statistics.kaplan_meier import emptied

REFERENCE = "Aalen and Johansen 1978"
METHOD = "Aalen-Johansen cumulative incidence"
STATES = ("event", "competing")
CERTAIN = 1e-8


@dataclass(frozen=True)
class CumulativeIncidence:
    """The curve of the event of interest, one entry for each time (k,) at which anybody has an event or
    leaves.

    `incidence` is the event's share, `competing` that of the other event, `at_risk` the patients who had
    neither. `lower` and `upper` are NaN where the share is 0 or 1.
    """

    data: Durations
    competing_events: int
    time: Floats
    at_risk: Floats
    incidence: Floats
    competing: Floats
    lower: Floats
    upper: Floats

    @property
    def method(self) -> str:
        """The estimator in words."""
        return METHOD + (", delayed entry" if self.data.delayed else "")

    def at(self, when: float) -> Estimate:
        """Share with the event of interest by `when`; none past the last patient observed."""
        n, events = self.data.n, self.data.events
        index = int(np.searchsorted(self.time, when, side="right")) - 1
        share = 0.0 if index < 0 else float(self.incidence[index])
        still_free = 1.0 if index < 0 else 1.0 - share - float(self.competing[index])
        if when > self.time[-1] and still_free > CERTAIN:
            return Estimate(None, n, events, self.method, REFERENCE, note="beyond the last patient observed")
        # the same curve of either event, which comes to 0 where nobody is left (see `emptied`)
        ended = emptied(self.data, self.time, 1.0 - self.incidence - self.competing)
        if ended is not None and when >= ended.when:
            return Estimate(None, n, events, self.method, REFERENCE, note=ended.note)
        if index < 0 or np.isnan(self.lower[index]):
            return Estimate(
                share, n, events, self.method, REFERENCE, note="no limits where the share is 0 or 1"
            )
        limits = Interval(float(self.lower[index]), float(self.upper[index]), Variance.AALEN_LOG_LOG)
        return Estimate(share, n, events, self.method, REFERENCE, limits)


def cumulative_incidence(time: Numbers, state: Numbers, entry: Numbers | None = None) -> CumulativeIncidence:
    """Fit the curve of state 1 against the competing state 2, with state 0 censored.

    `time`, `state` and `entry` are (n,), one row a patient; entry as in `durations`.
    """
    states = np.asarray(state, dtype=float)
    if not np.isin(states, (0.0, 1.0, 2.0)).all():
        raise StatisticsError("A state is 0 (censored), 1 (event) or 2 (competing event).")
    data = durations(time, (states == 1).astype(float), entry)
    if data.n == 0:
        raise StatisticsError("A cumulative incidence needs at least one patient.")
    other = durations(time, (states == 2).astype(float), entry).event
    late = {"start": data.start, "id": list(range(data.n))} if data.delayed else {}
    code = (data.event + 2 * other).astype(np.int32)
    fit = survfitaj(data.time, code, list(STATES), conf_type="log-log", timefix=False, **late)
    share, lower, upper = (np.array(part, dtype=float)[:, 1:] for part in (fit.pstate, fit.lower, fit.upper))
    certain = (share[:, 0] <= CERTAIN) | (share[:, 0] >= 1 - CERTAIN)
    return CumulativeIncidence(
        data,
        int(other.sum()),
        np.array(fit.time),
        np.array(fit.n_risk)[:, 0],
        share[:, 0],
        share[:, 1],
        np.where(certain, np.nan, lower[:, 0]),
        np.where(certain, np.nan, upper[:, 0]),
    )
