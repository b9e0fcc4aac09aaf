"""Propensity scores and the weights made of them.

The score is the probability of the other strategy given the covariates, by logistic regression; by Firth's
(Firth 1993; Heinze and Schemper, Stat Med 2002;21:2409) where the groups are separated. Overlap weights
(Li, Morgan and Zaslavsky, J Am Stat Assoc 2018;113:390) give each patient the probability of the strategy
she did not get: those who could have had either count most, and the means of the covariates in the model
become equal. Stabilised weights (Robins, Hernan and Brumback, Epidemiology 2000;11:550) give the share of
her strategy over the probability of it: the average over all.

Ours because the bootstrap refits the model thousands of times: all fits move together here. Tests hold it
against statsmodels and firthmodels.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.statistics.association import effective_sample_size
from analysis.statistics.durations import Floats

OVERLAP, ATE = "overlap", "ate"
WEIGHTED = (OVERLAP, ATE)
ITERATIONS, LARGEST_STEP = 30, 4.0
FIRTH_ITERATIONS, FIRTH_LARGEST_STEP = 500, 1.0  # it nears its maximum slowly, and long steps pass it
CONVERGED, FIRTH_CONVERGED, FIRTH_RESAMPLED = (
    1e-9,
    1e-7,
    1e-4,
)  # the last step's size; a resample's is coarser
CERTAIN = 30.0  # log odds beyond which nobody is told apart: no score is exactly 0 or 1, no weight infinite
RIDGE = 1e-10  # keeps a column that is constant in a resample at 0
Bools = npt.NDArray[np.bool_]


class Scores(NamedTuple):
    """Propensity scores (fits, n), and for each fit whether Firth's penalty was needed (fits,).

    The scores of a fit that did not converge with the penalty either are NaN.
    """

    score: Floats
    penalised: Bools


def propensity(design: pd.DataFrame | Floats, other: Bools, frequency: Floats | None = None) -> Scores:
    """Scores of every patient from a design (n, p), once for each row of `frequency` (fits, n), or once.

    `frequency` says how often each patient stands in a resample; 0 is not at all.
    """
    matrix = np.asarray(design, dtype=float)
    often = np.ones((1, len(matrix))) if frequency is None else frequency
    spread = matrix.std(axis=0)
    columns = (matrix - matrix.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    full = np.column_stack([np.ones(len(matrix)), columns])
    truth, start = other.astype(float), np.zeros(full.shape[1])
    if len(often) > 1:  # resamples lie near the whole
        whole, found = _newton(full, truth, np.ones((1, len(matrix))), start, firth=False)
        start = whole[0] if found[0] else start
    beta, converged = _newton(full, truth, often, start, firth=False)
    if not converged.all():
        again = ~converged
        beta[again], finished = _newton(full, truth, often[again], np.zeros_like(start), firth=True)
        beta[again] = np.where(finished[:, None], beta[again], np.nan)
    return Scores(_probability(beta @ full.T), ~converged)


def balancing_weights(score: Floats, other: Bools, kind: str) -> Floats:
    """Overlap or stabilised weights (..., n) of scores (..., n), with a mean of 1 over all patients.

    Only their proportions matter. Unpenalised overlap weights have the same sum in both groups.
    """
    if kind == OVERLAP:
        weight = np.where(other, 1 - score, score)
    else:
        weight = np.where(other, other.mean() / score, (1 - other.mean()) / (1 - score))
    return np.asarray(weight / weight.mean(axis=-1, keepdims=True), dtype=float)


class Usefulness(NamedTuple):
    """What the weights of a group are worth: effective sample size, and the largest over their mean."""

    effective: float
    largest: float


def usefulness(weight: Floats) -> Usefulness:
    """Of the weights (n,) of one group."""
    return Usefulness(effective_sample_size(weight), float(weight.max() / weight.mean()))


def _newton(
    design: Floats, outcome: Floats, often: Floats, start: Floats, firth: bool
) -> tuple[Floats, Bools]:
    """Coefficients (fits, p), and whether each fit converged; a separated fit without penalty never does."""
    columns = design.shape[1]
    beta = np.tile(start, (len(often), 1))
    products = (design[:, :, None] * design[:, None, :]).reshape(len(design), columns * columns)
    open_fits, longest = np.arange(len(often)), FIRTH_LARGEST_STEP if firth else LARGEST_STEP
    penalised = FIRTH_CONVERGED if len(often) == 1 else FIRTH_RESAMPLED
    for _ in range(FIRTH_ITERATIONS if firth else ITERATIONS):
        chance = _probability(beta[open_fits] @ design.T)
        information = often[open_fits] * chance * (1 - chance)
        cross = (information @ products).reshape(-1, columns, columns) + RIDGE * np.eye(columns)
        residual = often[open_fits] * (outcome - chance)
        if firth:
            leverage = np.linalg.inv(cross).reshape(-1, columns * columns) @ products.T
            residual = residual + information * leverage * (0.5 - chance)
        step = np.linalg.solve(cross, (residual @ design)[..., None])[..., 0]
        size = np.abs(step).max(axis=1)
        step *= np.minimum(1.0, longest / np.maximum(size, longest))[:, None]
        beta[open_fits] += step
        open_fits = open_fits[size > (penalised if firth else CONVERGED)]
        if not len(open_fits):
            break
    converged = np.ones(len(often), dtype=bool)
    converged[open_fits] = False
    return beta, converged


def _probability(linear: Floats) -> Floats:
    return 1 / (1 + np.exp(-np.clip(linear, -CERTAIN, CERTAIN)))
