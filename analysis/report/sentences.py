"""The sentences of the report, written from its numbers.

Association, never effect: nothing here is adjusted.
"""

from __future__ import annotations

from collections.abc import Iterable

from markupsafe import Markup

from analysis.estimation.study import Pair, StudyData
from analysis.report import words
from analysis.report.numbers import Numbers
from analysis.statistics.honesty import PH_FAILS


def lead(data: StudyData, numbers: Numbers) -> Markup:
    """What the reader came for, in one or two sentences."""
    drug, groups = data.study.index_drug, data.study.strategies
    sizes = {name: len(data.group(name)) for name in groups}
    if not sum(sizes.values()):
        return Markup(
            "These extracts hold no patient who progressed on {} and went on to {}: "
            "there is nothing to compare yet."
        ).format(drug, words.listed([words.inside(data.study.label(name)) for name in groups], "or"))
    went = _joined(
        Markup("{}{} to {}").format(
            numbers.count(f"strategy.{name}.count"),
            _went_on(sizes[name]) if place == 0 else "",
            words.inside(data.study.label(name)),
        )
        for place, name in enumerate(groups)
    )
    medians = [
        Markup("{}\u00a0months (95\u00a0%\u00a0CI\u00a0{})").format(
            _median(numbers, name), _interval(numbers, name)
        )
        for name in groups
        if sizes[name]
    ]
    against = Markup(" against ").join(medians)
    return Markup("After {}, {}. Median PFS2 was {}.").format(drug, went, against)


def comparison(data: StudyData, numbers: Numbers, endpoint: str, pair: Pair) -> Markup:
    """The hazard ratio in words, or why there is none."""
    row = numbers.row(f"{endpoint}.{pair.key}.hazard_ratio")
    if row is None:
        return Markup("One of the groups has no patient, so nothing is compared.")
    if row.estimate is None:
        return Markup("No hazard ratio: {}.").format(row.note or "it cannot be estimated")
    first, second = (words.inside(data.study.label(name)) for name in (pair.reference, pair.strategy))
    return Markup(
        "With {} as reference, {} was associated with a hazard ratio of {} (95 % CI {}), unadjusted. The "
        "strategies were chosen for reasons that also bear on the outcome; this is an association and says "
        "nothing of what either treatment would have done in the other group."
    ).format(
        first, second, numbers.plain(f"{endpoint}.{pair.key}.hazard_ratio", 2),
        words.limits(words.number(row.ci_low, 2), words.number(row.ci_high, 2)),
    )  # fmt: skip


def proportional_hazards_fail(numbers: Numbers, endpoint: str, pair: Pair) -> bool:
    """Whether the test rejects, so that the restricted mean leads."""
    p = numbers.value(f"{endpoint}.{pair.key}.p_value.proportional_hazards")
    return p is not None and p < PH_FAILS


def _joined(parts: Iterable[Markup]) -> Markup:
    """a, b and c, of pieces that are markup already."""
    *others, last = parts
    return Markup(" and ").join([Markup(", ").join(others), last]) if others else last


def _median(numbers: Numbers, name: str) -> Markup:
    return numbers.plain(f"pfs2.{name}.median")


def _interval(numbers: Numbers, name: str) -> str:
    row = numbers.row(f"pfs2.{name}.median")
    if row is None or (row.ci_low is None and row.ci_high is None):
        return words.NOT_REACHED
    low, high = (words.NOT_REACHED if v is None else words.number(v, 1) for v in (row.ci_low, row.ci_high))
    return words.limits(low, high)


def _went_on(n: int) -> str:
    # the study takes women only: attrition step `female`
    return " woman went on" if n == 1 else " women went on"
