"""The hazard ratio of two groups by the method that their events allow (statistics.md, honesty rules).

With fewer than 10 events in a group, or where one has none (separation), Firth's penalised Cox model takes
the place of the plain one; it has no delayed entry, and then the plain one stays.
"""

from __future__ import annotations

import pandas as pd
from firthmodels import FirthCoxPH

from analysis.statistics.comparison import Groups, cox_comparison
from analysis.statistics.durations import Durations, two_groups
from analysis.statistics.estimates import Estimate, Interval, Test, Variance
from analysis.statistics.firth import (
    converged,
    firth_cox_hazard_ratio,
    firth_cox_test,
    profile_limits,
    unreached,
)
from analysis.statistics.honesty import FEW_EVENTS


def hazard_comparison(data: Durations, group: Groups) -> tuple[Estimate, Test]:
    """Hazard ratio of group (n,) True against False and the test that goes with it.

    Cox with its Wald test; where events are few or separated, Firth's with the penalised likelihood ratio.
    """
    few = fewest_events(data, group) < FEW_EVENTS
    plain = None if few else cox_comparison(data, group)
    if plain is not None and plain[0].estimate is not None:
        return plain
    penalised = firth_cox_hazard_ratio(data, group)
    if penalised.estimate is not None:
        return penalised, firth_cox_test(data, group)
    ratio, test = plain or cox_comparison(data, group)
    return ratio.noted(penalised.note), test


def hazard_ratio(data: Durations, group: Groups) -> Estimate:
    """The hazard ratio of `hazard_comparison`."""
    return hazard_comparison(data, group)[0]


def fewest_events(data: Durations, group: Groups) -> int:
    """Events of the group that has fewer."""
    return min(part.events for part in two_groups(data, group))


def penalised_log_hazard(data: Durations, design: pd.DataFrame) -> tuple[float, float] | None:
    """Firth's log hazard ratio of the first column of a design (n, p) and its standard error, or None."""
    fitted = _penalised(data, design)
    if fitted is None:
        return None
    model, scale = fitted
    return float(model.coef_[0]) / scale, float(model.bse_[0]) / scale


def penalised_interval(data: Durations, design: pd.DataFrame) -> tuple[Interval, str | None] | None:
    """Profile limits of that hazard ratio, and a note where one is not reached."""
    fitted = _penalised(data, design)
    if fitted is None:
        return None
    model, scale = fitted
    low, high = (None if end is None else float(end ** (1 / scale)) for end in profile_limits(model, 0))
    return Interval(low, high, Variance.PROFILE_LIKELIHOOD), unreached(low, high)


def _penalised(data: Durations, design: pd.DataFrame) -> tuple[FirthCoxPH, float] | None:
    """The fit to columns of unit spread, as its tolerances want them, and the first column's own spread."""
    if data.delayed or data.events == 0:
        return None
    matrix = design.to_numpy(dtype=float)
    scale = matrix.std(axis=0)
    columns = (matrix - matrix.mean(axis=0)) / scale
    fitted = converged(FirthCoxPH, columns, (data.event.astype(bool), data.time))
    return None if fitted is None else (fitted, float(scale[0]))
