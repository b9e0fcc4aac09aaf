"""The figure of the weighted curves: PFS2 of each strategy of a pair under overlap weights."""

from __future__ import annotations

from analysis.estimation.adjustment import NAMES, adjusted_curves, weighted_sets
from analysis.estimation.covariates import compare
from analysis.estimation.run import compared_endpoints
from analysis.estimation.study import Pair, StudyData
from analysis.estimation.survival_rows import axis_ticks
from analysis.figures import NARROW, WIDE, Curve, survival_figure
from analysis.report import words
from analysis.report.numbers import Numbers
from analysis.report.time_pictures import risk
from analysis.statistics.propensity import OVERLAP


def weighted_pictures(data: StudyData, numbers: Numbers, share: str, clock: str) -> dict[str, dict[str, str]]:
    """Name and drawings of each pair's weighted curves; none where nothing could be weighted."""
    suffixes = {pair: f"-{pair.strategy}" if len(data.study.pairs) > 1 else "" for pair in data.study.pairs}
    drawn = {
        f"weighted{suffix}": _drawn(data, numbers, pair, f"weighted{suffix}", (share, clock))
        for pair, suffix in suffixes.items()
    }
    return {name: sizes for name, sizes in drawn.items() if sizes}


def _drawn(data: StudyData, numbers: Numbers, pair: Pair, name: str, axes: tuple[str, str]) -> dict[str, str]:
    comparison = compare(data.patients, data.study, pair)
    curves = adjusted_curves(comparison, weighted_sets(comparison, OVERLAP))
    if not curves:
        return {}
    # the ticks under which the numbers at risk have rows: those of the unweighted figure
    last = max(float(d.time.max()) for d in compared_endpoints(data)["pfs2"].values() if d.n)
    ticks = axis_ticks(last)
    lines = []
    for strategy, curve in curves.items():
        label = data.study.label(strategy)
        median = numbers.value(f"pfs2.{strategy}.{OVERLAP}.median.{pair.key}")
        said = "not reached" if median is None else f"{median:.1f} months"
        lines.append(
            Curve(
                label, str(data.study.strategies.index(strategy)), curve, median,
                risk(numbers, "pfs2", strategy, ticks), f"{label}: weighted median {said}",
            )
        )  # fmt: skip
    against = f"{data.study.label(pair.strategy)} against {words.inside(data.study.label(pair.reference))}"
    title = f"PFS2 with {NAMES[OVERLAP]}, {words.inside(against)}"
    return {
        size.name: survival_figure(name, title, axes[0], axes[1], lines, ticks, size)
        for size in (WIDE, NARROW)
    }
