"""What the template needs, gathered.

The lines of Table 1, the published figures beside ours, the provenance.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from analysis.estimation.baseline_rows import UNKNOWN, Covariate, covariates_of, levels_of
from analysis.estimation.benchmarks import Benchmark, benchmarks_of
from analysis.estimation.study import Study, StudyData
from analysis.estimation.survival_rows import BENEFIT_WEEKS, TIMES
from analysis.report import words
from analysis.report.adjusted_words import adjusted_context
from analysis.report.header import ReportHeader
from analysis.report.numbers import Numbers
from analysis.report.outside_words import Outside, changed_words, what_was_done
from analysis.report.pictures import Pictures
from analysis.report.sentences import comparison, lead, leading_mean, months, proportional_hazards_fail
from analysis.statistics.durations import DAYS_PER_MONTH
from analysis.statistics.honesty import FEW_EVENTS, LARGE_SMD

SHOWN_UNITS = {"years", "months", "days", "%", "mg/dL", "U/L"}
STATUSES = {
    "pass": "passed",
    "fail": "failed",
    "error": "in error",
    "not_applicable": "not applicable",
    "not_evaluated": "not evaluated",
}
BENEFIT_DAYS = round(BENEFIT_WEEKS * DAYS_PER_MONTH)
COMPARED = ("pfs2", "ttnt", "ttd", "os")
# the parts of the report in their order (statistics.md); each is templates/parts/KEY.html.j2
SECTIONS = (
    ("patients", "Who is compared"),
    ("baseline", "Baseline by strategy"),
    ("follow_up", "Follow-up"),
    ("pfs2", "PFS2"),
    ("later", "Next treatment, discontinuation, survival"),
    ("index", "From the start of {drug}"),
    ("benefit", "Clinical benefit and response"),
    ("choice", "What drove the choice"),
    ("adjusted", "Adjusted comparison"),
    ("ratio", "PFS ratio"),
    ("sensitivity", "Sensitivity to our choices"),
    ("published", "Published figures beside ours"),
    ("pictures", "Each patient"),
    ("methods", "Methods"),
    ("limits", "Limitations"),
    ("checklist", "STROBE and RECORD"),
)
# parts that are made of single patients, or of counts for which disclosure control has no rules: two rule
# sets that differ in one patient would, side by side, give her away
INTERNAL = frozenset({"pictures", "sensitivity"})


@dataclass(frozen=True)
class TableLine:
    """A covariate of Table 1: its label, and either a number or its levels as (level, label)."""

    column: str
    label: str
    numeric: bool
    decimals: int
    levels: list[tuple[str, str]]
    missing: bool


def sections_of(study: Study, shown: Outside | None = None) -> list[tuple[str, str]]:
    """Key and title of each part; no patient has a picture outside the house."""
    return [
        (key, title.replace("{drug}", study.index_drug))
        for key, title in SECTIONS
        if shown is None or key not in INTERNAL
    ]


def context(
    data: StudyData,
    numbers: Numbers,
    drawn: Pictures,
    header: ReportHeader,
    shown: Outside | None = None,
) -> dict[str, Any]:
    """Everything the template prints; `shown` says what may be shown outside, None is internal."""
    strategies = [(name, data.study.label(name), len(data.group(name))) for name in data.study.strategies]
    return {
        "study": data.study,
        "sections": sections_of(data.study, shown),
        "shown": shown,
        "disclosure": what_was_done(shown) if shown else [],
        "header": header,
        "provenance": provenance(header, data.relative_dates, shown),
        "gate": gate_sentence(header),
        "numbers": numbers,
        "figures": drawn,
        "strategies": strategies,
        "compared": sum(n for _, _, n in strategies),
        "indexed": len(data.index_patients),
        "lead": lead(data, numbers),
        "pairs": data.study.pairs,
        "comparisons": {
            (e, p.key): comparison(data, numbers, e, p) for e in COMPARED for p in data.study.pairs
        },
        "ph_fails": {
            (e, p.key): proportional_hazards_fail(numbers, e, p) for e in COMPARED for p in data.study.pairs
        },
        "leading_means": {p.key: leading_mean(numbers, "pfs2", p) for p in data.study.pairs},
        "restricted_to": months,
        "benefit_days": BENEFIT_DAYS,
        "table_one": [_listed(table_line(c, data), data, numbers) for c in covariates_of(data)]
        if len(data.compared)
        else [],
        "interim": None if header.data_cut_final else words.INTERIM,
        "large_smd": LARGE_SMD,
        "few_events": FEW_EVENTS,
        "unknown": UNKNOWN,
        "times": TIMES,
        "benefit_weeks": BENEFIT_WEEKS,
        "endpoint_names": words.ENDPOINTS,
        "best_responses": words.BEST_RESPONSES,
        "published": published_sources(data.study.study_id),
        "delayed_entry": _before_entry(numbers),
        **adjusted_context(data, numbers),
    }


def provenance(header: ReportHeader, relative: bool, shown: Outside | None = None) -> list[tuple[str, str]]:
    """Where the page comes from, as label and value. Relative dates print no calendar date."""
    cut = "dates are relative" if relative or header.data_cut is None else words.day(header.data_cut)
    return [
        ("Site", header.site_id),
        ("Data cut", cut + (", final" if header.data_cut_final else "")),
        ("Set by", _set_by(header.data_cut_set_by)),
        ("Rules", f"{header.rule_set_id}, profile {header.profile_id}"),
        ("Quality gate", _gate_words(header)),
        ("What changed", changed_words(header, shown)),
        ("Inputs", header.inputs_hash),
        ("Code", header.code_version),
    ]


def gate_sentence(header: ReportHeader) -> str | None:
    """A sentence over the page where the gate is not simply open."""
    if header.gate == "held":
        return "The quality gate holds this run back: a fatal check failed. Do not use these numbers."
    if header.gate == "banner":
        return "Published with warnings: conventions are broken. See the quality checks before quoting."
    return None


def _set_by(source: str) -> str:
    return "the site file" if source == "declared" else f"the latest record in {source.replace('_', ' ')}"


def _gate_words(header: ReportHeader) -> str:
    order = {status: place for place, status in enumerate(STATUSES)}
    summary = sorted(
        header.checks_summary.items(), key=lambda item: (order.get(item[0], len(order)), item[0])
    )
    counts = [f"{n} {STATUSES.get(status, status.replace('_', ' '))}" for status, n in summary if n]
    state = {"open": "open", "banner": "open with warnings", "held": "held"}.get(header.gate, header.gate)
    return state + (f" ({', '.join(counts)})" if counts else "")


def table_line(covariate: Covariate, data: StudyData) -> TableLine:
    """A covariate as Table 1 shows it: of yes and no only yes, its unit behind its name."""
    levels = levels_of(covariate, data.compared)
    missing = bool(data.compared[covariate.column].isna().any())
    if {level for level, _ in levels} <= {"yes", "no", UNKNOWN} and not covariate.numeric:
        levels = [item for item in levels if item[0] != "no"]
    label = covariate.label
    if covariate.unit in SHOWN_UNITS:
        label += f", {covariate.unit}"
    return TableLine(covariate.column, label, covariate.numeric, covariate.decimals, levels, missing)


def _listed(line: TableLine, data: StudyData, numbers: Numbers) -> TableLine:
    """The line with the levels that have rows: rare ones of no code list have none outside the house."""
    levels = [
        level
        for level in line.levels
        if any(numbers.row(f"baseline.{s}.count.{line.column}={level[0]}") for s in data.study.strategies)
    ]
    return replace(line, levels=levels)


def published_sources(study_id: str) -> list[dict[str, Any]]:
    """Published figures by source.

    Citation, and one line an endpoint and group (a range has no line of its own).
    """
    sources: dict[str, list[Benchmark]] = {}
    published = benchmarks_of(study_id)
    ranged = {benchmark.citation for benchmark in published if benchmark.statistic == "minimum"}
    for benchmark in published:
        if benchmark.statistic in ("median", "proportion"):
            sources.setdefault(benchmark.citation, []).append(benchmark)
    return [
        {
            "citation": citation,
            "key": lines[0].source,
            "lines": [_published_line(b) for b in lines],
            "ranged": citation in ranged,
        }
        for citation, lines in sources.items()
    ]


def _published_line(benchmark: Benchmark) -> Mapping[str, Any]:
    name = {"pfs2": "Median PFS2", "clinical_benefit": "Clinical benefit rate"}[benchmark.endpoint]
    if benchmark.arm:
        name = "Median PFS"  # of a trial's own line, which is no PFS2
    return {
        "label": f"{name}, {benchmark.arm or words.strategy(benchmark.group).lower()}",
        "beside": words.strategy(benchmark.group).lower() if benchmark.arm else "",
        "population": benchmark.population,
        "ours": f"{benchmark.endpoint}.{benchmark.group}.{benchmark.statistic}",
        "theirs": f"{benchmark.endpoint}.{benchmark.group}.{benchmark.statistic}.{benchmark.source}",
        "range": f"{benchmark.endpoint}.{benchmark.group}.{{}}.{benchmark.source}",
        "share": benchmark.unit == "proportion",
        "printed": benchmark.printed,
        "reading": benchmark.reading,
        "n": benchmark.n,
        "clock": benchmark.clock_start,
    }


def _before_entry(numbers: Numbers) -> int:
    left = [row.estimate or 0 for key, row in numbers.rows.items() if key.endswith("count.before_entry")]
    return int(max(left, default=0))
