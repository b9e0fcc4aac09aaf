"""Whether the weighted groups can be compared, in words, and the lines of the adjusted comparison.

The report says that they cannot where nothing could be weighted, where the effective sample size of a group
is under 10, or where a standardised mean difference above 0.25 remains (statistics.md, part 8).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from analysis.estimation.adjustment import COX, NONE
from analysis.estimation.adjustment_rows import EVERYWHERE
from analysis.estimation.baseline_rows import covariates_of
from analysis.estimation.choice_rows import PATIENTS_PER_COLUMN, odds_labels
from analysis.estimation.choice_rows import PATIENTS_PER_COVARIATE as PATIENTS_PER_ODDS_RATIO
from analysis.estimation.covariates import compare
from analysis.estimation.study import Pair, StudyData
from analysis.report import words
from analysis.report.numbers import Numbers, Stored
from analysis.report.specification_words import ADJUSTMENTS, MISSING, by_method
from analysis.statistics.honesty import FEWEST_EFFECTIVE, LARGE_SMD, PATIENTS_PER_COVARIATE
from analysis.statistics.imputation import SETS
from analysis.statistics.propensity import ATE, OVERLAP, WEIGHTED

NAMED = 3  # covariates that the sentence names
APART = "the groups cannot be compared"


@dataclass(frozen=True)
class Verdict:
    """Whether two groups can be compared once they are weighted, and why not.

    `brief` fits under a number, `sentence` stands in the text; `ate` says why the stabilised weights leave
    groups that cannot be compared, if so.
    """

    comparable: bool
    brief: str
    sentence: Markup
    ate: Markup | None = None


def adjusted_context(data: StudyData, numbers: Numbers) -> dict[str, Any]:
    """What the templates of the choice and of the adjusted comparison print, by pair."""
    verdicts = {pair.key: verdict(data, numbers, pair) for pair in data.study.pairs}
    return {
        "verdicts": verdicts,
        "adjusted_pairs": [pair.key for pair in data.study.pairs if adjusted_ratios(numbers, pair)],
        "adjusted_for": {pair.key: adjusted_for(data, pair) for pair in data.study.pairs},
        "adjusted_lines": {pair.key: adjusted_lines(numbers, pair) for pair in data.study.pairs},
        "adjusted_notes": {pair.key: adjusted_notes(numbers, pair) for pair in data.study.pairs},
        "patients_per_covariate": PATIENTS_PER_COVARIATE,
        "patients_per_odds_ratio": PATIENTS_PER_ODDS_RATIO,
        "patients_per_column": PATIENTS_PER_COLUMN,
        "adjustment_names": ADJUSTMENTS,
        "imputed_sets": SETS,
        "odds": {pair.key: odds_labels(data, pair) for pair in data.study.pairs},
    }


def verdict(data: StudyData, numbers: Numbers, pair: Pair) -> Verdict:
    """Judge the overlap weights of a pair, and beside them the stabilised ones."""
    if numbers.row(f"baseline.{pair.key}.{OVERLAP}.maximum.smd") is None:
        note = numbers.note(f"adjustment.{pair.key}.count.covariates")
        reason = f": {note}" if note else ""
        return Verdict(
            False, APART, Markup("Nothing can be adjusted{}. The groups cannot be compared.").format(reason)
        )
    if numbers.value(f"adjustment.{pair.key}.count.separated"):
        return Verdict(
            False, APART, Markup("The covariates tell the groups apart completely: they cannot be compared.")
        )
    second = _reasons(data, numbers, pair, ATE)
    ate = (
        Markup("{}: the groups cannot be compared: {}.").format(ADJUSTMENTS[ATE], second) if second else None
    )
    reasons = _reasons(data, numbers, pair, OVERLAP)
    if reasons:
        sentence = Markup("Even after weighting the groups cannot be compared: {}.").format(reasons)
        return Verdict(False, APART, sentence, ate)
    return Verdict(
        True,
        "groups alike once weighted",
        Markup(
            "After weighting no characteristic measured differs by more than {} standard deviations, and "
            "each group keeps an effective sample size of {} or more: an adjusted association may be read. "
            "What was not measured is not adjusted for."
        ).format(LARGE_SMD, FEWEST_EFFECTIVE),
        ate,
    )


def adjusted_lines(numbers: Numbers, pair: Pair) -> list[tuple[str, str]]:
    """Key of each hazard ratio there is, and its label: without adjustment, then each adjustment."""
    ways = [(NONE, "")]
    for adjustment in (*WEIGHTED, COX):
        ways += [(adjustment, ""), *((adjustment, missing) for missing in MISSING)]
    lines = []
    for way, missing in ways:
        adjusted = "" if way == NONE else f".{way}" + (f"_{missing}" if missing else "")
        row = numbers.row(f"pfs2.{pair.key}{adjusted}.hazard_ratio")
        if row is not None:
            label = ADJUSTMENTS[way] + (f", {MISSING[missing]}" if missing else "")
            fitted = row.estimate is not None
            lines.append((row.estimate_id, by_method(label, row.method) if fitted else label))
    return lines


def adjusted_notes(numbers: Numbers, pair: Pair) -> list[str]:
    """How far the hazard ratios carry, once for all of which a note says the same."""
    found: dict[str, list[str]] = {}
    for key, label in adjusted_lines(numbers, pair):
        row = numbers.row(key)
        if row is not None and row.estimate is not None and row.note:
            found.setdefault(row.note, []).append(label)
    return [f"{'; '.join(labels)}: {note}." for note, labels in found.items()]


def adjusted_ratios(numbers: Numbers, pair: Pair) -> list[Stored]:
    """The adjusted hazard ratios of PFS2 that could be estimated, shown or withheld."""
    return [
        row
        for row in numbers.rows.values()
        if row.endpoint == "pfs2"
        and row.statistic == "hazard_ratio"
        and row.adjustment != NONE
        and row.group_name == pair.group
        and (row.estimate is not None or numbers.withheld(row.estimate_id))
    ]


def adjusted_for(data: StudyData, pair: Pair) -> list[str]:
    """The covariates that the adjusted comparison of a pair takes, as they stand inside a sentence."""
    return [
        words.inside(covariate.label) for covariate in compare(data.patients, data.study, pair).covariates
    ]


def _reasons(data: StudyData, numbers: Numbers, pair: Pair, way: str) -> Markup:
    """Why the groups cannot be compared under weights; nothing where they can."""
    return Markup(", and ").join([*_small(data, numbers, pair, way), *_unequal(data, numbers, pair, way)])


def _small(data: StudyData, numbers: Numbers, pair: Pair, way: str) -> list[Markup]:
    reasons = []
    for name in (pair.reference, pair.strategy):
        key = f"baseline.{pair.key}.{way}.effective_sample_size.{name}"
        value, label = numbers.value(key), words.inside(data.study.label(name))
        if value is None:
            reasons.append(Markup("the effective sample size with {} is withheld").format(label))
        elif value < FEWEST_EFFECTIVE:
            shown = numbers.plain(key, 1)
            reasons.append(Markup("the effective sample size with {} is {}").format(label, shown))
    return reasons


def _unequal(data: StudyData, numbers: Numbers, pair: Pair, way: str) -> list[Markup]:
    """From the stored verdict, which counts what has no SMD too; names are given as far as they are shown."""
    key = f"adjustment.{pair.key}.{way}.count.unbalanced"
    unbalanced = numbers.value(key)
    if unbalanced is None:
        return [Markup("how many characteristics still differ is withheld")]
    if not unbalanced:
        return []
    rows = {
        covariate.label: row
        for covariate in covariates_of(data)
        if (row := numbers.row(f"baseline.{pair.key}.{way}.smd.{covariate.column}")) is not None
        and not row.withheld
    }
    lost = [label for label, row in rows.items() if row.estimate is None and row.note != EVERYWHERE]
    sizes = {label: abs(row.estimate) for label, row in rows.items() if row.estimate is not None}
    large = sorted((label for label in sizes if sizes[label] > LARGE_SMD), key=lambda label: -sizes[label])
    named = [Markup("{} (cannot be balanced)").format(words.inside(label)) for label in lost]
    named += [
        Markup("{} ({})").format(words.inside(label), numbers.plain(rows[label].estimate_id, 2))
        for label in large
    ]
    many = Markup("{} {} by more than {} standard deviations").format(
        numbers.count(key),
        "characteristic still differs" if unbalanced == 1 else "characteristics still differ",
        LARGE_SMD,
    )
    if lost:
        many += Markup(" or cannot be balanced")
    if not named:
        return [many]
    most = "most of all " if len(named) > NAMED and not lost else ""
    return [Markup("{}, {}{}").format(many, most, Markup(", ").join(named[:NAMED]))]
