"""Restricted mean survival time (RMST): the area under the Kaplan-Meier curve up to tau.

Reference: Uno et al., J Clin Oncol 2014;32:2380, as in R's survRM2. Ours because lifelines' "variance" is
the variance of the truncated times, not of the estimate.
"""

from __future__ import annotations

import numpy as np
from scipy.stats import norm

from analysis.durations import Durations
from analysis.estimates import Estimate, Interval, StatisticsError, Test, Variance
from analysis.kaplan_meier import risk_table

REFERENCE = "Uno et al. 2014"
Z = float(norm.ppf(0.975))


def rmst(data: Durations, tau: float) -> Estimate:
    """Mean time without the event within the first `tau`, in their unit, with a normal 95 % interval.

    Raises StatisticsError where tau is not positive or lies past the last patient observed.
    """
    area, error = _area(data, tau)
    limits = Interval(max(0.0, area - Z * error), min(tau, area + Z * error), Variance.RMST_GREENWOOD)
    return Estimate(area, data.n, data.events, f"area under Kaplan-Meier up to {tau:g}", REFERENCE, limits)


def rmst_difference(reference: Durations, other: Durations, tau: float) -> Estimate:
    """RMST of `other` minus that of `reference`, with a normal 95 % interval."""
    difference, error = _difference(reference, other, tau)
    limits = Interval(difference - Z * error, difference + Z * error, Variance.RMST_GREENWOOD)
    n, events = reference.n + other.n, reference.events + other.events
    return Estimate(difference, n, events, f"difference of areas up to {tau:g}", REFERENCE, limits)


def rmst_test(reference: Durations, other: Durations, tau: float) -> Test:
    """Two-sided normal test of the difference."""
    difference, error = _difference(reference, other, tau)
    n, events = reference.n + other.n, reference.events + other.events
    if error == 0:
        return Test(
            None, n, events, "RMST difference", REFERENCE, note="no variance: nobody had the event before tau"
        )
    z = difference / error
    return Test(float(2 * norm.sf(abs(z))), n, events, "RMST difference, normal test", REFERENCE, float(z))


def common_tau(reference: Durations, other: Durations) -> float:
    """The smaller of the two groups' last times: as far as both curves go."""
    return float(min(reference.time.max(), other.time.max()))


def _difference(reference: Durations, other: Durations, tau: float) -> tuple[float, float]:
    (area_0, error_0), (area_1, error_1) = _area(reference, tau), _area(other, tau)
    return area_1 - area_0, float(np.hypot(error_0, error_1))


def _area(data: Durations, tau: float) -> tuple[float, float]:
    """Area under the curve up to tau, and its standard error."""
    if data.n == 0:
        raise StatisticsError("A restricted mean needs at least one patient.")
    time, risk, events, _ = risk_table(data)
    survival = np.cumprod(1 - events / risk)
    if tau <= 0 or (tau > time[-1] and survival[-1] > 0):
        raise StatisticsError(f"An RMST up to {tau:g} needs a patient observed that long.")
    keep = time <= tau
    time, risk, events, survival = time[keep], risk[keep], events[keep], survival[keep]
    widths = np.diff(np.concatenate([[0.0], time, [tau]]))
    areas = widths * np.concatenate([[1.0], survival])
    left = areas[::-1].cumsum()[::-1][1:]  # the area still to come after each time
    with np.errstate(divide="ignore", invalid="ignore"):
        greenwood = np.where(risk > events, events / (risk * (risk - events)), 0.0)
    return float(areas.sum()), float(np.sqrt((left**2 * greenwood).sum()))
