"""Logistic regression: what goes with a choice, and the propensity to make it.

logit P(outcome) = intercept + x beta, by maximum likelihood (statsmodels, Wald limits) or with Firth's
penalty (firthmodels, profile limits: Heinze and Schemper, Stat Med 2002;21:2409), which has a finite
estimate under separation. Firth's probabilities lean towards one half (Puhr et al., Stat Med 2017;36:2302).
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import statsmodels.api as sm
from firthmodels import FirthLogisticRegression, detect_separation
from scipy.stats import chi2, norm

from analysis.statistics.cox import FLAT, design_matrix, singular
from analysis.statistics.durations import Floats
from analysis.statistics.estimates import Estimate, Interval, StatisticsError, Test, Variance
from analysis.statistics.firth import converged, likelihood_ratio, profile_limits, unreached

LOGISTIC = "Hosmer, Lemeshow and Sturdivant 2013"
FIRTH = "Firth 1993; Heinze and Schemper 2002"
SEPARATED = "the likelihood has no finite maximum (separation)"
Z = float(norm.ppf(0.975))
Outcome = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class LogisticModel:
    """A fitted model: `names` (p,), `beta` and `error` (p,), `probability` (n,); or a `note` that says why
    not.

    `error` are Wald standard errors; `events` counts the patients with the outcome.
    """

    names: tuple[str, ...]
    beta: Floats
    error: Floats
    intercept: float
    probability: Floats
    n: int
    events: int
    firth: bool
    note: str | None = None
    _fitted: Any = field(default=None, repr=False, compare=False)
    _scale: Floats = field(default_factory=lambda: np.ones(0), repr=False, compare=False)

    @property
    def method(self) -> str:
        """The estimator in words."""
        return "logistic regression" + (", Firth's penalty" if self.firth else "")

    @property
    def reference(self) -> str:
        """Its source."""
        return FIRTH if self.firth else LOGISTIC

    def log_odds(self, name: str) -> tuple[float, float]:
        """Log odds ratio of one unit of `name`, and its Wald standard error.

        Raises StatisticsError where the model could not be estimated, or has no such column.
        """
        place = self._place(name)
        if self.note is not None:
            raise StatisticsError(f"No odds ratio: {self.note}.")
        return float(self.beta[place]), float(self.error[place])

    def odds_ratio(self, name: str) -> Estimate:
        """Odds ratio of one unit of `name`: Wald limits, or profile limits with Firth's penalty."""
        place = self._place(name)
        if self.note is not None:
            return Estimate(None, self.n, self.events, self.method, self.reference, note=self.note)
        beta, error = self.log_odds(name)
        note = None
        if self.firth:
            ends = profile_limits(self._fitted, place)
            low, high = (None if end is None else float(end ** (1 / self._scale[place])) for end in ends)
            limits, note = Interval(low, high, Variance.PROFILE_LIKELIHOOD), unreached(low, high)
        else:
            low, high = float(np.exp(beta - Z * error)), float(np.exp(beta + Z * error))
            limits = Interval(low, high, Variance.LOGISTIC_WALD)
        ratio = float(np.exp(beta))
        return Estimate(ratio, self.n, self.events, self.method, self.reference, limits, note)

    def test(self, name: str) -> Test:
        """Two-sided test that the odds ratio of `name` is 1: Wald, or the penalised likelihood ratio."""
        place = self._place(name)
        method = f"{self.method}, {'likelihood ratio' if self.firth else 'Wald'} test"
        if self.note is not None:
            return Test(None, self.n, self.events, method, self.reference, note=self.note)
        if not self.firth:
            z = float(self.beta[place] / self.error[place])
            return Test(float(2 * norm.sf(abs(z))), self.n, self.events, method, self.reference, z)
        p_value = likelihood_ratio(self._fitted, place)
        if isinstance(p_value, str):
            return Test(None, self.n, self.events, method, self.reference, note=p_value)
        statistic = float(chi2.isf(p_value, 1))
        return Test(p_value, self.n, self.events, method, self.reference, statistic, 1)

    def _place(self, name: str) -> int:
        if name not in self.names:
            raise StatisticsError(f"The model has no column {name}.")
        return self.names.index(name)


def logistic_model(design: pd.DataFrame, outcome: Outcome, firth: bool = False) -> LogisticModel:
    """Fit `outcome` (n,) on the columns of `design` (n, p); the intercept is added here.

    Where everybody has the same outcome, a column is constant or a combination of others, or (without Firth)
    the data are separated, the model carries a note in place of numbers.
    """
    truth = np.asarray(outcome, dtype=bool)
    names, matrix = tuple(str(name) for name in design.columns), design_matrix(design, len(truth))
    n, events = len(truth), int(truth.sum())
    note = "everybody has the same outcome" if events in (0, n) else singular(matrix, names)
    if note is None:
        # centred and scaled columns: the same model, and tolerances mean the same for every unit
        centre, scale = matrix.mean(axis=0), matrix.std(axis=0)
        standard = (matrix - centre) / scale
        fit = _firth(standard, truth) if firth else _likelihood(standard, truth)
        if fit is not None:
            beta, error, intercept, probability, fitted = fit
            shift = float(intercept - (beta / scale) @ centre)
            numbers = beta / scale, error / scale, shift, probability
            return LogisticModel(names, *numbers, n, events, firth, None, fitted, scale)
        note = "the penalised likelihood does not converge" if firth else SEPARATED
    empty = np.full(len(names), np.nan)
    return LogisticModel(names, empty, empty, np.nan, np.full(n, np.nan), n, events, firth, note)


def separated(design: pd.DataFrame, outcome: Outcome) -> tuple[str, ...]:
    """The columns whose maximum likelihood estimate is infinite; none where the data are not separated.

    Decided by linear programming (Konis 2007). Raises StatisticsError where a column follows from the others.
    """
    truth = np.asarray(outcome, dtype=bool)
    names, matrix = tuple(str(name) for name in design.columns), design_matrix(design, len(truth))
    note = singular(matrix, names)
    if note is not None:
        raise StatisticsError(f"Separation cannot be told: {note}.")
    if truth.all() or not truth.any():
        return names
    standard = (matrix - matrix.mean(axis=0)) / matrix.std(axis=0)
    found = detect_separation(standard, truth.astype(int))
    return tuple(name for name, finite in zip(names, found.is_finite, strict=False) if not finite)


Fitted = tuple[Floats, Floats, float, Floats, Any]


def _likelihood(matrix: Floats, truth: Outcome) -> Fitted | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # separation and convergence are settled below
            model = sm.Logit(truth.astype(float), sm.add_constant(matrix, has_constant="add"))
            fitted = model.fit(disp=0, method="newton", maxiter=100, tol=1e-10)
    except (np.linalg.LinAlgError, sm.tools.sm_exceptions.PerfectSeparationError):
        return None
    beta, error = np.asarray(fitted.params), np.asarray(fitted.bse)
    known = np.isfinite(beta).all() and np.isfinite(error).all()
    if not known or not fitted.mle_retvals["converged"] or (error > FLAT).any():
        return None
    return beta[1:], error[1:], float(beta[0]), np.asarray(fitted.predict()), None


def _firth(matrix: Floats, truth: Outcome) -> Fitted | None:
    fitted = converged(FirthLogisticRegression, matrix, truth.astype(int))
    if fitted is None:
        return None
    probability = fitted.predict_proba(matrix)[:, 1]
    return fitted.coef_, fitted.bse_[:-1], float(fitted.intercept_), probability, fitted
