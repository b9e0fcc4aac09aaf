"""The patient's story: what her records say, in date order, with the line each is counted in beside it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from pipelines.explain.dates import Calendar, parse
from pipelines.explain.marts import Patient, Row, Walk
from pipelines.explain.records import Records

# decided at a line's opening about drugs that were there already
KEPT_RULES = ("continued", "carried_over")
# what the dates say already; any other status is a reason to look
_USUAL = (None, "", "active", "completed", "stopped")


@dataclass(frozen=True)
class Entry:
    """One dated fact: `record` is its id and place, `beside` what the walk made of it."""

    when: date
    precision: str
    what: str
    record: str = ""
    beside: str = ""


def calendar_of(patient: Patient, records: Records) -> Calendar:
    """Her calendar: day 0 is the advanced date, else the first date on record."""
    if patient.advanced_date is not None:
        return Calendar(
            patient.advanced_date, "the advanced date (primary rule set)", patient.has_relative_dates
        )
    stated = [
        parse(row[column])
        for table, column in (("medications", "start_date"), ("assessments", "assessment_date"))
        for row in records.tables.get(table, [])
    ]
    known = [found[0] for found in stated if found]
    return Calendar(min(known, default=None), "her first record", patient.has_relative_dates)


def tell(patient: Patient, walk: Walk, records: Records, calendar: Calendar) -> list[Entry]:
    """Every entry of the story, in date order."""
    entries = [
        *_milestones(patient, records),
        *_diagnoses(records, calendar),
        *_metastases(records),
        *_procedures(records),
        *(_medication(row, walk, calendar) for row in records.tables.get("medications", [])),
        *(_assessment(row, walk) for row in records.tables.get("assessments", [])),
        *_progressions(walk, records),
    ]
    return sorted((entry for entry in entries if entry is not None), key=lambda entry: entry.when)


def _milestones(patient: Patient, records: Records) -> list[Entry]:
    facts = patient.facts
    named = (
        ("advanced_date", f"advanced disease ({facts['advanced_date_source']})"),
        ("observed_from", "observed from here on"),
        ("last_contact_date", "last contact"),
        ("death_date", "death"),
    )
    entries = []
    for column, what in named:
        if facts[column] is not None:
            stated = [
                row for row in records.tables.get("patients", []) if _states(row, column, facts[column])
            ]
            entries.append(Entry(facts[column], "day", what, "; ".join(row["place"] for row in stated)))
    return entries


def _states(row: Row, column: str, when: date) -> bool:
    found = parse(row.get(column))
    return found is not None and found[0] == when


def _diagnoses(records: Records, calendar: Calendar) -> list[Entry]:
    entries = []
    for row in records.tables.get("diagnoses", []):
        found, advanced = parse(row["diagnosis_date"]), parse(row["advanced_date"])
        if found:
            parts = [
                f"diagnosis {clean(row['icd10'])}".strip(),
                *(f"{label} {row[column]}" for column, label in (("stage", "stage"),) if row[column]),
                *([f"advanced from {calendar.text(*advanced)}"] if advanced else []),
            ]
            entries.append(Entry(*found, ", ".join(parts), _record(row)))
    return entries


def _metastases(records: Records) -> list[Entry]:
    return [
        Entry(*found, f"metastasis: {row['site']}", row["place"])
        for row in records.tables.get("metastases", [])
        if (found := parse(row["detected_date"]))
    ]


def _procedures(records: Records) -> list[Entry]:
    return [
        Entry(*found, " ".join(part for part in (row["type"], clean(row["site"])) if part), _record(row))
        for row in records.tables.get("procedures", [])
        if (found := parse(row["procedure_date"]))
    ]


def _medication(row: Row, walk: Walk, calendar: Calendar) -> Entry | None:
    found = parse(row["start_date"])
    if found is None:
        return None
    naming = [item for item in walk.decisions if row["record_id"] in item["medication_ids"]]
    ingredients = sorted({item["ingredient"] for item in naming})
    drug = clean(row["drug"])
    named = drug if ingredients in ([], [drug.lower()]) else f"{drug} = {' + '.join(ingredients)}"
    return Entry(
        *found,
        ", ".join([named, *_course(row, calendar)]),
        _record(row),
        _beside(row, found[0], naming, walk),
    )


def _course(row: Row, calendar: Calendar) -> list[str]:
    end = parse(row["end_date"])
    kind = {"dispense": "dispensed", "order": "ordered", "administration": "given"}.get(row["record_type"])
    return [
        *([kind] if kind else []),
        *([f"to {calendar.text(*end)}"] if end else []),
        *([f"{row['days_supply']} days"] if row["days_supply"] else []),
        *(["ongoing"] if row["ongoing"] == "true" else []),
        *([f"stopped: {row['stop_reason']}"] if row["stop_reason"] else []),
        *([f"status {row['status']}"] if row["status"] not in _USUAL else []),
    ]


def _beside(row: Row, start: date, naming: list[Row], walk: Walk) -> str:
    """The decision taken at this record's start, else the lines it is counted in."""
    taken = {
        f"{item['line_after']}.{item['subline_after']} {item['rule']}"
        for item in naming
        if item["decision_date"] == start and item["rule"] not in KEPT_RULES
    }
    lines = [str(line["line_number"]) for line in walk.lines if row["record_id"] in line["medication_ids"]]
    if taken:
        return ", ".join(sorted(taken))
    return f"line {', '.join(lines)}" if lines else "no line"


def _assessment(row: Row, walk: Walk) -> Entry | None:
    found = parse(row["assessment_date"])
    if found is None:
        return None
    said = row["response"] or {"true": "progression", "false": "no progression"}.get(row["progression"], "")
    by = ", ".join(clean(part) for part in (row["assessor"], row["method"]) if part)
    events = [item for item in walk.progressions if item["progression_id"] == row["record_id"]]
    what = f"{said or 'no response recorded'}{f' ({by})' if by else ''}"
    return Entry(*found, what, _record(row), ", ".join(_belongs(event) for event in events))


def _progressions(walk: Walk, records: Records) -> list[Entry]:
    """Progressions without an entry of their own: reasons of a stop, or all of them without landing."""
    told = {row["record_id"] for row in records.tables.get("assessments", [])}
    return [
        Entry(
            event["progression_date"],
            event["date_precision"] or "day",
            f"progression ({event['source']})",
            with_place(
                event["progression_id"],
                records.place(*progression_key(event)),
            ),
            _belongs(event),
        )
        for event in walk.progressions
        if event["progression_id"] not in told
    ]


def progression_key(event: Row) -> tuple[str, str]:
    """(table, record id) of a progression event."""
    table = "medications" if event["source"] == "stop_reason" else "assessments"
    return table, event["progression_id"]


def _belongs(event: Row) -> str:
    line = event["line_number"]
    return f"PD of line {line}" if line is not None else "PD of no line"


def _record(row: Row) -> str:
    return with_place(row["record_id"], row["place"])


def with_place(record_id: str, place: str) -> str:
    """'V24-m04 (medications.csv 83)': the record's id, its file and its number there."""
    return f"{record_id} ({place})" if place else record_id


def clean(text: str | None) -> str:
    """Text of a record on one line, without anything a terminal would obey."""
    return "".join(letter if letter.isprintable() else " " for letter in text or "").strip()
