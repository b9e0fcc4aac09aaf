"""The figures of the shareable rendering. What is not drawn here is not drawn there."""

from __future__ import annotations

from collections.abc import Sequence

from analysis.disclosure.control import Shareable
from analysis.estimation.study import StudyData
from analysis.figures import NARROW, WIDE, Curve, survival_figure
from analysis.report import words
from analysis.report.pictures import CLOCKS, SHARES, Pictures, attrition


def shareable_pictures(data: StudyData, shown: Shareable) -> Pictures:
    """The attrition and the curves of groups: no dots, no swimmers, no ticks of single patients.

    No line leads from a curve to its median: the median is of all patients, the curve of groups.
    """
    drawn: Pictures = {"attrition": attrition(data, shown.numbers)}
    for endpoint in CLOCKS:
        groups = [name for name in (*data.study.strategies, "all") if (endpoint, name) in shown.curves]
        if any(name != "all" for name in groups):
            groups = [name for name in groups if name != "all"]
        if groups:
            drawn[endpoint] = _survival(endpoint, groups, data, shown)
    return drawn


def _survival(endpoint: str, groups: Sequence[str], data: StudyData, shown: Shareable) -> dict[str, str]:
    last = max(shown.curves[endpoint, name].until for name in groups)
    times = sorted({
        row.time_months
        for row in shown.numbers.rows.values()
        if row.endpoint == endpoint and row.statistic == "at_risk" and row.time_months is not None
    })  # fmt: skip
    ticks = _even(times, last)
    curves = []
    for name in groups:
        risk = {
            tick: (int(row.estimate), row.estimate_id)
            for tick in ticks
            if (row := shown.numbers.row(f"{endpoint}.{name}.at_risk.{tick:g}")) and row.estimate is not None
        }
        strategies = data.study.strategies
        colour = str(strategies.index(name)) if name in strategies else "all"
        median = shown.numbers.value(f"{endpoint}.{name}.median")
        fit = shown.curves[endpoint, name].fit
        reached = "withheld or not reached" if median is None else f"{median:.1f} months"
        said = f"{data.study.label(name)}: in steps of {shown.min_count} patients, median {reached}"
        curves.append(Curve(data.study.label(name), colour, fit, None, risk, said))
    title = words.ENDPOINTS[endpoint] + (" by strategy" if len(groups) > 1 else "")
    clock = CLOCKS[endpoint].format(drug=data.study.index_drug)
    return {
        size.name: survival_figure(endpoint, title, SHARES[endpoint], clock, curves, ticks, size)
        for size in (WIDE, NARROW)
    }


def _even(times: Sequence[float], last: float) -> list[float]:
    """Ticks at even steps from 0 until past `last`, at times that have numbers at risk as far as they go."""
    step = times[-1] - times[-2] if len(times) > 1 else 3.0
    ticks = [0.0]
    while ticks[-1] < last:
        ticks.append(ticks[-1] + step)
    return ticks if len(ticks) > 1 else [0.0, step]
