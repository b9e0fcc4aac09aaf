"""What moves the answer: smallest and largest number over rule sets, profiles, adjustments and all of them.

They are a range over our choices and no confidence interval: a choice is not a draw from anything.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from analysis.estimation.adjustment import NONE
from analysis.estimation.rows import Place, Row
from analysis.estimation.specifications import ANY, PRIMARY
from analysis.estimation.study import Study

Specified = tuple[str, str, Row]  # rule set, profile, row


@dataclass(frozen=True)
class Over:
    """A set of specifications: what varies in it; the rest is as in the primary one."""

    key: str
    rule_sets: bool
    profiles: bool
    adjustments: bool

    def holds(self, rule_set: str, profile: str, adjustment: str) -> bool:
        """Whether a specification is among them."""
        return (
            (self.rule_sets or rule_set == PRIMARY)
            and (self.profiles or profile == PRIMARY)
            and (self.adjustments or adjustment == NONE)
        )


OVER = (
    Over("rule_sets", True, False, False),
    Over("profiles", False, True, False),
    Over("adjustments", False, False, True),
    Over("all", True, True, True),
)


def range_rows(specified: Sequence[Specified], study: Study, data_sets: int) -> list[Specified]:
    """Counts and ranges of each hazard ratio and median, over each kind of choice and over all."""
    groups = [("hazard_ratio", "ratio", pair.group) for pair in study.pairs]
    groups += [("median", "months", name) for name in study.strategies]
    rows = [
        row
        for statistic, unit, group in groups
        for over in OVER
        for row in _over(specified, over, statistic, unit, group)
    ]
    place = Place("pfs2", "all", "compared", "count", "data sets", "distinct")
    return [*rows, (ANY, ANY, Row(place, float(data_sets), None, None, "count"))]


def _over(
    specified: Sequence[Specified], over: Over, statistic: str, unit: str, group: str
) -> list[Specified]:
    found = [
        row
        for rule_set, profile, row in specified
        if row.place.statistic == statistic
        and row.place.group == group
        and over.holds(rule_set, profile, row.place.adjustment)
    ]
    values = [row.estimate for row in found if row.estimate is not None]
    term = f"{statistic}.{over.key}"

    def place(kind: str, unit: str) -> Place:
        return Place("pfs2", group, "compared", kind, unit, term)

    counts = {"": len(found), ".estimated": len(values), ".in_words": len(found) - len(values)}
    rows = [
        Row(
            Place("pfs2", group, "compared", "count", "specifications", term + end),
            float(k),
            None,
            None,
            "count",
        )
        for end, k in counts.items()
    ]
    note = "over the specifications that have an estimate" if values else "no specification has an estimate"
    for kind, value in (("minimum", min(values, default=None)), ("maximum", max(values, default=None))):
        rows.append(Row(place(kind, unit), value, None, None, f"{kind} over specifications", note=note))
    rule_set, profile = ANY if over.rule_sets else PRIMARY, ANY if over.profiles else PRIMARY
    return [(rule_set, profile, row) for row in rows]
