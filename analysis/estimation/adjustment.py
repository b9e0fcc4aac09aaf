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

import numpy as np
import pandas as pd
from scipy.stats import norm

from analysis.estimation.covariates import (
    COMPLETE_CASES,
    IMPUTED,
    PATIENTS_PER_COVARIATE,
    Bools,
    Comparison,
    compare,
    completed,
)
from analysis.estimation.study import Pair, Study
from analysis.statistics.cox import CoxModel, cox_model
from analysis.statistics.durations import Floats
from analysis.statistics.estimates import Estimate, Interval, Variance
from analysis.statistics.firth import REFERENCE as FIRTH
from analysis.statistics.hazards import (
    FEW,
    FEW_EVENTS,
    hazard_ratio,
    penalised_interval,
    penalised_log_hazard,
)
from analysis.statistics.honesty import EVENTS_PER_VARIABLE
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
OTHER = "other strategy"
FEW_PER_VARIABLE = "fewer than 10 events per variable, and no Firth's method with delayed entry"
Weighted = list[tuple[Comparison, Floats]]


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
    comparison = compare(frame, study, pair)
    weighted = weighted_sets(comparison, adjustment) if adjustment in WEIGHTED else None
    return {
        strategy: _median(comparison, strategy, weighted, adjustment)
        for strategy in (pair.reference, pair.strategy)
    }


def propensity_scores(frame: pd.DataFrame, study: Study, pair: Pair) -> tuple[Floats, Bools]:
    """Propensity (n,) of the other strategy, mean of the imputed sets, and who got it (n,); or nobody."""
    comparison = compare(frame, study, pair)
    sets = completed_sets(comparison)
    if not sets:
        return np.zeros(0), np.zeros(0, dtype=bool)
    scores = [propensity(design, part.other).score[0] for part, design in sets]
    return np.mean(scores, axis=0), comparison.other


def comparison_hazard_ratio(comparison: Comparison, adjustment: str, missing: str = IMPUTED) -> Estimate:
    """The hazard ratio of patients already compared."""
    n, events = comparison.data.n, comparison.data.events
    if adjustment == NONE:
        if comparison.smaller == 0:
            return Estimate(None, n, events, "Cox, Efron", SOURCES[COX], note="a group has no patient")
        ratio = hazard_ratio(comparison.data, comparison.other)
        return _noted(ratio, _few(comparison))
    sets = completed_sets(comparison, missing)
    method = method_of(adjustment, len(sets), missing)
    if not sets:
        note = why_not(comparison, missing)
        return Estimate(None, n, events, method, SOURCES[adjustment], note=note)
    part, columns = sets[0][0], len(sets[0][1].columns) + 1
    if adjustment == COX and part.data.events < EVENTS_PER_VARIABLE * columns and not part.data.delayed:
        return _noted(_penalised(sets, f"{method}, Firth's penalty"), _few(part))
    models = [_model(part, design, adjustment) for part, design in sets]
    failed = next((model.note for model in models if model.note), None)
    if failed is not None and adjustment == COX:
        return _noted(_penalised(sets, f"{method}, Firth's penalty"), _few(part))
    if failed is not None:
        return Estimate(None, part.data.n, part.data.events, method, SOURCES[adjustment], note=failed)
    variance = Variance.COX_WALD if adjustment == COX else Variance.COX_ROBUST
    fits = [model.log_hazard(OTHER) for model in models]
    ratio = pooled_ratio(fits, part, columns, method, SOURCES[adjustment], variance)
    few = FEW_PER_VARIABLE if adjustment == COX and part.data.events < EVENTS_PER_VARIABLE * columns else None
    return _noted(_noted(ratio, few), _few(part))


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
    return [
        (part, set_weights(part, design, adjustment)) for part, design in completed_sets(comparison, missing)
    ]


def completed_sets(comparison: Comparison, missing: str = IMPUTED) -> list[tuple[Comparison, pd.DataFrame]]:
    """The completed sets (covariates.completed), or none where nothing can be adjusted."""
    if comparison.obstacle:
        return []
    sets = completed(comparison, missing)
    part, design = sets[0]
    return sets if part.smaller >= PATIENTS_PER_COVARIATE and len(design.columns) else []


def why_not(comparison: Comparison, missing: str = IMPUTED) -> str:
    """Why there are no completed sets."""
    if comparison.obstacle:
        return comparison.obstacle
    if missing == COMPLETE_CASES:
        return (
            f"with every covariate known the smaller group has fewer than {PATIENTS_PER_COVARIATE} patients"
        )
    return "no covariate differs between the patients left"


def set_weights(comparison: Comparison, design: pd.DataFrame, adjustment: str) -> Floats:
    """Weights (n,) of a completed set."""
    score = propensity(design, comparison.other).score[0]
    return balancing_weights(score, comparison.other, adjustment)


def pooled_curve(curves: Sequence[KaplanMeier], weight: Floats | None) -> KaplanMeier:
    """Curves of the same patients under the weights of each imputed set, as one.

    log(-log S) and its variance are pooled by Rubin's rules at each time (Marshall et al., BMC Med Res
    Methodol 2009;9:57); a time at which a set's curve is at 1 or 0 takes the mean and no limits. `weight`
    (n,) stands for all.
    """
    first = curves[0]
    if len(curves) == 1:
        return first
    survival = np.array([curve.survival for curve in curves])
    lower, upper = (np.array([getattr(curve, side) for curve in curves]) for side in ("lower", "upper"))
    z = norm.ppf(0.975)
    with np.errstate(divide="ignore", invalid="ignore"):
        scale = np.log(-np.log(survival))
        error = (np.log(-np.log(lower)) - np.log(-np.log(upper))) / (2 * z)
        total = (error**2).mean(axis=0) + (1 + 1 / len(curves)) * scale.var(axis=0, ddof=1)
        mean = scale.mean(axis=0)
        inner = np.isfinite(mean) & np.isfinite(total)
        pooled_survival = np.where(inner, np.exp(-np.exp(mean)), survival.mean(axis=0))
        half = z * np.sqrt(total)
        low, high = (np.where(inner, np.exp(-np.exp(mean + s * half)), np.nan) for s in (1, -1))
    # rounding must not lift a later step of the curve over an earlier one
    pooled_survival = np.minimum.accumulate(np.clip(pooled_survival, EQUAL**2, 1.0))
    at_risk, events, censored = (
        np.mean([getattr(curve, name) for curve in curves], axis=0)
        for name in ("at_risk", "events", "censored")
    )
    sums = {"at_risk": at_risk, "events": events, "censored": censored}
    return replace(first, **sums, survival=pooled_survival, lower=low, upper=high, weight=weight)


def adjusted_curves(comparison: Comparison, weighted: Weighted) -> dict[str, KaplanMeier]:
    """The weighted curve of each strategy, pooled over the sets; a strategy without patients has none."""
    return {
        strategy: _curve(strategy, weighted)
        for strategy in (comparison.pair.reference, comparison.pair.strategy)
        if weighted and weighted[0][0].arm(strategy).any()
    }


def method_of(adjustment: str, sets: int, missing: str = IMPUTED) -> str:
    """How an adjusted number is made, in words."""
    what = "Cox with the covariates" if adjustment == COX else f"Cox, {NAMES[adjustment]}"
    how = {
        "imputed": f"{sets} imputed sets" if sets > 1 else "",
        "complete_cases": "complete cases",
        "missing_level": "unknown as a level",
    }[missing]
    return f"{what}, {how}" if how else what


def _model(part: Comparison, design: pd.DataFrame, adjustment: str) -> CoxModel:
    group = pd.DataFrame({OTHER: part.other.astype(float)}, index=design.index)
    if adjustment == COX:
        return cox_model(part.data, group.join(design))
    return cox_model(part.data, group, set_weights(part, design, adjustment), robust=True)


def _penalised(sets: list[tuple[Comparison, pd.DataFrame]], method: str) -> Estimate:
    """Firth's adjusted Cox model: profile limits of one set, Wald errors pooled over several."""
    part, n, events = sets[0][0], sets[0][0].data.n, sets[0][0].data.events
    designs = [
        pd.DataFrame({OTHER: p.other.astype(float)}, index=design.index).join(design) for p, design in sets
    ]
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
    for part, weight in weighted:
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
    return median_survival(kaplan_meier(arm) if weighted is None else _curve(strategy, weighted))


def _few(comparison: Comparison) -> str | None:
    return FEW if comparison.fewest_events < FEW_EVENTS else None


def _noted(estimate: Estimate, note: str | None) -> Estimate:
    if note is None or estimate.estimate is None:
        return estimate
    return replace(estimate, note="; ".join(text for text in (estimate.note, note) if text))
