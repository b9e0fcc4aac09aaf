"""How many patients a choice moves: lines, index line, next line, strategy and PFS2, against the primary
choice.

The marts are compared with themselves, set by set, in the database. Each patient counts once and every
patient of the site is in: the shares describe these patients, nobody was sampled, and so there is no
interval.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import duckdb

from analysis.estimation.rows import Place, Row
from analysis.estimation.specifications import ANY, PRIMARY
from analysis.estimation.study import read_frame

# what may change -> the patients who are counted: those who have it under at least one of the choices
POPULATIONS = {
    "lines": "all_patients",
    "line_numbers": "all_patients",
    "index_line": "index_patients",
    "membership": "study_patients",
    "next_line": "study_patients",
    "strategy": "study_patients",
    "pfs2": "study_patients",
}
COUNTED = {
    "all_patients": "n: patients with a line under at least one of the choices",
    "index_patients": "n: patients with an index line under at least one of the choices",
    "study_patients": "n: patients in the study under at least one of the choices",
}
METHOD = "comparison with the primary choice, patient by patient"
Changes = list[tuple[str, Row]]  # the choice, and the share of patients it moves


def changes_by_rule_set(
    connection: duckdb.DuckDBPyConnection, study_id: str, rule_sets: Sequence[str]
) -> Changes:
    """By rule set, and under any of them, with profile `primary`; no rows where there is only the primary."""
    facts = f"{LINES} union all {PATIENTS.format(choice='rule_set_id', fixed='profile_id')}"
    return _changes(connection, facts, study_id, rule_sets, POPULATIONS)


def changes_by_profile(
    connection: duckdb.DuckDBPyConnection, study_id: str, profiles: Sequence[str]
) -> Changes:
    """By profile, and under any of them, with rule set `primary`; a profile moves no line."""
    facts = PATIENTS.format(choice="profile_id", fixed="rule_set_id")
    return _changes(connection, facts, study_id, profiles, ("membership", "pfs2"))


def _changes(
    connection: duckdb.DuckDBPyConnection,
    facts: str,
    study_id: str,
    choices: Sequence[str],
    wanted: Iterable[str],
) -> Changes:
    others = [choice for choice in choices if choice != PRIMARY]
    if not others:
        return []
    counted = read_frame(connection, CHANGED.format(facts=facts), study=study_id, choices=others)
    found = {(r["what"], r["choice"]): (r["patients"], r["changed"]) for r in counted.to_dict("records")}
    return [
        (choice, _row(what, *found.get((what, choice), (0, 0))))
        for choice in [ANY, *others]
        for what in wanted
    ]


def _row(what: str, patients: int, changed: int) -> Row:
    population = POPULATIONS[what]
    place = Place(what, "all", population, "proportion", "proportion", "changed")
    if not patients:
        return Row(place, None, 0, 0, METHOD, note="no patients")
    return Row(place, changed / patients, patients, changed, METHOD, note=COUNTED[population])


# a fact is what is known of a patient under a choice, as a hash, to be held against the primary choice's
LINES = """
    select rule_set_id as choice, patient_id, 'lines' as what, count(*)::ubigint as fact
    from marts.therapy_lines group by all
    union all
    select rule_set_id, patient_id, 'line_numbers', bit_xor(hash(line_number, line_start))
    from marts.therapy_lines group by all
"""
PATIENTS = """
    select {choice} as choice, patient_id, 'index_line' as what, hash(index_line, index_date) as fact
    from marts.index_patients_all where study_id = $study and {fixed} = 'primary'
    union all
    select {choice}, patient_id, unnest(['membership', 'next_line', 'strategy', 'pfs2']), unnest([
        0::ubigint, hash(next_line, next_line_start), hash(strategy), hash(pfs2_days, pfs2_event)
    ])
    from marts.study_patients_all where study_id = $study and {fixed} = 'primary'
"""
CHANGED = """
    with facts as ({facts}),

    patients as (
        select distinct what, patient_id from facts
        where choice = 'primary' or list_contains($choices, choice)
    ),

    compared as (
        select
            choices.choice, patients.what, patients.patient_id,
            theirs.fact is distinct from ours.fact as changed
        from patients
        cross join (select unnest($choices) as choice) as choices
        left join facts as theirs
            on
                patients.what = theirs.what and patients.patient_id = theirs.patient_id
                and choices.choice = theirs.choice
        left join facts as ours
            on patients.what = ours.what and patients.patient_id = ours.patient_id and ours.choice = 'primary'
    ),

    ever as (
        select 'any' as choice, what, patient_id, bool_or(changed) as changed
        from compared group by what, patient_id
    )

    select choice, what, count(*) as patients, count(*) filter (changed) as changed
    from (from compared union all by name from ever)
    group by choice, what
"""
