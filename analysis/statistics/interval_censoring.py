"""Survival where an event is only known to lie between two visits: the nonparametric maximum likelihood
estimate.

Intervals are open on the left, (left, right]: she was seen without the event at `left` and with it at
`right`. A known day has left = right; who never had the event has right = infinity. The estimate puts mass
on Turnbull's innermost intervals only and says nothing about where inside one; as R's survfit we draw each
mass at its interval's middle. lifelines takes the intervals as closed, which is another estimate.

The maximum is found by self-consistency (Turnbull), accelerated by squared extrapolation, for all resamples
of a bootstrap together. Ours because `survival`, like R, stops short of it, by 0.01 in places, after seconds
for a few hundred patients.

References: Turnbull, J R Stat Soc B 1976;38:290; Varadhan and Roland, Scand J Stat 2008;35:335. The median's
limits are percentiles of a bootstrap of patients (Efron and Tibshirani 1993), because no variance of the
estimate at a point has a normal limit.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.statistics.durations import Floats, Numbers
from analysis.statistics.estimates import Estimate, Interval, StatisticsError, Variance
from analysis.statistics.kaplan_meier import crossing

REFERENCE = "Turnbull 1976"
BOOTSTRAP = "Turnbull 1976; Efron and Tibshirani 1993"
METHOD = "interval-censored NPMLE"
# where no mass moves by more than this in a step, the maximum is reached; the limits, which are times at
# which a resample's curve crosses one half, stand still long before
STANDING, MOST_STEPS = 1e-10, 5_000
RESAMPLE_STANDING, RESAMPLE_STEPS = 1e-3, 20
GONE = 1e-8
LARGE = 1000  # patients beyond which limits lie on a grid: see `_coarse`
GRID = 300


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
    problem = _problem(low, high)
    mass = _maximum(problem.inside, problem.count[None, :], STANDING, MOST_STEPS)[0]
    return IntervalCensored(len(low), int(np.isfinite(high).sum()), *problem.curve(mass))


def interval_censored_median(left: Numbers, right: Numbers, seed: int, replicates: int = 200) -> Estimate:
    """The median with 95 % percentile limits over `replicates` resamples of the patients.

    A resample without a median counts as later than all others, so an upper limit may be not reached (None).
    """
    fit = interval_censored(left, right)
    problem = _problem(*_checked(left, right))
    drawn = np.random.default_rng(seed).multinomial(
        fit.n, problem.count / problem.count.sum(), size=replicates
    )
    masses = _maximum(problem.inside, drawn.astype(float), RESAMPLE_STANDING, RESAMPLE_STEPS)
    found = [crossing(*problem.curve(mass)) for mass in masses]
    medians = np.array([np.inf if median is None else median for median in found])
    limits = np.quantile(medians, (0.025, 0.975), method="inverted_cdf")
    ends = [float(limit) if np.isfinite(limit) else None for limit in limits]
    interval = Interval(ends[0], ends[1], Variance.BOOTSTRAP_PERCENTILE)
    median = fit.median()
    return Estimate(median.estimate, fit.n, fit.events, METHOD, BOOTSTRAP, interval, median.note)


@dataclass(frozen=True)
class _Problem:
    """Distinct intervals with their `count` (u,), which innermost intervals each holds, `inside` (u, m), and
    where the mass of those is drawn, `middle` (m,); infinite for who never had the event."""

    count: Floats
    inside: Floats
    middle: Floats
    last: float

    def curve(self, mass: Floats) -> tuple[Floats, Floats]:
        """Times and survival after them, up to the last known limit."""
        held = (mass > GONE**2) & (self.middle <= self.last)
        time, survival = self.middle[held], 1.0 - mass[held].cumsum()
        if not len(time) or time[-1] < self.last:
            time = np.append(time, self.last)
            survival = np.append(survival, survival[-1] if len(survival) else 1.0)
        return time, np.clip(survival, 0.0, 1.0)


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


def _problem(low: Floats, high: Floats) -> _Problem:
    pairs, count = np.unique(np.column_stack(_coarse(low, high)), axis=0, return_counts=True)
    start, end = pairs.T
    values = np.unique(pairs)
    # limits in their order: at one time a known day begins, then intervals end, then others begin
    begins = 3 * np.searchsorted(values, start) + np.where(start == end, 0, 2)
    ends = 3 * np.searchsorted(values, end) + 1
    marks = np.unique(np.concatenate([begins, ends]))
    closing = np.isin(marks, ends)
    # innermost: a beginning with an end right after it
    inner = np.flatnonzero(~closing[:-1] & closing[1:])
    first, last = marks[inner], marks[inner + 1]
    inside = (begins[:, None] <= first) & (last <= ends[:, None])
    middle = (values[first // 3] + values[last // 3]) / 2
    known = float(max(low.max(), high[np.isfinite(high)].max(initial=0.0)))
    return _Problem(count.astype(float), inside.astype(float), middle, known)


def _coarse(low: Floats, high: Floats) -> tuple[Floats, Floats]:
    """Of many patients, limits on a grid of `GRID` steps up to the last: a left one rounded down, a right one
    up, so that every interval still holds its event."""
    if len(low) <= LARGE:
        return low, high
    width = float(max(low.max(), high[np.isfinite(high)].max(initial=0.0))) / GRID
    if width == 0:
        return low, high
    known = low == high
    left, right = np.floor(low / width), np.ceil(high / width)
    return width * np.where(known, np.round(low / width), left), width * np.where(
        known, np.round(low / width), right
    )


def _maximum(inside: Floats, count: Floats, standing: float, most: int) -> Floats:
    """Masses (b, m) that maximise the likelihood of each row of `count` (b, u)."""
    share = count / count.sum(axis=1, keepdims=True)
    mass = np.full((len(count), inside.shape[1]), 1.0 / inside.shape[1])
    moving = np.arange(len(count))
    for _ in range(most):
        before, weight = mass[moving], share[moving]
        one = _step(before, weight, inside)
        two = _step(one, weight, inside)
        far = _extrapolated(before, one, two)
        further = _likelihood(far, weight, inside) > _likelihood(two, weight, inside)
        mass[moving] = _step(np.where(further[:, None], far, two), weight, inside)
        moving = moving[np.abs(mass[moving] - before).max(axis=1) > standing]
        if not len(moving):
            break
    return mass


def _step(mass: Floats, share: Floats, inside: Floats) -> Floats:
    """Self-consistency: a patient's share goes where she may have had the event, as the mass lies there."""
    held = mass @ inside.T
    weight = np.divide(share, held, out=np.zeros_like(share), where=share > 0)
    return np.asarray(mass * (weight @ inside), dtype=float)


def _extrapolated(before: Floats, one: Floats, two: Floats) -> Floats:
    """Where the last two steps lead (scheme S3 of Varadhan and Roland); never to 0, which would stick."""
    first = one - before
    second = two - one - first
    change = np.linalg.norm(second, axis=1)
    length = np.divide(
        np.linalg.norm(first, axis=1), change, out=np.ones_like(change), where=change > 0
    ).clip(1.0)[:, None]
    far = np.maximum(before + 2 * length * first + length**2 * second, two / 100)
    return np.asarray(far / far.sum(axis=1, keepdims=True), dtype=float)


def _likelihood(mass: Floats, share: Floats, inside: Floats) -> Floats:
    held = mass @ inside.T
    return np.asarray((share * np.log(held, out=np.zeros_like(held), where=share > 0)).sum(axis=1))
