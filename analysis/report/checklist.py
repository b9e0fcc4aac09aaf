"""STROBE (cohort studies) and RECORD, each item answered from the run.

An answer is a pointer into the report, "needs the authors", or "does not apply" with the reason. Items are
data: checklists/*.csv. A pointer to a part that the page does not have is no pointer; an item left without
one needs the authors.

References: von Elm et al., Lancet 2007;370:1453 (STROBE); Benchimol et al., PLoS Med 2015;12:e1001885
(RECORD). Recommendations are in our words.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from analysis.estimation.baseline_rows import covariates_of
from analysis.estimation.study import StudyData
from analysis.report import words
from analysis.report.header import ReportHeader
from analysis.report.limitations import incomplete
from analysis.report.numbers import Numbers
from analysis.report.parameters import Parameters

FOLDER = Path(__file__).with_name("checklists")
LISTS = {
    "strobe": ("STROBE, cohort studies", "von Elm et al., Lancet 2007;370:1453"),
    "record": ("RECORD, its items beyond STROBE", "Benchimol et al., PLoS Med 2015;12:e1001885"),
}
REPORT, AUTHORS, NO = "report", "authors", "no"
SAID = {REPORT: "in this report", AUTHORS: "needs the authors", NO: "does not apply"}


@dataclass(frozen=True)
class Item:
    """An answered item: `sections` are keys and titles of the parts it points to, `words` add to that."""

    item: str
    topic: str
    recommendation: str
    answer: str
    sections: Sequence[tuple[str, str]]
    words: str

    @property
    def said(self) -> str:
        """The answer in words."""
        return SAID[self.answer]


@dataclass(frozen=True)
class Checklist:
    """A reporting guideline with its items."""

    key: str
    title: str
    citation: str
    items: Sequence[Item]

    def counted(self, answer: str) -> int:
        """Items with that answer."""
        return sum(item.answer == answer for item in self.items)


def checklists(
    data: StudyData,
    numbers: Numbers,
    header: ReportHeader,
    parameters: Parameters,
    sections: Sequence[tuple[str, str]],
) -> list[Checklist]:
    """Both checklists, answered for a page that has these sections (key, title)."""
    facts = facts_of(data, numbers, header, parameters)
    return [
        Checklist(key, title, citation, [_item(line, facts, dict(sections)) for line in _lines(key)])
        for key, (title, citation) in LISTS.items()
    ]


def facts_of(
    data: StudyData, numbers: Numbers, header: ReportHeader, parameters: Parameters
) -> dict[str, str]:
    """What the answers say of this run. None of it is a number of patients."""
    relative = data.relative_dates or header.data_cut is None
    cut = "on relative dates" if relative or header.data_cut is None else words.day(header.data_cut)
    counted = {status: n for status, n in header.checks_summary.items() if n}
    checks = f"{counted.get('pass', 0)} data quality checks passed, {counted.get('fail', 0)} failed"
    return {
        "title": data.study.title,
        "study_id": data.study.study_id,
        "site": f"site {header.site_id}",
        "sites": words.counted(max(parameters.sites, 1), "site", "sites"),
        "cut": cut,
        "calendar": "dates are relative and name no year"
        if relative
        else "years stand in the baseline table",
        "rule_set": str(parameters.rule_set["rule_set_id"]),
        "profile": str(parameters.profile["profile_id"]),
        "missing": _missing(data, numbers),
        "checks": checks if counted else "checks were not summarised for this page",
        "code_version": header.code_version,
        "inputs": header.inputs_hash[:12],
    }


def _missing(data: StudyData, numbers: Numbers) -> str:
    """How many characteristics have missing values: of each, Table 1 counts them."""
    unknown = incomplete(data, numbers)
    everything = len(list(covariates_of(data)))
    return f"{len(unknown)} of {everything} characteristics have unknown values, counted in the table"


def _lines(key: str) -> list[dict[str, str]]:
    with (FOLDER / f"{key}.csv").open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def _item(line: Mapping[str, str], facts: Mapping[str, str], sections: Mapping[str, str]) -> Item:
    pointers = [(key, sections[key]) for key in line["sections"].split(";") if key in sections]
    answer = line["answer"]
    if answer == REPORT and not pointers:
        answer = AUTHORS
    return Item(
        line["item"], line["topic"], line["recommendation"], answer, pointers, line["words"].format_map(facts)
    )
