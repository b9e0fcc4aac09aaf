"""Withholding counts in tables with margins, judged by every table that fits what is shown."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.disclosure.suppression import LAST, Counts, Sum, feasible, withhold

LEVELS = st.lists(st.lists(st.integers(0, 30), min_size=2, max_size=2), min_size=2, max_size=5)


def table(levels: Sequence[Sequence[int]]) -> Counts:
    """Levels by group with the group's size, all groups together, and the size of all: what Table 1 ties."""
    value: dict[str, int] = {}
    groups = range(len(levels[0]))
    for number, row in enumerate(levels):
        for group, count in zip(groups, row, strict=True):
            value[f"{group}.{number}"] = count
        value[f"all.{number}"] = sum(row)
    for group in groups:
        value[f"{group}.n"] = sum(row[group] for row in levels)
    value["all.n"] = sum(value[f"{group}.n"] for group in groups)
    everybody = [*map(str, groups), "all"]
    sums = [Sum(f"{g}.n", tuple(f"{g}.{i}" for i in range(len(levels)))) for g in everybody]
    sums += [Sum(f"all.{i}", tuple(f"{g}.{i}" for g in groups)) for i in [*range(len(levels)), "n"]]
    return Counts(value, sums, cost={key: LAST for key in value if key.endswith(".n")})


def possible(counts: Counts, hidden: frozenset[str], levels: int) -> Mapping[str, set[int]]:
    """Every value each hidden count may have: all integer tables of two groups that fit what is shown."""

    def columns(group: str) -> list[tuple[int, ...]]:
        keys = [f"{group}.{level}" for level in range(levels)]
        n = counts.value[f"{group}.n"]
        choices = [range(n + 1) if key in hidden else [counts.value[key]] for key in keys[:-1]]
        whole = [(*head, n - sum(head)) for head in itertools.product(*choices)]
        return [c for c in whole if c[-1] >= 0 and (keys[-1] in hidden or c[-1] == counts.value[keys[-1]])]

    found: dict[str, set[int]] = {key: set() for key in hidden}
    for first, second in itertools.product(columns("0"), columns("1")):
        whole = table([list(pair) for pair in zip(first, second, strict=True)]).value
        if all(whole[key] == counts.value[key] for key in counts.value if key not in hidden):
            for key in hidden:
                found[key].add(whole[key])
    return found


@settings(max_examples=40, deadline=None)
@given(LEVELS, st.integers(2, 7))
def test_no_withheld_count_can_be_told(levels, min_count):
    counts = table(levels)
    hidden = withhold(counts, min_count)
    small = {key for key, value in counts.value.items() if 0 < value < min_count}
    assert small <= hidden
    for key in hidden:
        low, high = feasible(counts, hidden, key)
        assert low <= counts.value[key] <= high
        if counts.value["0.n"] >= min_count and counts.value["1.n"] >= min_count:
            assert high - low >= min_count, (key, low, high)


@pytest.mark.parametrize(
    "levels",
    [
        [[3, 6], [5, 1]],
        [[1, 0], [9, 8]],
        [[2, 2], [3, 5], [7, 0]],
        [[4, 4], [4, 4]],
        [[0, 1], [0, 9], [6, 0]],
    ],
)
def test_the_feasible_range_is_that_of_all_tables(levels):
    counts = table(levels)
    hidden = withhold(counts, 5)
    everything = possible(counts, hidden, len(levels))
    for key, values in everything.items():
        low, high = feasible(counts, hidden, key)
        # the audit gives the attacker more than the table: he knows that zeros are printed
        assert min(values) <= low <= high <= max(values)
        assert not values <= set(range(1, 5)), (key, values)


def test_nothing_is_withheld_where_nothing_is_small():
    assert withhold(table([[10, 12], [7, 30]]), 5) == frozenset()


def test_zeros_are_shown_beside_large_counts():
    assert withhold(table([[10, 12], [0, 0], [8, 9]]), 5) == frozenset()


def test_a_complement_is_withheld_with_its_small_count():
    hidden = withhold(table([[3, 12], [27, 30]]), 5)
    assert {"0.0", "0.1"} <= hidden
    assert not {"0.n", "1.n", "all.n"} & hidden


def test_an_implied_count_protects_and_is_protected():
    """26 of 29 printed would tell the three without the event, who are printed nowhere."""
    counts = Counts(
        {"n": 29, "events": 26, "without": 3}, [Sum("n", ("events", "without"))], frozenset({"without"}),
        {"n": LAST},
    )  # fmt: skip
    assert withhold(counts, 5) == {"events"}


def test_a_chain_of_steps_takes_the_next_step_along():
    counts = Counts(
        {"a": 412, "a-b": 3, "b": 409, "b-c": 91, "c": 318},
        [Sum("a", ("b", "a-b")), Sum("b", ("c", "b-c"))],
        cost={"a": 3, "b": 3, "c": 3, "a-b": 1, "b-c": 1},
    )
    hidden = withhold(counts, 5)
    assert hidden >= {"a-b"}
    assert len(hidden) >= 3
    assert feasible(counts, hidden, "a-b")[1] >= 5


def test_the_same_counts_are_withheld_whatever_their_order():
    counts = table([[3, 12], [27, 30], [1, 9], [9, 9]])
    turned = Counts(dict(reversed(counts.value.items())), counts.sums, counts.implied, counts.cost)
    assert withhold(counts, 5) == withhold(turned, 5)
