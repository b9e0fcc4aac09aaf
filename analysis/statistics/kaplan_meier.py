"""Kaplan-Meier: the curve, its median, survival and numbers at risk at given times, reverse follow-up.

References: Kaplan and Meier, J Am Stat Assoc 1958;53:457; Brookmeyer and Crowley, Biometrics 1982;38:29
(median's limits); Schemper and Smith, Control Clin Trials 1996;17:343 (reverse Kaplan-Meier); Xie and Liu,
Stat Med 2005;24:3089 (weighted curve). lifelines gives the unweighted curve; with weights, curve and
infinitesimal jackknife variance are those of `survival` (R's survfit with robust = TRUE), because lifelines
has no limits for the median of a weighted curve.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from lifelines import KaplanMeierFitter
from scipy.stats import norm
from survival.surv_analysis import survfitkm

from analysis.statistics.durations import Durations, Floats, checked_weight
from analysis.statistics.estimates import Estimate, Interval, StatisticsError, Variance

CURVE = "Kaplan and Meier 1958"
WEIGHTED = "Xie and Liu 2005"
MEDIAN = "Brookmeyer and Crowley 1982"
FOLLOW_UP = "Schemper and Smith 1996"
HALF = 0.5
# from so many patients on the product is taken here: the same to 1e-12, and lifelines takes twice as long
LARGE = 20_000
EQUAL = 1e-8  # how near to 0.5 counts as 0.5: R's survmean uses the same


@dataclass(frozen=True)
class KaplanMeier:
    """A curve, one entry for each time (k,) at which somebody has an event or is censored.

    `lower` and `upper` are the pointwise log-log limits, NaN where S(t) is 1 or 0 and the transformation has
    none; `error` is the standard error of log(-log S) behind them. With `weight` (n,), one number a patient,
    `at_risk`, `events` and `censored` are sums of weights.
    """

    data: Durations
    time: Floats
    at_risk: Floats
    events: Floats
    censored: Floats
    survival: Floats
    lower: Floats
    upper: Floats
    weight: Floats | None = None
    error: Floats | None = None

    @property
    def method(self) -> str:
        """The estimator in words."""
        name = "Kaplan-Meier" if self.weight is None else "weighted Kaplan-Meier"
        return name + (" with delayed entry" if self.data.delayed else "")

    @property
    def reference(self) -> str:
        """The source of the curve."""
        return CURVE if self.weight is None else WEIGHTED

    @property
    def last_time(self) -> float:
        """The last time at which anybody is observed."""
        return float(self.time[-1])

    @property
    def emptied(self) -> Emptied | None:
        """Where the curve came to 0 too early to say anything from there on."""
        return emptied(self.data, self.time, self.survival)


class Emptied(NamedTuple):
    """When a curve came to 0 although others came under observation later, and that in words."""

    when: float
    note: str


def emptied(data: Durations, time: Floats, survival: Floats) -> Emptied | None:
    """Whether a curve (k,) at its times came to 0 before everybody had entered.

    With delayed entry few patients are at risk early. Where all of them have the event the product is 0 for
    good, whoever enters later: the curve then tells of those few, and not of the group.
    """
    zero = survival <= EQUAL
    if not data.delayed or not zero.any():
        return None
    when = float(time[int(np.argmax(zero))])
    later = int((data.start >= when).sum())
    if not later:
        return None
    others = "1 other came" if later == 1 else f"{later} others came"
    there = number_at_risk(data, when)
    return Emptied(
        when, f"the curve came to 0 at {when:.1f} with {there} at risk, before {others} under observation"
    )


def kaplan_meier(data: Durations, level: float = 0.95, weight: Floats | None = None) -> KaplanMeier:
    """Fit the curve with pointwise log-log limits: S^exp(±z·se/log S), se from Greenwood.

    With `weight` (n,), positive numbers as of a propensity score, every count is a sum of weights and the
    variance is the infinitesimal jackknife's, which stays the same when all weights are multiplied by a
    number. It takes the weights as known. Raises StatisticsError without a patient.
    """
    if data.n == 0:
        raise StatisticsError("A survival curve needs at least one patient.")
    if weight is not None:
        return _weighted(data, level, checked_weight(weight, data.n))
    time, at_risk, events, censored = risk_table(data)
    with np.errstate(divide="ignore", invalid="ignore"):
        factors = 1.0 - events / at_risk
        product = data.delayed or data.n > LARGE
        survival = np.cumprod(factors) if product else _lifelines_survival(data, time)
        variance = np.cumsum(events / (at_risk * (at_risk - events)))
        error = np.sqrt(variance) / -np.log(survival)
        half = norm.ppf(0.5 + level / 2) * error
        lower, upper = survival ** np.exp(half), survival ** np.exp(-half)
    certain = (survival <= EQUAL) | (survival >= 1 - EQUAL)
    lower, upper, error = (np.where(certain, np.nan, one).astype(float) for one in (lower, upper, error))
    curve = np.asarray(survival, dtype=float)
    return KaplanMeier(data, time, at_risk, events, censored, curve, lower, upper, None, error)


def _weighted(data: Durations, level: float, weight: Floats) -> KaplanMeier:
    late = {"start": data.start, "id": list(range(data.n))} if data.delayed else {}
    fit = survfitkm(
        data.time,
        data.event.astype(np.int32),
        weights=weight,
        robust=True,
        conf_int=level,
        conf_type="log-log",
        timefix=False,
        **late,
    )
    columns = (fit.time, fit.n_risk, fit.n_event, fit.n_censor, fit.surv, fit.lower, fit.upper, fit.std_err)
    time, at_risk, events, censored, survival, *limits, error = (np.array(c, dtype=float) for c in columns)
    certain = (survival <= EQUAL) | (survival >= 1 - EQUAL)
    with np.errstate(divide="ignore", invalid="ignore"):
        # survfit gives the error of log S, or with weights that of S
        error = (error if fit.logse else error / survival) / -np.log(survival)
    lower, upper, error = (np.where(certain, np.nan, one) for one in (*limits, error))
    return KaplanMeier(data, time, at_risk, events, censored, survival, lower, upper, weight, error)


def risk_table(data: Durations, weight: Floats | None = None) -> tuple[Floats, Floats, Floats, Floats]:
    """Distinct times (k,) with at risk, events and censored: patients, or sums of `weight` (n,).

    Entries after `start` and before the time are at risk.
    """
    place, time = data.places
    mass = np.ones(data.n) if weight is None else weight
    events: Floats = np.bincount(place, weights=mass * data.event, minlength=len(time)).astype(float)
    leaving: Floats = np.bincount(place, weights=mass, minlength=len(time)).astype(float)
    at_risk: Floats = leaving[::-1].cumsum()[::-1]
    if data.delayed:
        # who enters at or after a time is not yet at risk at it
        first = np.searchsorted(time, data.start, side="right") - 1
        late = first >= 0
        entering = np.bincount(first[late], weights=mass[late], minlength=len(time))
        at_risk = at_risk - entering[::-1].cumsum()[::-1]
    return time, at_risk, events, leaving - events


def median_survival(curve: KaplanMeier) -> Estimate:
    """The median with its limits, in the unit of the durations; a limit that is not reached is None.

    Where S(t) is exactly 0.5 on a step, the median is the middle of the step, as in R; lifelines takes its
    start. None is read from a fall to 0 before others came under observation (`emptied`).
    """
    plain = curve.weight is None
    variance = Variance.BROOKMEYER_CROWLEY if plain else Variance.BROOKMEYER_CROWLEY_ROBUST
    ended = curve.emptied
    if ended is not None and (curve.survival[curve.time < ended.when] >= HALF - EQUAL).all():
        return Estimate(None, curve.data.n, curve.data.events, curve.method, MEDIAN, note=ended.note)
    limits = Interval(crossing(curve.time, curve.lower), crossing(curve.time, curve.upper), variance)
    median = crossing(curve.time, curve.survival)
    note = None if median is not None else "not reached"
    return Estimate(median, curve.data.n, curve.data.events, curve.method, MEDIAN, limits, note)


def survival_at(curve: KaplanMeier, when: float) -> Estimate:
    """S(when) with its log-log limits.

    No estimate past the last patient observed, unless the curve has come to 0; and none from where it came
    to 0 before others came under observation.
    """
    n, events = curve.data.n, curve.data.events
    ended = curve.emptied
    if ended is not None and when >= ended.when:
        return Estimate(None, n, events, curve.method, curve.reference, note=ended.note)
    index = int(np.searchsorted(curve.time, when, side="right")) - 1
    survival = 1.0 if index < 0 else float(curve.survival[index])
    if when > curve.last_time and survival > EQUAL:
        return Estimate(
            None, n, events, curve.method, curve.reference, note="beyond the last patient observed"
        )
    if index < 0 or np.isnan(curve.lower[index]):
        return Estimate(
            survival, n, events, curve.method, curve.reference, note="no limits where the curve is at 1 or 0"
        )
    variance = Variance.GREENWOOD_LOG_LOG if curve.weight is None else Variance.ROBUST_LOG_LOG
    interval = Interval(float(curve.lower[index]), float(curve.upper[index]), variance)
    return Estimate(survival, n, events, curve.method, curve.reference, interval)


def number_at_risk(data: Durations, when: float) -> int:
    """Patients under observation and without event or censoring just before `when`."""
    return int(_at_risk(data, when).sum())


def weighted_at_risk(curve: KaplanMeier, when: float) -> float:
    """Sum of the weights of the patients at risk just before `when`; their number without weights."""
    there = _at_risk(curve.data, when)
    return float(there.sum() if curve.weight is None else curve.weight[there].sum())


def _at_risk(data: Durations, when: float) -> npt.NDArray[np.bool_]:
    return (data.time >= when) & ((data.entry == 0) | (data.entry < when))


def follow_up(data: Durations) -> Estimate:
    """Median follow-up by reverse Kaplan-Meier: censoring is the event, an event censors."""
    median = median_survival(kaplan_meier(data.flipped()))
    return Estimate(
        median.estimate,
        data.n,
        data.n - data.events,
        "reverse Kaplan-Meier",
        FOLLOW_UP,
        median.interval,
        median.note,
    )


def _lifelines_survival(data: Durations, time: Floats) -> Floats:
    fitted = KaplanMeierFitter().fit(data.time, data.event)
    curve = fitted.survival_function_.iloc[:, 0]
    return curve.reindex(time).to_numpy(dtype=float)


def crossing(time: Floats, curve: Floats) -> float | None:
    """The first time at or under 0.5, or the middle of the step on which the curve is exactly 0.5."""
    known = ~np.isnan(curve)
    time, curve = time[known], curve[known]
    under = curve < HALF + EQUAL
    if not under.any():
        return None
    first = int(np.argmax(under))
    below = curve < curve[first] - EQUAL
    if abs(curve[first] - HALF) < EQUAL and below.any():
        return float((time[first] + time[int(np.argmax(below))]) / 2)
    return float(time[first])
