"""How far the answer depends on our choices: the rows of marts.sensitivity_estimates.

PFS2 under every rule set, endpoint profile and adjustment (Simonsohn, Simmons and Nelson, Nat Hum Behav
2020;4:1208: the specification curve, here without their joint test: it shows dependence on choices and tests
nothing), how many patients a choice moves, and three other analyses of the primary choice.
"""

from __future__ import annotations

import duckdb

from analysis.estimation.changes import changes_by_profile, changes_by_rule_set
from analysis.estimation.reanalyses import reanalysis_rows
from analysis.estimation.rows import Record, Row, records
from analysis.estimation.specification_ranges import Specified, range_rows
from analysis.estimation.specification_rows import specification_rows
from analysis.estimation.specifications import PRIMARY, data_sets
from analysis.estimation.study import StudyData


def sensitivity_records(connection: duckdb.DuckDBPyConnection, data: StudyData) -> list[Record]:
    """The study's rows of marts.sensitivity_estimates, in order."""
    specified = sensitivity_rows(connection, data)
    plain = records(data.study.study_id, [row for _, _, row in specified])
    return [
        {
            **record,
            "rule_set_id": rule_set,
            "profile_id": profile,
            "is_primary": _leads(rule_set, profile, row),
        }
        for record, (rule_set, profile, row) in zip(plain, specified, strict=True)
    ]


def sensitivity_rows(connection: duckdb.DuckDBPyConnection, data: StudyData) -> list[Specified]:
    """Every specification, the ranges over them, the share of patients who change, and the other analyses."""
    study = data.study
    distinct = data_sets(connection, study)
    estimated = {
        choice: rows
        for one in distinct
        for rows in [specification_rows(one.patients, study)]
        for choice in one.choices
    }
    choices = sorted(estimated, key=lambda choice: choice.position)
    specified = [(c.rule_set_id, c.profile_id, row) for c in choices for row in estimated[c]]
    rule_sets = list(dict.fromkeys(choice.rule_set_id for choice in choices))
    profiles = list(dict.fromkeys(choice.profile_id for choice in choices))
    moved = changes_by_rule_set(connection, study.study_id, rule_sets)
    moved_by_profile = changes_by_profile(connection, study.study_id, profiles)
    return [
        *specified,
        *range_rows(specified, study, len(distinct)),
        *((rule_set, PRIMARY, row) for rule_set, row in moved),
        *((PRIMARY, profile, row) for profile, row in moved_by_profile),
        *((PRIMARY, PRIMARY, row) for row in reanalysis_rows(data.compared, study)),
    ]


def _leads(rule_set: str, profile: str, row: Row) -> bool:
    place = row.place
    plain = place.adjustment == "none" and place.term is None and place.endpoint == "pfs2"
    return rule_set == profile == PRIMARY and plain
