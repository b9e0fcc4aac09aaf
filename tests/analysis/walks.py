"""The marts behind the patients' pages, for the fixture's patients: two lines each, scans, decisions."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

Row = dict[str, Any]
KEY = "rule_set_id varchar, patient_id varchar"

WALK_TABLES = {
    "patients": """
        patient_id varchar, site_id varchar, date_basis varchar, advanced_date date, death_date date,
        last_contact_date date, end_of_follow_up date
    """,
    "line_rules": """
        rule_set_id varchar, description varchar, regimen_window_days integer, addition_window_days integer,
        era_gap_days integer, line_gap_days integer, gap_advances boolean, substitution_allowed boolean,
        maintenance_window_days integer, advanced_tolerance_days integer, pd_attribution_days integer,
        pd_episode_days integer, pd_spent_days integer, stockpile_cap_days integer
    """,
    "therapy_lines": f"""
        {KEY}, line_number integer, regimen varchar, regimen_category varchar, opened_by varchar,
        confidence varchar, end_reason varchar, stop_reason varchar, line_start date, line_end date
    """,
    "therapy_sublines": f"""
        {KEY}, line_number integer, subline_number integer, line_label varchar, regimen varchar,
        change_reason varchar, subline_start date
    """,
    "line_drugs": f"""
        {KEY}, line_number integer, ingredient varchar, modality varchar, joined_by varchar,
        continued_beyond_progression boolean, first_date date, last_date date
    """,
    "line_decisions": f"""
        {KEY}, ingredient varchar, rule varchar, line_before integer, line_after integer,
        subline_after integer, decision_date date, medication_ids varchar[], progression_ids varchar[]
    """,
    "early_therapies": f"{KEY}, ingredient varchar, modality varchar, start_date date, end_date date",
    "progression_events": f"""
        {KEY}, progression_id varchar, episode_id varchar, source varchar, date_precision varchar,
        line_number integer, progression_date date, episode_date date
    """,
    "line_responses": f"{KEY}, line_number integer, bor varchar, cbor varchar, clinical_benefit boolean, "
    "clinical_benefit_161 boolean",
    "intermediate.int_assessments_read": """
        patient_id varchar, assessment_id varchar, assessment_date date, response varchar, source varchar,
        date_precision varchar
    """,
    "intermediate.int_profile_assessments": """
        profile_id varchar, patient_id varchar, assessment_id varchar, assessment_date date, response varchar
    """,
}
PRIMARY = {
    "rule_set_id": "primary",
    "description": "The study's rules",
    "regimen_window_days": 28,
    "addition_window_days": 90,
    "era_gap_days": 60,
    "line_gap_days": 90,
    "gap_advances": False,
    "substitution_allowed": True,
    "maintenance_window_days": 60,
    "advanced_tolerance_days": 14,
    "pd_attribution_days": 30,
    "pd_episode_days": 14,
    "pd_spent_days": 90,
    "stockpile_cap_days": 60,
}
CATEGORIES = {"palbociclib": "endocrine + cdk46", "everolimus": "endocrine + mtor", "capecitabine": "chemo"}
BEFORE_INDEX = 12  # days from the advanced date to the index date


def walked(patients: list[Row], basis: str) -> dict[str, list[Row]]:
    """The rows of every table of WALK_TABLES."""
    found: dict[str, list[Row]] = {name: [] for name in WALK_TABLES}
    found["line_rules"].append(PRIMARY)
    # somebody who is in no study: her rows must reach no page
    found["patients"].append(
        {"patient_id": "p000", "site_id": "demo", "date_basis": basis, "advanced_date": date(2020, 1, 1)}
    )
    for number, patient in enumerate(patients):
        for name, rows in _walk(patient, number, basis).items():
            found[name] += rows
    return found


def _walk(patient: Row, number: int, basis: str) -> dict[str, list[Row]]:
    who = patient["patient_id"]
    key = {"rule_set_id": "primary", "patient_id": who}
    index, after = patient["index_date"], patient["next_line_start"]
    progressed = index + timedelta(days=patient["pfs1_days"])
    end = after + timedelta(days=patient["pfs2_days"])
    contact = end + timedelta(days=20)
    died = number % 3 == 0
    first, second = ["letrozole", "palbociclib"], patient["next_regimen"].split(" + ")
    scans = [
        (f"{who}-a1", index + timedelta(days=20), "SD", "imaging"),
        (f"{who}-a2", progressed, "PD", "imaging"),
        (f"{who}-a3", after + timedelta(days=10), "PR", "clinical"),
    ]
    pd_after = [{"id": f"{who}-a4", "date": end, "line": 2}] if patient["pfs2_event"] else []
    scans += [(event["id"], event["date"], "PD", "imaging") for event in pd_after]
    events = [{"id": f"{who}-a2", "date": progressed, "line": 1}, *pd_after]
    return {
        "patients": [
            {
                "patient_id": who,
                "site_id": "demo",
                "date_basis": basis,
                "advanced_date": index - timedelta(days=BEFORE_INDEX),
                "death_date": contact if died else None,
                "last_contact_date": contact,
                "end_of_follow_up": contact,
            }
        ],
        "therapy_lines": [
            key | _line(1, first, "first", "next_line", index, after - timedelta(days=1)),
            key | _line(2, second, "progression", "stopped" if died else "ongoing", after, contact),
        ],
        "therapy_sublines": [
            key | _subline(1, 0, first, "line_start", index),
            key | _subline(2, 0, second, "line_start", after),
        ],
        "line_drugs": [key | _drug(1, drug, index, after - timedelta(days=1)) for drug in first]
        + [key | _drug(2, drug, after, contact) for drug in second],
        "line_decisions": [
            key | _decision(drug, None, 1, index, [f"{who}-m{place}"], [])
            for place, drug in enumerate(first, start=1)
        ]
        + [
            key | _decision(drug, 1, 2, after, [f"{who}-m{place}" for place in range(3, 9)], [f"{who}-a2"])
            for drug in second
        ],
        "early_therapies": [
            key
            | {
                "ingredient": "tamoxifen",
                "modality": "endocrine",
                "start_date": index - timedelta(days=900),
                "end_date": index + timedelta(days=30 if number % 5 == 0 else -400),
            }
        ],
        "progression_events": [
            key
            | {
                "progression_id": event["id"],
                "episode_id": event["id"],
                "source": "imaging",
                "date_precision": "day",
                "line_number": event["line"],
                "progression_date": event["date"],
                "episode_date": event["date"],
            }
            for event in events
        ],
        "line_responses": [
            key
            | {
                "line_number": line,
                "bor": "SD",
                "cbor": "PR" if patient["bor"] == "PR" and patient["pfs2_days"] > 200 else "SD",
                "clinical_benefit": benefit,
                "clinical_benefit_161": benefit,
            }
            for line, benefit in ((1, True), (2, patient["clinical_benefit"]))
        ],
        "intermediate.int_assessments_read": [_scan(who, *scan) for scan in scans],
        "intermediate.int_profile_assessments": [
            {
                "profile_id": "primary",
                "patient_id": who,
                "assessment_id": name,
                "assessment_date": when,
                "response": response,
            }
            for name, when, response, _ in scans
        ],
    }


def _line(number: int, drugs: list[str], opened: str, ended: str, start: date, end: date) -> Row:
    return {
        "line_number": number,
        "regimen": " + ".join(sorted(drugs)),
        "regimen_category": CATEGORIES.get(drugs[-1], "endocrine"),
        "opened_by": opened,
        "confidence": "documented",
        "end_reason": ended,
        "stop_reason": None,
        "line_start": start,
        "line_end": end,
    }


def _subline(line: int, number: int, drugs: list[str], reason: str, start: date) -> Row:
    return {
        "line_number": line,
        "subline_number": number,
        "line_label": f"{line}.{number}",
        "regimen": " + ".join(sorted(drugs)),
        "change_reason": reason,
        "subline_start": start,
    }


def _drug(line: int, ingredient: str, start: date, end: date) -> Row:
    modality = {"palbociclib": "targeted", "everolimus": "targeted", "capecitabine": "chemo"}
    return {
        "line_number": line,
        "ingredient": ingredient,
        "modality": modality.get(ingredient, "endocrine"),
        "joined_by": "start",
        "continued_beyond_progression": False,
        "first_date": start,
        "last_date": end,
    }


def _decision(
    ingredient: str, before: int | None, after: int, when: date, records: list[str], events: list[str]
) -> Row:
    return {
        "ingredient": ingredient,
        "rule": "new_line",
        "line_before": before,
        "line_after": after,
        "subline_after": 0,
        "decision_date": when,
        "medication_ids": records,
        "progression_ids": events,
    }


def _scan(who: str, name: str, when: date, response: str, source: str) -> Row:
    return {
        "patient_id": who,
        "assessment_id": name,
        "assessment_date": when,
        "response": response,
        "source": source,
        "date_precision": "day",
    }
