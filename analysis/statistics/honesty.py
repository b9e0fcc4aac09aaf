"""The honesty rules of statistics.md: the thresholds under which the report speaks, with their words.

And a range that calls itself a confidence interval, found by its numbers. The types make every interval name
its method. `suspicious_interval` looks at the numbers themselves: with 10 or more events no method gives
limits that are exactly the smallest and largest time, or exactly the quartiles, of the data.
"""

from __future__ import annotations

import numpy as np

from analysis.statistics.durations import Durations, Floats
from analysis.statistics.estimates import Estimate

FEW_EVENTS = 10  # in a group: under it Firth's method, and the words beside it
FEW = f"fewer than {FEW_EVENTS} events in a group: read with great caution"
TOO_FEW_EVENTS = 5  # in a group: under it no p-value
NO_P = f"fewer than {TOO_FEW_EVENTS} events in a group: no p-value"
EVENTS_PER_VARIABLE = 10  # under it Firth's method
PATIENTS_PER_COVARIATE = 10  # of the smaller group: the covariates are cut to so many
FEWEST_EFFECTIVE = 10  # effective sample size of a group, under which groups cannot be compared
LARGE_SMD = 0.25  # in size, over which a characteristic differs
PH_FAILS = 0.05  # under it hazards are not proportional, and the restricted mean leads

ENOUGH_EVENTS = FEW_EVENTS  # with fewer, limits may fall on the extremes by themselves
EQUAL = 1e-9  # relative to the largest time


def few_events(fewest: int) -> str | None:
    """The words beside a comparison whose smaller number of events is `fewest`, where they are few."""
    return FEW if fewest < FEW_EVENTS else None


def suspicious_interval(estimate: Estimate, data: Durations) -> str | None:
    """A warning in words where the limits are the range or the interquartile range of the data; else None.

    `data` are the durations behind the estimate, in its unit. Range and quartiles (R's type 7) are taken
    over all durations and over those that end in an event. An interval with an open side is neither.
    """
    if data.events < ENOUGH_EVENTS or estimate.ci_low is None or estimate.ci_high is None:
        return None
    limits = np.array([estimate.ci_low, estimate.ci_high])
    for name, times in (("times", data.time), ("event times", data.time[data.event == 1])):
        for what, quantiles in (("smallest and largest of the", (0, 1)), ("quartiles of the", (0.25, 0.75))):
            if _same(limits, np.quantile(times, quantiles), float(np.abs(times).max())):
                limits_shown = f"{estimate.ci_low:.1f} to {estimate.ci_high:.1f}"
                return (
                    f"the limits, {limits_shown}, are also the {what} {name}: "
                    "look twice before they are quoted as a confidence interval"
                )
    return None


def _same(limits: Floats, values: Floats, scale: float) -> bool:
    return bool((np.abs(limits - values) <= EQUAL * max(1.0, scale)).all())
