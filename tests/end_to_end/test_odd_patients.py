"""Odd but possible records: a defined result for each, and a check or a mart that reports it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import duckdb
import pytest

from tests.conftest import build
from tests.end_to_end.random_site import DRUGS, Assessment, Medication, Patient, Site

PLAIN = Patient(
    medications=(Medication("letrozole", 0, end=200), Medication("palbociclib", 0, end=200)),
    assessments=(Assessment(90, "SD", "radiology"),),
    visits=(210,),
    death=None,
)
ODD = {
    "unknown-drug": replace(PLAIN, medications=(Medication("herbal tea blend no. 7", 0, end=200),)),
    "two-progressions-a-day": replace(
        PLAIN, assessments=(Assessment(150, "PD", "radiology"), Assessment(150, "PD", "clinician"))
    ),
    "progression-before-therapy": replace(PLAIN, assessments=(Assessment(-30, "PD", "radiology"),)),
    "seen-after-death": replace(PLAIN, death=150, visits=(100, 210)),
    "drug-after-death": replace(
        PLAIN, death=150, visits=(), medications=(*PLAIN.medications, Medication("fulvestrant", 170, end=180))
    ),
    "open-and-never-seen-again": replace(
        PLAIN, medications=(Medication("letrozole", 0, ongoing=True),), assessments=(), visits=()
    ),
    "five-hundred-records": replace(
        PLAIN,
        medications=tuple(Medication(DRUGS[n % len(DRUGS)], 3 * n, end=3 * n + 2) for n in range(500)),
        visits=(1510,),
    ),
}


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    folder = tmp_path_factory.mktemp("odd")
    site = Site()
    for name, patient in ODD.items():
        site.add(patient, name)
    # enough plain patients that one odd one in a hundred is no scandal
    for number in range(100):
        site.add(PLAIN, f"plain-{number}")
    site_file = site.write(folder)
    with site_file.open("a", encoding="utf-8") as file:
        file.write("rule_sets: primary\n")
    warehouse = build(site_file, folder / "warehouse")
    with duckdb.connect(str(warehouse.published_db), read_only=True) as con:
        yield con


def _lines(con: duckdb.DuckDBPyConnection, name: str) -> list[tuple[object, ...]]:
    return con.execute(
        """
        select line_number, regimen, line_start, line_end, end_reason
        from marts.therapy_lines
        where rule_set_id = 'primary' and patient_id = ?
        order by line_number
        """,
        [name],
    ).fetchall()


def _pfs(con: duckdb.DuckDBPyConnection, name: str) -> tuple[object, ...] | None:
    return con.execute(
        """
        select days, event, event_type
        from marts.line_endpoints
        where rule_set_id = 'primary' and profile_id = 'primary' and endpoint = 'pfs' and line_number = 1
            and patient_id = ?
        """,
        [name],
    ).fetchone()


def _numerator(con: duckdb.DuckDBPyConnection, check: str) -> int:
    found = con.execute("select numerator from audit.check_results where check_id = ?", [check]).fetchone()
    assert found is not None
    return int(found[0])


def test_a_very_large_site_may_ask_for_the_primary_rule_set_alone(
    published: duckdb.DuckDBPyConnection,
) -> None:
    computed = published.execute("select distinct rule_set_id from marts.line_endpoints").fetchall()
    assert computed == [("primary",)]


def test_unknown_drug_opens_nothing_and_is_listed(published: duckdb.DuckDBPyConnection) -> None:
    assert _lines(published, "unknown-drug") == []
    listed = published.execute("select drug, records from marts.unmapped_drugs").fetchall()
    assert listed == [("herbal tea blend no. 7", 1)]


def test_two_progressions_on_a_day_are_one_episode(published: duckdb.DuckDBPyConnection) -> None:
    episodes = published.execute(
        """
        select count(*), count(distinct episode_id)
        from marts.progression_events
        where rule_set_id = 'primary' and patient_id = 'two-progressions-a-day'
        """
    ).fetchone()
    assert episodes == (2, 1)
    assert _pfs(published, "two-progressions-a-day") == (150, 1, "progression")


def test_progression_before_any_therapy_belongs_to_no_line(published: duckdb.DuckDBPyConnection) -> None:
    lines = published.execute(
        """
        select distinct line_number
        from marts.progression_events
        where rule_set_id = 'primary' and patient_id = 'progression-before-therapy'
        """
    ).fetchall()
    assert lines == [(None,)]
    assert _pfs(published, "progression-before-therapy") == (210, 0, None)


def test_records_after_death_count_for_nothing_and_are_reported(published: duckdb.DuckDBPyConnection) -> None:
    assert _pfs(published, "seen-after-death") == (150, 1, "death")
    last_contact = published.execute(
        "select last_contact_date from marts.patients where patient_id = 'seen-after-death'"
    ).fetchone()
    assert last_contact == (date(2018, 4, 11),)
    assert _numerator(published, "no_event_after_death") > 0


def test_drug_after_death_opens_no_line_and_is_reported(published: duckdb.DuckDBPyConnection) -> None:
    assert [line[1] for line in _lines(published, "drug-after-death")] == ["letrozole + palbociclib"]
    assert _numerator(published, "drug_after_death") == 1


def test_open_record_ends_where_follow_up_does(published: duckdb.DuckDBPyConnection) -> None:
    started = date(2018, 1, 1)
    assert _lines(published, "open-and-never-seen-again") == [(1, "letrozole", started, started, "ongoing")]
    assert _pfs(published, "open-and-never-seen-again") == (0, 0, None)


def test_five_hundred_records_are_walked_like_any_others(published: duckdb.DuckDBPyConnection) -> None:
    numbers = [line[0] for line in _lines(published, "five-hundred-records")]
    assert numbers == list(range(1, len(numbers) + 1))
    decided = published.execute(
        """
        select count(distinct medication_id)
        from (
            select unnest(medication_ids) as medication_id
            from marts.line_decisions
            where rule_set_id = 'primary' and patient_id = 'five-hundred-records'
        )
        """
    ).fetchone()
    # 16 of the 18 drugs define lines; the other two are background
    line_defining = sum(
        1 for n in range(500) if DRUGS[n % len(DRUGS)] not in ("goserelin", "zoledronic acid")
    )
    assert decided == (line_defining,)
