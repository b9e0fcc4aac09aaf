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

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from survival.interval import turnbull

from analysis.durations import Floats, Numbers
from analysis.estimates import Estimate, Interval, StatisticsError, Variance
from analysis.kaplan_meier import crossing

REFERENCE = "Turnbull 1976"
BOOTSTRAP = "Turnbull 1976; Efron and Tibshirani 1993"
METHOD = "interval-censored NPMLE"
EXACT, INTERVAL = 1, 3  # R's codes for a known time and an interval
STANDING, MOST_STEPS = 1e-13, 100_000
GONE = 1e-8
Finish = Callable[[Floats, Floats, Floats, Floats], Floats]


@dataclass(frozen=True)
class IntervalCensored:
    """The estimate: survival (k,) from each time (k,) on; the last time is the last known limit.

    `events` counts the patients known to have had the event.
    """

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
        if when > self.time[-1] and survival > GONE:
            return Estimate(
                None, self.n, self.events, METHOD, REFERENCE, note="beyond the last patient observed"
            )
        return Estimate(survival, self.n, self.events, METHOD, REFERENCE)


def interval_censored(left: Numbers, right: Numbers) -> IntervalCensored:
    """Fit intervals `left` (n,) to `right` (n,), in any one unit.

    Raises StatisticsError where a limit is missing, negative, or the right one is before the left.
    """
    low, high = _checked(left, right)
    return IntervalCensored(len(low), int(np.isfinite(high).sum()), *_curve(low, high, _maximum))


def interval_censored_median(left: Numbers, right: Numbers, seed: int, replicates: int = 200) -> Estimate:
    """The median with 95 % percentile limits over `replicates` resamples of the patients.

    A resample without a median counts as later than all others, so an upper limit may be not reached (None).
    The resamples' curves are taken as `survival` leaves them: its distance from the maximum is lost in the
    noise.
    """
    fit = interval_censored(left, right)
    low, high = _checked(left, right)
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


def _curve(low: Floats, high: Floats, finish: Finish | None = None) -> tuple[Floats, Floats]:
    """Times and survival after them; `finish` takes the masses from where `survival` stops to the maximum."""
    last = float(max(low.max(), high[np.isfinite(high)].max(initial=0.0)))
    # the order of the patients must not matter, not even in the last bit of a sum
    order = np.lexsort((high, low))
    start, end = low[order], np.where(np.isinf(high), 2 * last + 1, high)[order]
    status = np.where(start == end, EXACT, INTERVAL)
    fit = turnbull(start.tolist(), end.tolist(), status.tolist(), se_fit=False).curves[0]
    time, survival = np.array(fit.time, dtype=float), np.array(fit.surv, dtype=float)
    mass = -np.diff(survival, prepend=1.0)
    time, mass = time[mass > 0], mass[mass > 0]
    if finish is not None:
        mass = finish(start, end, time, mass)
    seen = time <= last  # the mass after that is of those who never had the event
    time, survival = time[seen], 1.0 - mass[seen].cumsum()
    if not len(time) or time[-1] < last:
        time = np.append(time, last)
        survival = np.append(survival, survival[-1] if len(survival) else 1.0)
    return time, np.clip(survival, 0.0, 1.0)


def _maximum(start: Floats, end: Floats, time: Floats, mass: Floats) -> Floats:
    """Turnbull's self-consistency, (k,) masses: each patient's weight goes where she may have had the
    event."""
    pairs, count = np.unique(np.column_stack([start, end]), axis=0, return_counts=True)
    first, last = pairs[:, :1], pairs[:, 1:]
    inside = ((first < time) & (time <= last)) | ((first == last) & (first == time))
    share = count / count.sum()
    for _ in range(MOST_STEPS):
        step = mass * ((share / (inside @ mass)) @ inside)
        if np.abs(step - mass).max() < STANDING:
            break
        mass = step
    return mass
