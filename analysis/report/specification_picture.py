"""From the rows of marts.sensitivity_estimates to the specification curve of each pair, its filters and its
table.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from analysis.estimation.adjustment import ADJUSTMENTS, NONE
from analysis.estimation.specifications import PRIMARY
from analysis.estimation.study import Pair, Study
from analysis.figures.canvas import NARROW, WIDE
from analysis.figures.specification import Legend, Specification, specification_figure
from analysis.report import specification_words as named
from analysis.report import words
from analysis.report.numbers import Stored
from analysis.report.specified_numbers import ChosenNumbers, Key, Specified
from analysis.statistics.propensity import WEIGHTED

# the kinds of choice, with the letter of their classes: spec a0 p1 r3 is the second profile's, unadjusted
KINDS = (("a", "Adjustment"), ("p", "Endpoint profile"), ("r", "Rule set: what differs"))


@dataclass(frozen=True)
class Result:
    """A distinct result and the specifications that have it, as the page's table lists them."""

    numbers: ChosenNumbers
    ratio: str
    medians: tuple[str, ...]
    adjustment: str
    profiles: str
    rules: str
    primary: bool


@dataclass(frozen=True)
class Curve:
    """What the page shows of a pair: figure, drawings, filters, table, and why some have no estimate."""

    pair: Pair
    figure: str
    drawings: dict[str, str]
    filters: list[tuple[str, str, list[tuple[str, str]]]]
    results: list[Result]
    in_words: list[str]


@dataclass(frozen=True)
class _Found:
    """A specification's row, with the places of its choices among their kind."""

    key: Key
    adjustment: str
    row: Stored
    places: tuple[int, int, int]


def curves(study: Study, specified: Specified) -> list[Curve]:
    """The curve of each pair; one without any estimate has no drawing."""
    return [_curve(study, pair, number, specified) for number, pair in enumerate(study.pairs)]


def filter_style(found: Sequence[Curve]) -> str:
    """The rules by which a checked filter dims every specification that is not of its choice."""
    classes = sorted({css for curve in found for _, _, options in curve.filters for css, _ in options})
    return "\n".join(
        f".explore:has(input.{css}:checked) .spec:not(.{css}) {{ opacity: 0.06; }}" for css in classes
    )


def _curve(study: Study, pair: Pair, number: int, specified: Specified) -> Curve:
    kinds = _kinds(specified)
    found = [
        _Found(key, adjustment, row, _places(key, adjustment, specified, kinds))
        for key in specified.estimated
        for adjustment in ADJUSTMENTS
        if (row := specified.at(*key).row(_ratio(pair, adjustment))) is not None
    ]
    have = sorted(
        (one for one in found if one.row.estimate is not None),
        key=lambda one: (one.row.estimate, one.places, one.key),
    )
    figure = "specification" if number == 0 else f"specification-{number + 1}"
    labels = [[label for _, label in options] for _, options in kinds]
    legend = Legend(
        [(title, options) for (_, title), options in zip(KINDS, labels, strict=True)],
        [(study.label(name), str(study.strategies.index(name))) for name in (pair.reference, pair.strategy)],
        f"hazard higher with {words.inside(study.label(pair.strategy))}",
        f"hazard lower with {words.inside(study.label(pair.strategy))}",
    )
    marks = [_mark(pair, one, specified, labels) for one in have]
    title = f"Hazard ratio of PFS2 under every choice, {pair.group}"
    drawings = {
        size.name: specification_figure(figure, title, marks, legend, size)
        for size in (WIDE, NARROW)
        if marks
    }
    filters = [
        (heading, f"{figure}-{letter}", [(f"{letter}{place}", label) for place, label in enumerate(options)])
        for (letter, heading), options in zip(KINDS, labels, strict=True)
        if len(options) > 1
    ]
    return Curve(pair, figure, drawings, filters, _results(pair, have, specified, labels), _in_words(found))


def _kinds(specified: Specified) -> list[tuple[str, list[tuple[str, str]]]]:
    """Letter and (id, label) of the choices of each kind, in their order."""
    keys = specified.estimated
    families = dict.fromkeys(specified.family[rule_set] for rule_set, _ in keys)
    profiles = dict.fromkeys(profile for _, profile in keys)
    return [
        ("a", [(name, named.ADJUSTMENTS[name]) for name in ADJUSTMENTS]),
        ("p", [(name, named.profile(name)) for name in profiles]),
        ("r", [(name, named.family(name)) for name in families]),
    ]


def _places(
    key: Key, adjustment: str, specified: Specified, kinds: list[tuple[str, list[tuple[str, str]]]]
) -> tuple[int, int, int]:
    wanted = (adjustment, key[1], specified.family[key[0]])
    a, p, r = (
        [name for name, _ in options].index(one) for (_, options), one in zip(kinds, wanted, strict=True)
    )
    return a, p, r


def _ratio(pair: Pair, adjustment: str) -> str:
    adjusted = "" if adjustment == NONE else f".{adjustment}"
    return f"pfs2.{pair.key}{adjusted}.hazard_ratio"


def _medians(pair: Pair, adjustment: str) -> tuple[str, ...]:
    """The rows of the medians that go with a hazard ratio; a Cox model has none."""
    names = (pair.reference, pair.strategy)
    if adjustment == NONE:
        return tuple(f"pfs2.{name}.median" for name in names)
    if adjustment in WEIGHTED:
        return tuple(f"pfs2.{name}.{adjustment}.median.{pair.key}" for name in names)
    return ()


def _mark(pair: Pair, one: _Found, specified: Specified, labels: list[list[str]]) -> Specification:
    numbers, (a, p, r) = specified.at(*one.key), one.places
    medians = [_median(numbers.row(key)) for key in _medians(pair, one.adjustment)] or [None, None]
    interval = words.limits(
        *(words.NOT_REACHED if v is None else words.number(v, 2) for v in (one.row.ci_low, one.row.ci_high))
    )
    choice = named.by_method(labels[0][a], one.row.method)
    said = (
        f"{choice}, profile {one.key[1]}, rule set {one.key[0]}: "
        f"hazard ratio {words.number(one.row.estimate, 2)} (95 % CI {interval}), "
        f"{words.count(one.row.n)} patients, {words.count(one.row.events)} events"
    )
    first = 0
    rows = []
    for place, options in zip(one.places, labels, strict=True):
        rows.append(first + place)
        first += len(options)
    return Specification(
        float(one.row.estimate or math.nan),
        one.row.ci_low,
        one.row.ci_high,
        tuple(medians),
        tuple(rows),
        f"a{a} p{p} r{r}",
        said,
        {"rule-set": one.key[0], "profile": one.key[1], "estimate": one.row.estimate_id},
        one.key == (PRIMARY, PRIMARY) and one.adjustment == NONE,
        one.key == (PRIMARY, PRIMARY),
    )


def _median(row: Stored | None) -> float | None:
    if row is None:
        return None
    return math.inf if row.estimate is None and row.note == "not reached" else row.estimate


def _results(pair: Pair, have: list[_Found], specified: Specified, labels: list[list[str]]) -> list[Result]:
    """Specifications with the same numbers of the same adjustment and profile, as one line."""
    together: dict[tuple[object, ...], list[_Found]] = {}
    for one in have:
        row = one.row
        same = (row.estimate, row.ci_low, row.ci_high, row.n, row.events, one.adjustment)
        together.setdefault(same, []).append(one)
    results = []
    for group in together.values():
        first = min(group, key=lambda one: one.places)
        keys = {one.key for one in group}
        rule_sets = list(dict.fromkeys(one.key[0] for one in group))
        everything = len({rule_set for rule_set, _ in specified.estimated})
        results.append(
            Result(
                specified.at(*first.key),
                first.row.estimate_id,
                _medians(pair, first.adjustment),
                named.by_method(labels[0][first.places[0]], first.row.method),
                words.listed(
                    list(
                        dict.fromkeys(
                            named.profile(profile)
                            for _, profile in sorted(keys, key=lambda k: k[1] != PRIMARY)
                        )
                    )
                ),
                "all rule sets" if len(rule_sets) == everything > 1 else words.listed(rule_sets),
                any(one.key == (PRIMARY, PRIMARY) for one in group) and first.adjustment == NONE,
            )
        )
    return results


def _in_words(found: list[_Found]) -> list[str]:
    """Why specifications have no estimate."""
    return list(dict.fromkeys(one.row.note or "" for one in found if one.row.estimate is None))
