"""What a statistic is here: a number, how many patients and events stand behind it, and how it was made.

The honesty rule is in the types: an `Estimate` can carry an `Interval` and nothing else, and an `Interval`
cannot be made without naming the variance or resampling method it comes from (`Variance`). The smallest and
largest value of the data are a `Spread`, which has no field that could be printed as a confidence interval.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from enum import Enum

TOLERANCE = 1e-9


class StatisticsError(ValueError):
    """The input cannot be analysed; the message is one sentence that says why."""


class Variance(Enum):
    """Where a confidence interval may come from."""

    GREENWOOD_LOG_LOG = "Greenwood variance, log-log transformation"
    BROOKMEYER_CROWLEY = "Brookmeyer-Crowley, from the log-log limits of the curve"
    COX_WALD = "Wald, from the inverse of the observed information"
    RMST_GREENWOOD = "normal, Greenwood-type variance of the area"
    CLOPPER_PEARSON = "Clopper-Pearson exact"
    NEWCOMBE = "Newcombe hybrid score (method 10)"
    ROBUST_LOG_LOG = "infinitesimal jackknife variance, log-log transformation"
    BROOKMEYER_CROWLEY_ROBUST = "Brookmeyer-Crowley, from the robust log-log limits of the weighted curve"
    INFINITESIMAL_JACKKNIFE = "normal, infinitesimal jackknife variance"
    COX_ROBUST = "Wald, from the robust sandwich variance (Lin and Wei)"
    PROFILE_LIKELIHOOD = "profile of the penalised likelihood (Heinze and Schemper)"
    LOGISTIC_WALD = "Wald, from the inverse of the logistic information"
    AALEN_LOG_LOG = "infinitesimal jackknife variance of the Aalen-Johansen curve, log-log transformation"
    RUBIN = "Rubin's rules over multiply imputed sets"
    BOOTSTRAP_PERCENTILE = "bootstrap, percentile limits"
    BOOTSTRAP_NORMAL = "bootstrap, normal limits from the standard error of the replicates"


# Percentile limits are quantiles of replicates: where the estimate jumps between steps of a curve, they may
# lie beside it. Every other method builds its limits around the estimate, and an estimate outside them is an
# error.
RESAMPLED = frozenset({Variance.BOOTSTRAP_PERCENTILE})


@dataclass(frozen=True)
class Interval:
    """A confidence interval; `low` or `high` is None where the limit is not reached.

    `level` is the coverage (0.95), `variance` the method behind it.
    """

    low: float | None
    high: float | None
    variance: Variance
    level: float = 0.95

    def __post_init__(self) -> None:
        if not isinstance(self.variance, Variance):
            raise StatisticsError("A confidence interval names the variance method it comes from.")
        for limit in (self.low, self.high):
            if limit is not None and not math.isfinite(limit):
                raise StatisticsError("A limit is a finite number, or None where it is not reached.")
        if self.low is not None and self.high is not None and self.low > self.high:
            raise StatisticsError("The lower confidence limit is above the upper one.")

    def brackets(self, value: float) -> bool:
        """Whether the value lies in the interval, up to rounding."""
        slack = TOLERANCE * max(1.0, abs(value))
        above = self.low is None or self.low <= value + slack
        return above and (self.high is None or value <= self.high + slack)

    def misses(self, value: float) -> bool:
        """Whether the value lies outside limits that were built around it; resampled limits were not."""
        return self.variance not in RESAMPLED and not self.brackets(value)


@dataclass(frozen=True)
class Estimate:
    """One estimated number.

    `estimate` is None where it is not reached or cannot be had, and `note` then says why. `n` patients and
    `events` events stand behind it (`events` is None where nothing is counted as an event). `method` names
    the estimator, `reference` its source. `standard_error` is on the estimate's own scale, for whoever pools
    it; 0 where there is no variance, and then there is no interval.
    """

    estimate: float | None
    n: int
    events: int | None
    method: str
    reference: str
    interval: Interval | None = None
    note: str | None = None
    standard_error: float | None = None

    def __post_init__(self) -> None:
        if self.estimate is not None and not math.isfinite(self.estimate):
            raise StatisticsError("An estimate is a finite number, or None with a note.")
        if self.estimate is None and not self.note:
            raise StatisticsError("A missing estimate says why in its note.")
        if self.estimate is not None and self.interval and self.interval.misses(self.estimate):
            raise StatisticsError("The confidence interval does not bracket its estimate.")

    @property
    def ci_low(self) -> float | None:
        """The lower confidence limit; None without an interval or where it is not reached."""
        return self.interval.low if self.interval else None

    @property
    def ci_high(self) -> float | None:
        """The upper confidence limit; None without an interval or where it is not reached."""
        return self.interval.high if self.interval else None

    def noted(self, note: str | None) -> Estimate:
        """The same with a further note; a missing estimate keeps its own, which says why."""
        if note is None or self.estimate is None:
            return self
        return replace(self, note="; ".join(text for text in (self.note, note) if text))


@dataclass(frozen=True)
class Test:
    """A hypothesis test: its statistic, degrees of freedom and two-sided p-value (0 to 1).

    `p_value` is None where the test is not made, and `note` says why.
    """

    __test__ = False  # not a test case, whatever pytest makes of the name

    p_value: float | None
    n: int
    events: int | None
    method: str
    reference: str
    statistic: float | None = None
    degrees_of_freedom: int | None = None
    note: str | None = None


@dataclass(frozen=True)
class Spread:
    """How the values of a sample lie, in the sample's unit. None of these is a confidence limit."""

    n: int
    missing: int
    mean: float | None
    sd: float | None
    median: float | None
    q1: float | None
    q3: float | None
    smallest: float | None
    largest: float | None
