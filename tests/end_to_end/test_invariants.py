"""What must hold for any patient whatsoever, and what must not change when nothing of hers has changed.

Hypothesis draws the patients; they are built twice: alone under the primary rule set, and among copies of
themselves (moved in time, one record split in two), with the rows backwards, under all rule sets. Two builds
answer every question at once.
"""

from __future__ import annotations

import itertools
import os
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
from hypothesis import HealthCheck, Phase, given, seed, settings

from tests.conftest import transform
from tests.end_to_end.random_site import DATA_CUT, Patient, Site, patients, split

MOVED_BY = 37
COHORT = int(os.environ.get("HYPOTHESIS_COHORT", "120"))
SEED = int(os.environ.get("HYPOTHESIS_SEED", "0"))

# queries of rows that must not exist
VIOLATIONS = {
    "lines are numbered from 1 without a gap": """
        select * from (
            select
                *,
                row_number() over (partition by rule_set_id, patient_id order by line_start) as place
            from marts.therapy_lines
        ) where place <> line_number""",
    "lines do not overlap and do not end before they start": """
        select * from (
            select
                *,
                lead(line_start) over (
                    partition by rule_set_id, patient_id order by line_number
                ) as next_start
            from marts.therapy_lines
        ) where line_end >= next_start or line_end < line_start""",
    "every line-defining record is in a line, early, or left out with a reason": """
        select used.patient_id, used.medication_id, used.ingredient
        from intermediate.int_medications_used as used
        where used.role = 'line_defining' and used.left_out_because is null
        and not exists (
            select 1 from intermediate.int_line_records as records
            where records.rule_set_id = 'primary' and records.medication_id = used.medication_id
                and records.ingredient = used.ingredient
        ) and not exists (
            select 1 from marts.early_therapies as early
            where early.rule_set_id = 'primary' and early.patient_id = used.patient_id
                and early.ingredient = used.ingredient
                and used.start_date between early.start_date and early.end_date
        )""",
    "PFS and TTNT are never longer than OS, and nothing is negative": """
        select pfs.* from marts.line_endpoints as pfs
        inner join marts.line_endpoints as os
            on pfs.rule_set_id = os.rule_set_id and pfs.patient_id = os.patient_id
            and pfs.line_number = os.line_number and os.endpoint = 'os'
        where (pfs.endpoint in ('pfs', 'ttnt') and pfs.days > os.days) or pfs.days < 0""",
    "an endpoint is an event or censored, never both, never after the data cut": f"""
        select * from marts.line_endpoints
        where (event = 1) <> (event_type is not null) or (event = 1) = (censor_reason is not null)
            or end_date > '{DATA_CUT}'""",
    "a progression belongs to a line that began before it": """
        select * from marts.progression_events as events
        inner join marts.therapy_lines as lines using (rule_set_id, patient_id, line_number)
        where events.episode_date <= lines.line_start""",
    "every drug of a line has a decision that took it": """
        select * from marts.line_drugs as drugs
        where not exists (
            select 1 from marts.line_decisions as decisions
            where decisions.rule_set_id = drugs.rule_set_id and decisions.patient_id = drugs.patient_id
                and decisions.ingredient = drugs.ingredient and decisions.line_after = drugs.line_number
        )""",
    "every endpoint names the record that dates it": """
        select * from marts.line_endpoints where dated_by_table is null or dated_by_id is null""",
}
# the patients are odd enough only if they reach every rule
RULES = {
    "window", "known_drug", "addition", "late_addition", "substitution", "maintenance", "new_line",
    "continued", "carried_over",
}  # fmt: skip


def _build(site: Site, folder: Path, rule_sets: str, *, backwards: bool = False) -> duckdb.DuckDBPyConnection:
    site_file = site.write(folder, backwards=backwards)
    warehouse = transform(site_file, folder / "warehouse", rule_sets=rule_sets)
    con = duckdb.connect(str(warehouse.build_db), read_only=True)
    con.execute(f"attach '{warehouse.landing}' as landing (read_only)")
    return con


def _results(
    con: duckdb.DuckDBPyConnection, suffix: str, days: int = 0
) -> dict[str, set[tuple[object, ...]]]:
    """Lines and endpoints of the patients with this suffix, under plain names, with dates moved back."""
    of_hers = f"rule_set_id = 'primary' and patient_id similar to 'p[0-9]+{suffix}'"
    name = f"replace(patient_id, '{suffix}', '')" if suffix else "patient_id"
    lines = con.execute(
        f"""
        select
            {name}, line_number, line_start - {days}, line_end - {days}, regimen, opened_by,
            end_reason, stop_reason
        from marts.therapy_lines
        where {of_hers}
        """
    ).fetchall()
    endpoints = con.execute(
        f"""
        select
            {name}, profile_id, line_number, endpoint, start_date - {days}, end_date - {days}, event,
            event_type, censor_reason
        from marts.line_endpoints
        where {of_hers}
        """
    ).fetchall()
    return {"lines": set(lines), "endpoints": set(endpoints)}


def _cohort() -> list[Patient]:
    """Different patients as Hypothesis varies them; another HYPOTHESIS_SEED, other patients."""
    drawn: dict[Patient, None] = {}

    # Hypothesis stays close to what it drew before: many short draws differ more than one long one
    for number in itertools.count(SEED):
        if len(drawn) >= COHORT:
            return list(drawn)[:COHORT]

        @seed(number)
        @settings(
            max_examples=10, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck)
        )
        @given(patients())
        def draw(patient: Patient) -> None:
            drawn[patient] = None

        draw()
    raise AssertionError("unreachable: the count has no end")


def test_any_patients() -> None:
    alone, together = Site(), Site()
    for number, patient in enumerate(_cohort()):
        alone.add(patient, f"p{number}")
        together.add(patient, f"p{number}")
        together.add(replace(patient, zero=patient.zero + timedelta(days=MOVED_BY)), f"p{number}-moved")
        divided = split(patient)
        if divided is not None:
            together.add(divided, f"p{number}-split")

    with TemporaryDirectory() as first, TemporaryDirectory() as second:
        by_themselves = _build(alone, Path(first), "primary")
        among_others = _build(together, Path(second), "all", backwards=True)

        rules = among_others.execute("select distinct rule from marts.line_decisions").fetchall()
        assert {rule for (rule,) in rules} == RULES
        for sentence, query in VIOLATIONS.items():
            assert among_others.execute(query).fetchall() == [], sentence

        expected = _results(by_themselves, "")
        assert expected["lines"], "random patients without a line prove nothing"
        assert _results(among_others, "") == expected
        assert _results(among_others, "-moved", MOVED_BY) == expected
        after_split = _results(among_others, "-split")
        divided_names = {row[0] for row in after_split["lines"]}
        assert after_split["lines"] == {row for row in expected["lines"] if row[0] in divided_names}
        by_themselves.close()
        among_others.close()
