"""Restricted mean survival time (RMST): the area under the Kaplan-Meier curve up to tau.

Reference: Uno et al., J Clin Oncol 2014;32:2380, as in R's survRM2. Ours because lifelines' "variance" is
the variance of the truncated times, not of the estimate. With weights (Conner et al., Stat Med 2019;38:3832)
the variance is the infinitesimal jackknife's: the sum over patients of (w dA/dw)^2, where

    dA/dw_i = -( left(T_i) event_i / (Y - N)(T_i)  -  sum over s in (start_i, T_i] of left(s) N(s) / (Y (Y -
    N))(s) )

with Y at risk, N events (sums of weights) and left(s) the area still to come after s. Weights count as known.
"""

from __future__ import annotations

import numpy as np
from scipy.stats import norm

from analysis.statistics.durations import Durations, Floats, checked_weight
from analysis.statistics.estimates import Estimate, Interval, StatisticsError, Test, Variance
from analysis.statistics.kaplan_meier import emptied, risk_table

REFERENCE = "Uno et al. 2014"
WEIGHTED = "Uno et al. 2014; Conner et al. 2019"
ROUNDING = 1e-9  # at risk minus events under this share of those at risk is nobody
NO_VARIANCE = "no variance up to {tau:g}, so no limits"
ONE_SIDED = "one group has no variance up to {tau:g}: the other alone makes the limits"
Weights = tuple[Floats, Floats]
Z = float(norm.ppf(0.975))


def rmst(data: Durations, tau: float, weight: Floats | None = None) -> Estimate:
    """Mean time without the event within the first `tau`, in their unit, with a normal 95 % interval.

    No estimate where the curve came to 0 before others came under observation. Raises StatisticsError where
    tau is not positive or lies past the last patient observed.
    """
    name = "Kaplan-Meier" if weight is None else "weighted Kaplan-Meier"
    method, reference = f"area under {name} up to {tau:g}", REFERENCE if weight is None else WEIGHTED
    found = _area(data, tau, weight)
    if isinstance(found, str):
        return Estimate(None, data.n, data.events, method, reference, note=found)
    area, error = found
    note = None if error > 0 else NO_VARIANCE.format(tau=tau)
    limits = max(0.0, area - Z * error), min(tau, area + Z * error)
    interval = Interval(*limits, _variance(weight is not None)) if error > 0 else None
    return Estimate(area, data.n, data.events, method, reference, interval, note, error)


def rmst_difference(
    reference: Durations, other: Durations, tau: float, weights: Weights | None = None
) -> Estimate:
    """RMST of `other` minus that of `reference`, with a normal 95 % interval.

    `weights` are those of the reference and of the other group.
    """
    n, events = reference.n + other.n, reference.events + other.events
    method = ("" if weights is None else "weighted ") + f"difference of areas up to {tau:g}"
    source = REFERENCE if weights is None else WEIGHTED
    found = _difference(reference, other, tau, weights)
    if isinstance(found, str):
        return Estimate(None, n, events, method, source, note=found)
    difference, error, note = found
    limits = difference - Z * error, difference + Z * error
    interval = Interval(*limits, _variance(weights is not None)) if error > 0 else None
    return Estimate(difference, n, events, method, source, interval, note, error)


def rmst_test(reference: Durations, other: Durations, tau: float, weights: Weights | None = None) -> Test:
    """Two-sided normal test of the difference."""
    n, events = reference.n + other.n, reference.events + other.events
    name = ("" if weights is None else "weighted ") + "RMST difference"
    source = REFERENCE if weights is None else WEIGHTED
    found = _difference(reference, other, tau, weights)
    if isinstance(found, str):
        return Test(None, n, events, name, source, note=found)
    difference, error, note = found
    if error == 0:
        return Test(None, n, events, name, source, note=f"no variance up to {tau:g}, so no test")
    z = difference / error
    p_value = float(2 * norm.sf(abs(z)))
    return Test(p_value, n, events, f"{name}, normal test", source, float(z), note=note)


def common_tau(reference: Durations, other: Durations) -> float:
    """The smaller of the two groups' last times: as far as both curves go."""
    return float(min(reference.time.max(), other.time.max()))


def _variance(weighted: bool) -> Variance:
    return Variance.INFINITESIMAL_JACKKNIFE if weighted else Variance.RMST_GREENWOOD


def _difference(
    reference: Durations, other: Durations, tau: float, weights: Weights | None
) -> tuple[float, float, str | None] | str:
    """Difference, standard error and a note where a group has no variance; or why there is none."""
    found = [_area(data, tau, w) for data, w in zip((reference, other), weights or (None, None), strict=True)]
    missing = [one for one in found if isinstance(one, str)]
    if missing:
        return f"in one group {missing[0]}"
    (area_0, error_0), (area_1, error_1) = (one for one in found if not isinstance(one, str))
    note = None
    if error_0 == 0 or error_1 == 0:
        note = (NO_VARIANCE if error_0 == error_1 else ONE_SIDED).format(tau=tau)
    return area_1 - area_0, float(np.hypot(error_0, error_1)), note


def _area(data: Durations, tau: float, weight: Floats | None) -> tuple[float, float] | str:
    """Area under the curve up to tau, and its standard error; or why there is none."""
    if data.n == 0:
        raise StatisticsError("A restricted mean needs at least one patient.")
    weights = None if weight is None else checked_weight(weight, data.n)
    time, risk, events, _ = risk_table(data, weights)
    with np.errstate(divide="ignore", invalid="ignore"):
        staying = np.where(risk - events > ROUNDING * risk, risk - events, 0.0)
        survival: Floats = np.cumprod(staying / risk).astype(float)
        if tau <= 0 or (tau > time[-1] and survival[-1] > 0):
            raise StatisticsError(f"An RMST up to {tau:g} needs a patient observed that long.")
        ended = emptied(data, time, survival)
        if ended is not None and ended.when < tau:
            return ended.note
        keep = time <= tau
        widths = np.diff(np.concatenate([[0.0], time[keep], [tau]]))
        areas = widths * np.concatenate([[1.0], survival[keep]])
        left = np.zeros_like(time)
        left[keep] = areas[::-1].cumsum()[::-1][1:]  # the area still to come after each time
        per_event = np.where(staying > 0, left / staying, 0.0)
    hazard = events / risk
    if weights is None:
        return float(areas.sum()), float(np.sqrt((left * per_event * hazard).sum()))
    return float(areas.sum()), _jackknife(data, weights, time, per_event, per_event * hazard)


def _jackknife(data: Durations, weight: Floats, time: Floats, per_event: Floats, exposure: Floats) -> float:
    """Root of the sum of squared influences: what each patient's event takes away and her exposure gives."""
    given = np.concatenate([[0.0], exposure.cumsum()])
    place = np.searchsorted(time, data.time)
    before = np.searchsorted(time, data.start, side="right")
    influence = given[place + 1] - given[before] - data.event * per_event[place]
    return float(np.sqrt(((weight * influence) ** 2).sum()))
