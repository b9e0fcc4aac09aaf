"""A study and its rows of the marts, as the estimates and the page read them. Nothing else is read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

from analysis.statistics.durations import DAYS_PER_MONTH, Durations, durations, under_observation
from analysis.statistics.estimates import StatisticsError

NEXT_LINE_ENDPOINTS = ("ttnt", "ttd", "os")


@dataclass(frozen=True)
class Pair:
    """A strategy against the reference: `key` is how estimate_ids write it, `group` how rows do."""

    strategy: str
    reference: str

    @property
    def group(self) -> str:
        """As `group_name` of a row has it."""
        return f"{self.strategy} vs {self.reference}"

    @property
    def key(self) -> str:
        """As an estimate_id has it."""
        return self.group.replace(" ", "_")


@dataclass(frozen=True)
class StudyCovariate:
    """A covariate of the adjusted comparison, a row of marts.study_covariates.

    `column` of marts.study_patients; `transformation` is none, log, or de_novo_zero (de novo counts as 0).
    """

    column: str
    label: str
    transformation: str


@dataclass(frozen=True)
class Study:
    """What is studied: a row of marts.studies with its strategies and covariates.

    `index_drug` names in words what the next line follows. `strategies` are the groups compared, in the
    order of the page; the first is the reference of every comparison. `parameters` is the whole row.
    """

    study_id: str
    title: str
    index_drug: str
    strategies: tuple[str, ...]
    labels: Mapping[str, str]
    covariates: tuple[StudyCovariate, ...]
    parameters: Mapping[str, Any]

    @property
    def slug(self) -> str:
        """The id as a file name may carry it."""
        return re.sub(r"[^A-Za-z0-9_-]+", "-", self.study_id).strip("-") or "study"

    @property
    def reference(self) -> str:
        """The strategy that every other is compared with."""
        return self.strategies[0]

    @property
    def pairs(self) -> list[Pair]:
        """Every other strategy against the reference, in order."""
        return [Pair(name, self.reference) for name in self.strategies[1:]]

    def label(self, strategy: str) -> str:
        """A strategy as a heading; what the study does not name is written as it is."""
        return self.labels.get(strategy) or strategy.replace("_", " ").capitalize()


@dataclass(frozen=True)
class StudyData:
    """One study's rows.

    `patients` and `index_patients` one row a patient, `next_lines` one a patient and endpoint (TTNT, TTD, OS
    of the next line, with its event type). `lines` is one row a study patient and line from the index line
    on: `place` 0 is the index line, `died` whether her death is known.
    """

    study: Study
    patients: pd.DataFrame
    index_patients: pd.DataFrame
    next_lines: pd.DataFrame
    lines: pd.DataFrame
    attrition: pd.DataFrame
    relative_dates: bool

    @property
    def compared(self) -> pd.DataFrame:
        """The study patients whose strategy is compared, in the order of the strategies."""
        return self.patients[self.patients["strategy"].isin(self.study.strategies)]

    def group(self, strategy: str) -> pd.DataFrame:
        """The compared patients of one strategy."""
        return self.patients[self.patients["strategy"] == strategy]


def connect(database: Path, read_only: bool) -> duckdb.DuckDBPyConnection:
    """Open a warehouse file; extensions are never fetched."""
    connection = duckdb.connect(str(database), read_only=read_only)
    connection.execute("set autoinstall_known_extensions = false")
    connection.execute("set autoload_known_extensions = false")
    return connection


def read_studies(connection: duckdb.DuckDBPyConnection) -> list[StudyData]:
    """All studies of `marts.studies` with their rows, by study id."""
    studies = read_frame(connection, "select * from marts.studies order by study_id")
    relative = connection.execute(
        "select coalesce(bool_or(date_basis = 'relative'), false) from marts.patients"
    ).fetchall()
    return [
        _read(connection, {str(name): value for name, value in row.items()}, bool(relative[0][0]))
        for row in studies.to_dict("records")
    ]


def months(frame: pd.DataFrame, endpoint: str, days: str, event: str, entry: str) -> Durations:
    """Checked durations in months (days / 30.4375); an absent entry column is nobody entering late.

    Raises StatisticsError, which names the endpoint, where a duration or event cannot be used.
    """
    entries = frame[entry] / DAYS_PER_MONTH if entry in frame else None
    try:
        return durations(frame[days] / DAYS_PER_MONTH, frame[event], entries)
    except StatisticsError as problem:
        raise StatisticsError(f"{endpoint}: {problem}") from problem


def observed(frame: pd.DataFrame, days: str, entry: str) -> pd.DataFrame:
    """The rows that `months` keeps: those who came under observation before their time ended."""
    if entry not in frame:
        return frame
    time, entries = (frame[column].to_numpy(dtype=float) for column in (days, entry))
    return frame[under_observation(time, entries)]


def left_out_note(patients: int) -> str | None:
    """How many patients take no part in an estimate, in words."""
    if not patients:
        return None
    who = "1 patient whose time ended" if patients == 1 else f"{patients} patients whose time ended"
    return f"without {who} before observation began"


def _read(connection: duckdb.DuckDBPyConnection, row: dict[str, object], relative: bool) -> StudyData:
    study_id = str(row["study_id"])
    wanted = "where study_id = $study"
    in_order = f"{wanted} order by position"
    strategies = read_frame(connection, f"select * from marts.study_strategies {in_order}", study=study_id)
    covariates = read_frame(connection, f"select * from marts.study_covariates {in_order}", study=study_id)
    if strategies.empty:
        raise StatisticsError(f"{study_id}: the study compares no strategies (marts.study_strategies).")
    study = Study(
        study_id,
        str(row.get("title") or study_id),
        str(row["index_label"]),
        tuple(strategies["strategy"].astype(str)),
        dict(zip(strategies["strategy"].astype(str), strategies["label"].astype(str), strict=True)),
        tuple(
            StudyCovariate(str(c["covariate"]), str(c["label"]), str(c["transformation"]))
            for c in covariates.to_dict("records")
            # a year of relative dates is the same for everybody, or nobody's
            if not (relative and c["covariate"] == "calendar_year")
        ),
        row,
    )
    by_patient = f"{wanted} order by patient_id"
    return StudyData(
        study=study,
        patients=read_frame(connection, PATIENTS, study=study_id),
        index_patients=read_frame(
            connection, f"select * from marts.index_patients {by_patient}", study=study_id
        ),
        next_lines=read_frame(connection, NEXT_LINES, study=study_id, endpoints=list(NEXT_LINE_ENDPOINTS)),
        lines=read_frame(connection, LINES, study=study_id),
        attrition=read_frame(
            connection, f"select * from marts.cohort_attrition {wanted} order by step_number", study=study_id
        ),
        relative_dates=relative,
    )


# a patient's next line has more responses than her row of the study does (endpoints.md, section 4)
PATIENTS = """
    select study.*, responses.cbor, responses.clinical_benefit_161
    from marts.study_patients as study
    left join marts.line_responses as responses
        on
            study.patient_id = responses.patient_id and study.next_line = responses.line_number
            and responses.rule_set_id = 'primary'
    where study.study_id = $study
    order by study.patient_id
"""

NEXT_LINES = """
    select
        lines.patient_id, study.strategy, lines.endpoint, lines.days, lines.event, lines.event_type,
        lines.entry_days
    from marts.line_endpoints as lines
    inner join marts.study_patients as study
        on lines.patient_id = study.patient_id and lines.line_number = study.next_line
    where
        study.study_id = $study and list_contains($endpoints, lines.endpoint)
        and lines.rule_set_id = 'primary' and lines.profile_id = 'primary'
    order by lines.endpoint, lines.patient_id
"""

LINES = """
    select
        lines.patient_id, lines.line_number - study.index_line as place, lines.regimen_category,
        lines.end_reason, patients.death_date is not null as died
    from marts.therapy_lines as lines
    inner join marts.study_patients as study
        on lines.patient_id = study.patient_id and lines.line_number >= study.index_line
    inner join marts.patients as patients on lines.patient_id = patients.patient_id
    where study.study_id = $study and lines.rule_set_id = 'primary'
    order by lines.patient_id, lines.line_number
"""


def read_frame(connection: duckdb.DuckDBPyConnection, query: str, **parameters: object) -> pd.DataFrame:
    """The rows of a query as DuckDB's own values, with None where there is none."""
    cursor = connection.execute(query, parameters or None)
    names = [column[0] for column in cursor.description or []]
    return pd.DataFrame(cursor.fetchall(), columns=names)
