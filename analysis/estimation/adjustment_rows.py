"""The adjusted comparison as rows: balance, hazard ratios, weighted medians, restricted means, E-values."""

from __future__ import annotations

import numpy as np

from analysis.estimation.adjustment import (
    COX,
    FIRTH_PROPENSITY,
    GAPS,
    NAMES,
    Weighted,
    adjusted_curves,
    comparison_hazard_ratio,
    completed_sets,
    separation,
    weigh,
    weighted_ratio,
)
from analysis.estimation.baseline_rows import coded, covariates_of
from analysis.estimation.covariates import Comparison, compare
from analysis.estimation.resampling import LARGE, Replicates, believable, percentile_limits, replicates
from analysis.estimation.rows import Place, Row, count, from_estimate
from analysis.estimation.study import Pair, StudyData
from analysis.estimation.survival_rows import AT_TWELVE, TIMES
from analysis.statistics.association import e_value
from analysis.statistics.balance import smd_categories, smd_continuous
from analysis.statistics.durations import Durations, Floats
from analysis.statistics.estimates import Estimate, Interval, Variance
from analysis.statistics.honesty import LARGE_SMD, few_events, suspicious_interval
from analysis.statistics.imputation import pooled
from analysis.statistics.kaplan_meier import median_survival, survival_at
from analysis.statistics.propensity import WEIGHTED, usefulness
from analysis.statistics.restricted_mean import common_tau, rmst_difference

COMPARED = "compared"
SEVERAL = "average of the imputed sets"
EVERYWHERE = "unknown in everybody"


def adjustment_rows(data: StudyData) -> list[Row]:
    """Every other strategy against the reference, adjusted; one row with the reason where it cannot be."""
    return [row for pair in data.study.pairs for row in _pair_rows(data, pair)]


def _pair_rows(data: StudyData, pair: Pair) -> list[Row]:
    comparison = compare(data.patients, data.study, pair)
    rows = _covariate_rows(comparison)
    sets = completed_sets(comparison)
    by_weights = {adjustment: weigh(sets, adjustment) for adjustment in WEIGHTED}
    by_weights = {adjustment: weighted for adjustment, weighted in by_weights.items() if weighted}
    taus = _taus(comparison) if by_weights else {}
    drawn = replicates(sets, list(taus.values())) if by_weights and comparison.data.n <= LARGE else {}
    rows += [_separation_row(comparison, weighted) for weighted in list(by_weights.values())[:1]]
    for adjustment, weighted in by_weights.items():
        rows += balance_rows(data, comparison, weighted, adjustment)
        rows += _weighted_rows(comparison, weighted, adjustment, taus, drawn.get(adjustment))
    for adjustment in (COX,) if by_weights else (*WEIGHTED, COX):
        rows += _ratio_rows(pair, adjustment, comparison_hazard_ratio(comparison, adjustment))
    if comparison.incomplete and not comparison.obstacle:
        rows += _gap_rows(comparison)
    return rows


def _gap_rows(comparison: Comparison) -> list[Row]:
    """Hazard ratios of complete cases, and with unknown as a level, by the same bootstrap."""
    rows: list[Row] = []
    completed = {missing: completed_sets(comparison, missing) for missing in GAPS}
    drawn = {
        missing: replicates(sets, []) if sets and sets[0][0].data.n <= LARGE else {}
        for missing, sets in completed.items()
    }
    for adjustment in (*WEIGHTED, COX):
        for missing, sets in completed.items():
            weighted = weigh(sets, adjustment) if adjustment in WEIGHTED else []
            if weighted:
                ratio = _ratio(weighted, adjustment, drawn[missing].get(adjustment), GAPS[missing])
            else:
                ratio = comparison_hazard_ratio(comparison, adjustment, missing)
            place = _place(comparison.pair, "hazard_ratio", "ratio", f"{adjustment}_{missing}")
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


def _separation_row(comparison: Comparison, weighted: Weighted) -> Row:
    """In how many completed sets the propensity model needed Firth's penalty, and what that means."""
    place = Place("adjustment", comparison.pair.group, COMPARED, "count", "sets", "separated")
    separated = sum(one.separated for one in weighted)
    method, note = (
        f"completed sets in which the groups are separated, of {len(weighted)}",
        separation(weighted),
    )
    return Row(place, float(separated), comparison.data.n, None, method, note=note)


def balance_rows(data: StudyData, comparison: Comparison, weighted: Weighted, adjustment: str) -> list[Row]:
    """Effective sample size and largest weight of each group, and the SMDs that remain.

    SMDs are of known values as in Table 1, under weights averaged over the imputed sets; the largest has a
    row of its own, whose note names the covariate, and so has the number of those that are too large.
    """
    pair, note = comparison.pair, SEVERAL if len(weighted) > 1 else None
    rows: list[Row] = []
    for name in (pair.reference, pair.strategy):
        arm = comparison.arm(name)
        worth = [usefulness(one.weight[arm]) for one in weighted]
        effective = float(np.mean([one.effective for one in worth]))
        largest = float(np.mean([one.largest for one in worth]))
        for statistic, unit, value, method in (
            ("effective_sample_size", "patients", effective, "(sum w)^2 / sum w^2 (Kish 1965)"),
            ("largest_weight", "mean weights", largest, "largest weight over the mean of the group"),
        ):
            place = Place("baseline", pair.group, COMPARED, statistic, unit, name, adjustment=adjustment)
            rows.append(Row(place, value, int(arm.sum()), None, method, reference="Kish 1965", note=note))
    mean_weight = np.mean([one.weight for one in weighted], axis=0)
    found: dict[str, Row] = {}
    for covariate in covariates_of(data):
        place = Place("baseline", pair.group, COMPARED, "smd", "sd", covariate.column, adjustment=adjustment)
        values = comparison.patients[covariate.column]
        arms = ~comparison.other, comparison.other
        weights = mean_weight[arms[0]], mean_weight[arms[1]]
        if values.isna().all():
            row = Row(place, None, 0, None, "standardised mean difference", note=EVERYWHERE)
        elif covariate.numeric:
            row = from_estimate(place, smd_continuous(values[arms[0]], values[arms[1]], weights))
        else:
            levels = coded(covariate, comparison.patients)
            row = from_estimate(place, smd_categories(levels[arms[0]], levels[arms[1]], weights))
        found[covariate.label] = row
    known = {label: row for label, row in found.items() if row.note != EVERYWHERE}
    unbalanced = _unbalanced_row(comparison, known, adjustment)
    return [*rows, *found.values(), _worst(pair, known, adjustment), unbalanced]


def _worst(pair: Pair, found: dict[str, Row], adjustment: str) -> Row:
    """The largest SMD in size. One that cannot be had, as with 0 % against 100 %, is larger than any."""
    place = Place("baseline", pair.group, COMPARED, "maximum", "sd", "smd", adjustment=adjustment)
    method = "largest standardised mean difference in size"
    if not found:
        return Row(place, None, None, None, method, note="no covariate has one")
    sizes = {label: _size(row) for label, row in found.items()}
    label = max(sizes, key=lambda name: sizes[name])
    if found[label].estimate is None:
        note = f"{label} cannot be balanced: {found[label].note}"
        return Row(place, None, found[label].n, None, method, note=note)
    return Row(place, sizes[label], found[label].n, None, method, note=label)


def _unbalanced_row(comparison: Comparison, found: dict[str, Row], adjustment: str) -> Row:
    """The verdict on the balance: how many characteristics differ too much or cannot be balanced."""
    place = Place(
        "adjustment", comparison.pair.group, COMPARED, "count", "characteristics", "unbalanced",
        adjustment=adjustment,
    )  # fmt: skip
    sizes = {label: _size(row) for label, row in found.items()}
    large = sorted((label for label in sizes if sizes[label] > LARGE_SMD), key=lambda label: -sizes[label])
    method = f"characteristics with a standardised mean difference over {LARGE_SMD} or without one"
    return Row(place, float(len(large)), comparison.data.n, None, method, note="; ".join(large) or None)


def _size(row: Row) -> float:
    return np.inf if row.estimate is None else abs(row.estimate)


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
    rows = _ratio_rows(pair, adjustment, _ratio(weighted, adjustment, drawn))
    for term, tau in taus.items():
        difference = _rmst(comparison, weighted, adjustment, tau, drawn)
        place = Place("pfs2", pair.group, COMPARED, "rmst_difference", "months", term, tau, adjustment)
        rows.append(from_estimate(place, difference))
    for strategy, curve in adjusted_curves(comparison, weighted).items():
        place = Place("pfs2", strategy, COMPARED, "median", "months", pair.key, adjustment=adjustment)
        median = _median(median_survival(curve), adjustment, weighted, strategy, drawn)
        data = comparison.data.where(comparison.arm(strategy))
        rows.append(from_estimate(place, median, suspicious_interval(median, data)))
        for time in TIMES:
            place = Place("pfs2", strategy, COMPARED, "survival", "proportion", pair.key, time, adjustment)
            rows.append(from_estimate(place, survival_at(curve, time)))
    return rows


def _ratio(weighted: Weighted, adjustment: str, drawn: Replicates | None, gaps: str = "") -> Estimate:
    """Weighted hazard ratio, with the variance of the bootstrap or, of a large cohort, the robust one."""
    resampled = drawn is not None and believable(drawn.log_hazard)
    method = _method("Cox", adjustment, weighted, drawn if resampled else None, gaps)
    errors = _errors(drawn.log_hazard) if drawn is not None and resampled else None
    return weighted_ratio(weighted, method, adjustment, errors)


def _rmst(
    comparison: Comparison, weighted: Weighted, adjustment: str, tau: float, drawn: Replicates | None
) -> Estimate:
    """Weighted RMST difference (months), with the variance of the bootstrap or the jackknife's."""
    data, other = comparison.data, comparison.other
    arms: tuple[Durations, Durations] = data.where(~other), data.where(other)
    found = [rmst_difference(*arms, tau, (one.weight[~other], one.weight[other])) for one in weighted]
    resampled = drawn is not None and believable(drawn.rmst_differences[tau])
    method = _method("difference of areas", adjustment, weighted, drawn if resampled else None)
    # the curves of all sets come to 0, or lack events, at the same times: the weights are all that differs
    first = found[0]
    values = [one.estimate for one in found if one.estimate is not None]
    errors = [one.standard_error for one in found if one.standard_error is not None]
    variance = Variance.INFINITESIMAL_JACKKNIFE
    if len(values) < len(found) or len(errors) < len(found):
        note = first.note or "a weighted curve has no restricted mean"
        return Estimate(None, data.n, data.events, method, first.reference, note=note)
    if drawn is not None and resampled:
        errors, variance = _errors(drawn.rmst_differences[tau]), Variance.BOOTSTRAP_NORMAL
    result = pooled(values, [error**2 for error in errors], data.n - 2)
    limits = Interval(*result.limits(), variance if len(values) == 1 else Variance.RUBIN)
    estimate = Estimate(
        result.estimate, data.n, data.events, method, first.reference,
        limits if result.error > 0 else None, first.note, result.error,
    )  # fmt: skip
    return estimate.noted(separation(weighted)).noted(few_events(comparison.fewest_events))


def _median(
    robust: Estimate, adjustment: str, weighted: Weighted, strategy: str, drawn: Replicates | None
) -> Estimate:
    """Median of the weighted curve, with percentile limits of the bootstrap or those of the robust curve.

    Where the curve has no limits (it came to 0 before others entered), it gets none from elsewhere.
    """
    resampled = drawn is not None and believable(drawn.medians[strategy])
    method = _method("Kaplan-Meier", adjustment, weighted, drawn if resampled else None)
    interval = robust.interval
    if drawn is not None and resampled and interval is not None:
        interval = Interval(*percentile_limits(drawn.medians[strategy]), Variance.BOOTSTRAP_PERCENTILE)
    median = Estimate(
        robust.estimate, robust.n, robust.events, method, "Xie and Liu 2005", interval, robust.note
    )
    return median.noted(separation(weighted))


def _ratio_rows(pair: Pair, adjustment: str, ratio: Estimate) -> list[Row]:
    point, limit = e_value(ratio)
    return [
        from_estimate(_place(pair, "hazard_ratio", "ratio", adjustment), ratio),
        from_estimate(_place(pair, "e_value", "ratio", adjustment, "estimate"), point),
        from_estimate(_place(pair, "e_value", "ratio", adjustment, "limit"), limit),
    ]


def _place(pair: Pair, statistic: str, unit: str, adjustment: str, term: str | None = None) -> Place:
    return Place("pfs2", pair.group, COMPARED, statistic, unit, term, adjustment=adjustment)


def _method(what: str, adjustment: str, weighted: Weighted, drawn: Replicates | None, gaps: str = "") -> str:
    sets = len(weighted)
    parts = [what, NAMES[adjustment] + (f" of {FIRTH_PROPENSITY}" if separation(weighted) else "")]
    if sets > 1:
        gaps = f"{sets} imputed sets"
    if gaps:
        parts.append(gaps)
    if drawn is not None:
        parts.append(f"{drawn.drawn} bootstrap samples" + (" of each" if sets > 1 else ""))
    return ", ".join(parts)


def _errors(values: Floats) -> list[float]:
    return [float(error) for error in np.nanstd(values, axis=1, ddof=1)]
