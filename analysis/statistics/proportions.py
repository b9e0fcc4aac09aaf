"""Proportions: exact intervals, the difference of two, and Fisher's test.

References: Clopper and Pearson, Biometrika 1934;26:404; Newcombe, Stat Med 1998;17:873 (method 10); Fisher
1922.
"""

from __future__ import annotations

from scipy.stats import fisher_exact
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

from analysis.statistics.estimates import Estimate, Interval, StatisticsError, Test, Variance

EXACT = "Clopper and Pearson 1934"
DIFFERENCE = "Newcombe 1998"
FISHER = "Fisher 1922"


def proportion(successes: int, n: int) -> Estimate:
    """Share `successes / n` (0 to 1) with the Clopper-Pearson 95 % interval.

    Raises StatisticsError unless 0 <= successes <= n.
    """
    _check(successes, n)
    if n == 0:
        return Estimate(None, 0, 0, "proportion", EXACT, note="no patients")
    low, high = proportion_confint(successes, n, alpha=0.05, method="beta")
    interval = Interval(float(low), float(high), Variance.CLOPPER_PEARSON)
    return Estimate(successes / n, n, successes, "proportion, exact interval", EXACT, interval)


def proportion_difference(successes: int, n: int, reference_successes: int, reference_n: int) -> Estimate:
    """Share in the group minus share in the reference (-1 to 1), with Newcombe's 95 % interval."""
    _check(successes, n)
    _check(reference_successes, reference_n)
    total, events = n + reference_n, successes + reference_successes
    if not n or not reference_n:
        return Estimate(
            None, total, events, "difference of proportions", DIFFERENCE, note="a group without patients"
        )
    low, high = confint_proportions_2indep(
        successes, n, reference_successes, reference_n, compare="diff", method="newcomb", alpha=0.05
    )
    # rounding can leave a difference of -1 a hair under it
    interval = Interval(max(-1.0, float(low)), min(1.0, float(high)), Variance.NEWCOMBE)
    difference = successes / n - reference_successes / reference_n
    return Estimate(difference, total, events, "difference of proportions", DIFFERENCE, interval)


def fisher_test(successes: int, n: int, reference_successes: int, reference_n: int) -> Test:
    """Fisher's exact test, two-sided, of the 2 x 2 table."""
    _check(successes, n)
    _check(reference_successes, reference_n)
    total, events = n + reference_n, successes + reference_successes
    if not n or not reference_n:
        return Test(None, total, events, "Fisher's exact test", FISHER, note="a group without patients")
    table = [[successes, n - successes], [reference_successes, reference_n - reference_successes]]
    return Test(float(fisher_exact(table)[1]), total, events, "Fisher's exact test", FISHER)


def _check(successes: int, n: int) -> None:
    if not 0 <= successes <= n:
        raise StatisticsError(f"{successes} of {n} is not a proportion.")
