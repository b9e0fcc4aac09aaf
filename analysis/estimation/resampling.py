"""Bootstrap of the weighted comparison, in which every resample fits the propensity model anew.

Patients are drawn with replacement within each strategy, so that no group is empty; a patient drawn k
times counts with k times her weight. With imputed sets each set is resampled (MI Boot of Schomaker and
Heumann, Stat Med 2018;37:2252): the variance of its replicates is its within variance in Rubin's rules.
The median, which some replicates do not reach, takes the percentiles of all sets' replicates together. A
resample's curve that ends before tau stays at its last height.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from survival import regression

from analysis.estimation.covariates import Comparison
from analysis.statistics.durations import Durations, Floats
from analysis.statistics.imputation import SEED
from analysis.statistics.kaplan_meier import EQUAL, HALF
from analysis.statistics.propensity import WEIGHTED, balancing_weights, propensity

LARGE = 1000  # patients from which on the robust variance, which is steady then, takes the bootstrap's place
REPLICATES, REPLICATES_PER_SET = 1000, 100
MOST_LOST = 0.05  # share of replicates without a number, beyond which none is believed
CHUNK = 2_000_000  # numbers held at once
FLAT_VARIANCE = 100.0  # of a log hazard ratio: the likelihood has no maximum (a group without an event)


@dataclass(frozen=True)
class Replicates:
    """Of each set (sets, replicates): log hazard ratio, medians and RMST differences.

    NaN where a replicate has none; a median that is not reached is infinite.
    """

    log_hazard: Floats
    medians: dict[str, Floats]
    rmst_differences: dict[float, Floats]

    @property
    def drawn(self) -> int:
        """Resamples of each set."""
        return int(self.log_hazard.shape[1])


def replicates(
    sets: list[tuple[Comparison, pd.DataFrame]], taus: list[float], seed: int = SEED
) -> dict[str, Replicates]:
    """Resample every completed set, for each kind of weights; RMST differences up to each of `taus`."""
    rng = np.random.default_rng(seed)
    each = REPLICATES if len(sets) == 1 else REPLICATES_PER_SET
    found = [_of_set(part, design, taus, each, rng) for part, design in sets]
    pair = sets[0][0].pair
    return {
        kind: Replicates(
            np.array([one[kind].log_hazard for one in found]),
            {
                name: np.array([one[kind].medians[name] for one in found])
                for name in (pair.reference, pair.strategy)
            },
            {tau: np.array([one[kind].rmst_differences[tau] for one in found]) for tau in taus},
        )
        for kind in WEIGHTED
    }


def believable(values: Floats) -> bool:
    """Whether few enough replicates (sets, replicates) are lost."""
    return bool(np.isnan(values).mean() <= MOST_LOST)


def percentile_limits(values: Floats) -> tuple[float | None, float | None]:
    """2.5 and 97.5 % of all replicates, None where one is not reached."""
    ordered = np.sort(values[~np.isnan(values)].ravel())
    places = (np.array([0.025, 0.975]) * (len(ordered) - 1)).round().astype(int)
    low, high = (float(limit) if np.isfinite(limit) else None for limit in ordered[places])
    return low, high


def _of_set(
    part: Comparison, design: pd.DataFrame, taus: list[float], each: int, rng: np.random.Generator
) -> dict[str, Replicates]:
    often = _drawn(part, each, rng)
    score = propensity(design, part.other, often).score
    return {
        kind: _of_weights(part, often * balancing_weights(score, part.other, kind), taus) for kind in WEIGHTED
    }


def _of_weights(part: Comparison, weight: Floats, taus: list[float]) -> Replicates:
    medians: dict[str, Floats] = {}
    means: dict[str, list[Floats]] = {}
    for name in (part.pair.reference, part.pair.strategy):
        arm = part.arm(name)
        medians[name], means[name] = _curves(part.data.where(arm), weight[:, arm], taus)
    differences = {
        tau: other - reference
        for tau, other, reference in zip(
            taus, means[part.pair.strategy], means[part.pair.reference], strict=True
        )
    }
    return Replicates(_log_hazards(part, weight), medians, differences)


def _drawn(part: Comparison, each: int, rng: np.random.Generator) -> Floats:
    """How often each patient stands in each resample (each, n)."""
    often = np.zeros((each, part.data.n))
    for arm in (part.arm(part.pair.reference), part.arm(part.pair.strategy)):
        size = int(arm.sum())
        often[:, arm] = rng.multinomial(size, np.full(size, 1 / size), size=each)
    return often


def _log_hazards(part: Comparison, weight: Floats) -> Floats:
    status = part.data.event.astype(np.int32)
    group = part.other.astype(float)[:, None]
    found = np.full(len(weight), np.nan)
    for place, one in enumerate(weight):
        in_it = one > 0
        if not status[in_it].any():  # no event drawn, or its propensity model did not converge
            continue
        late = {"entry": part.data.start[in_it]} if part.data.delayed else {}
        fit = regression.coxph_fit_raw(
            part.data.time[in_it], status[in_it], group[in_it], weights=one[in_it], resid=False, **late
        )
        beta, variance = float(fit.coefficients[0]), float(np.asarray(fit.var)[0, 0])
        if np.isfinite(beta) and 0 < variance < FLAT_VARIANCE:
            found[place] = beta
    return found


def _curves(data: Durations, weight: Floats, taus: list[float]) -> tuple[Floats, list[Floats]]:
    """Medians and RMSTs of the weighted curves, one for each row of `weight` (replicates, n)."""
    time = np.unique(data.time[data.event == 1])
    if not len(time):
        return np.full(len(weight), np.inf), [np.full(len(weight), tau) for tau in taus]
    has = ((data.time[:, None] == time) & (data.event[:, None] == 1)).astype(float)
    there = ((data.time[:, None] >= time) & (data.start[:, None] < time)).astype(float)
    medians: list[Floats] = []
    means: list[list[Floats]] = [[] for _ in taus]
    for some in np.array_split(weight, max(1, weight.shape[0] * len(time) // CHUNK)):
        lost = np.asarray(np.isnan(some).any(axis=1))
        kept = np.where(lost[:, None], 1.0, some)
        with np.errstate(divide="ignore", invalid="ignore"):
            at_risk = kept @ there
            stay = np.where(at_risk > 0, 1 - (kept @ has) / at_risk, 1.0)
        survival = np.cumprod(np.clip(stay, 0.0, 1.0), axis=1)
        if data.delayed:  # a curve may come to 0 before others enter, and tells nothing (`emptied`)
            lost |= ((survival[:, :-1] <= EQUAL) & (at_risk[:, 1:] > 0)).any(axis=1)
        under = survival < HALF + EQUAL
        median = np.where(under.any(axis=1), time[under.argmax(axis=1)], np.inf)
        medians.append(np.where(lost, np.nan, median))
        for mean, tau in zip(means, taus, strict=True):
            ends = np.minimum(np.concatenate([[0.0], time, [np.inf]]), tau)
            area = np.diff(ends)[0] + survival @ np.diff(ends)[1:]
            mean.append(np.where(lost, np.nan, area))
    return np.concatenate(medians), [np.concatenate(mean) for mean in means]
