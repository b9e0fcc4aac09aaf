"""The adjusted comparison as rows: balance, hazard ratios, weighted medians, restricted means, E-values."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from analysis.estimation.adjustment import (
    COX,
    NAMES,
    OTHER,
    SOURCES,
    Weighted,
    adjusted_curves,
    comparison_hazard_ratio,
    completed_sets,
    pooled_ratio,
    set_weights,
)
from analysis.estimation.baseline_rows import coded, covariates_of
from analysis.estimation.covariates import COMPLETE_CASES, MISSING_LEVEL, Comparison, compare
from analysis.estimation.resampling import LARGE, Replicates, believable, percentile_limits, replicates
from analysis.estimation.rows import Place, Row, count, from_estimate
from analysis.estimation.study import Pair, StudyData
from analysis.estimation.survival_rows import AT_TWELVE, TIMES
from analysis.statistics.association import e_value
from analysis.statistics.balance import smd_categories, smd_continuous
from analysis.statistics.cox import Z, cox_model
from analysis.statistics.durations import Durations, Floats
from analysis.statistics.estimates import Estimate, Interval, Variance
from analysis.statistics.hazards import FEW, FEW_EVENTS
from analysis.statistics.imputation import pooled
from analysis.statistics.kaplan_meier import median_survival, survival_at
from analysis.statistics.propensity import WEIGHTED, usefulness
from analysis.statistics.restricted_mean import common_tau, rmst_difference

COMPARED = "compared"
SEVERAL = "average of the imputed sets"


def adjustment_rows(data: StudyData) -> list[Row]:
    """Every other strategy against the reference, adjusted; one row with the reason where it cannot be."""
    return [row for pair in data.study.pairs for row in _pair_rows(data, pair)]


def _pair_rows(data: StudyData, pair: Pair) -> list[Row]:
    comparison = compare(data.patients, data.study, pair)
    rows = _covariate_rows(comparison)
    sets = completed_sets(comparison)
    taus = _taus(comparison) if sets else {}
    drawn = replicates(sets, list(taus.values())) if sets and comparison.data.n <= LARGE else {}
    for adjustment in WEIGHTED if sets else ():
        weighted = [(part, set_weights(part, design, adjustment)) for part, design in sets]
        rows += balance_rows(data, comparison, weighted, adjustment)
        rows += _weighted_rows(comparison, weighted, adjustment, taus, drawn.get(adjustment))
    for adjustment in (COX,) if sets else (*WEIGHTED, COX):
        rows += _ratio_rows(pair, adjustment, comparison_hazard_ratio(comparison, adjustment))
    if comparison.incomplete and not comparison.obstacle:
        for adjustment in (*WEIGHTED, COX):
            for missing in (COMPLETE_CASES, MISSING_LEVEL):
                ratio = comparison_hazard_ratio(comparison, adjustment, missing)
                place = _place(pair, "hazard_ratio", "ratio", f"{adjustment}_{missing}")
                rows.append(from_estimate(place, ratio))
    return rows


def _covariate_rows(comparison: Comparison) -> list[Row]:
    """How many covariates are taken and how many patients lack one of them; the notes name them."""
    group, n = comparison.pair.group, comparison.data.n
    taken = [covariate.label for covariate in comparison.covariates]
    notes = "; ".join([", ".join(taken) or comparison.obstacle or "none", *comparison.notes])
    used = Place("adjustment", group, COMPARED, "count", "covariates", "covariates")
    incomplete = Place("adjustment", group, COMPARED, "count", "patients", "incomplete")
    return [
        Row(used, float(len(taken)), n, None, "count", note=notes),
        count(incomplete, comparison.incomplete, n),
    ]


def balance_rows(data: StudyData, comparison: Comparison, weighted: Weighted, adjustment: str) -> list[Row]:
    """Effective sample size and largest weight of each group, and the SMDs that remain.

    SMDs are of known values as in Table 1, under weights averaged over the imputed sets; the largest has a
    row of its own, whose note names the covariate.
    """
    pair, note = comparison.pair, SEVERAL if len(weighted) > 1 else None
    rows: list[Row] = []
    for name in (pair.reference, pair.strategy):
        arm = comparison.arm(name)
        worth = [usefulness(weight[arm]) for _, weight in weighted]
        effective = float(np.mean([one.effective for one in worth]))
        largest = float(np.mean([one.largest for one in worth]))
        for statistic, unit, value, method in (
            ("effective_sample_size", "patients", effective, "(sum w)^2 / sum w^2 (Kish 1965)"),
            ("largest_weight", "mean weights", largest, "largest weight over the mean of the group"),
        ):
            place = Place("baseline", pair.group, COMPARED, statistic, unit, name, adjustment=adjustment)
            rows.append(Row(place, value, int(arm.sum()), None, method, reference="Kish 1965", note=note))
    mean_weight = np.mean([weight for _, weight in weighted], axis=0)
    found: dict[str, Row] = {}
    for covariate in covariates_of(data):
        place = Place("baseline", pair.group, COMPARED, "smd", "sd", covariate.column, adjustment=adjustment)
        values = comparison.patients[covariate.column]
        arms = ~comparison.other, comparison.other
        weights = mean_weight[arms[0]], mean_weight[arms[1]]
        if values.isna().all():
            row = Row(place, None, 0, None, "standardised mean difference", note="unknown in everybody")
        elif covariate.numeric:
            row = from_estimate(place, smd_continuous(values[arms[0]], values[arms[1]], weights))
        else:
            levels = coded(covariate, comparison.patients)
            row = from_estimate(place, smd_categories(levels[arms[0]], levels[arms[1]], weights))
        found[covariate.label] = row
    return [*rows, *found.values(), _worst(pair, found, adjustment)]


def _worst(pair: Pair, found: dict[str, Row], adjustment: str) -> Row:
    place = Place("baseline", pair.group, COMPARED, "maximum", "sd", "smd", adjustment=adjustment)
    method = "largest standardised mean difference in size"
    sizes = {label: abs(row.estimate) for label, row in found.items() if row.estimate is not None}
    if not sizes:
        return Row(place, None, None, None, method, note="no covariate has one")
    label = max(sizes, key=lambda name: sizes[name])
    return Row(place, sizes[label], found[label].n, None, method, note=label)


def _taus(comparison: Comparison) -> dict[str, float]:
    """The smaller of the groups' last times, and 12 months where both reach it, as in the unadjusted rows."""
    reference, other = (comparison.data.where(arm) for arm in (~comparison.other, comparison.other))
    last = common_tau(reference, other)
    taus = {"common": last} | ({"12_months": AT_TWELVE} if last >= AT_TWELVE else {})
    return {term: tau for term, tau in taus.items() if tau > 0}


def _weighted_rows(
    comparison: Comparison,
    weighted: Weighted,
    adjustment: str,
    taus: dict[str, float],
    drawn: Replicates | None,
) -> list[Row]:
    pair = comparison.pair
    rows = _ratio_rows(pair, adjustment, _ratio(comparison, weighted, adjustment, drawn))
    for term, tau in taus.items():
        difference = _rmst(comparison, weighted, adjustment, tau, drawn)
        place = Place("pfs2", pair.group, COMPARED, "rmst_difference", "months", term, tau, adjustment)
        rows.append(from_estimate(place, difference))
    for strategy, curve in adjusted_curves(comparison, weighted).items():
        place = Place("pfs2", strategy, COMPARED, "median", "months", pair.key, adjustment=adjustment)
        robust = median_survival(curve)
        rows.append(from_estimate(place, _median(robust, adjustment, len(weighted), strategy, drawn)))
        for time in TIMES:
            place = Place("pfs2", strategy, COMPARED, "survival", "proportion", pair.key, time, adjustment)
            rows.append(from_estimate(place, survival_at(curve, time)))
    return rows


def _ratio(comparison: Comparison, weighted: Weighted, adjustment: str, drawn: Replicates | None) -> Estimate:
    """Weighted hazard ratio, with the variance of the bootstrap or, of a large cohort, the robust one."""
    group = pd.DataFrame({OTHER: comparison.other.astype(float)})
    models = [cox_model(comparison.data, group, weight, robust=True) for _, weight in weighted]
    failed = next((model.note for model in models if model.note), None)
    resampled = drawn is not None and believable(drawn.log_hazard)
    method = _method("Cox", adjustment, len(weighted), drawn if resampled else None)
    if failed is not None:
        data = comparison.data
        return Estimate(None, data.n, data.events, method, SOURCES[adjustment], note=failed)
    fits = [model.log_hazard(OTHER) for model in models]
    variance = Variance.COX_ROBUST
    if drawn is not None and resampled:
        fits = [(beta, error) for (beta, _), error in zip(fits, _errors(drawn.log_hazard), strict=True)]
        variance = Variance.BOOTSTRAP_NORMAL
    ratio = pooled_ratio(fits, comparison, 1, method, SOURCES[adjustment], variance)
    return _noted(ratio, comparison)


def _rmst(
    comparison: Comparison, weighted: Weighted, adjustment: str, tau: float, drawn: Replicates | None
) -> Estimate:
    """Weighted RMST difference (months), with the variance of the bootstrap or the jackknife's."""
    data, other = comparison.data, comparison.other
    arms: tuple[Durations, Durations] = data.where(~other), data.where(other)
    found = [rmst_difference(*arms, tau, (weight[~other], weight[other])) for _, weight in weighted]
    values = [one.estimate for one in found if one.estimate is not None]
    resampled = drawn is not None and believable(drawn.rmst_differences[tau])
    method = _method("difference of areas", adjustment, len(weighted), drawn if resampled else None)
    if drawn is not None and resampled:
        errors, variance = _errors(drawn.rmst_differences[tau]), Variance.BOOTSTRAP_NORMAL
    else:
        errors = [((one.ci_high or 0.0) - (one.ci_low or 0.0)) / (2 * Z) for one in found]
        variance = Variance.INFINITESIMAL_JACKKNIFE
    result = pooled(values, [error**2 for error in errors], data.n - 2)
    limits = Interval(*result.limits(), variance if len(values) == 1 else Variance.RUBIN)
    estimate = Estimate(
        result.estimate, data.n, data.events, method, "Uno et al. 2014; Conner et al. 2019", limits
    )
    return _noted(estimate, comparison)


def _median(
    robust: Estimate, adjustment: str, sets: int, strategy: str, drawn: Replicates | None
) -> Estimate:
    """Median of the weighted curve, with percentile limits of the bootstrap or those of the robust curve."""
    resampled = drawn is not None and believable(drawn.medians[strategy])
    method = _method("Kaplan-Meier", adjustment, sets, drawn if resampled else None)
    interval = robust.interval
    if drawn is not None and resampled:
        interval = Interval(*percentile_limits(drawn.medians[strategy]), Variance.BOOTSTRAP_PERCENTILE)
    return Estimate(
        robust.estimate, robust.n, robust.events, method, "Xie and Liu 2005", interval, robust.note
    )


def _ratio_rows(pair: Pair, adjustment: str, ratio: Estimate) -> list[Row]:
    point, limit = e_value(ratio)
    return [
        from_estimate(_place(pair, "hazard_ratio", "ratio", adjustment), ratio),
        from_estimate(_place(pair, "e_value", "ratio", adjustment, "estimate"), point),
        from_estimate(_place(pair, "e_value", "ratio", adjustment, "limit"), limit),
    ]


def _place(pair: Pair, statistic: str, unit: str, adjustment: str, term: str | None = None) -> Place:
    return Place("pfs2", pair.group, COMPARED, statistic, unit, term, adjustment=adjustment)


def _method(what: str, adjustment: str, sets: int, drawn: Replicates | None) -> str:
    parts = [what, NAMES[adjustment]]
    if sets > 1:
        parts.append(f"{sets} imputed sets")
    if drawn is not None:
        parts.append(f"{drawn.drawn} bootstrap samples" + (" of each" if sets > 1 else ""))
    return ", ".join(parts)


def _errors(values: Floats) -> list[float]:
    return [float(error) for error in np.nanstd(values, axis=1, ddof=1)]


def _noted(estimate: Estimate, comparison: Comparison) -> Estimate:
    if comparison.fewest_events >= FEW_EVENTS:
        return estimate
    return replace(estimate, note=FEW)
