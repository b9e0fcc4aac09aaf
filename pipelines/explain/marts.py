"""What the published marts say of one patient under one rule set."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import duckdb

from pipelines.errors import UsageError
from pipelines.site_yaml import nearest

Row = dict[str, Any]

# which mart gives which rows, and in which order they are told
_OF_A_RULE_SET = {
    "decisions": "line_decisions order by decision_date, line_after, subline_after, rule, ingredient",
    "progressions": "progression_events order by progression_date, progression_id",
    "lines": "therapy_lines order by line_number",
    "sublines": "therapy_sublines order by line_number, subline_number",
    "drugs": "line_drugs order by line_number, first_date, ingredient",
    "early": "early_therapies order by start_date, ingredient",
    "endpoints": "line_endpoints order by line_number, endpoint, profile_id",
    "responses": "line_responses order by line_number",
    "indexed": "index_patients_all order by study_id, profile_id",
    "studied": "study_patients_all order by study_id, profile_id",
}


@dataclass(frozen=True)
class Walk:
    """One patient under one rule set: rows of the marts as dictionaries by column name.

    `rules` is the rule set's row of `line_rules`; `indexed` and `studied` are her rows of
    `index_patients_all` and `study_patients_all`.
    """

    rules: Row
    decisions: list[Row]
    progressions: list[Row]
    lines: list[Row]
    sublines: list[Row]
    drugs: list[Row]
    early: list[Row]
    endpoints: list[Row]
    responses: list[Row]
    indexed: list[Row]
    studied: list[Row]

    @property
    def rule_set_id(self) -> str:
        """The rule set's name."""
        return str(self.rules["rule_set_id"])

    def line(self, number: int | None) -> Row | None:
        """The line of this number, None where there is none."""
        return next((line for line in self.lines if line["line_number"] == number), None)


@dataclass(frozen=True)
class Patient:
    """Her row of the mart `patients`, and the data cut in force."""

    facts: Row
    data_cut: Row

    @property
    def patient_id(self) -> str:
        """The pseudonym (the id itself where the site has no pseudonyms)."""
        return str(self.facts["patient_id"])

    @property
    def advanced_date(self) -> date | None:
        """First date of advanced disease under the primary rule set."""
        found: date | None = self.facts["advanced_date"]
        return found

    @property
    def has_relative_dates(self) -> bool:
        """Whether her dates are day offsets from a made-up origin, so that no calendar date is true."""
        return bool(self.facts["date_basis"] == "relative")


def rows(connection: duckdb.DuckDBPyConnection, query: str, values: list[Any] | None = None) -> list[Row]:
    """The rows of a query as dictionaries. Raises duckdb.Error."""
    cursor = connection.execute(query, values or [])
    names = [column[0] for column in cursor.description or []]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def find_patient(connection: duckdb.DuckDBPyConnection, patient_id: str) -> Patient | None:
    """The patient of this pseudonym; None where nobody published has it."""
    found = rows(connection, "select * from marts.patients where patient_id = ?", [patient_id])
    cuts = rows(connection, "select * from marts.data_cut")
    return Patient(found[0], cuts[0] if cuts else {}) if found else None


def read_walk(connection: duckdb.DuckDBPyConnection, patient: Patient, rule_set_id: str) -> Walk:
    """Everything published of her under one rule set; raises UsageError where it was not computed."""
    rules = _rule_set(connection, rule_set_id)
    found = {}
    for name, mart in _OF_A_RULE_SET.items():
        table, order = mart.split(" ", maxsplit=1)
        found[name] = rows(
            connection,
            f"select * from marts.{table} where rule_set_id = ? and patient_id = ? {order}",
            [rule_set_id, patient.patient_id],
        )
    return Walk(rules, **found)


def _rule_set(connection: duckdb.DuckDBPyConnection, rule_set_id: str) -> Row:
    known = {row["rule_set_id"]: row for row in rows(connection, "select * from marts.line_rules")}
    if rule_set_id not in known:
        raise UsageError(f"There is no rule set '{rule_set_id}'; {nearest(rule_set_id, known)}.")
    # the seed names them all, a very large site computes the primary one alone
    computed = rows(
        connection, "select 1 from marts.cohort_attrition_all where rule_set_id = ? limit 1", [rule_set_id]
    )
    if not computed:
        raise UsageError(f"The rule set '{rule_set_id}' was not computed for this publication.")
    return known[rule_set_id]


def require_profile(connection: duckdb.DuckDBPyConnection, profile_id: str) -> None:
    """Raises UsageError, with the nearest name, where there is no such endpoint profile."""
    known = [row["profile_id"] for row in rows(connection, "select profile_id from marts.endpoint_profiles")]
    if profile_id not in known:
        raise UsageError(f"There is no endpoint profile '{profile_id}'; {nearest(profile_id, known)}.")


def read_steps(connection: duckdb.DuckDBPyConnection) -> dict[str, dict[str, int]]:
    """Of each study the numbers of its attrition's steps, by their names and in their order."""
    found = rows(
        connection,
        "select distinct study_id, step_number, step from marts.cohort_attrition_all order by all",
    )
    steps: dict[str, dict[str, int]] = {}
    for row in found:
        steps.setdefault(row["study_id"], {})[row["step"]] = row["step_number"]
    return steps


def read_studies(connection: duckdb.DuckDBPyConnection) -> list[Row]:
    """The studies that were computed."""
    return rows(connection, "select * from marts.studies order by study_id")
