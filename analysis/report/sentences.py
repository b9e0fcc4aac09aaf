"""The sentences of the report, written from its numbers.

Association, never effect: what stands here is not adjusted.
"""

from __future__ import annotations

from collections.abc import Iterable

from markupsafe import Markup

from analysis.estimation.study import Pair, StudyData
from analysis.report import words
from analysis.report.numbers import Numbers, Stored
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
            _went_on(data, numbers.value(f"strategy.{name}.count")) if place == 0 else "",
            words.inside(data.study.label(name)),
        )
        for place, name in enumerate(groups)
    )
    found = {name: _median(numbers, name) for name in groups if sizes[name]}
    medians = {name: said for name, said in found.items() if said is not None}
    if not medians:
        return Markup("After {}, {}. No median of PFS2 can be estimated.").format(drug, went)
    if len(medians) < len(found):  # whose it is no longer follows from the order
        medians = {
            name: Markup("{} with {}").format(said, words.inside(data.study.label(name)))
            for name, said in medians.items()
        }
    against = Markup(" against ").join(medians.values())
    return Markup("After {}, {}. Median PFS2 was {}.").format(drug, went, against)


def comparison(data: StudyData, numbers: Numbers, endpoint: str, pair: Pair) -> Markup:
    """What was found in words, or why there is nothing.

    The hazard ratio; where hazards are not proportional the difference of restricted means leads, and may
    point the other way.
    """
    key = f"{endpoint}.{pair.key}.hazard_ratio"
    row = numbers.row(key)
    if row is None:
        return Markup("One of the groups has no patient, so nothing is compared.")
    if row.estimate is None:
        return Markup("No hazard ratio: {}.").format(row.note or "it cannot be estimated")
    first, second = (words.inside(data.study.label(name)) for name in (pair.reference, pair.strategy))
    ratio = Markup("a hazard ratio of {} (95 % CI {})").format(numbers.plain(key, 2), _limits(row, 2))
    mean = leading_mean(numbers, endpoint, pair)
    if mean is not None:
        found = Markup(
            "a difference of restricted mean {} over the first {} months of {} months (95 % CI {}; {} minus "
            "{}), and, as an average over time that depends on follow-up, with {}"
        ).format(
            words.ENDPOINTS[endpoint], months(mean), numbers.plain(mean.estimate_id), _limits(mean, 1),
            second, first, ratio,
        )  # fmt: skip
    else:
        found = ratio
    return Markup(
        "With {} as reference, {} was associated with {}, unadjusted. The strategies were chosen for reasons "
        "that also bear on the outcome; this is an association and says nothing of what either treatment "
        "would have done in the other group."
    ).format(first, second, found)


def leading_mean(numbers: Numbers, endpoint: str, pair: Pair) -> Stored | None:
    """The difference of restricted means that leads, where hazards are not proportional and there is one."""
    if not proportional_hazards_fail(numbers, endpoint, pair):
        return None
    start = f"{endpoint}.{pair.key}.rmst_difference"
    rows = (numbers.find(f"{start}.{term}.") for term in ("common", "12_months"))
    return next((row for row in rows if row is not None and row.estimate is not None), None)


def months(row: Stored) -> str:
    """The time up to which a mean is restricted."""
    return f"{row.time_months or 0.0:.1f}".removesuffix(".0")


def proportional_hazards_fail(numbers: Numbers, endpoint: str, pair: Pair) -> bool:
    """Whether the test rejects, so that the restricted mean leads."""
    p = numbers.value(f"{endpoint}.{pair.key}.p_value.proportional_hazards")
    return p is not None and p < PH_FAILS


def _joined(parts: Iterable[Markup]) -> Markup:
    """a, b and c, of pieces that are markup already."""
    *others, last = parts
    return Markup(" and ").join([Markup(", ").join(others), last]) if others else last


def _median(numbers: Numbers, name: str) -> Markup | None:
    """A group's median with its limits; None where nobody is behind it."""
    key = f"pfs2.{name}.median"
    row = numbers.row(key)
    if row is None:
        return None
    if numbers.withheld(key):
        return numbers.plain(key)
    if row.estimate is not None:
        median = Markup("{}\u00a0months").format(numbers.plain(key))
    elif row.note == "not reached":
        median = Markup('<span class="num" data-estimate="{}">not reached</span>').format(key)
    else:
        return None
    if row.ci_low is None and row.ci_high is None:
        return median
    return Markup("{} (95\u00a0%\u00a0CI\u00a0{})").format(median, _limits(row, 1))


def _limits(row: Stored, decimals: int) -> str:
    low, high = (
        words.NOT_REACHED if v is None else words.number(v, decimals) for v in (row.ci_low, row.ci_high)
    )
    return words.limits(low, high)


def _went_on(data: StudyData, n: float | None) -> str:
    female = data.study.parameters.get("required_sex") == "female"
    one, many = ("woman", "women") if female else ("patient", "patients")
    return f" {one if n == 1 else many} went on"
