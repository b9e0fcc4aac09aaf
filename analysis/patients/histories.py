"""Everything the marts say of each study patient, read in one query a mart and dealt out by patient."""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import duckdb
import pandas as pd

from analysis.estimation.study import StudyData
from analysis.statistics.durations import DAYS_PER_MONTH
from pipelines.explain.marts import Row, Walk, rows

# which mart gives which part of a walk, and the order in which it is told
MARTS = {
    "decisions": ("line_decisions", "decision_date, line_after, subline_after, rule, ingredient"),
    "progressions": ("progression_events", "progression_date, progression_id"),
    "lines": ("therapy_lines", "line_number"),
    "sublines": ("therapy_sublines", "line_number, subline_number"),
    "drugs": ("line_drugs", "line_number, first_date, ingredient"),
    "early": ("early_therapies", "start_date, ingredient"),
    "endpoints": ("line_endpoints", "line_number, endpoint, profile_id"),
    "responses": ("line_responses", "line_number"),
}
# not marts: the nightly run renders from the build file, which has them; a published file has not
ASSESSMENTS = """
    select seen.patient_id, seen.assessment_id, seen.assessment_date, seen.response, read.source,
        read.date_precision
    from intermediate.int_profile_assessments as seen
    inner join intermediate.int_assessments_read as read on seen.assessment_id = read.assessment_id
    where seen.profile_id = $profile and seen.patient_id in (select patient_id from marts.study_patients)
    order by seen.patient_id, seen.assessment_date, seen.assessment_id
"""
SAFE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,79}")


@dataclass(frozen=True)
class History:
    """One patient: her row of `patients`, her rows of `study_patients` by study, her lines and decisions.

    `assessments` is one a date as the primary profile sees it, None where the file has none to read;
    `page` is her page's file name, without its folder.
    """

    facts: Row
    stays: Mapping[str, Row]
    walk: Walk
    assessments: list[Row] | None
    page: str

    @property
    def patient_id(self) -> str:
        """The pseudonym (the id itself where the site has none)."""
        return str(self.facts["patient_id"])

    @property
    def stay(self) -> Row:
        """Her row in the first study that has her."""
        return next(iter(self.stays.values()))

    @property
    def origin(self) -> date:
        """Day 0: the advanced date. Every study patient has one; the index date stands in should it fail."""
        found: date = self.facts["advanced_date"] or self.stay["index_date"]
        return found

    def day(self, when: date) -> int:
        """Days from day 0."""
        return (when - self.origin).days

    def month(self, when: date) -> float:
        """Months from day 0."""
        return self.day(when) / DAYS_PER_MONTH

    def pfs(self, line: int, profile: str = "primary") -> Row | None:
        """The line's PFS under a profile, None where that was not computed."""
        return self.endpoint(line, "pfs", profile)

    def endpoint(self, line: int, endpoint: str, profile: str = "primary") -> Row | None:
        """A row of `line_endpoints`, None where there is none."""
        return next(
            (
                row
                for row in self.walk.endpoints
                if (row["line_number"], row["endpoint"], row["profile_id"]) == (line, endpoint, profile)
            ),
            None,
        )


def read_histories(
    connection: duckdb.DuckDBPyConnection, studies: Sequence[StudyData], rule_set: str, profile: str
) -> dict[str, History]:
    """The study patients' histories by patient id, in the order of the report's swimmer plot.

    Linear in the patients: each table is read once, for all of them.
    """
    stays: dict[str, dict[str, Row]] = {}
    for data in studies:
        for row in in_order(data):
            stays.setdefault(str(row["patient_id"]), {})[data.study.study_id] = row | _named(data, row)
    parts = {name: _by_patient(connection, *mart, rule_set) for name, mart in MARTS.items()}
    facts = {str(row["patient_id"]): row for row in rows(connection, "select * from marts.patients")}
    rules = rows(connection, "select * from marts.line_rules where rule_set_id = ?", [rule_set])
    assessments = _assessments(connection, profile)
    pages = page_names(stays)
    return {
        patient: History(
            facts[patient],
            mine,
            Walk(
                rules=rules[0],
                indexed=[],
                studied=[],
                **{name: found.get(patient, []) for name, found in parts.items()},
            ),
            None if assessments is None else assessments.get(patient, []),
            pages[patient],
        )
        for patient, mine in stays.items()
    }


def _named(data: StudyData, row: Row) -> Row:
    """What the study calls its index drug and her strategy, and the colour of the strategy."""
    study, strategy = data.study, str(row["strategy"])
    compared = strategy in study.strategies
    return {
        "index_drug": study.index_drug,
        "strategy_label": study.label(strategy),
        "tone": str(study.strategies.index(strategy)) if compared else "all",
        "compared": compared,
    }


def in_order(data: StudyData) -> list[Row]:
    """A study's patients by strategy, those not compared last, and by PFS2, longest first."""
    known = data.study.strategies
    found = [
        {str(name): None if pd.isna(value) else value for name, value in row.items()}
        for row in data.patients.to_dict("records")
    ]
    return sorted(
        found,
        key=lambda row: (
            known.index(row["strategy"]) if row["strategy"] in known else len(known),
            -float(row["pfs2_days"]),
            str(row["patient_id"]),
        ),
    )


def page_names(patients: Iterable[str]) -> dict[str, str]:
    """A file name for each patient id: the id itself where that is safe everywhere, else its hash.

    Safe: letters, digits, `-` and `_`, and unlike any other id on a disk that ignores case.
    """
    ids = list(patients)
    alike: defaultdict[str, int] = defaultdict(int)
    for patient in ids:
        alike[patient.lower()] += 1
    return {
        patient: f"{patient}.html"
        if SAFE_NAME.fullmatch(patient) and alike[patient.lower()] == 1 and patient.lower() not in RESERVED
        else f"patient-{hashlib.sha256(patient.encode()).hexdigest()[:20]}.html"
        for patient in ids
    }


# names that Windows keeps for devices, whatever the ending
RESERVED = {"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10))}


def _by_patient(
    connection: duckdb.DuckDBPyConnection, table: str, order: str, rule_set: str
) -> dict[str, list[Row]]:
    query = (
        f"select * from marts.{table} where rule_set_id = ? "
        f"and patient_id in (select patient_id from marts.study_patients) order by patient_id, {order}"
    )
    return _dealt(rows(connection, query, [rule_set]))


def _assessments(connection: duckdb.DuckDBPyConnection, profile: str) -> dict[str, list[Row]] | None:
    there = connection.execute(
        "select count(*) from information_schema.tables where table_schema = 'intermediate' "
        "and table_name in ('int_profile_assessments', 'int_assessments_read')"
    ).fetchall()
    if there[0][0] < 2:
        return None
    cursor = connection.execute(ASSESSMENTS, {"profile": profile})
    names = [column[0] for column in cursor.description or []]
    return _dealt([dict(zip(names, row, strict=True)) for row in cursor.fetchall()])


def _dealt(found: Iterable[Row]) -> dict[str, list[Row]]:
    by_patient: defaultdict[str, list[Row]] = defaultdict(list)
    for row in found:
        by_patient[str(row["patient_id"])].append(row)
    return dict(by_patient)
