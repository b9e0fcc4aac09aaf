"""How groups differ at baseline: spreads, and standardised mean differences.

Reference: Austin, Stat Med 2009;28:3083; more than two levels by the Mahalanobis distance of Yang and
Dalton, SAS Global Forum 2012. With weights the means and shares are weighted, while the standard deviation
they are divided by stays that of the groups as they came, so that before and after are on one scale: Austin
and Stuart, Stat Med 2015;34:3661.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.statistics.durations import Floats, checked_weight
from analysis.statistics.estimates import Estimate, Spread

REFERENCE = "Austin 2009; Yang and Dalton 2012"
METHOD = "standardised mean difference"
WEIGHTED = "standardised mean difference, weighted means over the unweighted standard deviation"
WEIGHTED_REFERENCE = "Austin and Stuart 2015"
Weights = tuple[Floats, Floats]


def spread(values: pd.Series) -> Spread:
    """Mean, standard deviation, quartiles (R's type 7) and range of a numeric column (n,).

    Missing values are counted.
    """
    numbers = pd.to_numeric(values, errors="coerce")
    known = numbers.dropna().to_numpy(dtype=float)
    missing = int(numbers.isna().sum())
    if not len(known):
        return Spread(0, missing, None, None, None, None, None, None, None)
    q1, median, q3 = (float(q) for q in np.quantile(known, (0.25, 0.5, 0.75)))
    sd = float(known.std(ddof=1)) if len(known) > 1 else None
    return Spread(
        len(known), missing, float(known.mean()), sd, median, q1, q3, float(known.min()), float(known.max())
    )


def smd_continuous(reference: pd.Series, other: pd.Series, weights: Weights | None = None) -> Estimate:
    """(mean of other - mean of reference) / sqrt((var + var) / 2), known values only.

    `weights` are those of the reference's and of the other's patients, and weigh the means alone.
    """
    a, b = spread(reference), spread(other)
    n = a.n + b.n
    if a.mean is None or b.mean is None or a.sd is None or b.sd is None:
        return _estimate(None, n, weights, "too few known values")
    gap = b.mean - a.mean
    if weights is not None:
        gap = _mean(other, weights[1]) - _mean(reference, weights[0])
    return _ratio(gap, float(np.sqrt((a.sd**2 + b.sd**2) / 2)), n, weights)


def smd_categories(reference: pd.Series, other: pd.Series, weights: Weights | None = None) -> Estimate:
    """Distance of two groups over the levels of a categorical column; unknown is a level of its own.

    With two levels it is (p1 - p0) / sqrt((p1 q1 + p0 q0) / 2) of the second level; with more, the
    (unsigned) Mahalanobis distance of the vectors of shares. `weights` weigh the shares alone.
    """
    levels = sorted({str(level) for level in pd.concat([reference, other])})
    n = len(reference) + len(other)
    if not len(reference) or not len(other):
        return _estimate(None, n, weights, "a group without patients")
    if len(levels) < 2:
        return _estimate(0.0, n, weights)
    a, b = _shares(reference, levels[1:]), _shares(other, levels[1:])
    gap = b - a
    if weights is not None:
        gap = _shares(other, levels[1:], weights[1]) - _shares(reference, levels[1:], weights[0])
    if len(levels) == 2:
        scale = float(np.sqrt((a[0] * (1 - a[0]) + b[0] * (1 - b[0])) / 2))
        return _ratio(float(gap[0]), scale, n, weights)
    inverse = np.linalg.pinv(covariance := (_covariance(a) + _covariance(b)) / 2)
    if not np.allclose(covariance @ inverse @ gap, gap):
        return _estimate(None, n, weights, "the groups share no level")
    return _estimate(float(np.sqrt(max(0.0, float(gap @ inverse @ gap)))), n, weights)


def _ratio(gap: float, scale: float, n: int, weights: Weights | None) -> Estimate:
    if scale == 0:
        note = None if gap == 0 else "no spread within the groups"
        return _estimate(0.0 if gap == 0 else None, n, weights, note)
    return _estimate(gap / scale, n, weights)


def _estimate(value: float | None, n: int, weights: Weights | None, note: str | None = None) -> Estimate:
    if weights is None:
        return Estimate(value, n, None, METHOD, REFERENCE, note=note)
    return Estimate(value, n, None, WEIGHTED, WEIGHTED_REFERENCE, note=note)


def _mean(values: pd.Series, weight: Floats) -> float:
    numbers = pd.to_numeric(values, errors="coerce").to_numpy(dtype=float, na_value=np.nan)
    weights, known = checked_weight(weight, len(numbers)), ~np.isnan(numbers)
    return float(np.average(numbers[known], weights=weights[known]))


def _shares(values: pd.Series, levels: list[str], weight: Floats | None = None) -> Floats:
    texts = values.astype(str).to_numpy()
    weights = None if weight is None else checked_weight(weight, len(texts))
    return np.array([np.average(texts == level, weights=weights) for level in levels])


def _covariance(shares: Floats) -> Floats:
    return np.diag(shares) - np.outer(shares, shares)
