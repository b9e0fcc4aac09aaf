"""Which choices there are, and the patients under each: rule sets and endpoint profiles, by distinct data.

Most rule sets leave a site's patients exactly as they are. So the patients are compared first, in the
database, and each distinct set of them is read and estimated once for all specifications that share it. That
stores no result under a parameter's name: equal inputs are equal estimates, and no others share a result.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import duckdb
import pandas as pd

from analysis.estimation.study import Study, read_frame

PRIMARY, ANY = "primary", "any"
CORNER = "corner"
# what an estimate of PFS2 may read beside the covariates; de_novo is the zero of the disease-free interval
OUTCOME = ("patient_id", "strategy", "pfs2_days", "pfs2_event", "pfs2_entry_days")
BESIDE = ("de_novo",)


@dataclass(frozen=True)
class Choice:
    """A rule set and an endpoint profile. `family` is the parameter in which the rule set differs from the
    primary.

    It is `primary` for the primary rule set, `corner` where more than one parameter differs. `position`
    orders the choices: the primary first, then family by family.
    """

    rule_set_id: str
    profile_id: str
    family: str
    position: int


@dataclass(frozen=True)
class DataSet:
    """Compared patients, and the choices under which they are exactly these."""

    patients: pd.DataFrame
    choices: tuple[Choice, ...]


def data_sets(connection: duckdb.DuckDBPyConnection, study: Study) -> list[DataSet]:
    """The distinct sets of compared patients; their choices together are all that the build computed.

    Two choices share a set where number, sum and exclusive or of their rows' 64-bit hashes agree.
    """
    columns = _columns(connection, study)
    marked = read_frame(
        connection,
        FINGERPRINTS.format(columns=", ".join(f'patients."{name}"' for name in columns)),
        study=study.study_id,
        strategies=list(study.strategies),
    )
    found = {(row["rule_set_id"], row["profile_id"]): row for row in marked.to_dict("records")}
    shared: dict[tuple[Any, ...], list[Choice]] = {}
    for choice in _choices(connection, found):
        row = found[choice.rule_set_id, choice.profile_id]
        shared.setdefault((row["patients"], row["total"], row["parity"]), []).append(choice)
    return [
        DataSet(_patients(connection, study, columns, choices[0]), tuple(choices))
        for choices in shared.values()
    ]


def _columns(connection: duckdb.DuckDBPyConnection, study: Study) -> list[str]:
    wanted = dict.fromkeys((*OUTCOME, *(c.column for c in study.covariates), *BESIDE))
    there = set(read_frame(connection, "describe marts.study_patients_all")["column_name"])
    return [name for name in wanted if name in there]


def _choices(connection: duckdb.DuckDBPyConnection, found: Iterable[tuple[str, str]]) -> list[Choice]:
    """The primary first, then by the parameter that differs, in the order of the table's columns."""
    rules = read_frame(connection, "select * from marts.line_rules order by rule_set_id").to_dict("records")
    family = families([{str(k): v for k, v in row.items()} for row in rules])
    order = list(dict.fromkeys(family.values()))
    pairs = sorted(
        found,
        key=lambda pair: (order.index(family[pair[0]]), pair[0], pair[1] != PRIMARY, pair[1]),
    )
    return [
        Choice(rule_set, profile, family[rule_set], position)
        for position, (rule_set, profile) in enumerate(pairs)
    ]


def families(rules: list[Mapping[str, Any]]) -> dict[str, str]:
    """Rule set to family, in order: the primary, each parameter in the order of the columns, the corners."""
    parameters = [name for name in (rules[0] if rules else {}) if name not in ("rule_set_id", "description")]
    primary = next((row for row in rules if row["rule_set_id"] == PRIMARY), {})
    found: dict[str, str] = {}
    for row in rules:
        differing = [name for name in parameters if row[name] != primary.get(name)]
        found[row["rule_set_id"]] = (
            PRIMARY if not differing else differing[0] if len(differing) == 1 else CORNER
        )
    order = [PRIMARY, *parameters, CORNER]
    return dict(sorted(found.items(), key=lambda item: (order.index(item[1]), item[0])))


def _patients(
    connection: duckdb.DuckDBPyConnection, study: Study, columns: list[str], choice: Choice
) -> pd.DataFrame:
    named = ", ".join(f'"{name}"' for name in columns)
    return read_frame(
        connection,
        f"""
        select {named} from marts.study_patients_all
        where
            study_id = $study and rule_set_id = $rule_set and profile_id = $profile
            and list_contains($strategies, strategy)
        order by patient_id
        """,
        study=study.study_id,
        rule_set=choice.rule_set_id,
        profile=choice.profile_id,
        strategies=list(study.strategies),
    )


FINGERPRINTS = """
    select
        choices.rule_set_id, choices.profile_id, count(patients.patient_id) as patients,
        sum(hash({columns})::hugeint) as total, bit_xor(hash({columns})) as parity
    from (
        select distinct rule_set_id, profile_id from marts.cohort_attrition_all where study_id = $study
    ) as choices
    left join marts.study_patients_all as patients
        on
            choices.rule_set_id = patients.rule_set_id and choices.profile_id = patients.profile_id
            and patients.study_id = $study and list_contains($strategies, patients.strategy)
    group by choices.rule_set_id, choices.profile_id
"""
