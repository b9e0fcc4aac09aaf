"""Whether the weighted groups can be compared, in words, and the lines of the adjusted comparison.

The report says that they cannot where nothing could be weighted, where the effective sample size of a group
is under 10, or where a standardised mean difference above 0.25 remains (statistics.md, part 8).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from analysis.estimation.baseline_rows import covariates_of
from analysis.estimation.choice_rows import odds_labels
from analysis.estimation.covariates import COMPLETE_CASES, MISSING_LEVEL, compare
from analysis.estimation.study import Pair, StudyData
from analysis.report import words
from analysis.report.numbers import Numbers
from analysis.statistics.honesty import FEWEST_EFFECTIVE, LARGE_SMD
from analysis.statistics.imputation import SETS
from analysis.statistics.propensity import ATE, OVERLAP, WEIGHTED

NAMED = 3  # covariates that the sentence names
APART = "the groups cannot be compared"
LABELS = {
    "none": "Not adjusted",
    OVERLAP: "Overlap weights",
    ATE: "Stabilised weights",
    "cox": "Covariates in the Cox model",
}
MISSING = {COMPLETE_CASES: "complete cases", MISSING_LEVEL: "unknown as a level"}


@dataclass(frozen=True)
class Verdict:
    """Whether two groups can be compared once they are weighted, and why not.

    `brief` fits under a number, `sentence` stands in the text.
    """

    comparable: bool
    brief: str
    sentence: Markup


def adjusted_context(data: StudyData, numbers: Numbers) -> dict[str, Any]:
    """What the templates of the choice and of the adjusted comparison print, by pair."""
    verdicts = {pair.key: verdict(data, numbers, pair) for pair in data.study.pairs}
    return {
        "verdicts": verdicts,
        "adjusted_for": {pair.key: adjusted_for(data, pair) for pair in data.study.pairs},
        "adjusted_lines": {pair.key: adjusted_lines(numbers, pair) for pair in data.study.pairs},
        "imputed_sets": SETS,
        "odds": {pair.key: odds_labels(data, pair) for pair in data.study.pairs},
    }


def verdict(data: StudyData, numbers: Numbers, pair: Pair) -> Verdict:
    """Judge the overlap weights of a pair."""
    if numbers.row(f"baseline.{pair.key}.{OVERLAP}.maximum.smd") is None:
        note = numbers.note(f"adjustment.{pair.key}.count.covariates")
        reason = f": {note}" if note else ""
        return Verdict(
            False, APART, Markup("Nothing can be adjusted{}. The groups cannot be compared.").format(reason)
        )
    reasons = [*_small(data, numbers, pair), *_unequal(data, numbers, pair)]
    if reasons:
        why = Markup(", and ").join(reasons)
        return Verdict(
            False, APART, Markup("Even after weighting the groups cannot be compared: {}.").format(why)
        )
    return Verdict(
        True,
        "groups alike once weighted",
        Markup(
            "After weighting no characteristic measured differs by more than {} standard deviations, and "
            "each group keeps an effective sample size of {} or more: an adjusted association may be read. "
            "What was not measured is not adjusted for."
        ).format(LARGE_SMD, FEWEST_EFFECTIVE),
    )


def adjusted_lines(numbers: Numbers, pair: Pair) -> list[tuple[str, str]]:
    """Key of each hazard ratio there is, and its label: without adjustment, then each adjustment."""
    ways = [("none", "")]
    for adjustment in (*WEIGHTED, "cox"):
        ways += [(adjustment, ""), *((f"{adjustment}_{missing}", missing) for missing in MISSING)]
    lines = []
    for way, missing in ways:
        key = f"pfs2.{pair.key}.hazard_ratio" if way == "none" else f"pfs2.{pair.key}.{way}.hazard_ratio"
        if numbers.row(key) is not None:
            plain = way.removesuffix(f"_{missing}") if missing else way
            lines.append((key, LABELS[plain] + (f", {MISSING[missing]}" if missing else "")))
    return lines


def adjusted_for(data: StudyData, pair: Pair) -> list[str]:
    """The covariates that the adjusted comparison of a pair takes, as they stand inside a sentence."""
    return [
        words.inside(covariate.label) for covariate in compare(data.patients, data.study, pair).covariates
    ]


def _small(data: StudyData, numbers: Numbers, pair: Pair) -> list[Markup]:
    reasons = []
    for name in (pair.reference, pair.strategy):
        key = f"baseline.{pair.key}.{OVERLAP}.effective_sample_size.{name}"
        value, label = numbers.value(key), words.inside(data.study.label(name))
        if value is None:
            reasons.append(Markup("the effective sample size with {} is withheld").format(label))
        elif value < FEWEST_EFFECTIVE:
            shown = numbers.plain(key, 1)
            reasons.append(Markup("the effective sample size with {} is {}").format(label, shown))
    return reasons


def _unequal(data: StudyData, numbers: Numbers, pair: Pair) -> list[Markup]:
    keys = {
        covariate.label: f"baseline.{pair.key}.{OVERLAP}.smd.{covariate.column}"
        for covariate in covariates_of(data)
    }
    sizes = {label: abs(numbers.value(key) or 0.0) for label, key in keys.items()}
    large = sorted((label for label in keys if sizes[label] > LARGE_SMD), key=lambda label: -sizes[label])
    if not large:
        return []
    named = [
        Markup("{} ({})").format(words.inside(label), numbers.plain(keys[label], 2))
        for label in large[:NAMED]
    ]
    most = "most in " if len(large) > NAMED else "in "
    return [
        Markup("they still differ by more than {} standard deviations, {}{}").format(
            LARGE_SMD, most, Markup(", ").join(named)
        )
    ]
