"""PFS2 of one set of patients under every adjustment: hazard ratios, and the medians of each strategy."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.estimation.adjustment import (
    ADJUSTMENTS,
    NONE,
    comparison_hazard_ratio,
    comparison_medians,
)
from analysis.estimation.covariates import Comparison, compare
from analysis.estimation.rows import Place, Row, from_estimate
from analysis.estimation.study import Pair, Study, months
from analysis.statistics.durations import Durations, together
from analysis.statistics.hazards import hazard_ratio
from analysis.statistics.honesty import few_events, suspicious_interval
from analysis.statistics.kaplan_meier import kaplan_meier, median_survival
from analysis.statistics.propensity import WEIGHTED

COMPARED = "compared"
EMPTY_GROUP = "a group has no patient"


def specification_rows(patients: pd.DataFrame, study: Study) -> list[Row]:
    """Unadjusted medians and hazard ratios, then those of each adjustment; what cannot be had says why.

    The unadjusted rows are those the report leads with, under other rules. A weighted median belongs to a
    comparison, since the weights do.
    """
    groups = pfs2_groups(patients, study)
    rows = [median_row(groups[name], name) for name in study.strategies]
    rows += [ratio_row(groups, pair) for pair in study.pairs]
    for pair in study.pairs:
        comparison = compare(patients, study, pair)  # whose gaps are filled once
        for adjustment in ADJUSTMENTS:
            if adjustment != NONE:
                rows += _adjusted_rows(comparison, adjustment)
    return rows


def _adjusted_rows(comparison: Comparison, adjustment: str) -> list[Row]:
    """Hazard ratio and, of the weighted analyses, both medians: a Cox model has none of its own."""
    pair, ratio = comparison.pair, comparison_hazard_ratio(comparison, adjustment)
    place = Place("pfs2", pair.group, COMPARED, "hazard_ratio", "ratio", adjustment=adjustment)
    rows = [from_estimate(place, ratio)]
    if adjustment in WEIGHTED:
        for strategy, median in comparison_medians(comparison, adjustment).items():
            place = Place("pfs2", strategy, COMPARED, "median", "months", pair.key, adjustment=adjustment)
            data = comparison.data.where(comparison.arm(strategy))
            rows.append(from_estimate(place, median, suspicious_interval(median, data)))
    return rows


def pfs2_groups(patients: pd.DataFrame, study: Study) -> dict[str, Durations]:
    """Strategy to months of PFS2."""
    return {
        name: months(
            patients[patients["strategy"] == name], "pfs2", "pfs2_days", "pfs2_event", "pfs2_entry_days"
        )
        for name in study.strategies
    }


def median_row(data: Durations, strategy: str, term: str | None = None, time: float | None = None) -> Row:
    """Kaplan-Meier median of a strategy."""
    place = Place("pfs2", strategy, COMPARED, "median", "months", term, time)
    if data.n == 0:
        return Row(place, None, 0, 0, "Kaplan-Meier", note="no patients")
    median = median_survival(kaplan_meier(data))
    return from_estimate(place, median, suspicious_interval(median, data))


def ratio_row(
    groups: dict[str, Durations], pair: Pair, term: str | None = None, time: float | None = None
) -> Row:
    """Unadjusted hazard ratio of a pair; the note says where a group has few events."""
    place = Place("pfs2", pair.group, COMPARED, "hazard_ratio", "ratio", term, time)
    reference, other = groups[pair.reference], groups[pair.strategy]
    both = together([reference, other])
    if not reference.n or not other.n:
        return Row(place, None, both.n, both.events, "Cox, Efron", note=EMPTY_GROUP)
    ratio = hazard_ratio(both, np.arange(both.n) >= reference.n)
    return from_estimate(place, ratio.noted(few_events(min(reference.events, other.events))))
