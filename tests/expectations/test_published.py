"""The checks on whole warehouses: the demo passes, and the stories fail where they tell of a fault."""

from __future__ import annotations

import duckdb

from expectations.catalogue import load_catalogue
from pipelines.warehouse import Warehouse


def latest(warehouse: Warehouse, query: str) -> list[tuple[str, ...]]:
    with duckdb.connect(str(warehouse.published_db), read_only=True) as connection:
        return connection.execute(query).fetchall()


def test_the_demo_passes_every_check(demo_warehouse: Warehouse) -> None:
    against = latest(
        demo_warehouse,
        "select check_id, message from audit.check_results where status not in ('pass', 'not_applicable')",
    )
    counted = latest(demo_warehouse, "select count(distinct check_id) from audit.check_results")

    assert against == []
    assert counted == [(len(load_catalogue()),)]


def test_every_demo_check_but_those_of_several_sources_looks_at_something(demo_warehouse: Warehouse) -> None:
    idle = latest(
        demo_warehouse,
        "select distinct check_id from audit.check_results where status = 'not_applicable' order by 1",
    )

    assert idle == [("conflicting_birth_date",), ("conflicting_death",)]


def test_the_stories_fail_where_a_dispense_follows_the_death(stories_warehouse: Warehouse) -> None:
    """V32: capecitabine was dispensed once more after she died; it takes no part, and it is found."""
    against = latest(
        stories_warehouse,
        "select check_id, severity from audit.check_results where status not in ('pass', 'not_applicable')",
    )
    keys = latest(
        stories_warehouse,
        "select violation_key from audit.check_violations where check_id = 'drug_after_death'",
    )

    assert against == [("drug_after_death", "convention")]
    assert keys == [("patient_id=V32;medication_id=V32-m04",)]
