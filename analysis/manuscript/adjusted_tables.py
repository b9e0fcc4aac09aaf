"""Tables for a manuscript: what drove the choice, the adjusted comparison, the answer under other choices."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from analysis.estimation.adjustment import ADJUSTMENTS as WAYS
from analysis.estimation.adjustment import NONE
from analysis.estimation.choice_rows import PATIENTS_PER_COLUMN, PATIENTS_PER_COVARIATE, odds_labels
from analysis.estimation.ratio_rows import ratio_threshold
from analysis.estimation.reanalyses import INTERVAL
from analysis.estimation.specifications import PRIMARY
from analysis.estimation.study import Pair, StudyData
from analysis.estimation.survival_rows import TIMES
from analysis.manuscript.tables import (
    LIMITS,
    Cell,
    Column,
    Line,
    Table,
    estimated,
    p_value,
    people,
    said,
    whole,
)
from analysis.report import words
from analysis.report.adjusted_words import adjusted_lines, adjusted_notes
from analysis.report.numbers import Numbers
from analysis.report.specification_words import ADJUSTMENTS, REANALYSES, by_method, profile, reanalysis_key
from analysis.report.specified_numbers import Specified
from analysis.statistics.propensity import WEIGHTED

ASSOCIATION = "Adjusted for what was measured alone: an association. CI, confidence interval."


def choice_tables(data: StudyData, numbers: Numbers) -> Iterator[Table]:
    """Odds ratios of each strategy against the reference, alone and together."""
    for pair in data.study.pairs:
        lines = []
        for term, label in odds_labels(data, pair):
            key = f"choice.{pair.key}"
            lines.append(
                Line(
                    (
                        said(label),
                        people(numbers, f"{key}.odds_ratio.{term}"),
                        estimated(numbers, f"{key}.odds_ratio.{term}", 2),
                        p_value(numbers, f"{key}.p_value.{term}"),
                        estimated(numbers, f"{key}.multivariable.odds_ratio.{term}", 2),
                    )
                )
            )
        area = numbers.row(f"choice.{pair.key}.multivariable.auc")
        notes = [
            f"Logistic regression, Firth's penalised likelihood where fewer than {PATIENTS_PER_COLUMN} "
            "patients of the smaller group stand behind a characteristic or it separates the groups. "
            "Alone: over the patients in whom it is known. Together: one characteristic for each "
            f"{PATIENTS_PER_COVARIATE} patients of the smaller group, in the order of the study; unknown "
            "values multiply imputed."
        ]
        if area and area.estimate is not None:
            shown = estimated(numbers, area.estimate_id, 2).text
            notes.append(f"Area under the ROC curve of all together, apparent: {shown}.")
        yield Table(
            f"choice{_suffix(data, pair)}",
            f"What went with {_versus(data, pair, 'rather than')}",
            (
                Column("Characteristic"),
                Column("Known in"),
                Column("Odds ratio alone (95 % CI)", LIMITS),
                Column("p", p_values=True),
                Column("Odds ratio together (95 % CI)", LIMITS),
            ),
            tuple(lines),
            tuple(notes),
        )


def adjusted_tables(data: StudyData, numbers: Numbers) -> Iterator[Table]:
    """Hazard ratios of PFS2 by adjustment, then the weighted medians."""
    for pair in data.study.pairs:
        lines = []
        for key, label in adjusted_lines(numbers, pair):
            value, limit = (
                key.replace(".hazard_ratio", f".e_value.{term}") for term in ("estimate", "limit")
            )
            cells = (
                people(numbers, key, events=True),
                people(numbers, key),
                estimated(numbers, key, 2),
                _plain(numbers, value),
                _plain(numbers, limit),
            )
            lines.append(Line((said(label), *cells)))
        yield Table(
            f"adjusted{_suffix(data, pair)}",
            f"PFS2, {_versus(data, pair, 'against')}, without and with adjustment",
            (
                Column("Analysis"),
                Column("Events"),
                Column("Patients"),
                Column("Hazard ratio (95 % CI)", LIMITS),
                Column("E-value"),
                Column("E-value of the limit"),
            ),
            tuple(lines),
            (
                f"{ASSOCIATION} Where not said otherwise unknown values are multiply imputed and pooled by "
                "Rubin's rules. The E-value is the risk ratio that something unmeasured would need with both "
                "the choice and the outcome to explain the association away.",
                *adjusted_notes(numbers, pair),
            ),
        )
        yield _weighted(data, numbers, pair)


def _weighted(data: StudyData, numbers: Numbers, pair: Pair) -> Table:
    """Medians and effective sample sizes under each kind of weights."""
    lines = []
    for name in (pair.reference, pair.strategy):
        label = data.study.label(name)
        lines.append(
            Line(
                (said(label), said(ADJUSTMENTS[NONE]), estimated(numbers, f"pfs2.{name}.median"), *_blanks(2))
            )
        )
        for way in WEIGHTED:
            weights = f"baseline.{pair.key}.{way}"
            median = f"pfs2.{name}.{way}.median.{pair.key}"
            if numbers.row(median):
                effective = _plain(numbers, f"{weights}.effective_sample_size.{name}", 1)
                largest = _plain(numbers, f"{weights}.largest_weight.{name}", 1)
                cells = estimated(numbers, median), effective, largest
                lines.append(Line((said(label), said(ADJUSTMENTS[way]), *cells)))
    return Table(
        f"weighted{_suffix(data, pair)}",
        f"Median PFS2 under weights, {_versus(data, pair, 'against')}",
        (
            Column("Group"),
            Column("Weights"),
            Column("Median, months (95 % CI)", LIMITS),
            Column("Effective sample size"),
            Column("Largest weight"),
        ),
        tuple(lines),
        (f"{ASSOCIATION} The largest weight is in multiples of the group's mean weight. NR, not reached.",),
    )


def further_line_table(data: StudyData, numbers: Numbers) -> Table:
    """Cumulative incidence of a further line, with death competing."""
    groups = [("all", "All compared"), *((name, data.study.label(name)) for name in data.study.strategies)]
    lines = [
        Line(
            (
                said(label),
                whole(numbers, f"further_line.{name}.count.events"),
                whole(numbers, f"further_line.{name}.count.deaths"),
                *(_share(numbers, f"further_line.{name}.cumulative_incidence.{time:g}") for time in TIMES),
            )
        )
        for name, label in groups
        if numbers.row(f"further_line.{name}.count.events")
    ]
    return Table(
        "further_line",
        "Cumulative incidence of a further line after the next one",
        (
            Column("Group"),
            Column("Started one"),
            Column("Died without"),
            *(Column(f"By {time:g} months, % (95 % CI)", LIMITS) for time in TIMES),
        ),
        tuple(lines),
        ("Aalen-Johansen estimates, death as a competing event. A dash: beyond the last patient observed.",),
    )


def ratio_table(data: StudyData, numbers: Numbers) -> Table:
    """The PFS ratio by strategy."""
    groups = [("all", "All compared"), *((name, data.study.label(name)) for name in data.study.strategies)]
    lines = [
        Line(
            (
                said(label),
                people(numbers, f"pfs_ratio.{name}.median"),
                estimated(numbers, f"pfs_ratio.{name}.median", 2),
                estimated(numbers, f"pfs_ratio.{name}.proportion.reached", 0),
                estimated(numbers, f"pfs_ratio.{name}.survival.threshold", 0),
                estimated(numbers, f"pfs_ratio.{name}.kendall_tau", 2),
            )
        )
        for name, label in groups
        if numbers.row(f"pfs_ratio.{name}.count.reached")
    ]
    threshold = words.number(ratio_threshold(data), 2)
    return Table(
        "pfs_ratio",
        "PFS ratio: PFS2 over PFS1 of the same patient",
        (
            Column("Group"),
            Column("Patients"),
            Column("Median (95 % CI)", LIMITS),
            Column(f"{threshold} or more of those known, % (95 % CI)", LIMITS),
            Column(f"{threshold} or more, Kaplan-Meier, % (95 % CI)", LIMITS),
            Column("Kendall's tau (95 % CI)", LIMITS),
        ),
        tuple(lines),
        ("Of patients whose PFS1 ended in a progression or death. Kendall's tau is that of PFS1 and PFS2.",),
    )


def sensitivity_table(data: StudyData, specified: Specified) -> Table:
    """The primary choice analysed in other ways."""
    own, study = specified.at(PRIMARY, PRIMARY), data.study
    lines = []
    for term, label in {"": "As in the report", **REANALYSES}.items():
        medians = [estimated(own, reanalysis_key(name, "median", term)) for name in study.strategies]
        keys = [reanalysis_key(pair.key, "hazard_ratio", term) for pair in study.pairs]
        ratios = [
            Cell(words.DASH, (None, None, None)) if term == INTERVAL else estimated(own, key, 2)
            for key in keys
        ]
        if own.row(reanalysis_key(study.reference, "median", term)):
            lines.append(Line((said(by_methods(label, own, keys)), *medians, *ratios)))
    return Table(
        "sensitivity",
        "PFS2 analysed in other ways, not adjusted",
        (
            Column("Analysis"),
            *(Column(f"Median, {words.inside(study.label(n))} (95 % CI)", LIMITS) for n in study.strategies),
            *_ratio_columns(data),
        ),
        tuple(lines),
        ("Medians in months; after the landmark on a clock that starts there. NR, not reached.",),
    )


def specification_table(data: StudyData, specified: Specified) -> Table:
    """Every choice with its hazard ratios; too long for a page, so in no document."""
    lines = [
        Line(
            (
                said(rule_set),
                said(profile(name)),
                said(by_methods(ADJUSTMENTS[way], numbers, _ratio_keys(data, way))),
                *(estimated(numbers, key, 2) for key in _ratio_keys(data, way)),
            )
        )
        for rule_set, name in specified.estimated
        for numbers in [specified.at(rule_set, name)]
        for way in WAYS
        if any(numbers.row(key) for key in _ratio_keys(data, way))
    ]
    return Table(
        "specifications",
        "Hazard ratio of PFS2 under every choice",
        (Column("Rule set"), Column("Endpoint profile"), Column("Adjustment"), *_ratio_columns(data)),
        tuple(lines),
        in_document=False,
    )


def by_methods(label: str, numbers: Numbers, keys: Iterable[str]) -> str:
    """The label of a line, which says so where one of its hazard ratios is Firth's."""
    rows = [row for key in keys if (row := numbers.row(key)) is not None and row.estimate is not None]
    return next((said for row in rows if (said := by_method(label, row.method)) != label), label)


def _ratio_keys(data: StudyData, way: str) -> list[str]:
    adjusted = "" if way == NONE else f".{way}"
    return [f"pfs2.{pair.key}{adjusted}.hazard_ratio" for pair in data.study.pairs]


def _ratio_columns(data: StudyData) -> list[Column]:
    several = len(data.study.pairs) > 1
    return [
        Column(
            "Hazard ratio" + (f", {words.inside(data.study.label(p.strategy))}" if several else "")
            + " (95 % CI)",
            LIMITS,
        )
        for p in data.study.pairs
    ]  # fmt: skip


def _share(numbers: Numbers, key: str) -> Cell:
    return estimated(numbers, key, 0) if numbers.value(key) is not None else Cell(words.DASH, (None,))


def _plain(numbers: Numbers, key: str, decimals: int = 2) -> Cell:
    return Cell(words.number(numbers.value(key), decimals), (numbers.value(key),))


def _blanks(count: int) -> list[Cell]:
    return [Cell("", (None,)) for _ in range(count)]


def _versus(data: StudyData, pair: Pair, between: str) -> str:
    first, second = (words.inside(data.study.label(name)) for name in (pair.strategy, pair.reference))
    return f"{first} {between} {second}"


def _suffix(data: StudyData, pair: Pair) -> str:
    return f"-{pair.strategy}" if len(data.study.pairs) > 1 else ""
