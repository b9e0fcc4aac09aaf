"""Time-to-event endpoints as rows: each group alone, then the comparison."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from analysis.estimation.rows import Place, Row, count, from_estimate, from_test
from analysis.statistics.comparison import log_rank, proportional_hazards
from analysis.statistics.durations import DAYS_PER_MONTH, Durations, together
from analysis.statistics.estimates import Test
from analysis.statistics.hazards import hazard_comparison
from analysis.statistics.honesty import NO_P, TOO_FEW_EVENTS, few_events, suspicious_interval
from analysis.statistics.kaplan_meier import (
    follow_up,
    kaplan_meier,
    median_survival,
    number_at_risk,
    survival_at,
)
from analysis.statistics.restricted_mean import common_tau, rmst, rmst_difference, rmst_test

TIMES = (3.0, 6.0, 12.0, 24.0)  # months at which survival is reported
BENEFIT_WEEKS = round(168 / DAYS_PER_MONTH, 4)  # 24 weeks, the landmark of clinical benefit
AT_TWELVE = 12.0
AXIS_STEPS = (1.0, 2.0, 3.0, 6.0, 12.0, 24.0, 60.0, 120.0)
MOST_TICKS = 9


def axis_ticks(last: float) -> list[float]:
    """Tick positions in months from 0 past `last`, two or more: an axis has a length.

    Numbers at risk are estimated at these and drawn under them.
    """
    step = next((s for s in AXIS_STEPS if last / s < MOST_TICKS), AXIS_STEPS[-1])
    return [i * step for i in range(max(1, int(np.ceil(last / step))) + 1)]


def group_rows(endpoint: str, group: str, population: str, data: Durations, last: float) -> list[Row]:
    """Median, range, survival at 3, 6, 12 and 24 months, numbers at risk up to `last`, follow-up."""

    def place(statistic: str, unit: str, term: str | None = None, time: float | None = None) -> Place:
        return Place(endpoint, group, population, statistic, unit, term, time)

    left_out = Row(place("count", "patients", "before_entry"), float(data.left_out), data.n, None, "count")
    if data.n == 0:
        nothing = Row(place("median", "months"), None, 0, 0, "Kaplan-Meier", note="no patients")
        return [nothing, left_out]
    curve = kaplan_meier(data)
    times = (*TIMES, BENEFIT_WEEKS) if endpoint == "pfs2" else TIMES
    median = median_survival(curve)
    rows = [from_estimate(place("median", "months"), median, suspicious_interval(median, data))]
    for statistic, value in (("minimum", data.time.min()), ("maximum", data.time.max())):
        rows.append(Row(place(statistic, "months"), float(value), data.n, data.events, "sample value"))
    rows += [count(place("count", "patients", "events"), data.events, data.n), left_out]
    rows.append(_maturity(place("proportion", "proportion", "maturity"), data))
    rows += [from_estimate(place("survival", "proportion", time=t), survival_at(curve, t)) for t in times]
    ticks = sorted({*axis_ticks(last), *TIMES})
    rows += [count(place("at_risk", "patients", time=t), number_at_risk(data, t), data.n) for t in ticks]
    return [*rows, from_estimate(place("median", "months", "follow_up"), follow_up(data))]


def _maturity(place: Place, data: Durations) -> Row:
    return Row(place, data.events / data.n, data.n, data.events, "share of patients with the event")


def comparison_rows(
    endpoint: str, population: str, groups: Mapping[str, Durations], reference: str
) -> list[Row]:
    """Every other group against the reference.

    Hazard ratio, tests, restricted means. Empty groups are passed over.
    """
    rows: list[Row] = []
    for name, data in groups.items():
        if name != reference and data.n and groups[reference].n:
            rows += _pair(endpoint, population, f"{name} vs {reference}", groups[reference], data)
    return rows


def _pair(endpoint: str, population: str, name: str, reference: Durations, other: Durations) -> list[Row]:
    def place(statistic: str, unit: str, term: str | None = None, time: float | None = None) -> Place:
        return Place(endpoint, name, population, statistic, unit, term, time)

    both = together([reference, other])
    group = np.arange(both.n) >= reference.n
    fewest = min(reference.events, other.events)
    few = few_events(fewest)
    ratio, test = hazard_comparison(both, group)
    rows = [from_estimate(place("hazard_ratio", "ratio"), ratio.noted(few))]
    tests = {
        "log_rank": log_rank(both, group),
        "cox": test,
        "proportional_hazards": proportional_hazards(both, group),
    }
    rows += [_p_row(place("p_value", "p", term), test, fewest) for term, test in tests.items()]
    taus = {"common": common_tau(reference, other)}
    if taus["common"] >= AT_TWELVE:
        taus["12_months"] = AT_TWELVE
    for term, tau in taus.items():
        if tau > 0:
            difference = rmst_difference(reference, other, tau)
            rows.append(from_estimate(place("rmst_difference", "months", term, tau), difference.noted(few)))
            test = rmst_test(reference, other, tau)
            rows.append(_p_row(place("p_value", "p", f"rmst_{term}", tau), test, fewest))
    return rows


def mean_rows(endpoint: str, population: str, groups: Mapping[str, Durations]) -> list[Row]:
    """RMST of each group up to the smallest of the groups' last times."""
    filled = {name: data for name, data in groups.items() if data.n}
    if len(filled) < 2:
        return []
    first, *others = filled.values()
    tau = min(common_tau(first, other) for other in others)
    return [
        from_estimate(Place(endpoint, name, population, "rmst", "months", "common", tau), rmst(data, tau))
        for name, data in filled.items()
        if tau > 0
    ]


def _p_row(place: Place, test: Test, fewest_events: int) -> Row:
    """The p-value, unless a group has under 5 events (statistics.md, honesty rules)."""
    if fewest_events < TOO_FEW_EVENTS:
        return Row(place, None, test.n, test.events, test.method, reference=test.reference, note=NO_P)
    return from_test(place, test, few_events(fewest_events))
