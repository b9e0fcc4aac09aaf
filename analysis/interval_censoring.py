"""Survival where an event is only known to lie between two visits: the nonparametric maximum likelihood
estimate.

Intervals are open on the left, (left, right]: she was seen without the event at `left` and with it at
`right`. A known day has left = right; who never had the event has right = infinity. The estimate puts mass
on Turnbull's intervals only and says nothing about where inside one; as R's survfit we draw each mass at its
interval's middle. By `survival`; lifelines takes the intervals as closed, which is another estimate.

References: Turnbull, J R Stat Soc B 1976;38:290. The median's limits are percentiles of a bootstrap of
patients (Efron and Tibshirani 1993), because no variance of the estimate at a point has a normal limit.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from survival.interval import turnbull

from analysis.durations import Floats, Numbers
from analysis.estimates import Estimate, Interval, StatisticsError, Variance
from analysis.kaplan_meier import crossing

REFERENCE = "Turnbull 1976"
BOOTSTRAP = "Turnbull 1976; Efron and Tibshirani 1993"
METHOD = "interval-censored NPMLE"
RIGHT_CENSORED, EXACT, INTERVAL = 0, 1, 3


@dataclass(frozen=True)
class IntervalCensored:
    """The estimate: survival (k,) from each time (k,) on; `events` counts patients known to have had the
    event."""

    n: int
    events: int
    time: Floats
    survival: Floats

    def median(self) -> Estimate:
        """The median in the unit of the times, without limits: `interval_censored_median` makes them."""
        median = crossing(self.time, self.survival)
        note = None if median is not None else "not reached"
        return Estimate(median, self.n, self.events, METHOD, REFERENCE, note=note)

    def survival_at(self, when: float) -> Estimate:
        """Survival at `when`, without limits; none past the last time at which the estimate is defined."""
        index = int(np.searchsorted(self.time, when, side="right")) - 1
        survival = 1.0 if index < 0 else float(self.survival[index])
        if when > self.time[-1] and survival > 1e-8:
            return Estimate(
                None, self.n, self.events, METHOD, REFERENCE, note="beyond the last patient observed"
            )
        return Estimate(survival, self.n, self.events, METHOD, REFERENCE)


def interval_censored(left: Numbers, right: Numbers) -> IntervalCensored:
    """Fit intervals `left` (n,) to `right` (n,), in any one unit.

    Raises StatisticsError where a limit is missing, negative, or the right one is before the left.
    """
    low, high = _checked(left, right)
    return _fit(low, high)


def interval_censored_median(left: Numbers, right: Numbers, seed: int, replicates: int = 200) -> Estimate:
    """The median with 95 % percentile limits over `replicates` resamples of the patients.

    A resample without a median counts as later than all others, so an upper limit may be not reached (None).
    """
    low, high = _checked(left, right)
    fit = _fit(low, high)
    median = fit.median()
    draw = np.random.default_rng(seed)
    medians = np.full(replicates, np.inf)
    for i in range(replicates):
        rows = draw.integers(0, fit.n, fit.n)
        found = crossing(*_curve(low[rows], high[rows]))
        medians[i] = np.inf if found is None else found
    limits = np.quantile(medians, (0.025, 0.975), method="inverted_cdf")
    ends = [float(limit) if np.isfinite(limit) else None for limit in limits]
    interval = Interval(ends[0], ends[1], Variance.BOOTSTRAP_PERCENTILE)
    return Estimate(median.estimate, fit.n, fit.events, METHOD, BOOTSTRAP, interval, median.note)


def _checked(left: Numbers, right: Numbers) -> tuple[Floats, Floats]:
    low, high = np.asarray(left, dtype=float), np.asarray(right, dtype=float)
    if low.shape != high.shape or low.ndim != 1:
        raise StatisticsError(f"{low.size} left and {high.size} right limits do not match.")
    if not len(low):
        raise StatisticsError("A survival curve needs at least one patient.")
    if not np.isfinite(low).all() or np.isnan(high).any() or (low < 0).any():
        raise StatisticsError("An interval's limit is missing, negative or not a number.")
    if (high < low).any():
        raise StatisticsError(f"{int((high < low).sum())} of {len(low)} intervals end before they begin.")
    return low, high


def _fit(low: Floats, high: Floats) -> IntervalCensored:
    return IntervalCensored(len(low), int(np.isfinite(high).sum()), *_curve(low, high))


def _curve(low: Floats, high: Floats) -> tuple[Floats, Floats]:
    status = np.select([np.isinf(high), low == high], [RIGHT_CENSORED, EXACT], INTERVAL)
    # a sum over few patients is nobody's weight: order the rows, so that theirs does not matter to the last
    # bit
    order = np.lexsort((high, low))
    second = np.where(np.isinf(high), low, high)
    fit = turnbull(low[order].tolist(), second[order].tolist(), status[order].tolist(), se_fit=False).curves[
        0
    ]
    return np.array(fit.time, dtype=float), np.array(fit.surv, dtype=float)
