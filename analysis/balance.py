"""How groups differ at baseline: spreads, and standardised mean differences.

Reference: Austin, Stat Med 2009;28:3083; more than two levels by the Mahalanobis distance of Yang and
Dalton, SAS Global Forum 2012.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.durations import Floats
from analysis.estimates import Estimate, Spread

REFERENCE = "Austin 2009; Yang and Dalton 2012"
METHOD = "standardised mean difference"


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


def smd_continuous(reference: pd.Series, other: pd.Series) -> Estimate:
    """(mean of other - mean of reference) / sqrt((var + var) / 2), known values only."""
    a, b = spread(reference), spread(other)
    n = a.n + b.n
    if a.mean is None or b.mean is None or a.sd is None or b.sd is None:
        return Estimate(None, n, None, METHOD, REFERENCE, note="too few known values")
    return _ratio(b.mean - a.mean, float(np.sqrt((a.sd**2 + b.sd**2) / 2)), n)


def smd_categories(reference: pd.Series, other: pd.Series) -> Estimate:
    """Distance of two groups over the levels of a categorical column; unknown is a level of its own.

    With two levels it is (p1 - p0) / sqrt((p1 q1 + p0 q0) / 2) of the second level; with more, the
    (unsigned) Mahalanobis distance of the vectors of shares.
    """
    levels = sorted({str(level) for level in pd.concat([reference, other])})
    n = len(reference) + len(other)
    if not len(reference) or not len(other):
        return Estimate(None, n, None, METHOD, REFERENCE, note="a group without patients")
    if len(levels) < 2:
        return Estimate(0.0, n, None, METHOD, REFERENCE)
    a, b = _shares(reference, levels[1:]), _shares(other, levels[1:])
    if len(levels) == 2:
        return _ratio(float(b[0] - a[0]), float(np.sqrt((a[0] * (1 - a[0]) + b[0] * (1 - b[0])) / 2)), n)
    covariance = (_covariance(a) + _covariance(b)) / 2
    gap = b - a
    if not np.allclose(covariance @ np.linalg.pinv(covariance) @ gap, gap):
        return Estimate(None, n, None, METHOD, REFERENCE, note="the groups share no level")
    return Estimate(float(np.sqrt(gap @ np.linalg.pinv(covariance) @ gap)), n, None, METHOD, REFERENCE)


def _ratio(gap: float, scale: float, n: int) -> Estimate:
    if scale == 0:
        note = None if gap == 0 else "no spread within the groups"
        return Estimate(0.0 if gap == 0 else None, n, None, METHOD, REFERENCE, note=note)
    return Estimate(gap / scale, n, None, METHOD, REFERENCE)


def _shares(values: pd.Series, levels: list[str]) -> Floats:
    texts = values.astype(str)
    return np.array([(texts == level).mean() for level in levels])


def _covariance(shares: Floats) -> Floats:
    return np.diag(shares) - np.outer(shares, shares)
