"""Two more figures over a common axis: further lines against death, and the PFS ratio."""

from __future__ import annotations

from analysis.estimation.incidence_rows import next_line_incidence
from analysis.estimation.ratio_rows import pfs_ratios, ratio_threshold
from analysis.estimation.study import StudyData
from analysis.estimation.survival_rows import axis_ticks
from analysis.figures import NARROW, WIDE, Curve, survival_figure
from analysis.figures.incidence import Incidence, incidence_figure
from analysis.figures.plot_area import Risk
from analysis.figures.survival import Threshold
from analysis.report.numbers import Numbers
from analysis.statistics.kaplan_meier import kaplan_meier

Drawn = dict[str, str]  # size -> svg


def incidence_picture(data: StudyData, numbers: Numbers, clock: str) -> Drawn:
    """Cumulative incidence of a further line, with death competing, by strategy."""
    curves = {name: fit for name, fit in next_line_incidence(data).items() if name != "all"}
    if not curves:
        return {}
    ticks = axis_ticks(max(float(fit.time[-1]) for fit in curves.values()))
    # who is at risk of a further line is at risk of TTNT: both end in either event
    groups = [
        Incidence(data.study.label(name), _colour(data, name), fit, risk(numbers, "ttnt", name, ticks))
        for name, fit in curves.items()
    ]
    title = "Cumulative incidence of a further line, death competing, by strategy"
    names = ("Further line", "Death before it")
    return {
        size.name: incidence_figure("incidence", title, names, clock, groups, ticks, size)
        for size in (WIDE, NARROW)
    }


def ratio_picture(data: StudyData, numbers: Numbers) -> Drawn:
    """Kaplan-Meier curves of the PFS ratio by strategy, with the study's threshold."""
    ratios = {name: r for name, r in pfs_ratios(data).items() if name != "all" and r.n}
    if not ratios:
        return {}
    ticks = axis_ticks(max(float(r.time.max()) for r in ratios.values()))
    curves = [
        Curve(
            data.study.label(name),
            _colour(data, name),
            kaplan_meier(ratio),
            None,
            risk(numbers, "pfs_ratio", name, ticks),
            _said(data, numbers, name),
        )
        for name, ratio in ratios.items()
    ]
    threshold = ratio_threshold(data)
    mark = Threshold(threshold, f"threshold {threshold:g}") if threshold <= ticks[-1] else None
    words = "PFS ratio at least so large, %", "PFS ratio: PFS2 over PFS1 of the same patient"
    return {
        size.name: survival_figure("ratio", "PFS ratio by strategy", *words, curves, ticks, size, mark)
        for size in (WIDE, NARROW)
    }


def risk(numbers: Numbers, endpoint: str, name: str, ticks: list[float]) -> Risk:
    """The numbers at risk under the ticks, as far as there are rows."""
    found: dict[float, tuple[int, str]] = {}
    for tick in ticks:
        row = numbers.row(f"{endpoint}.{name}.at_risk.{tick:g}")
        if row and row.estimate is not None:
            found[tick] = (int(row.estimate), row.estimate_id)
    return found


def _said(data: StudyData, numbers: Numbers, name: str) -> str:
    share = numbers.value(f"pfs_ratio.{name}.survival.threshold")
    reached = "unknown" if share is None else f"{share:.0%}"
    return f"{data.study.label(name)}: share at or above the threshold {reached}"


def _colour(data: StudyData, name: str) -> str:
    return str(data.study.strategies.index(name))
