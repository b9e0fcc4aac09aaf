"""The report's tables for a manuscript: which there are, what stands in them, and their footnotes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from analysis.estimation.baseline_rows import UNKNOWN, covariates_of
from analysis.estimation.study import StudyData
from analysis.estimation.survival_rows import BENEFIT_WEEKS, TIMES
from analysis.manuscript.adjusted_tables import (
    adjusted_tables,
    choice_tables,
    further_line_table,
    ratio_table,
    sensitivity_table,
    specification_table,
)
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
from analysis.report.numbers import Numbers
from analysis.report.page import BENEFIT_DAYS, TableLine, published_sources, table_line
from analysis.report.specified_numbers import Specified
from analysis.statistics.durations import DAYS_PER_MONTH
from analysis.statistics.honesty import FEW_EVENTS, TOO_FEW_EVENTS

WEEKS = BENEFIT_DAYS // 7
VARIANTS = {
    "clinical_benefit_recist": "Clinical benefit, RECIST",
    "clinical_benefit_161": "Clinical benefit, day 161 on",
    "confirmed_response": "Confirmed response",
}
NEXT_LINE = ("ttnt", "ttd", "os")
FROM_INDEX = ("pfs1", "pfs2_ema")
QUARTILES = ("number or median", "% or first quartile", "third quartile")
KAPLAN_MEIER = (
    f"Kaplan-Meier estimates with log-log 95 % limits; months are of {DAYS_PER_MONTH:g} days. CI, "
    "confidence interval; NR, not reached."
)
UNADJUSTED = "Unadjusted: an association between treatments that were chosen, not assigned."


def manuscript_tables(
    data: StudyData, numbers: Numbers, specified: Specified, *, interim: bool
) -> list[Table]:
    """Every table that has something in it, in the order of the report.

    At an `interim` look each table with p-values says so (statistics.md, honesty rules).
    """
    tables = [_attrition(data, numbers)]
    if len(data.compared):
        tables += [
            _table_one(data, numbers),
            _by_group("pfs2", ("pfs2",), data, numbers),
            _comparisons(data, numbers),
            _by_group("later_endpoints", NEXT_LINE, data, numbers),
        ]
    if len(data.index_patients):
        tables.append(_from_index(data, numbers))
    if len(data.compared):
        tables += [
            further_line_table(data, numbers),
            _response(data, numbers),
            _best_response(data, numbers),
            *choice_tables(data, numbers),
            *adjusted_tables(data, numbers),
            ratio_table(data, numbers),
            sensitivity_table(data, specified),
            specification_table(data, specified),
        ]
    tables.append(_published(data, numbers))
    if interim:
        note = f"{words.INTERIM}."
        tables = [replace(t, notes=(*t.notes, note)) if t.has_p_values else t for t in tables]
    return [table for table in tables if table.lines]


def _attrition(data: StudyData, numbers: Numbers) -> Table:
    lines = []
    for step in data.attrition["step"].astype(str):
        key = f"attrition.all.count.{step}"
        label = words.step(step, data.study.index_drug, data.study.parameters)
        lines.append(Line((said(label), whole(numbers, f"{key}.left"), whole(numbers, f"{key}.removed"))))
    for name in data.study.strategies:
        label, left = data.study.label(name), whole(numbers, f"strategy.{name}.count")
        lines.append(Line((said(label), left, Cell("", (None,))), inner=True))
    return Table(
        "attrition",
        "From all patients in the extracts to those compared",
        (Column("Step"), Column("Patients left"), Column("Removed")),
        tuple(lines),
        ("Each step counts the patients it removes; what is unknown fails its step.",),
    )


def _table_one(data: StudyData, numbers: Numbers) -> Table:
    study = data.study
    groups = tuple(
        Column(f"{study.label(name)} (n = {len(data.group(name))})", QUARTILES) for name in study.strategies
    )
    differences = tuple(
        Column("SMD" + (f", {words.inside(study.label(pair.strategy))}" if len(study.pairs) > 1 else ""))
        for pair in study.pairs
    )
    lines: list[Line] = []
    for covariate in covariates_of(data):
        lines += _characteristic(table_line(covariate, data), data, numbers)
    return Table(
        "table_1",
        "Characteristics of the patients compared, at the start of the next line",
        (Column("Characteristic", ("", "Level")), *groups, *differences),
        tuple(lines),
        (
            "Numbers are medians (quartiles) of known values, levels are patients (%). SMD, standardised "
            f"mean difference: the named strategy minus {words.inside(study.label(study.reference))}; a "
            "distance without a sign where there are more than two levels. Unknown is a level of its own and "
            "enters the SMD of a characteristic with levels; that of a number is of known values.",
        ),
    )


def _characteristic(line: TableLine, data: StudyData, numbers: Numbers) -> list[Line]:
    """A covariate's line with its SMD, then a line a level."""
    names = data.study.strategies
    single = not line.numeric and len(line.levels) == 1
    if line.numeric:
        cells = [_median(numbers, name, line) for name in names]
    elif single:
        cells = [_share(numbers, name, line.column, line.levels[0][0]) for name in names]
    else:
        cells = [said("") for _ in names]
    smds = [_smd(numbers, f"baseline.{pair.key}.smd.{line.column}") for pair in data.study.pairs]
    lines = [Line((Cell(line.label, (line.label, None)), *cells, *smds))]
    blank = [Cell("", (None,)) for _ in smds]
    levels = [] if single else list(line.levels)
    if line.numeric and line.missing:
        levels = [(UNKNOWN, "Unknown")]
    for level, label in levels:
        counts = [
            whole(numbers, f"baseline.{name}.count.{line.column}={level}")
            if line.numeric
            else _share(numbers, name, line.column, level)
            for name in names
        ]
        lines.append(Line((Cell(label, (line.label, label)), *counts, *blank), inner=True))
    return lines


def _median(numbers: Numbers, name: str, line: TableLine) -> Cell:
    found = [numbers.value(f"baseline.{name}.{s}.{line.column}") for s in ("median", "q1", "q3")]
    if found[0] is None:
        return Cell(words.DASH, (None,))
    median, q1, q3 = (words.number(value, line.decimals) for value in found)
    return Cell(f"{median} ({words.limits(q1, q3)})", tuple(found))


def _share(numbers: Numbers, name: str, column: str, level: str) -> Cell:
    count = numbers.value(f"baseline.{name}.count.{column}={level}")
    share = numbers.value(f"baseline.{name}.proportion.{column}={level}")
    if count is None or share is None:
        return Cell(words.DASH, (count,))
    return Cell(f"{words.count(count)} ({words.percent(share)})", (count, share * 100))


def _smd(numbers: Numbers, key: str) -> Cell:
    return Cell(words.number(numbers.value(key), 2), (numbers.value(key),))


def _by_group(name: str, endpoints: Sequence[str], data: StudyData, numbers: Numbers) -> Table:
    """Patients, events, median and the curve's height by strategy, for endpoints of the next line."""
    study = data.study
    groups = [("all", "All compared"), *((strategy, study.label(strategy)) for strategy in study.strategies)]
    lines: list[Line] = []
    for endpoint in endpoints:
        lines += _endpoint(endpoint, [group for group, _ in groups], numbers)
    titles = words.listed([words.inside(words.ENDPOINTS[endpoint]) for endpoint in endpoints])
    return Table(
        name,
        f"{titles[:1].upper()}{titles[1:]} from the start of the next line, by strategy",
        (Column("Endpoint", ("", "Quantity")), *(Column(label, LIMITS) for _, label in groups)),
        tuple(lines),
        (KAPLAN_MEIER + " A dash stands beyond the last patient observed.",),
    )


def _endpoint(endpoint: str, groups: Sequence[str], numbers: Numbers) -> list[Line]:
    title = words.ENDPOINTS[endpoint]

    def line(label: str, cells: Iterable[Cell]) -> Line:
        return Line((Cell(label, (title, label)), *cells), inner=True)

    key = f"{endpoint}.{{}}.median"
    lines = [Line((Cell(title, (title, None)), *(Cell("", (None,)) for _ in groups)))]
    lines.append(line("Patients", (people(numbers, key.format(group)) for group in groups)))
    lines.append(line("Events", (people(numbers, key.format(group), events=True) for group in groups)))
    lines.append(
        line("Median, months (95 % CI)", (estimated(numbers, key.format(group)) for group in groups))
    )
    for time in TIMES:
        shares = [f"{endpoint}.{group}.survival.{time:g}" for group in groups]
        label = f"Without the event at {time:g} months, % (95 % CI)"
        lines.append(line(label, (_height(numbers, share) for share in shares)))
    follow_up = [f"{key.format(group)}.follow_up" for group in groups]
    lines.append(line("Median follow-up, months (95 % CI)", (estimated(numbers, at) for at in follow_up)))
    return lines


def _height(numbers: Numbers, key: str) -> Cell:
    """A curve's height; a dash where nobody is observed so long."""
    if numbers.value(key) is None:
        return Cell(words.DASH, (None, None, None))
    return estimated(numbers, key, 0)


def _comparisons(data: StudyData, numbers: Numbers) -> Table:
    lines: list[Line] = []
    firth: list[str] = []
    for endpoint in ("pfs2", *NEXT_LINE):
        for pair in data.study.pairs:
            key = f"{endpoint}.{pair.key}"
            ratio = numbers.row(f"{key}.hazard_ratio")
            if ratio is None:
                continue
            if "Firth" in ratio.method:
                firth.append(words.ENDPOINTS[endpoint])
            mean = numbers.find(f"{key}.rmst_difference.common.")
            lines.append(
                Line(
                    (
                        said(words.ENDPOINTS[endpoint]),
                        said(f"{data.study.label(pair.strategy)} against "
                             f"{words.inside(data.study.label(pair.reference))}"),
                        estimated(numbers, ratio.estimate_id, 2),
                        p_value(numbers, f"{key}.p_value.log_rank"),
                        p_value(numbers, f"{key}.p_value.proportional_hazards"),
                        estimated(numbers, mean.estimate_id if mean else ""),
                    )
                )
            )  # fmt: skip
    return Table(
        "comparisons",
        "Time to event by strategy, compared without adjustment",
        (
            Column("Endpoint"),
            Column("Comparison"),
            Column("Hazard ratio (95 % CI)", LIMITS),
            Column("Log-rank p", p_values=True),
            Column("Proportional hazards p", p_values=True),
            Column("Difference of restricted means, months (95 % CI)", LIMITS),
        ),
        tuple(lines),
        (
            f"{UNADJUSTED} Cox model with Efron's ties{_penalised(firth)}; differences are of the first "
            "named minus the second; restricted means up to the smaller of the groups' "
            "last times; proportional hazards by the score test with Kaplan-Meier time. No p-value with "
            f"fewer than {TOO_FEW_EVENTS} events in a group.",
        ),
    )


def _penalised(endpoints: Sequence[str]) -> str:
    """Of which endpoints the hazard ratio is Firth's, as words inside a footnote."""
    if not endpoints:
        return ""
    named = words.listed(list(dict.fromkeys(words.inside(endpoint) for endpoint in endpoints)))
    return (
        f"; for {named} Firth's penalised Cox model with profile likelihood limits, since a group has fewer "
        f"than {FEW_EVENTS} events or the events separate the groups"
    )


def _from_index(data: StudyData, numbers: Numbers) -> Table:
    lines = [line for endpoint in FROM_INDEX for line in _endpoint(endpoint, ["all"], numbers)]
    return Table(
        "index_endpoints",
        f"PFS1 and PFS2 (EMA) from the start of {data.study.index_drug}",
        (Column("Endpoint", ("", "Quantity")), Column("All index patients", LIMITS)),
        tuple(lines),
        (KAPLAN_MEIER + " Over all patients with an index line, whether or not they progressed or went on.",),
    )


def _response(data: StudyData, numbers: Numbers) -> Table:
    study = data.study
    groups = [("all", "All compared"), *((name, study.label(name)) for name in study.strategies)]
    labels = {"clinical_benefit": "Clinical benefit", "objective_response": "Objective response", **VARIANTS}
    lines: list[Line] = []
    for endpoint, label in labels.items():
        lines += [
            Line(
                (
                    said(label),
                    said(group_label),
                    people(numbers, f"{endpoint}.{group}.proportion", events=True),
                    people(numbers, f"{endpoint}.{group}.proportion"),
                    estimated(numbers, f"{endpoint}.{group}.proportion"),
                    said(""),
                )
            )
            for group, group_label in groups
        ]
        for pair in study.pairs:
            key = f"{endpoint}.{pair.key}"
            if endpoint in VARIANTS:
                continue
            against = f"{study.label(pair.strategy)} minus {words.inside(study.label(pair.reference))}"
            difference = estimated(numbers, f"{key}.proportion_difference")
            test = p_value(numbers, f"{key}.p_value.fisher")
            lines.append(
                Line((said(label), said(against), Cell("", (None,)), Cell("", (None,)), difference, test))
            )
    for group, group_label in groups:
        share = f"pfs2.{group}.survival.{BENEFIT_WEEKS:g}"
        if numbers.row(share):
            patients = people(numbers, share), _height(numbers, share)
            lines.append(
                Line(
                    (
                        said(f"PFS2 at {WEEKS} weeks"),
                        said(group_label),
                        Cell("", (None,)),
                        *patients,
                        said(""),
                    )
                )
            )
    return Table(
        "response",
        "Clinical benefit and objective response on the next line",
        (
            Column("Endpoint"),
            Column("Group"),
            Column("With it"),
            Column("Patients"),
            Column("% or difference in points (95 % CI)", LIMITS),
            Column("Fisher's p", p_values=True),
        ),
        tuple(lines),
        (
            "Clinical benefit: complete or partial response, or an evaluable assessment without "
            f"progression at day {BENEFIT_DAYS} ({WEEKS} weeks) or later. Patients who could not be "
            "evaluated stay in the denominator; those whose benefit is not yet known leave it. RECIST: "
            "also stable disease with a PFS event at that day or later. Clopper-Pearson limits, "
            f"Newcombe's of differences; PFS2 at {WEEKS} weeks by Kaplan-Meier.",
        ),
    )


def _best_response(data: StudyData, numbers: Numbers) -> Table:
    names = data.study.strategies
    keys = {label: f"best_response.{{}}.count.{level}" for level, label in words.BEST_RESPONSES.items()}
    keys["Clinical benefit not yet known"] = "clinical_benefit.{}.count.immature"
    return Table(
        "best_response",
        "Best response on the next line, patients",
        (Column("Best response"), *(Column(data.study.label(name)) for name in names)),
        tuple(
            Line((said(label), *(whole(numbers, key.format(name)) for name in names)))
            for label, key in keys.items()
        ),
    )


def _published(data: StudyData, numbers: Numbers) -> Table:
    lines, notes = [], []
    for source in published_sources(data.study.study_id):
        notes.append(str(source["citation"]))
        for found in source["lines"]:
            share, printed = found["share"], numbers.value(found["theirs"])
            theirs = Cell(found["printed"], (printed * 100 if share and printed is not None else printed,))
            lines.append(Line((said(found["label"]), theirs, estimated(numbers, found["ours"]))))
    return Table(
        "published",
        "Published figures beside this study's",
        (Column("Quantity, months or %"), Column("Published"), Column("Here (95 % CI)", LIMITS)),
        tuple(lines),
        (
            "For orientation, never as a pass or a fail: other patients, other years, another hospital.",
            *notes,
        ),
    )
