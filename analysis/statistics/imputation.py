"""Multiple imputation by chained equations, and Rubin's rules.

Each missing value becomes the value of a donor: a patient whose value is known and whose linear prediction
is among the five nearest (predictive mean matching; Little, J Bus Econ Stat 1988;6:287; van Buuren,
Flexible Imputation of Missing Data, 2018, algorithm 3.3), so nothing is imputed that no patient has, and a
level stays a level. The caller puts the outcome among the columns: the event and the Nelson-Aalen
cumulative hazard (White and Royston, Stat Med 2009;28:1982).

Ours because the specification curve imputes a hundred cohorts: all sets move together through numpy here,
in some 40 ms for 50 patients, where statsmodels' MICEData, with the same method and no draw of the
residual variance, takes seconds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.spatial import cKDTree
from scipy.stats import norm, t

from analysis.statistics.durations import Durations, Floats
from analysis.statistics.estimates import StatisticsError
from analysis.statistics.kaplan_meier import risk_table

SETS, CYCLES, DONORS = 20, 10, 5  # cycles: White, Royston and Wood, Stat Med 2011;30:377
SEED = 20240601
RIDGE = 1e-5  # of the diagonal, as in R's mice: columns may be collinear in few patients
Indexes = npt.NDArray[np.int_]


def impute(frame: pd.DataFrame, sets: int = SETS, seed: int = SEED) -> list[pd.DataFrame]:
    """`sets` completed copies of the frame (n, p), the same for the same seed.

    Every column is predicted from all others. Numbers and booleans are taken as numbers, other columns as
    levels. The frame itself is returned when nothing is missing. A column without a known value is left
    out of every copy.
    """
    known = frame.loc[:, frame.notna().any()]
    missing = [str(name) for name in known if known[name].isna().any()]
    if not missing:
        return [known]
    donors = _chained({str(name): _block(known[name]) for name in known}, sets, np.random.default_rng(seed))
    completed = []
    for place in range(sets):
        copy = known.copy()
        for name in missing:
            values = known[name].to_numpy(copy=True)
            values[known[name].isna().to_numpy()] = known[name].to_numpy()[donors[name][place]]
            copy[name] = pd.Series(values, index=known.index).astype(known[name].dtype)
        completed.append(copy)
    return completed


def cumulative_hazard(data: Durations) -> Floats:
    """Nelson-Aalen cumulative hazard (n,) that each patient lived through while under observation."""
    time, at_risk, events, _ = risk_table(data)
    with np.errstate(divide="ignore", invalid="ignore"):
        hazard = np.concatenate([[0.0], np.where(at_risk > 0, events / at_risk, 0.0).cumsum()])
    return (
        hazard[np.searchsorted(time, data.time, "right")] - hazard[np.searchsorted(time, data.start, "right")]
    )


@dataclass(frozen=True)
class Pooled:
    """Estimate, standard error and degrees of freedom (infinite: normal) by Rubin's rules."""

    estimate: float
    error: float
    freedom: float

    def limits(self, level: float = 0.95) -> tuple[float, float]:
        """The confidence limits, from t with its degrees of freedom."""
        share = 0.5 + level / 2
        quantile = norm.ppf(share) if np.isinf(self.freedom) else t.ppf(share, self.freedom)
        return self.estimate - quantile * self.error, self.estimate + quantile * self.error


def pooled(
    estimates: Sequence[float], variances: Sequence[float], complete_freedom: float = np.inf
) -> Pooled:
    """Mean estimate, with variance W + (1 + 1/m) B of the within and between variances of m sets.

    Degrees of freedom by Barnard and Rubin, Biometrika 1999;86:948, which never exceed those of the
    complete data; one set is no imputation, and its own variance stays normal. Rubin, Multiple Imputation,
    1987.
    """
    values, within = np.asarray(estimates, dtype=float), np.asarray(variances, dtype=float)
    sets = len(values)
    if not sets or len(within) != sets or not np.isfinite([*values, *within]).all():
        raise StatisticsError("Rubin's rules need a finite estimate and variance of every set.")
    inside = float(within.mean())
    if sets == 1:
        return Pooled(float(values[0]), float(np.sqrt(inside)), np.inf)
    between = (1 + 1 / sets) * float(values.var(ddof=1))
    total = inside + between
    share = between / total if total > 0 else 0.0  # of the variance that comes from what is missing
    old = (sets - 1) / share**2 if share > 0 else np.inf
    if np.isinf(complete_freedom):
        freedom = old
    else:
        observed = (complete_freedom + 1) / (complete_freedom + 3) * complete_freedom * (1 - share)
        freedom = 1 / (1 / old + 1 / observed)
    return Pooled(float(values.mean()), float(np.sqrt(total)), freedom)


def _block(column: pd.Series) -> Floats:
    """The column as standardised numbers (n, 1), or an indicator a level but the first (n, levels - 1)."""
    if pd.api.types.is_numeric_dtype(column) or set(column.dropna()) <= {True, False}:
        block = column.to_numpy(dtype=float, na_value=np.nan)[:, None]
    else:
        levels = sorted(set(column.dropna().astype(str)))[1:]
        block = np.array([[text == level for level in levels] for text in column.astype(str)], dtype=float)
        block = block.reshape(len(column), len(levels))
        block[column.isna().to_numpy()] = np.nan
    spread = np.nanstd(block, axis=0)
    return (block - np.nanmean(block, axis=0)) / np.where(spread > 0, spread, 1.0)


def _chained(blocks: dict[str, Floats], sets: int, rng: np.random.Generator) -> dict[str, Indexes]:
    """For each incomplete column the donor of each missing value: row numbers (sets, missing)."""
    gaps = {name: np.asarray(np.isnan(block).any(axis=1)) for name, block in blocks.items()}
    order = sorted((name for name in blocks if gaps[name].any()), key=lambda name: int(gaps[name].sum()))
    donors: dict[str, Indexes] = {}
    current = {name: np.broadcast_to(block, (sets, *block.shape)) for name, block in blocks.items()}
    for name in order:
        known = np.flatnonzero(~gaps[name])
        donors[name] = rng.choice(known, size=(sets, int(gaps[name].sum())))
        current[name] = _filled(blocks[name], gaps[name], donors[name])
    for _ in range(CYCLES):
        for name in order:
            others = [current[other] for other in blocks if other != name]
            ones = np.ones((sets, len(gaps[name]), 1))
            donors[name] = _matched(np.concatenate([ones, *others], axis=2), blocks[name], gaps[name], rng)
            current[name] = _filled(blocks[name], gaps[name], donors[name])
    return donors


def _filled(block: Floats, gap: npt.NDArray[np.bool_], donors: Indexes) -> Floats:
    full = np.repeat(block[None], len(donors), axis=0)
    full[:, gap] = block[donors]
    return full


def _matched(design: Floats, block: Floats, gap: npt.NDArray[np.bool_], rng: np.random.Generator) -> Indexes:
    """One donor a missing value and set (sets, missing).

    Her prediction by the fitted coefficients lies near the missing one's by coefficients drawn from their
    posterior (Bayesian linear regression); the indicators of a covariate's levels are matched together.
    """
    known = np.flatnonzero(~gap)
    seen, unseen, target = design[:, known], design[:, gap], block[known]
    sets, n, p = seen.shape
    cross = seen.transpose(0, 2, 1) @ seen
    cross += RIDGE * np.eye(p) * np.maximum(np.diagonal(cross, axis1=1, axis2=2), 1.0)[:, None, :]
    fitted = np.linalg.solve(cross, seen.transpose(0, 2, 1) @ target)
    freedom = max(n - p, 1)
    residual = ((target - seen @ fitted) ** 2).sum(axis=1)
    sigma = np.sqrt(residual / rng.chisquare(freedom, residual.shape))
    root = np.linalg.cholesky(np.linalg.inv(cross))
    drawn = fitted + root @ rng.standard_normal(fitted.shape) * sigma[:, None, :]
    near = min(DONORS, n)
    choice = rng.integers(near, size=(sets, unseen.shape[1]))
    picked = [
        known[_nearest(there @ beta, here @ other, near)[np.arange(len(pick)), pick]]
        for there, beta, here, other, pick in zip(seen, fitted, unseen, drawn, choice, strict=True)
    ]
    return np.array(picked)


def _nearest(known: Floats, wanted: Floats, near: int) -> Indexes:
    """The `near` rows of `known` (k, q) closest to each row of `wanted` (m, q), as (m, near)."""
    _, found = cKDTree(known).query(wanted, k=range(1, near + 1))
    return np.asarray(found)
