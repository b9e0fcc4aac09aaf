"""Two groups compared over time: log-rank, Cox, and the test of proportional hazards.

References: Mantel, Cancer Chemother Rep 1966;50:163 (log-rank); Cox, J R Stat Soc B 1972;34:187, ties by
Efron 1977; Grambsch and Therneau, Biometrika 1994;81:515, as the score test of R's cox.zph.
"""

from __future__ import annotations

import warnings

import numpy as np
import numpy.typing as npt
import pandas as pd
from lifelines import CoxPHFitter
from lifelines.exceptions import ConvergenceError, ConvergenceWarning
from lifelines.statistics import logrank_test
from scipy.stats import chi2, norm
from statsmodels.duration.survfunc import survdiff
from survival import regression

from analysis.statistics.cox import cox_model
from analysis.statistics.durations import Durations, Floats, check_groups, two_groups
from analysis.statistics.estimates import Estimate, Interval, StatisticsError, Test, Variance
from analysis.statistics.kaplan_meier import LARGE, risk_table

LOG_RANK = "Mantel 1966"
COX = "Cox 1972, Efron 1977"
ZPH = "Grambsch and Therneau 1994"
TEST, ZPH_TEST = "Cox, Wald test", "cox.zph score test, km transform"
# lifelines stops when the Newton decrement falls under this. 1e-10 still left a hazard ratio 1.5e-6 from R's
# (lung); 1e-13 is within 3e-7 on every set of tests/analysis/reference.
PRECISION = 1e-13
Groups = npt.NDArray[np.bool_]


def log_rank(data: Durations, group: Groups, strata: npt.NDArray[np.int_] | None = None) -> Test:
    """Log-rank test of group (n,) True against False, stratified where `strata` (n,) is given.

    lifelines computes the plain test; strata and delayed entry, which it does not have, come from
    statsmodels. Of very many patients the sums are taken here.
    """
    check_groups(data, group)
    name = (
        "log-rank"
        + (", stratified" if strata is not None else "")
        + (", delayed entry" if data.delayed else "")
    )
    if data.events == 0:
        return Test(None, data.n, 0, name, LOG_RANK, note="no event in either group")
    with np.errstate(divide="ignore", invalid="ignore"):
        if strata is None and data.n > LARGE:
            statistic, p_value = _summed(data, group)
        elif strata is None and not data.delayed:
            reference, other = two_groups(data, group)
            plain = logrank_test(reference.time, other.time, reference.event, other.event)
            statistic, p_value = plain.test_statistic, plain.p_value
        else:
            statistic, p_value = _survdiff(data, group, strata)
    if not np.isfinite(p_value):
        return Test(None, data.n, data.events, name, LOG_RANK, note="no event while both groups are at risk")
    return Test(float(p_value), data.n, data.events, name, LOG_RANK, float(statistic), 1)


def _summed(data: Durations, group: Groups) -> tuple[float, float]:
    """Statistic and p-value from the risk table: (sum of observed - expected)^2 over the hypergeometric
    variance."""
    _, at_risk, events, _ = risk_table(data)
    _, at_risk_other, events_other, _ = risk_table(data, group.astype(float))
    share = at_risk_other / at_risk
    spread = share * (1 - share) * events * (at_risk - events) / np.maximum(at_risk - 1, 1)
    statistic = (events_other - events * share).sum() ** 2 / spread.sum()
    return float(statistic), float(chi2.sf(statistic, 1))


def _survdiff(data: Durations, group: Groups, strata: npt.NDArray[np.int_] | None) -> tuple[float, float]:
    """Statistic and p-value; NaN where the statistic has no variance."""
    start = data.start if data.delayed else None
    try:
        found = survdiff(data.time, data.event, group.astype(int), strata=strata, entry=start)
    except np.linalg.LinAlgError:
        return np.nan, np.nan
    return float(found[0]), float(found[1])


def cox_comparison(data: Durations, group: Groups) -> tuple[Estimate, Test]:
    """Hazard ratio of group True against False (Cox, Efron's ties, Wald limits) and its Wald test, from one
    fit.

    There is no estimate where a group has no event: the likelihood has no maximum then.
    """
    note = _inestimable(data, group)
    method = "Cox, Efron" + (", delayed entry" if data.delayed else "")
    fitted = _cox(data, group) if note is None else None
    if fitted is None:
        note = note or "the model does not converge"
        return (
            Estimate(None, data.n, data.events, method, COX, note=note),
            Test(None, data.n, data.events, TEST, COX, note=note),
        )
    beta, error = fitted
    low, high = (float(np.exp(beta + side * norm.ppf(0.975) * error)) for side in (-1, 1))
    limits = Interval(low, high, Variance.COX_WALD)
    ratio = Estimate(float(np.exp(beta)), data.n, data.events, method, COX, limits)
    z = beta / error
    return ratio, Test(float(2 * norm.sf(abs(z))), data.n, data.events, TEST, COX, float(z))


def cox_hazard_ratio(data: Durations, group: Groups) -> Estimate:
    """The hazard ratio of `cox_comparison`."""
    return cox_comparison(data, group)[0]


def cox_test(data: Durations, group: Groups) -> Test:
    """The test of `cox_comparison`."""
    return cox_comparison(data, group)[1]


def proportional_hazards(data: Durations, group: Groups) -> Test:
    """Test of proportional hazards: cox.zph's score test with Kaplan-Meier transformed time.

    From `survival`: lifelines' approximation differs on every data set it was measured on, and changes
    verdicts.
    """
    note = _inestimable(data, group)
    if note is None and (_mixed(data, group)[0] > 0).sum() < 2:
        note = "fewer than two event times while both groups are at risk"
    row = _zph(data, group) if note is None else None
    if row is None:
        note = note or "all events fall where the curve is at 0"
        return Test(None, data.n, data.events, ZPH_TEST, ZPH, note=note)
    return Test(row[1], data.n, data.events, ZPH_TEST, ZPH, row[0], 1)


def _zph(data: Durations, group: Groups) -> tuple[float, float] | None:
    """Chi-square and p-value; None where the transformed times of the events do not differ."""
    entry = {"entry": data.start} if data.delayed else {}
    matrix = _frame(data, group)[["group"]].to_numpy()
    fit = regression.coxph_fit(
        data.time, data.event.astype(np.int32), matrix, eps=1e-11, toler_chol=1e-12, **entry
    )
    try:
        row = regression.cox_zph(fit, transform="km").table[0]
    except RuntimeError:  # "computationally singular"
        return None
    return (float(row.chisq), float(row.p)) if np.isfinite(row.p) else None


def _inestimable(data: Durations, group: Groups) -> str | None:
    """Why the partial likelihood has no finite maximum; None where it has one.

    It has one where events of both groups fall at times at which both groups are at risk: with Efron's ties
    its slope then is positive far to the left and negative far to the right.
    """
    check_groups(data, group)
    if data.event[group].sum() in (0, data.events):
        return "a group has no event"
    events, events_other = _mixed(data, group)
    if (events_other > 0).any() and (events_other < events).any():
        return None
    return "while both groups are at risk, all events fall in one of them (separation)"


def _mixed(data: Durations, group: Groups) -> tuple[Floats, Floats]:
    """Events, and those of the other group, at each time at which both groups are at risk."""
    _, at_risk, events, _ = risk_table(data)
    _, at_risk_other, events_other, _ = risk_table(data, group.astype(float))
    both = (at_risk_other > 0) & (at_risk_other < at_risk)
    return events[both], events_other[both]


def _cox(data: Durations, group: Groups) -> tuple[float, float] | None:
    """Log hazard ratio and its standard error; None without convergence."""
    if data.n > LARGE:
        large = cox_model(data, pd.DataFrame({"group": group.astype(float)}))
        return None if large.note else large.log_hazard("group")
    frame = _frame(data, group)
    model = CoxPHFitter()
    columns: dict[str, str] = {"duration_col": "time", "event_col": "event"}
    if data.delayed:
        columns["entry_col"] = "start"
    else:
        frame = frame.drop(columns="start")
    try:
        with warnings.catch_warnings():
            # lifelines warns of separation where there is none, after `_inestimable` has settled it
            warnings.simplefilter("ignore", ConvergenceWarning)
            model.fit(frame, **columns, fit_options={"precision": PRECISION})
    except (ConvergenceError, np.linalg.LinAlgError):
        return None
    beta, error = float(model.params_["group"]), float(model.standard_errors_["group"])
    return (beta, error) if np.isfinite(beta) and np.isfinite(error) and error > 0 else None


def _frame(data: Durations, group: Groups) -> pd.DataFrame:
    if len(group) != data.n:
        raise StatisticsError(f"{data.n} durations and {len(group)} group labels do not match.")
    return pd.DataFrame(
        {"start": data.start, "time": data.time, "event": data.event, "group": group.astype(float)}
    )
