"""The marts under other rule sets and profiles: the fixture's primary rows again, with planted differences.

era_gap_45 changes nothing. no_substitution gives p001 a third line and moves nobody's next line. most_lines
(a corner) starts the next line of p002 to p006 one line and 30 days later and takes p002 out of the
comparison. Profile fda does not see the event of p003, ema adds 30 days to PFS2 of every fourth patient.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

SEEDS = Path(__file__).resolve().parents[2] / "dbt_project" / "seeds"
RULE_SETS = {
    "primary": "",
    "era_gap_45": "45 as era_gap_days",
    "no_substitution": "false as substitution_allowed",
    "most_lines": "21 as regimen_window_days, false as substitution_allowed",
}
PROFILES = ("primary", "ema", "fda")
MOVED = ("p002", "p003", "p004", "p005", "p006")


def write_choices(con: duckdb.DuckDBPyConnection, rule_sets: str) -> None:
    """Write the tables *_all and endpoint_profiles from the primary ones; `rule_sets` is all or primary."""
    chosen = list(RULE_SETS) if rule_sets == "all" else ["primary"]
    for rule_set in chosen[1:]:
        con.execute(
            f"""
            insert into marts.line_rules
            select * replace ('{rule_set}' as rule_set_id, {RULE_SETS[rule_set]})
            from marts.line_rules where rule_set_id = 'primary'
            """
        )
        con.execute(
            f"""
            insert into marts.therapy_lines
            select * replace ('{rule_set}' as rule_set_id) from marts.therapy_lines
            where rule_set_id = 'primary'
            """
        )
    con.execute(
        "create table marts.endpoint_profiles as "
        f"select * from read_csv('{SEEDS / 'endpoint_profiles.csv'}') where list_contains($ids, profile_id)",
        {"ids": list(PROFILES)},
    )
    choices = "(select unnest($rules) as rule_set_id), (select unnest($profiles) as profile_id)"
    for table in ("study_patients", "index_patients", "cohort_attrition"):
        con.execute(
            f"create table marts.{table}_all as select * from marts.{table}, {choices}",
            {"rules": chosen, "profiles": list(PROFILES)},
        )
    for statement in PLANTED:
        con.execute(statement)


PLANTED = (
    """
    insert into marts.therapy_lines
    select * replace (3 as line_number, line_start + 400 as line_start) from marts.therapy_lines
    where rule_set_id = 'no_substitution' and patient_id = 'p001' and line_number = 2
    """,
    f"""
    update marts.study_patients_all
    set
        next_line = 3, next_line_start = next_line_start + 30, pfs2_days = greatest(pfs2_days - 30, 1),
        strategy = case when patient_id = 'p002' then 'other' else strategy end
    where rule_set_id = 'most_lines' and patient_id in {MOVED}
    """,
    """
    update marts.study_patients_all set pfs2_event = 0, pfs2_event_type = null
    where profile_id = 'fda' and patient_id = 'p003'
    """,
    """
    update marts.study_patients_all set pfs2_days = pfs2_days + 30
    where profile_id = 'ema' and substr(patient_id, 2)::integer % 4 = 0
    """,
)
