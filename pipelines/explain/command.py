"""`afterline explain`: find the patient, read what is published of her, print it."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import TextIO

import duckdb

from pipelines.errors import UsageError
from pipelines.explain.decisions import blocks
from pipelines.explain.diff import compare
from pipelines.explain.marts import (
    Patient,
    Walk,
    find_patient,
    read_steps,
    read_studies,
    read_walk,
    require_profile,
)
from pipelines.explain.printing import Page
from pipelines.explain.records import pseudonym_of, read_records
from pipelines.explain.story import calendar_of, progression_key, tell
from pipelines.explain.study import place_in_study
from pipelines.query import open_published
from pipelines.warehouse import Warehouse


def explain_patient(
    folder: Path,
    patient: str,
    rule_set_id: str,
    profile_id: str | None,
    diff: tuple[str, str] | None,
    out: TextIO,
) -> None:
    """Print one patient's page, or where two rule sets part on her.

    `patient` is a pseudonym or a real id; PFS is shown under every profile where `profile_id` is None.
    Raises UsageError for what is unknown, LockHeld where a run holds the landing file that a real id needs.
    """
    warehouse = Warehouse(folder.resolve())
    with closing(open_published(warehouse)) as marts:
        try:
            found = _find(warehouse, marts, patient)
            if diff is not None:
                _print_difference(warehouse, marts, found, diff, out)
            else:
                _print_page(warehouse, marts, found, rule_set_id, profile_id, out)
        except (duckdb.CatalogException, duckdb.BinderException) as error:
            raise UsageError(
                f"What is published in {warehouse.root} lacks a table this needs: afterline build makes it."
            ) from error


def _find(warehouse: Warehouse, marts: duckdb.DuckDBPyConnection, patient: str) -> Patient:
    """The patient of a pseudonym or of a real id; ids are never guessed, nor repeated in a message."""
    found = find_patient(marts, patient)
    if found is not None:
        return found
    if not warehouse.landing.exists():
        raise UsageError(
            "No published patient has this pseudonym, and a real id can be looked up only in the landing "
            f"file, which is not in {warehouse.root}."
        )
    pseudonym = pseudonym_of(warehouse, patient)
    if pseudonym is None:
        raise UsageError("No patient has this id: neither a published pseudonym nor an id that ever landed.")
    found = find_patient(marts, pseudonym)
    if found is None:
        raise UsageError(
            "This patient has landed but is not among those published: her rows are in quarantine, no longer "
            "delivered, or newer than the publication."
        )
    return found


def _print_page(
    warehouse: Warehouse,
    marts: duckdb.DuckDBPyConnection,
    patient: Patient,
    rule_set_id: str,
    profile_id: str | None,
    out: TextIO,
) -> None:
    if profile_id is not None:
        require_profile(marts, profile_id)
    walk = read_walk(marts, patient, rule_set_id)
    records = read_records(warehouse, patient.patient_id, _named_records(walk))
    calendar = calendar_of(patient, records)
    page = Page(out, calendar)
    page.header(patient, f"rule set {rule_set_id}", [f"{walk.rules['description']}.", records.note])
    page.story(tell(patient, walk, records, calendar), records)
    page.decisions(blocks(walk, records, calendar))
    page.lines(walk)
    page.endpoints(walk, records, profile_id)
    steps, profile = read_steps(marts), profile_id or "primary"
    for study in read_studies(marts):
        title = f"{study['study_id']}, profile {profile}"
        own_steps = steps.get(study["study_id"], {})
        page.study(title, place_in_study(study, walk, profile, own_steps, calendar))


def _print_difference(
    warehouse: Warehouse,
    marts: duckdb.DuckDBPyConnection,
    patient: Patient,
    names: tuple[str, str],
    out: TextIO,
) -> None:
    first, second = (read_walk(marts, patient, name) for name in names)
    records = read_records(warehouse, patient.patient_id, _named_records(first) | _named_records(second))
    calendar = calendar_of(patient, records)
    page = Page(out, calendar)
    page.header(patient, f"rule sets {names[0]} and {names[1]}", [records.note])
    page.difference(compare(first, second, records, calendar), names)


def _named_records(walk: Walk) -> set[tuple[str, str]]:
    """(table, record id) of every record that a decision, a progression or an endpoint names."""
    endpoints = {(row["dated_by_table"], row["dated_by_id"]) for row in walk.endpoints if row["dated_by_id"]}
    medications = {("medications", name) for row in walk.decisions for name in row["medication_ids"]}
    return endpoints | medications | {progression_key(event) for event in walk.progressions}
