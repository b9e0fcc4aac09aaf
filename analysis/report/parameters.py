"""The run's own parameters, as methods and checklist state them: rows of the marts, read and not repeated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import duckdb

from analysis.estimation.study import StudyData, read_frame
from analysis.report.header import ReportHeader
from analysis.statistics.estimates import StatisticsError

COMPUTED = """
    select count(distinct {key}) from marts.sensitivity_estimates
    where study_id = $study and {key} in (select {key} from marts.{table})
"""
# the engines of the estimates, by their name on PyPI
ENGINES = ("lifelines", "survival", "statsmodels", "scipy", "firthmodels", "numpy", "pandas")


@dataclass(frozen=True)
class Parameters:
    """What a run was made with.

    `rule_set`, `profile` and `study` are rows of marts.line_rules, endpoint_profiles and studies; `rule_sets`
    and `profiles` count how many were computed for the study; `sites` is the number of sites in the extracts.
    """

    rule_set: Mapping[str, Any]
    profile: Mapping[str, Any]
    study: Mapping[str, Any]
    sites: int
    rule_sets: int
    profiles: int
    engines: Mapping[str, str]


def read_parameters(
    connection: duckdb.DuckDBPyConnection, data: StudyData, header: ReportHeader
) -> Parameters:
    """The parameters behind one study's report. Raises StatisticsError where the marts do not hold them."""
    study_id = data.study.study_id
    return Parameters(
        rule_set=_row(connection, "line_rules", "rule_set_id", header.rule_set_id),
        profile=_row(connection, "endpoint_profiles", "profile_id", header.profile_id),
        study=data.study.parameters,
        sites=_number(connection, "select count(distinct site_id) from marts.patients"),
        rule_sets=_number(connection, COMPUTED.format(key="rule_set_id", table="line_rules"), study=study_id),
        profiles=_number(
            connection, COMPUTED.format(key="profile_id", table="endpoint_profiles"), study=study_id
        ),
        engines={name: version(name) for name in ENGINES},
    )


def _row(connection: duckdb.DuckDBPyConnection, table: str, key: str, value: str) -> dict[str, Any]:
    frame = read_frame(connection, f"select * from marts.{table} where {key} = $value", value=value)
    if len(frame) != 1:
        raise StatisticsError(f"marts.{table} has no row {value}: the methods cannot be stated.")
    return {str(name): frame[name].iloc[0] for name in frame.columns}


def _number(connection: duckdb.DuckDBPyConnection, query: str, **parameters: object) -> int:
    return int(read_frame(connection, query, **parameters).to_numpy()[0, 0])
