"""Random draws that hold their shape in small samples.

A story of 19 patients whose median is left to luck misses it by months. Times are therefore drawn at evenly
spaced quantiles in random order, and categories in exact proportions (largest remainder).
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


def largest_remainder(weights: Sequence[float], total: int) -> Ints:
    """Whole counts that sum to `total`, as near to the weights' proportions as whole counts can be."""
    shares = np.asarray(weights, dtype=np.float64)
    exact = shares / shares.sum() * total
    counts = np.floor(exact).astype(np.int64)
    order = np.argsort(-(exact - counts), kind="stable")
    counts[order[: total - int(counts.sum())]] += 1
    return counts


def allot(rng: np.random.Generator, weights: Sequence[float], size: int) -> Ints:
    """`size` category numbers in the weights' proportions, in random order."""
    categories = np.repeat(np.arange(len(weights)), largest_remainder(weights, size))
    return rng.permutation(categories)


def spread(rng: np.random.Generator, size: int) -> Floats:
    """`size` probabilities, one in the middle of each of `size` equal steps from 0 to 1, in random order."""
    return (rng.permutation(size) + 0.5) / max(size, 1)


def weibull(probability: Floats, median: Floats | float, shape: float) -> Floats:
    """Quantiles of a Weibull distribution given by its median and shape (1 is the exponential)."""
    times: Floats = median * (-np.log2(1.0 - probability)) ** (1.0 / shape)
    return times


def between(rng: np.random.Generator, low: Ints | int, high: Ints | int, size: int) -> Ints:
    """Whole numbers from `low` to `high`, both included; `low` where the range is empty."""
    top = np.maximum(np.asarray(high), np.asarray(low))
    return rng.integers(low, top + 1, size=size, dtype=np.int64)


def chance(rng: np.random.Generator, probability: Floats | float, size: int) -> Bools:
    """True with the given probability, each independently."""
    return rng.random(size) < probability


def ragged(counts: Ints) -> tuple[Ints, Ints]:
    """The owner and the place (from 0) of every element of rows that hold `counts` elements each."""
    owner = np.repeat(np.arange(counts.size), counts)
    first = np.repeat(np.cumsum(counts) - counts, counts)
    return owner, np.arange(owner.size) - first


def race(rng: np.random.Generator, weights: Floats) -> Ints:
    """One column per row of a weight matrix, chosen in proportion to the weights; a weight of 0 never wins.

    The smallest of exponential waiting times with these rates: one draw per cell and no loop over rows.
    """
    waits = rng.standard_exponential(weights.shape)
    with np.errstate(divide="ignore"):
        return np.argmin(np.where(weights > 0, waits / weights, np.inf), axis=1)
