"""Disclosure control, in this one place: what of a study's stored rows may leave the house.

`shareable` turns the rows of marts.study_estimates into those of the shareable rendering. What it does not
know it withholds. The rules, with `t` the site's threshold (shareable.min_count, 5 unless it says otherwise):

- a count from 1 to t - 1 is withheld, together with counts that would give it back by subtraction
  (suppression.py): levels against their group, groups against all of them, events against patients, the
  steps of the attrition. A zero is shown: it describes nobody, and tables without their zeros mislead. It is
  withheld where a whole table is;
- a number computed from a withheld count is withheld: shares and their limits, the SMD, difference, test and
  odds ratio of a characteristic or endpoint that has a withheld count in either group;
- a group under FEWEST patients (or under 2t) has no level counts, medians, quartiles or curves, and nothing
  is compared with it: no hazard ratio, no p-value; nor where a group has fewer than t events;
- survival, its limits and numbers at risk are read from curves in steps of at least t events (grouped.py);
- the words beside a number stay where they are known to count nobody; where the events of a group are
  withheld, nothing is said of their being under or over the bound of an honesty rule;
- median and quartiles of PFS1 are withheld with a class of PFS1, whose count they would bound;
- smallest and largest values, largest weights, and times that one patient sets (the restricted mean up to
  the last time observed) are never shown, nor is the page of any patient.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace

from analysis.disclosure.disclosure_counts import PAIR, Ledger, ledger, ruled
from analysis.disclosure.grouped import GroupedCurve, grouped_curve
from analysis.disclosure.suppression import withhold
from analysis.estimation.baseline_rows import COVARIATES
from analysis.estimation.study import StudyData
from analysis.estimation.survival_rows import BENEFIT_WEEKS, TIMES
from analysis.report.numbers import Numbers, Stored
from analysis.report.outside_words import Outside
from analysis.statistics.durations import Durations
from analysis.statistics.honesty import FEW
from analysis.statistics.kaplan_meier import number_at_risk, survival_at

FEWEST = 10  # patients behind a median, a curve or a comparison (statistics.md, two renderings)
LEFT_OUT = "withheld in the shareable rendering"
SAFE_NOTES = frozenset({"not reached", "no patients", "a group without patients", "unknown in everybody"})
NO_PATIENTS = frozenset({
    "a group has no patient", "no covariate is known and differs between patients",
    "the covariates tell the groups apart completely: they cannot be compared",
    "a propensity model with Firth's penalty",
})  # fmt: skip
# words beside a number that is shown: none of them depends on a count that may be withheld
SAFE_BESIDE = SAFE_NOTES | NO_PATIENTS | {
    "no limits where the curve is at 1 or 0", "no limits where the share is 0 or 1",
    "no spread within the groups", "average of the imputed sets", "beyond the last patient observed",
}  # fmt: skip
PERHAPS_FEW = "the events of a group are withheld and may be few: read with great caution"
TOO_SMALL = "a group has fewer patients than one covariate needs"
EITHER_MODEL = "the model, penalised where patients or events are few"
MODELLED = frozenset({"none", "cox"})  # adjustments whose model is penalised where events are few
OF_EVENTS = frozenset({"hazard_ratio", "p_value", "rmst_difference", "e_value"})  # what FEW is said of
OF_KNOWN = frozenset({"odds_ratio"})
CLASSES = {"pfs1_months": "pfs1_class"}  # a number, and the classes of Table 1 that are cut from it

COUNTS = frozenset({"count"})
SHARES = frozenset({"proportion"})
CURVES = frozenset({"survival", "at_risk"})
SUMMARIES = frozenset({"median", "q1", "q3", "mean", "sd", "rmst", "effective_sample_size", "kendall_tau"})
COMPARISONS = frozenset({
    "hazard_ratio", "p_value", "rmst_difference", "smd", "proportion_difference", "odds_ratio", "e_value",
    "auc", "effective_sample_size",
})  # fmt: skip
# never shown: a single patient's value, or made of single patients' steps
WITHHELD = frozenset({"minimum", "maximum", "largest_weight", "cumulative_incidence"})
# units of what counts nobody
NOT_PATIENTS = frozenset({"covariates", "characteristics", "sets", "ratio"})
MODEL_TERMS = frozenset({"choice"})  # endpoints whose terms are characteristics
ROUND_TIMES = frozenset({*TIMES, BENEFIT_WEEKS})

Curves = Mapping[str, Mapping[str, Durations]]  # endpoint -> group -> data
Grouped = Mapping[tuple[str, str], GroupedCurve]


@dataclass(frozen=True)
class Shareable(Outside):
    """The numbers that may be shown, the curves that may be drawn, and how many numbers are withheld."""

    numbers: Numbers
    curves: Grouped


def shareable(numbers: Numbers, data: StudyData, curves: Curves, min_count: int) -> Shareable:
    """The rows that may leave the house; `curves` are the time-to-event data behind the rows.

    A level that no code list names (a histology of one patient) is not even listed where it is small.
    """
    book = ledger(numbers.rows, data.study.strategies)
    unlisted = _small_unlisted(book, min_count)
    book.implied |= unlisted
    hidden = withhold(book.counts, min_count)
    fewest = max(FEWEST, 2 * min_count)
    grouped = {
        (endpoint, group): curve
        for endpoint, groups in curves.items()
        for group, durations in groups.items()
        if durations.n >= fewest and (curve := grouped_curve(durations, min_count)) is not None
    }
    labels = {c.label for c in COVARIATES} | {c.label for c in data.study.covariates}
    rules = _Rules(numbers, book, hidden, grouped, min_count, fewest, labels)
    shown = {key: rules.shown(row) for key, row in numbers.rows.items() if not _dropped(row, unlisted)}
    known = [key for key, row in numbers.rows.items() if row.estimate is not None]
    left = sum(key not in shown or "estimate" in shown[key].withheld for key in known)
    return Shareable(min_count, fewest, left, len(known), Numbers(shown), grouped)


def _small_unlisted(book: Ledger, min_count: int) -> set[str]:
    """The counts of levels that are on the page because somebody has them, where few have."""
    return {
        name
        for key, groups in book.roles.items()
        if key[0] == "baseline" and book.value.get(groups.get("all", ""), min_count) < min_count
        for name in groups.values()
        if name in book.unlisted
    }


def _dropped(row: Stored, unlisted: AbstractSet[str]) -> bool:
    """Rows whose very presence says something: rare levels, times that one patient sets."""
    if row.population == "published":
        return False
    if f"baseline.{row.group_name}.count.{row.term}" in unlisted:
        return True
    timed = row.statistic not in CURVES and row.time_months is not None
    return timed and round(row.time_months or 0.0, 4) not in ROUND_TIMES


@dataclass(frozen=True)
class _Rules:
    """What decides over one row."""

    numbers: Numbers
    book: Ledger
    hidden: AbstractSet[str]
    curves: Grouped
    min_count: int
    fewest: int
    labels: AbstractSet[str]

    def shown(self, row: Stored) -> Stored:
        """The row as it may be printed."""
        if row.population == "published":
            return row
        if row.statistic in COUNTS and row.unit in NOT_PATIENTS:
            return self._of_characteristics(row)
        if row.statistic in CURVES:
            return self._read_off(row)
        kept = self._comparison(row) if PAIR in row.group_name else self._group(row)
        if row.estimate is None and row.note not in SAFE_NOTES:
            kept = False  # why a number is missing can be told by a count: fewer than 5 events
        gone = {column for column in ("n", "events") if not self._printed(row, column)}
        return _without(self._unjudged(row), gone if kept else {*gone, "estimate"})

    def _of_characteristics(self, row: Stored) -> Stored:
        """A number of characteristics, or a constant: it counts nobody, and its words name characteristics.

        Of an obstacle it is said that there is one; how many patients the smaller group has is not.
        """
        named = [part for part in (row.note or "").split("; ") if self._names(part)]
        note = "; ".join(named) or (TOO_SMALL if row.note and not row.estimate else None)
        return replace(row, n=None, events=None, note=note, withheld=frozenset({"n", "events"}))

    def _names(self, words: str) -> bool:
        """Whether words are characteristics, or such as count nobody."""
        return words in self.labels | NO_PATIENTS or all(part in self.labels for part in words.split(", "))

    def _unjudged(self, row: Stored) -> Stored:
        """A comparison behind which a count is withheld says nothing of that count's bounds.

        In a group of 11 whose events are withheld, 10 events or more would tell that one patient is without.
        """
        if PAIR not in row.group_name or row.statistic not in OF_EVENTS | OF_KNOWN:
            return row
        if not any(self._behind(row, group) for group in row.group_name.split(PAIR)):
            return row
        modelled = row.adjustment.partition("_")[0] in MODELLED
        method = EITHER_MODEL if modelled else row.method
        return replace(row, note=PERHAPS_FEW if row.statistic in OF_EVENTS else row.note, method=method)

    def _behind(self, row: Stored, group: str) -> bool:
        """Whether events, or values that are known, of the group are withheld."""
        behind = {self.book.place.get((f"{row.endpoint}.{group}.count.events", "estimate"))}
        if row.endpoint in MODEL_TERMS:
            column = (row.term or "").partition("=")[0]
            behind |= {*self.book.roles.get(("level", column, group), {}).values()}
        return bool(behind & self.hidden)

    def _printed(self, row: Stored, column: str) -> bool:
        name = self.book.place.get((row.estimate_id, column))
        return name is not None and name not in self.hidden and name not in self.book.implied

    def _group(self, row: Stored) -> bool:
        if not ruled(row.endpoint) or self._bounds(row):
            return False
        if row.statistic in COUNTS:
            return self._printed(row, "estimate")
        if row.statistic in SHARES and row.events is not None:
            return self._printed(row, "events") and self._printed(row, "n")
        if row.statistic in SHARES | SUMMARIES:
            return row.n == 0 or (row.n or 0) >= self.fewest
        return False

    def _bounds(self, row: Stored) -> bool:
        """Whether a number would bound the withheld count of a class that is cut from it."""
        classes = self.book.roles.get(("level", CLASSES.get(row.term or "", ""), row.group_name), {})
        return row.statistic in SUMMARIES and any(name in self.hidden for name in classes.values())

    def _comparison(self, row: Stored) -> bool:
        groups = row.group_name.split(PAIR)
        largest = row.statistic == "maximum" and row.unit == "sd"  # of the SMDs, no patient's value
        return (
            (row.statistic in COMPARISONS or largest)
            and all(self.book.value.get(f"strategy.{group}.count", 0) >= self.fewest for group in groups)
            and not any(self._gives_away(row, group) for group in groups)
        )

    def _gives_away(self, row: Stored, group: str) -> bool:
        """Whether a withheld count of the group stands behind the comparison."""
        share = self.numbers.row(f"{row.endpoint}.{group}.proportion")
        if share is not None and not self._group(share):
            return True
        events = self.book.place.get((f"{row.endpoint}.{group}.count.events", "estimate"))
        if events is not None and self.book.value[events] < self.min_count:
            return True
        characteristics = set(re.split(r"[.=]", row.term or ""))
        counted = {key[1] for key in self.book.roles if key[0] == "level"}
        if row.endpoint in MODEL_TERMS and row.term and not characteristics & counted:
            return True  # an odds ratio of a characteristic that Table 1 does not count
        return any(
            "known" not in levels and any(name in self.hidden for name in levels.values())
            for key, levels in self.book.roles.items()
            if key[0] == "level" and key[1] in characteristics and key[2] == group
        )

    def _read_off(self, row: Stored) -> Stored:
        """Survival or number at risk, from the curve of groups."""
        curve, when = self.curves.get((row.endpoint, row.group_name)), row.time_months
        gone = {"n", "events"}
        if curve is None or when is None or when > curve.until or row.adjustment != "none":
            return _without(row, {*gone, "estimate"})
        if row.statistic == "at_risk":
            return _without(replace(row, estimate=float(number_at_risk(curve.fit.data, when))), gone)
        read = survival_at(curve.fit, when)
        limits = read.interval
        return _without(
            replace(
                row, estimate=read.estimate, ci_low=read.ci_low, ci_high=read.ci_high,
                variance=limits.variance.value if limits else None, note=read.note,
            ),
            gone,
        )  # fmt: skip


def _without(row: Stored, gone: AbstractSet[str]) -> Stored:
    """The row without what is withheld; words beside it stay only where they are known to count nobody."""
    withheld = frozenset(gone)
    safe = SAFE_BESIDE | {FEW, PERHAPS_FEW}
    kept = replace(
        row,
        n=None if "n" in gone else row.n,
        events=None if "events" in gone else row.events,
        note="; ".join(part for part in (row.note or "").split("; ") if part in safe) or None,
        withheld=withheld,
    )
    if "estimate" not in gone:
        return kept
    return replace(kept, estimate=None, ci_low=None, ci_high=None, variance=None, note=LEFT_OUT)
