"""The figures of the adjusted comparison, one set a pair: balance, propensity, hazard ratios by analysis."""

from __future__ import annotations

from collections.abc import Iterator

from analysis.estimation.adjustment import COX, NAMES, NONE, propensity_scores
from analysis.estimation.baseline_rows import covariates_of
from analysis.estimation.covariates import compare
from analysis.estimation.reanalyses import LANDMARK, NO_EARLY
from analysis.estimation.study import Pair, StudyData
from analysis.figures import NARROW, WIDE
from analysis.figures.forest import Block, Ratio, forest_figure
from analysis.figures.love import Balance, love_figure
from analysis.figures.propensity import Scores, propensity_figure
from analysis.report import words
from analysis.report.numbers import Numbers
from analysis.report.specification_words import ADJUSTMENTS, MISSING, REANALYSES, by_method, reanalysis_key
from analysis.statistics.propensity import OVERLAP, WEIGHTED

Drawn = dict[str, str]  # size -> svg
# heading, then the analyses under it: which numbers, the end of their ids, their words
ANALYSES: tuple[tuple[str, tuple[tuple[str, str, str], ...]], ...] = (
    (ADJUSTMENTS[NONE], (("study", "hazard_ratio", "All compared"),)),
    (
        "Adjusted",
        tuple(("study", f"{way}.hazard_ratio", ADJUSTMENTS[way]) for way in (*WEIGHTED, COX)),
    ),
    (
        f"{ADJUSTMENTS[OVERLAP]}, unknown values met otherwise",
        tuple(
            ("study", f"{OVERLAP}_{missing}.hazard_ratio", words.sentence(label))
            for missing, label in MISSING.items()
        ),
    ),
    (
        "Other analyses, not adjusted",
        tuple(
            ("other", reanalysis_key("", "hazard_ratio", term).removeprefix("pfs2.."), REANALYSES[term])
            for term in (NO_EARLY, LANDMARK)
        ),
    ),
)


def comparison_pictures(data: StudyData, numbers: Numbers, others: Numbers) -> Iterator[tuple[str, Drawn]]:
    """Name and drawings of every figure that has something in it; `others` are the primary reanalyses."""
    for pair in data.study.pairs:
        suffix = f"-{pair.strategy}" if len(data.study.pairs) > 1 else ""
        found = {
            "love": _love(data, numbers, pair, suffix),
            "propensity": _propensity(data, pair, suffix),
            "forest": _forest(data, numbers, others, pair, suffix),
        }
        yield from ((f"{name}{suffix}", drawn) for name, drawn in found.items() if drawn)


def _love(data: StudyData, numbers: Numbers, pair: Pair, suffix: str) -> Drawn:
    modelled = {c.column for c in compare(data.patients, data.study, pair).covariates}
    rows = []
    for covariate in covariates_of(data):
        before = numbers.value(f"baseline.{pair.key}.smd.{covariate.column}")
        after = numbers.value(f"baseline.{pair.key}.{OVERLAP}.smd.{covariate.column}")
        if before is not None or after is not None:
            rows.append(Balance(covariate.label, before, after, covariate.column in modelled))
    if not any(row.after is not None for row in rows):
        return {}
    rows.sort(key=lambda row: -abs(row.before or 0))
    title = f"Balance of the groups before and after weighting, {_against(data, pair)}"
    return {
        size.name: love_figure(f"love{suffix}", title, f"with {NAMES[OVERLAP]}", rows, size)
        for size in (WIDE, NARROW)
    }


def _propensity(data: StudyData, pair: Pair, suffix: str) -> Drawn:
    score, other = propensity_scores(data.patients, data.study, pair)
    if not len(score):
        return {}
    groups = [
        Scores(data.study.label(name), str(data.study.strategies.index(name)), score[arm])
        for name, arm in ((pair.strategy, other), (pair.reference, ~other))
    ]
    label = f"Modelled probability of {words.inside(data.study.label(pair.strategy))}"
    title = f"Propensity scores, {_against(data, pair)}"
    return {
        size.name: propensity_figure(f"propensity{suffix}", title, label, groups[0], groups[1], size)
        for size in (WIDE, NARROW)
    }


def _forest(data: StudyData, numbers: Numbers, others: Numbers, pair: Pair, suffix: str) -> Drawn:
    blocks = []
    for heading, analyses in ANALYSES:
        ratios = [
            ratio
            for which, ending, label in analyses
            if (ratio := _ratio(numbers if which == "study" else others, f"pfs2.{pair.key}.{ending}", label))
        ]
        if ratios:
            blocks.append(Block(heading, ratios))
    if not any(ratio.estimate for block in blocks for ratio in block.ratios):
        return {}
    title = f"Hazard ratios of PFS2 by analysis, {_against(data, pair)}"
    group = words.inside(data.study.label(pair.strategy))
    return {
        size.name: forest_figure(f"forest{suffix}", title, group, blocks, size) for size in (WIDE, NARROW)
    }


def _ratio(numbers: Numbers, key: str, label: str) -> Ratio | None:
    row = numbers.row(key)
    if row is None:
        return None
    events = f"{words.count(row.events)}/{words.count(row.n)}"
    leads = key.endswith(f".{OVERLAP}.hazard_ratio")
    printed = numbers.text(key, 2)
    # the reanalyses are rows of another table than the one an id alone leads to
    known = key if ".hazard_ratio." not in key else None
    return Ratio(
        by_method(label, row.method), events, printed, row.estimate, row.ci_low, row.ci_high, known, leads
    )


def _against(data: StudyData, pair: Pair) -> str:
    first, second = (words.inside(data.study.label(name)) for name in (pair.strategy, pair.reference))
    return f"{first} against {second}"
