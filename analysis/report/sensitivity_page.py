"""What the report's part on sensitivity prints, gathered from the rows of marts.sensitivity_estimates."""

from __future__ import annotations

import math
from dataclasses import dataclass

from markupsafe import Markup

from analysis.estimation.reanalyses import LANDMARK_MONTHS
from analysis.estimation.specifications import ANY, PRIMARY
from analysis.estimation.study import Study
from analysis.report import specification_words as named
from analysis.report import words
from analysis.report.specification_picture import Curve, curves
from analysis.report.specified_numbers import ChosenNumbers, Specified

# where the rows over each kind of choice are: rule set, profile
RANGES = {
    "rule_sets": (ANY, PRIMARY),
    "profiles": (PRIMARY, ANY),
    "adjustments": (PRIMARY, PRIMARY),
    "all": (ANY, ANY),
}
KINDS = {"rule_sets": "the rule set", "profiles": "the endpoint profile", "adjustments": "the adjustment"}
BY_PROFILE = ("membership", "pfs2")
SELDOM = ("line_numbers", "membership", "strategy")  # left out on a phone


@dataclass(frozen=True)
class Moved:
    """A line of the tables of who is moved: the choice and its numbers."""

    label: str
    numbers: ChosenNumbers


@dataclass(frozen=True)
class SensitivityPart:
    """The part's curves, and its tables as lists of labels and numbers."""

    study: Study
    specified: Specified
    curves: list[Curve]
    by_rule_set: list[Moved]
    unmoved: str
    by_profile: list[Moved]
    changes: tuple[tuple[str, str], ...] = tuple(named.CHANGES.items())
    seldom: tuple[str, ...] = SELDOM
    by_profile_changes: tuple[tuple[str, str], ...] = tuple((w, named.CHANGES[w]) for w in BY_PROFILE)
    analyses: tuple[tuple[str, str], ...] = (
        ("", "As in the report"),
        *named.REANALYSES.items(),
    )

    @property
    def one_rule_set(self) -> bool:
        """Whether the site computes the primary rule set alone."""
        return len({rule_set for rule_set, _ in self.specified.estimated}) < 2

    @property
    def over(self) -> list[tuple[str, str, ChosenNumbers]]:
        """The kinds of choice that vary: key, label, and the numbers that hold their range."""
        return [
            (key, named.OVER[key], self.specified.at(*where))
            for key, where in RANGES.items()
            if not (key == "rule_sets" and self.one_rule_set)
        ]

    def varied(self, kind: str) -> Markup:
        """How many choices of a kind there are."""
        group = self.study.pairs[0].key if self.study.pairs else ""
        return self.specified.at(*RANGES[kind]).count(f"pfs2.{group}.count.hazard_ratio.{kind}")

    def range(self, numbers: ChosenNumbers, group: str, term: str, decimals: int) -> Markup:
        """`2.31 to 2.90`, or one number where both ends print the same."""
        low, high = (f"{group}.{kind}.{term}" for kind in ("minimum", "maximum"))
        ends = [numbers.plain(key, decimals) for key in (low, high)]
        same = words.number(numbers.value(low), decimals) == words.number(numbers.value(high), decimals)
        return ends[0] if same else Markup(" to ").join(ends)

    def moves(self) -> Markup:
        """Which kind of choice moves the first hazard ratio most, on the log scale; nothing without one."""
        if not self.study.pairs:
            return Markup("")
        group = f"pfs2.{self.study.pairs[0].key}"
        widths = {
            key: _width(numbers, group, f"hazard_ratio.{key}")
            for key, _, numbers in self.over
            if key != "all"
        }
        found = {key: width for key, width in widths.items() if width is not None}
        if not found:
            return Markup("")
        most = max(found, key=lambda key: found[key])
        if found[most] < TINY:
            return Markup("No choice moves the hazard ratio.")
        numbers = self.specified.at(*RANGES[most])
        still = [KINDS[key] for key, width in found.items() if width < TINY]
        rest = f" It does not move at all with {words.listed(still, 'or')}." if still else ""
        return Markup("The hazard ratio moves most with {} (range {}).{}").format(
            KINDS[most], self.range(numbers, group, f"hazard_ratio.{most}", 2), rest
        )

    def notes(self) -> list[str]:
        """Why a number of the other analyses is missing, or how far it carries."""
        own = self.specified.at(PRIMARY, PRIMARY)
        found: dict[str, list[str]] = {}
        groups = [(name, self.study.label(name), "median") for name in self.study.strategies]
        groups += [(pair.key, "the hazard ratio", "hazard_ratio") for pair in self.study.pairs]
        for term, label in self.analyses:
            for group, of, statistic in groups:
                note = own.note(named.reanalysis_key(group, statistic, term))
                if note and note != "not reached":
                    found.setdefault(note, []).append(f"{label}, {words.inside(of)}")
        return [f"{'; '.join(where)}: {note}." for note, where in found.items()]

    def key(self, group: str, statistic: str, term: str) -> str:
        """The estimate_id of an analysis."""
        return named.reanalysis_key(group, statistic, term)

    def firth(self) -> bool:
        """Whether a hazard ratio of the other analyses is Firth's."""
        rows = self.specified.at(PRIMARY, PRIMARY).rows
        keys = [
            self.key(pair.key, "hazard_ratio", term) for pair in self.study.pairs for term, _ in self.analyses
        ]
        return any("Firth" in rows[key].method for key in keys if key in rows)

    @property
    def landmark(self) -> str:
        """The month of the landmark."""
        return f"{LANDMARK_MONTHS:g}"


TINY = 1e-9


def sensitivity_part(study: Study, specified: Specified) -> SensitivityPart:
    """The part of a study; rule sets that move somebody stand in the table, the others in a sentence."""
    rule_sets = [r for r in dict.fromkeys(rule_set for rule_set, _ in specified.estimated) if r != PRIMARY]
    profiles = [p for p in dict.fromkeys(profile for _, profile in specified.estimated) if p != PRIMARY]
    moving = {name: specified.at(name, PRIMARY) for name in rule_sets}
    moved = [Moved(name, numbers) for name, numbers in moving.items() if _moves_anybody(numbers)]
    still = [name for name, numbers in moving.items() if not _moves_anybody(numbers)]
    return SensitivityPart(
        study,
        specified,
        curves(study, specified),
        [Moved("Any of them", specified.at(ANY, PRIMARY)), *moved] if rule_sets else [],
        words.listed(still),
        [Moved("Any of them", specified.at(PRIMARY, ANY))]
        + [Moved(named.profile(name), specified.at(PRIMARY, name)) for name in profiles]
        if profiles
        else [],
    )


def _moves_anybody(numbers: ChosenNumbers) -> bool:
    rows = (numbers.row(f"{what}.all.proportion.changed") for what in named.CHANGES)
    return any(row is not None and row.events for row in rows)


def _width(numbers: ChosenNumbers, group: str, term: str) -> float | None:
    low, high = (numbers.value(f"{group}.{kind}.{term}") for kind in ("minimum", "maximum"))
    return None if not low or not high else math.log(high / low)
