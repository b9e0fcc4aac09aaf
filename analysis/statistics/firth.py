"""Firth's penalised likelihood for Cox: a finite hazard ratio from few events, or where an arm has none.

The log partial likelihood plus half the log determinant of its information (Firth, Biometrika 1993;80:27)
has a maximum under separation too. Limits are those of its profile and the test is its likelihood ratio:
Heinze and Schemper, Biometrics 2001;57:114. Fitted by firthmodels, with Breslow's ties, which is what it
has; it has no delayed entry, and then a note stands in place of the number.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import numpy.typing as npt
from firthmodels import FirthCoxPH
from scipy.stats import chi2
from sklearn.exceptions import ConvergenceWarning

from analysis.statistics.durations import Durations, Floats, two_groups
from analysis.statistics.estimates import Estimate, Interval, Test, Variance

REFERENCE = "Firth 1993; Heinze and Schemper 2001"
METHOD = "Cox, Firth's penalty, Breslow ties"
NO_DELAYED_ENTRY = "Firth's method is not available with delayed entry"
# Tighter than firthmodels' defaults, which leave an odds ratio 1e-5 from its limit. Halving steps until the
# likelihood rises cannot end that near to the top, where rounding hides the rise: without it first, then
# with it and more loosely.
TRIES: tuple[dict[str, Any], ...] = (
    {"gtol": 1e-9, "xtol": 1e-9, "max_halfstep": 0},
    {"gtol": 1e-6, "xtol": 1e-6, "max_halfstep": 30},
)
LIMIT: dict[str, Any] = {"method": "pl", "max_iter": 500, "tol": 1e-8}
Groups = npt.NDArray[np.bool_]


def firth_cox_hazard_ratio(data: Durations, group: Groups) -> Estimate:
    """Hazard ratio of group (n,) True against False with profile penalised-likelihood limits."""
    fitted = _fit(data, group)
    if isinstance(fitted, str):
        return Estimate(None, data.n, data.events, METHOD, REFERENCE, note=fitted)
    low, high = profile_limits(fitted, 0)
    interval = Interval(low, high, Variance.PROFILE_LIKELIHOOD)
    ratio = float(np.exp(fitted.coef_[0]))
    return Estimate(ratio, data.n, data.events, METHOD, REFERENCE, interval, unreached(low, high))


def firth_cox_test(data: Durations, group: Groups) -> Test:
    """Penalised likelihood ratio test that the hazard ratio is 1."""
    method = f"{METHOD}, likelihood ratio test"
    fitted = _fit(data, group)
    p_value = fitted if isinstance(fitted, str) else likelihood_ratio(fitted, 0)
    if isinstance(p_value, str):
        return Test(None, data.n, data.events, method, REFERENCE, note=p_value)
    return Test(p_value, data.n, data.events, method, REFERENCE, float(chi2.isf(p_value, 1)), 1)


def converged(kind: type[Any], design: Floats, outcome: Any) -> Any | None:
    """A firthmodels estimator of this kind, fitted; None where it does not converge."""
    for options in TRIES:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ConvergenceWarning)
                fitted = kind(backend="numpy", max_iter=500, **options).fit(design, outcome)
        except np.linalg.LinAlgError:
            continue
        if fitted.converged_ and np.isfinite(fitted.loglik_):
            return fitted
    return None


def profile_limits(fitted: Any, column: int) -> tuple[float | None, float | None]:
    """exp of the profile limits of a firthmodels fit; None where the profile does not come down to its
    limit."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        limits = fitted.conf_int(features=column, **LIMIT)[column]
    low, high = (float(limit) for limit in limits)
    beta = float(fitted.coef_[column])
    # the search can come down on the other side of the estimate; that is no limit
    found = low if low < beta else np.nan, high if high > beta else np.nan
    with np.errstate(over="ignore"):
        ends = [float(np.exp(end)) for end in found]
    low_end, high_end = (end if np.isfinite(end) else None for end in ends)
    return low_end, high_end


def likelihood_ratio(fitted: Any, column: int) -> float | str:
    """p-value of the penalised likelihood ratio test of one column, or why there is none."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        p_value = float(fitted.lrt(features=column).lrt_pvalues_[column])
    return p_value if np.isfinite(p_value) else "the penalised likelihood does not converge"


def unreached(low: float | None, high: float | None) -> str | None:
    """A note where the search did not find a profile limit."""
    sides = [name for name, limit in (("lower", low), ("upper", high)) if limit is None]
    return f"{' and '.join(sides)} profile limit not found" if sides else None


def _fit(data: Durations, group: Groups) -> FirthCoxPH | str:
    """The fitted model, or why there is none."""
    two_groups(data, group)  # refuses an empty group
    if data.delayed:
        return NO_DELAYED_ENTRY
    if data.events == 0:
        return "no event"
    design = group.astype(float)[:, None]
    event = data.event.astype(bool)
    if (
        group[data.time >= data.time[event].min()].all()
        or not group[data.time >= data.time[event].min()].any()
    ):
        return "no event while both groups are at risk"
    fitted = converged(FirthCoxPH, design, (event, data.time))
    return "the penalised likelihood does not converge" if fitted is None else fitted
