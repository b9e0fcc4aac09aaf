"""Which counts must be withheld so that no small one can be read off or worked out.

Primary suppression withholds counts from 1 to the threshold minus 1; complementary suppression withholds
further counts wherever a sum would give one of those back. Withheld counts all carry the same mark, so that
the reader cannot tell a small one from its cover. The result is audited: for every withheld count the
smallest and the largest value that the published ones leave open are computed as an integer programme, and
they must be at least the threshold apart.

References: Hundepool et al., Statistical Disclosure Control, Wiley 2012, chapter 4 (linked tables; the
attacker's problem, or feasibility interval); Fischetti and Salazar, Manag Sci 2001;47:1008.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

import numpy as np
from scipy.optimize import LinearConstraint, milp

LAST = 9  # from this cost on: sizes of groups, withheld only where one of them is small itself


@dataclass(frozen=True)
class Sum:
    """`total` is the sum of `parts`, and the reader knows it."""

    total: str
    parts: tuple[str, ...]

    @property
    def counts(self) -> tuple[str, ...]:
        """Every count in it."""
        return (self.total, *self.parts)


@dataclass(frozen=True)
class Counts:
    """Counts and the sums that tie them together.

    `implied` counts are printed nowhere and are known only through a sum (those without the event);
    `cost` says which counts are dearer to keep, 0 when not given; those of cost LAST and more are
    kept, unless one of them is small: then the cheapest of the others covers it.
    """

    value: Mapping[str, int]
    sums: Sequence[Sum]
    implied: AbstractSet[str] = frozenset()
    cost: Mapping[str, int] = field(default_factory=dict)


def withhold(counts: Counts, min_count: int) -> frozenset[str]:
    """The printed counts to withhold, so that none from 1 to `min_count` - 1 can be worked out.

    The counts of a sum that is itself under twice the threshold are withheld together, zeros among them:
    there is no room to hide one behind another.
    """
    small = {key for key, value in counts.value.items() if 0 < value < min_count}
    hidden = small | _of_small_totals(counts, min_count)
    wide: set[str] = set()
    while True:
        found = _uncovered(counts, hidden, min_count) or _too_narrow(counts, hidden, min_count, wide)
        if not found:
            return frozenset(hidden - counts.implied)
        hidden |= found


def feasible(counts: Counts, hidden: AbstractSet[str], key: str) -> tuple[int, int]:
    """The smallest and largest value of a count that the counts not hidden leave open.

    Implied counts are unknown to the reader as well. A hidden count is taken to be at least 1, unless
    every part of one of its sums is hidden: zeros are printed elsewhere, and a reader may know that.
    """
    unknown = set(hidden) | set(counts.implied)
    return _solve(counts, unknown, key, _block(counts, unknown, key))


def _of_small_totals(counts: Counts, min_count: int) -> set[str]:
    return {
        part
        for s in counts.sums
        if 0 < counts.value[s.total] < 2 * min_count and len(s.parts) > 1
        for part in s.parts
        if counts.cost.get(part, 0) < LAST
    }


def _uncovered(counts: Counts, hidden: AbstractSet[str], min_count: int) -> set[str]:
    """The next cover that some sum needs by itself: two unknowns at least, and enough room between them."""
    for s in counts.sums:
        unknown = [key for key in s.counts if key in hidden or key in counts.implied]
        if not any(key in hidden for key in unknown) or _covered(counts, s, unknown, hidden, min_count):
            continue
        sized = any(key in hidden and counts.cost.get(key, 0) >= LAST for key in s.counts)
        cover = _cheapest(counts, [s], hidden, sized)
        if cover:
            return cover
    return set()


def _covered(
    counts: Counts, s: Sum, unknown: Sequence[str], hidden: AbstractSet[str], min_count: int
) -> bool:
    if s.total in unknown:
        return len(unknown) > 1  # how far the total may go is for the audit
    parts = [key for key in s.parts if key in unknown]
    room = sum(counts.value[key] for key in parts)
    if len(parts) < len(s.parts):
        room -= sum(key in hidden for key in parts)  # the reader knows that zeros are printed
    return len(parts) > 1 and room >= min_count


def _too_narrow(counts: Counts, hidden: AbstractSet[str], min_count: int, wide: set[str]) -> set[str]:
    """A cover for the first count whose feasible range is narrower than the threshold.

    `wide` remembers the counts that passed: what is hidden later only widens their ranges.
    """
    unknown = set(hidden) | set(counts.implied)
    for key in sorted(set(hidden) - wide):
        block = _block(counts, unknown, key)
        low, high = _solve(counts, unknown, key, block)
        if high - low < min_count:
            cover = _cheapest(counts, block, hidden, counts.cost.get(key, 0) >= LAST)
            if cover:
                return cover
        wide.add(key)
    return set()


def _cheapest(counts: Counts, sums: Iterable[Sum], hidden: AbstractSet[str], sizes: bool) -> set[str]:
    """The cheapest count not yet hidden; a zero only where nothing else is left, a size only for `sizes`."""
    known = {
        key
        for s in sums
        for key in s.counts
        if key not in hidden and key not in counts.implied and (sizes or counts.cost.get(key, 0) < LAST)
    }
    if not known:
        return set()
    return {
        min(known, key=lambda key: (counts.value[key] == 0, counts.cost.get(key, 0), counts.value[key], key))
    }


def _block(counts: Counts, unknown: AbstractSet[str], key: str) -> list[Sum]:
    """The sums that are tied to a count through unknown ones."""
    reached, found, grown = {key}, [False] * len(counts.sums), True
    while grown:
        grown = False
        for place, s in enumerate(counts.sums):
            if not found[place] and reached.intersection(s.counts):
                found[place] = grown = True
                reached |= unknown & set(s.counts)
    return [s for place, s in enumerate(counts.sums) if found[place]]


def _solve(counts: Counts, unknown: AbstractSet[str], key: str, block: Sequence[Sum]) -> tuple[int, int]:
    free = sorted({k for s in block for k in s.counts if k in unknown} | {key})
    place = {k: i for i, k in enumerate(free)}
    matrix, right = np.zeros((len(block), len(free))), np.zeros(len(block))
    whole: set[str] = set()
    for row, s in enumerate(block):
        if all(part in unknown for part in s.parts):
            whole.update(s.parts)
        for k, sign in [(s.total, 1.0), *((part, -1.0) for part in s.parts)]:
            if k in place:
                matrix[row, place[k]] += sign
            else:
                right[row] -= sign * counts.value[k]
    floor = [0 if k in counts.implied or k in whole else 1 for k in free]
    lower = np.minimum(floor, [counts.value[k] for k in free]).astype(float)
    most = float(max(counts.value.values()))
    goal = np.zeros(len(free))
    goal[place[key]] = 1.0
    limits = []
    for sign in (1.0, -1.0):
        solved = milp(
            sign * goal,
            constraints=[LinearConstraint(matrix, right, right)] if block else None,
            bounds=(lower, np.full(len(free), most)),
            integrality=np.ones(len(free)),
        )
        limits.append(round(float(solved.x[place[key]])))
    return limits[0], limits[1]
