"""How two measures go together: rank correlation under censoring, AUC, chi-square; and what weights are
worth.

Pairs of patients are concordant where the one with the higher value has the later time (or the outcome). By
`survival` (R's concordance), with its infinitesimal jackknife variance: Therneau and Watson, Mayo Clinic
technical report 85, 2015.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import survival
from scipy.stats import chi2_contingency, norm

from analysis.statistics.durations import Durations, Floats, Numbers, checked_weight
from analysis.statistics.estimates import Estimate, Interval, StatisticsError, Test, Variance

TAU = "Oakes 1982; Therneau and Watson 2015"
AUC = "Hanley and McNeil 1982; Therneau and Watson 2015"
E_VALUE = "VanderWeele and Ding 2017"
CHI_SQUARE = "Pearson 1900"
SMALL = 5  # expected count under which the chi-square distribution is a poor guide
Z = float(norm.ppf(0.975))
Matrix = npt.NDArray[np.float64] | npt.NDArray[np.int_]


def kendall_tau(values: Numbers, data: Durations) -> Estimate:
    """Kendall's tau of a known value (n,) and a censored time, -1 to 1, over the pairs whose order is known.

    (concordant - discordant) / (concordant + discordant + tied in the value): of each pair the earlier time
    must be an event, and pairs with equal times do not count. Without ties or censoring it is Kendall's
    tau-a; with them, Somers' d of the time given the value. Which pairs can be ordered depends on the
    censoring, so it estimates the association within follow-up.
    """
    known = np.asarray(values, dtype=float)
    if len(known) != data.n:
        raise StatisticsError(f"{data.n} durations and {len(known)} values do not match.")
    method = "Kendall's tau over comparable pairs" + (", delayed entry" if data.delayed else "")
    formula = "Surv(start, time, event) ~ x" if data.delayed else "Surv(time, event) ~ x"
    columns = {"start": data.start, "time": data.time, "event": data.event, "x": known}
    found = _concordance(formula, columns)
    if found is None:
        note = "no pair of patients whose order is known"
        return Estimate(None, data.n, data.events, method, TAU, note=note)
    share, error = found
    return _bounded(2 * share - 1, 2 * error, -1.0, data.n, data.events, method, TAU)


def auc(outcome: npt.NDArray[np.bool_], score: Numbers) -> Estimate:
    """Area under the ROC curve of a score (n,) for an outcome (n,), ties counted half.

    Apparent where the score was fitted to the same patients: it flatters the model, and the method says so.
    """
    truth, scores = np.asarray(outcome, dtype=float), np.asarray(score, dtype=float)
    if len(truth) != len(scores):
        raise StatisticsError(f"{len(truth)} outcomes and {len(scores)} scores do not match.")
    n, events, method = len(truth), int(truth.sum()), "area under the ROC curve, apparent"
    found = _concordance("outcome ~ x", {"outcome": truth, "x": scores}) if 0 < events < n else None
    if found is None:
        return Estimate(None, n, events, method, AUC, note="everybody has the same outcome")
    return _bounded(*found, 0.0, n, events, method, AUC)


def e_value(hazard_ratio: Estimate) -> tuple[Estimate, Estimate]:
    """E-values of the hazard ratio and of the limit nearer to 1.

    The association (risk ratio) that an unmeasured confounder would need with both the choice and the
    outcome to explain the ratio away. The outcome is common, so RR = (1 - 0.5^sqrt(HR)) / (1 -
    0.5^sqrt(1/HR)) comes first; then E = RR + sqrt(RR (RR - 1)). The limit's is 1 where the interval holds
    1.
    """
    n, events = hazard_ratio.n, hazard_ratio.events
    point_method, limit_method = "E-value, outcome common", "E-value of the limit nearer to 1, outcome common"
    if hazard_ratio.estimate is None:
        note = hazard_ratio.note or "no hazard ratio"
        return (
            Estimate(None, n, events, point_method, E_VALUE, note=note),
            Estimate(None, n, events, limit_method, E_VALUE, note=note),
        )
    point = Estimate(_e_value(hazard_ratio.estimate), n, events, point_method, E_VALUE)
    low, high = hazard_ratio.ci_low, hazard_ratio.ci_high
    if hazard_ratio.interval is None:
        return point, Estimate(None, n, events, limit_method, E_VALUE, note="no confidence interval")
    nearer = low if hazard_ratio.estimate >= 1 else high
    apart = nearer is not None and (nearer > 1) == (hazard_ratio.estimate > 1) and nearer != 1
    limit = _e_value(nearer) if apart and nearer is not None else 1.0
    return point, Estimate(limit, n, events, limit_method, E_VALUE)


def chi_square_test(table: Matrix) -> Test:
    """Pearson's chi-square test of independence of a table (r, c), without continuity correction.

    Rows and columns without a patient are passed over; the note says where an expected count is under 5.
    """
    counts = np.asarray(table, dtype=float)
    if counts.ndim != 2 or (counts < 0).any() or not np.isfinite(counts).all():
        raise StatisticsError("A table holds counts in rows and columns.")
    counts = counts[counts.sum(axis=1) > 0][:, counts.sum(axis=0) > 0]
    n, method = int(counts.sum()), "Pearson's chi-square test"
    if min(counts.shape) < 2:
        return Test(None, n, None, method, CHI_SQUARE, note="fewer than two groups or two levels")
    found = chi2_contingency(counts, correction=False)
    note = "an expected count is under 5" if (found.expected_freq < SMALL).any() else None
    freedom = int(found.dof)
    return Test(float(found.pvalue), n, None, method, CHI_SQUARE, float(found.statistic), freedom, note)


def effective_sample_size(weight: Floats) -> float:
    """Patients that an unweighted mean of the same precision would need: (sum w)^2 / sum w^2 (Kish 1965)."""
    weights = checked_weight(weight, len(weight))
    return float(weights.sum() ** 2 / (weights**2).sum()) if len(weights) else 0.0


def _e_value(hazard_ratio: float) -> float:
    ratio = hazard_ratio if hazard_ratio >= 1 else 1 / hazard_ratio
    risk = (1 - 0.5 ** np.sqrt(ratio)) / (1 - 0.5 ** np.sqrt(1 / ratio))
    return float(risk + np.sqrt(risk * (risk - 1)))


def _concordance(formula: str, columns: dict[str, Floats]) -> tuple[float, float] | None:
    """Concordance (0 to 1) and its standard error; None without a comparable pair."""
    if any(not np.isfinite(column).all() for column in columns.values()):
        raise StatisticsError("A value is missing or not a number.")
    found = survival.concordance(formula, data=columns)
    share, variance = float(found.concordance), float(found.var)
    if not np.isfinite(share):
        return None
    return share, float(np.sqrt(variance)) if np.isfinite(variance) else 0.0


def _bounded(
    value: float, error: float, smallest: float, n: int, events: int, method: str, reference: str
) -> Estimate:
    if error == 0:
        note = "no variance: every comparable pair points the same way"
        return Estimate(value, n, events, method, reference, note=note, standard_error=0.0)
    low, high = max(smallest, value - Z * error), min(1.0, value + Z * error)
    limits = Interval(low, high, Variance.INFINITESIMAL_JACKKNIFE)
    return Estimate(value, n, events, method, reference, limits, standard_error=error)
