"""The hazard ratio and medians of PFS2, adjusted for what drove the choice.

Within each imputed set the propensity model is fitted, the patients are weighted and the hazard ratio is
estimated; the sets are pooled by Rubin's rules (the within approach of Leyrat et al., Stat Methods Med
2019;28:3). The variances here take the weights as known, which for these weights is mostly too wide
(Austin, Stat Med 2016;35:5642); `resampling` refits the propensity model in bootstrap samples and is what
the report shows. An obstacle becomes a note, never an error.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.stats import norm

from analysis.estimation.covariates import (
    COMPLETE_CASES,
    IMPUTED,
    MISSING_LEVEL,
    Bools,
    Comparison,
    compare,
    completed,
)
from analysis.estimation.study import Pair, Study
from analysis.statistics.cox import cox_model
from analysis.statistics.durations import Floats
from analysis.statistics.estimates import Estimate, Interval, Variance
from analysis.statistics.firth import NO_DELAYED_ENTRY
from analysis.statistics.firth import REFERENCE as FIRTH
from analysis.statistics.hazards import hazard_ratio, penalised_interval, penalised_log_hazard
from analysis.statistics.honesty import EVENTS_PER_VARIABLE, few_events
from analysis.statistics.imputation import pooled
from analysis.statistics.kaplan_meier import EQUAL, KaplanMeier, kaplan_meier, median_survival
from analysis.statistics.propensity import WEIGHTED, balancing_weights, propensity

NONE, COX = "none", "cox"
ADJUSTMENTS = (NONE, *WEIGHTED, COX)
NAMES = {"overlap": "overlap weights", "ate": "stabilised weights"}
SOURCES = {
    "overlap": "Li, Morgan and Zaslavsky 2018",
    "ate": "Robins, Hernan and Brumback 2000",
    COX: "Cox 1972, Efron 1977",
}
GAPS = {COMPLETE_CASES: "complete cases", MISSING_LEVEL: "unknown as a level"}
OTHER = "other strategy"
FEW_PER_VARIABLE = f"fewer than {EVENTS_PER_VARIABLE} events per variable"
UNSETTLED = "the propensity model does not converge"
FIRTH_PROPENSITY = "a propensity model with Firth's penalty"
SEPARATED = "the covariates tell the groups apart completely: they cannot be compared"


class Weighting(NamedTuple):
    """A completed set's patients and weights (n,); `separated` where Firth's penalty made the scores."""

    part: Comparison
    weight: Floats
    separated: bool


Weighted = list[Weighting]


def adjusted_hazard_ratio(
    frame: pd.DataFrame, study: Study, pair: Pair, adjustment: str = "overlap", missing: str = IMPUTED
) -> Estimate:
    """Hazard ratio of PFS2 of a pair in a frame of study patients: none, overlap, ate or cox.

    `missing` is imputed, complete_cases or missing_level (covariates.completed).
    """
    return comparison_hazard_ratio(compare(frame, study, pair), adjustment, missing)


def adjusted_medians(
    frame: pd.DataFrame, study: Study, pair: Pair, adjustment: str = "overlap"
) -> dict[str, Estimate]:
    """Median PFS2 of both strategies of a pair, by weighted Kaplan-Meier; unweighted for none and cox."""
    return comparison_medians(compare(frame, study, pair), adjustment)


def comparison_medians(comparison: Comparison, adjustment: str) -> dict[str, Estimate]:
    """The medians of patients already compared."""
    weighted = weighted_sets(comparison, adjustment) if adjustment in WEIGHTED else None
    return {
        strategy: _median(comparison, strategy, weighted, adjustment)
        for strategy in (comparison.pair.reference, comparison.pair.strategy)
    }


def propensity_scores(frame: pd.DataFrame, study: Study, pair: Pair) -> tuple[Floats, Bools]:
    """Propensity (n,) of the other strategy, mean of the imputed sets, and who got it (n,); or nobody."""
    comparison = compare(frame, study, pair)
    sets = completed_sets(comparison)
    if not sets:
        return np.zeros(0), np.zeros(0, dtype=bool)
    scores = np.mean([propensity(design, part.other).score[0] for part, design in sets], axis=0)
    if not np.isfinite(scores).all():
        return np.zeros(0), np.zeros(0, dtype=bool)
    return scores, comparison.other


def comparison_hazard_ratio(comparison: Comparison, adjustment: str, missing: str = IMPUTED) -> Estimate:
    """The hazard ratio of patients already compared."""
    n, events = comparison.data.n, comparison.data.events
    if adjustment == NONE:
        if comparison.smaller == 0:
            return Estimate(None, n, events, "Cox, Efron", SOURCES[COX], note="a group has no patient")
        ratio = hazard_ratio(comparison.data, comparison.other)
        return ratio.noted(few_events(comparison.fewest_events))
    sets = completed_sets(comparison, missing)
    method = method_of(adjustment, len(sets), missing)
    if not sets:
        note = why_not(comparison, missing)
        return Estimate(None, n, events, method, SOURCES[adjustment], note=note)
    if adjustment == COX:
        return _covariate_adjusted(sets, method)
    weighted = weigh(sets, adjustment)
    if not weighted:
        n, events = sets[0][0].data.n, sets[0][0].data.events
        return Estimate(None, n, events, method, SOURCES[adjustment], note=UNSETTLED)
    return weighted_ratio(weighted, method_of(adjustment, len(sets), missing, weighted), adjustment)


def weighted_ratio(
    weighted: Weighted, method: str, adjustment: str, errors: Sequence[float] | None = None
) -> Estimate:
    """Weighted hazard ratio pooled over the sets, with the robust variance.

    `errors` are standard errors of each set's log hazard ratio by the bootstrap, where there was one.
    """
    part = weighted[0].part
    models = [
        cox_model(one.part.data, pd.DataFrame({OTHER: one.part.other.astype(float)}), one.weight, robust=True)
        for one in weighted
    ]
    failed = next((model.note for model in models if model.note), None)
    if failed is not None:
        return Estimate(None, part.data.n, part.data.events, method, SOURCES[adjustment], note=failed)
    fits, variance = [model.log_hazard(OTHER) for model in models], Variance.COX_ROBUST
    if errors is not None:
        fits = [(beta, error) for (beta, _), error in zip(fits, errors, strict=True)]
        variance = Variance.BOOTSTRAP_NORMAL
    ratio = pooled_ratio(fits, part, 1, method, SOURCES[adjustment], variance)
    return ratio.noted(separation(weighted)).noted(few_events(part.fewest_events))


def pooled_ratio(
    fits: Sequence[tuple[float, float]],
    part: Comparison,
    columns: int,
    method: str,
    reference: str,
    variance: Variance,
) -> Estimate:
    """The hazard ratio of each set's log hazard ratio and standard error, by Rubin's rules.

    The complete data's degrees of freedom are events less the model's columns, as R's mice counts them.
    """
    found = pooled(
        [beta for beta, _ in fits], [error**2 for _, error in fits], max(1.0, part.data.events - columns)
    )
    low, high = (float(np.exp(limit)) for limit in found.limits())
    limits = Interval(low, high, variance if len(fits) == 1 else Variance.RUBIN)
    return Estimate(float(np.exp(found.estimate)), part.data.n, part.data.events, method, reference, limits)


def weighted_sets(comparison: Comparison, adjustment: str, missing: str = IMPUTED) -> Weighted:
    """The patients and their weights, once for each completed set; empty where nothing can be weighted."""
    return weigh(completed_sets(comparison, missing), adjustment)


def weigh(sets: Sequence[tuple[Comparison, pd.DataFrame]], adjustment: str) -> Weighted:
    """The weights of completed sets; none where the propensity model of a set does not converge."""
    weighted: Weighted = []
    for part, design in sets:
        score, penalised = propensity(design, part.other)
        if not np.isfinite(score).all():
            return []
        weight = balancing_weights(score[0], part.other, adjustment)
        weighted.append(Weighting(part, weight, bool(penalised[0])))
    return weighted


def separation(weighted: Weighted) -> str | None:
    """The words that say so where the covariates of a set separate the groups."""
    return SEPARATED if any(one.separated for one in weighted) else None


def completed_sets(comparison: Comparison, missing: str = IMPUTED) -> list[tuple[Comparison, pd.DataFrame]]:
    """The completed sets (covariates.completed), or none where nothing can be adjusted."""
    if comparison.obstacle:
        return []
    sets = completed(comparison, missing)
    part, design = sets[0]
    return sets if part.smaller >= comparison.needed and len(design.columns) else []


def why_not(comparison: Comparison, missing: str = IMPUTED) -> str:
    """Why there are no completed sets, or no weights of them."""
    if comparison.obstacle:
        return comparison.obstacle
    if missing == COMPLETE_CASES:
        return f"with every covariate known the smaller group has fewer than {comparison.needed} patients"
    if completed_sets(comparison, missing):
        return UNSETTLED
    return "no covariate differs between the patients left"


def pooled_curve(curves: Sequence[KaplanMeier], weight: Floats | None) -> KaplanMeier:
    """Curves of the same patients under the weights of each imputed set, as one.

    log(-log S) and its variance are pooled by Rubin's rules at each time (Marshall et al., BMC Med Res
    Methodol 2009;9:57); a time at which a set's curve is at 1 or 0 takes the mean and no limits. `weight`
    (n,) stands for all.
    """
    first = curves[0]
    if len(curves) == 1:
        return first
    survival, error = (np.array([getattr(curve, name) for curve in curves]) for name in ("survival", "error"))
    z = norm.ppf(0.975)
    with np.errstate(divide="ignore", invalid="ignore"):
        scale = np.log(-np.log(survival))
        total = (error**2).mean(axis=0) + (1 + 1 / len(curves)) * scale.var(axis=0, ddof=1)
        mean = scale.mean(axis=0)
        inner = np.isfinite(mean) & np.isfinite(total)
        pooled_survival = np.where(inner, np.exp(-np.exp(mean)), survival.mean(axis=0))
        pooled_error = np.where(inner, np.sqrt(total), np.nan)
        half = z * pooled_error
        low, high = (np.where(inner, np.exp(-np.exp(mean + s * half)), np.nan) for s in (1, -1))
    # rounding must not lift a later step of the curve over an earlier one
    pooled_survival = np.minimum.accumulate(np.clip(pooled_survival, EQUAL**2, 1.0))
    at_risk, events, censored = (
        np.mean([getattr(curve, name) for curve in curves], axis=0)
        for name in ("at_risk", "events", "censored")
    )
    sums = {"at_risk": at_risk, "events": events, "censored": censored}
    return replace(
        first, **sums, survival=pooled_survival, lower=low, upper=high, weight=weight, error=pooled_error
    )


def adjusted_curves(comparison: Comparison, weighted: Weighted) -> dict[str, KaplanMeier]:
    """The weighted curve of each strategy, pooled over the sets; a strategy without patients has none."""
    return {
        strategy: _curve(strategy, weighted)
        for strategy in (comparison.pair.reference, comparison.pair.strategy)
        if weighted and weighted[0].part.arm(strategy).any()
    }


def method_of(adjustment: str, sets: int, missing: str = IMPUTED, weighted: Weighted | None = None) -> str:
    """How an adjusted number is made, in words; the `weighted` sets say whether Firth's penalty made them."""
    what = "Cox with the covariates" if adjustment == COX else f"Cox, {NAMES[adjustment]}"
    if weighted and separation(weighted):
        what += f" of {FIRTH_PROPENSITY}"
    how = GAPS.get(missing) or (f"{sets} imputed sets" if sets > 1 else "")
    return f"{what}, {how}" if how else what


def _covariate_adjusted(sets: list[tuple[Comparison, pd.DataFrame]], method: str) -> Estimate:
    """Cox with the covariates; Firth's where events are few, for the columns or in a group, or separated."""
    part = sets[0][0]
    designs = [
        pd.DataFrame({OTHER: p.other.astype(float)}, index=design.index).join(design) for p, design in sets
    ]
    columns, few = len(designs[0].columns), few_events(part.fewest_events)
    per_variable = FEW_PER_VARIABLE if part.data.events < EVENTS_PER_VARIABLE * columns else None
    if (few or per_variable) and not part.data.delayed:
        return _penalised(part, designs, f"{method}, Firth's penalty").noted(few)
    models = [cox_model(part.data, design) for design in designs]
    if any(model.note for model in models):
        return _penalised(part, designs, f"{method}, Firth's penalty").noted(few)
    fits = [model.log_hazard(OTHER) for model in models]
    ratio = pooled_ratio(fits, part, columns, method, SOURCES[COX], Variance.COX_WALD)
    return ratio.noted(per_variable).noted(few).noted(NO_DELAYED_ENTRY if few or per_variable else None)


def _penalised(part: Comparison, designs: list[pd.DataFrame], method: str) -> Estimate:
    """Firth's adjusted Cox model: profile limits of one set, Wald errors pooled over several."""
    n, events = part.data.n, part.data.events
    if part.data.delayed:
        reason = f"the likelihood has no finite maximum, and {NO_DELAYED_ENTRY}"
        return Estimate(None, n, events, method, FIRTH, note=reason)
    fits = [penalised_log_hazard(part.data, design) for design in designs]
    found = [fit for fit in fits if fit is not None]
    if len(found) < len(fits):
        return Estimate(None, n, events, method, FIRTH, note="the penalised likelihood does not converge")
    if len(found) > 1:
        return pooled_ratio(found, part, len(designs[0].columns), method, FIRTH, Variance.RUBIN)
    limits = penalised_interval(part.data, designs[0])
    interval, note = limits if limits is not None else (None, None)
    return Estimate(float(np.exp(found[0][0])), n, events, method, FIRTH, interval, note)


def _curve(strategy: str, weighted: Weighted) -> KaplanMeier:
    curves, weights = [], []
    for part, weight, _ in weighted:
        arm = part.arm(strategy)
        curves.append(kaplan_meier(part.data.where(arm), weight=weight[arm]))
        weights.append(weight[arm])
    return pooled_curve(curves, np.mean(weights, axis=0))


def _median(comparison: Comparison, strategy: str, weighted: Weighted | None, adjustment: str) -> Estimate:
    """Of the weighted curve, or without weights where `weighted` is None."""
    arm = comparison.data.where(comparison.arm(strategy))
    name = "Kaplan-Meier" if weighted is None else f"Kaplan-Meier, {NAMES[adjustment]}"
    if arm.n == 0 or weighted == []:
        note = "no patients" if arm.n == 0 else why_not(comparison)
        return Estimate(None, arm.n, arm.events, name, "Brookmeyer and Crowley 1982", note=note)
    median = median_survival(kaplan_meier(arm) if weighted is None else _curve(strategy, weighted))
    return median.noted(separation(weighted) if weighted else None)
