"""Rows: what lands and how it is spelled, what is quarantined and why, what counts as a duplicate."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path

import pytest

from tests.pipelines.hospital import PATIENTS, Hospital

TOMORROW = (date.today() + timedelta(days=1)).isoformat()  # noqa: DTZ011 (landing goes by the local day)
TODAY = date.today().isoformat()  # noqa: DTZ011


@pytest.fixture
def hospital(tmp_path: Path) -> Hospital:
    """Two patients p1 and p2, not yet landed."""
    hospital = Hospital(tmp_path)
    hospital.write("patients.csv", PATIENTS)
    return hospital


# table, header, row; the column at fault and the check it fails
BAD_ROWS = [
    ("patients", "patient_id,sex", "p3,", "sex", "required_not_null"),
    ("patients", "patient_id,sex", ",female", "patient_id", "required_not_null"),
    ("patients", "patient_id,sex", "p3,F", "sex", "sex_valid"),
    ("patients", "patient_id,sex,birth_date", "p3,female,31/12/1950", "birth_date", "type_castable"),
    ("patients", "patient_id,sex,birth_date", f"p3,female,{TOMORROW}", "birth_date", "no_future_date"),
    ("patients", "patient_id,sex,death_date", "p3,female,2023-02-29", "death_date", "type_castable"),
    ("patients", "patient_id,sex,death_date", "p3,female,2023-13", "death_date", "type_castable"),
    ("patients", "patient_id,sex,death_date", "p3,female,0023-01-01", "death_date", "type_castable"),
    (
        "patients",
        "patient_id,sex,menopausal_status",
        "p3,female,late",
        "menopausal_status",
        "valueset_menopausal_status",
    ),
    ("diagnoses", "patient_id,diagnosis_date,stage", "p1,2020-01-01,V", "stage", "valueset_stage"),
    ("biomarkers", "patient_id,marker,value", "p1,HER3,90", "marker", "valueset_marker"),
    ("metastases", "patient_id,site", "p1,toe", "site", "valueset_site"),
    ("medications", "patient_id,drug,start_date", "p1,,2020-01-01", "drug", "required_not_null"),
    ("medications", "patient_id,drug,start_date", "p1,letrozole,soon", "start_date", "type_castable"),
    ("medications", "patient_id,drug,start_date", f"p1,letrozole,{TOMORROW}", "start_date", "no_future_date"),
    (
        "medications",
        "patient_id,drug,start_date,record_type",
        f"p1,a,{TOMORROW},order",
        "start_date",
        "planned_order",
    ),
    (
        "medications",
        "patient_id,drug,start_date,end_date",
        "p1,a,2020-01-02,2020-01-01",
        "end_date",
        "start_not_after_end",
    ),
    (
        "medications",
        "patient_id,drug,start_date,end_date",
        "p1,a,2020-03-01,2020-02",
        "end_date",
        "start_not_after_end",
    ),
    (
        "medications",
        "patient_id,drug,start_date,days_supply",
        "p1,a,2020-01-01,28.5",
        "days_supply",
        "type_castable",
    ),
    (
        "medications",
        "patient_id,drug,start_date,ongoing",
        "p1,a,2020-01-01,maybe",
        "ongoing",
        "type_castable",
    ),
    ("medications", "patient_id,drug,start_date,dose", '"p1",a,2020-01-01,"2,5"', "dose", "type_castable"),
    (
        "assessments",
        "patient_id,assessment_date,response",
        "p1,2020-01-01,XX",
        "response",
        "valueset_response",
    ),
    ("performance_status", "patient_id,observed_date,ecog", "p1,2020-01-01,6", "ecog", "valueset_ecog"),
    ("performance_status", "patient_id,observed_date,ecog", "p1,2020-01-01,two", "ecog", "type_castable"),
    ("labs", "patient_id,sample_date,analyte,value", f"p1,{TOMORROW},ALP,4", "sample_date", "no_future_date"),
    ("medications", "patient_id,drug,start_date", "p9,a,2020-01-01", "patient_id", "patient_known"),
    ("encounters", "patient_id,encounter_date", "P1,2020-01-01", "patient_id", "patient_known"),
]


@pytest.mark.parametrize(("table", "header", "row", "column", "check"), BAD_ROWS)
def test_a_bad_row_is_quarantined_with_its_reason(
    table: str, header: str, row: str, column: str, check: str, hospital: Hospital
) -> None:
    before = PATIENTS.replace("patient_id,sex\n", f"{header}\n").replace(
        "female", "female" + "," * (header.count(",") - 1)
    )
    hospital.write(f"{table}.csv", f"{before if table == 'patients' else header + chr(10)}{row}\n")
    assert hospital.land().refused == []
    record = 3 if table == "patients" else 1
    assert hospital.open_findings() == [(table, record, column, check)]
    (text, reason) = hospital.query("select raw_text, reason from raw.quarantined_rows")[0]
    assert column in reason and json.loads(text)["patient_id"] == (row.split(",")[0].strip('"') or None)
    hospital.require_every_row_accounted_for()


GOOD_ROWS = [
    ("patients", "patient_id,sex,birth_date", " p3 ,FEMALE,1950", "p3", "female", "1950"),
    ("patients", "Patient_ID,SEX,Death_Date", "p3,Unknown,2024-02", "p3", "unknown", "2024-02"),
    ("medications", "patient_id,drug,start_date,end_date", "p1,a,2020-01-01,9999-12-31", "a", "9999-12-31"),
    ("medications", "patient_id,drug,start_date,end_date", "p1,a,2020-05-03,2020", "a", "2020"),
    ("medications", "patient_id,drug,start_date,end_date", f"p1,a,{TODAY},{TODAY}", "a", TODAY),
    ("medications", "patient_id,drug,start_date,days_supply", "p1,a,2020-01-01,028.0", "a", "28"),
    ("medications", "patient_id,drug,start_date,ongoing", "p1,a,2020-01-01,True", "a", "true"),
    ("medications", "patient_id,drug,start_date,dose", "p1,a,2020-01-01,2.50", "a", "2.50"),
    ("assessments", "patient_id,response,assessment_date", "p1,non-cr/non-pd,2020", "NON-CR/NON-PD"),
    ("performance_status", "patient_id,ecog,observed_date", "p1,1.0,2020-01-01", "1"),
    ("labs", "patient_id,sample_date,analyte,value", "p1,2020-01-01,CA15-3,<5", "CA15-3", "<5"),
]  # fmt: skip


@pytest.mark.parametrize("case", GOOD_ROWS)
def test_a_good_row_lands_in_the_format_s_spelling(case: tuple[str, ...], hospital: Hospital) -> None:
    table, header, row, *expected = case
    hospital.write(f"{table}.csv", f"{header}\n{row}\n")
    assert hospital.land().refused == []
    assert hospital.open_findings() == []
    columns = [name for name in header.lower().split(",") if table == "patients" or name != "patient_id"]
    found = dict(zip(columns, hospital.rows(table, ", ".join(columns))[0], strict=True))
    assert set(expected) <= set(found.values())


def test_a_quarantined_row_says_nothing_of_its_values(hospital: Hospital) -> None:
    hospital.write("medications.csv", "patient_id,drug,start_date\nMaria-Rossi,SecretDrug,someday\n")
    hospital.land()
    ((reason,),) = hospital.query("select reason from raw.quarantined_rows")
    assert reason == "start_date is not a date written YYYY-MM-DD or YYYY-MM or YYYY."


def test_most_dates_wrong_is_a_wrong_declaration(hospital: Hospital) -> None:
    rows = [f"p1,letrozole,{day:02}/03/2024\n" for day in range(1, 11)]
    hospital.write("medications.csv", "patient_id,drug,start_date\np1,a,2024-01-01\n" + "".join(rows))
    (refusal,) = hospital.land().refused
    assert refusal.reason.startswith("10 of 11 dates contradict the declared form, the first in line 3:")
    assert "/03/2024" not in refusal.reason


def test_exact_duplicates_count_within_a_delivery_and_never_across(hospital: Hospital) -> None:
    row = "p1,letrozole,2024-01-05\n"
    hospital.write("medications.csv", "patient_id,drug,start_date\n" + row * 3 + "p1,x,bad\n" * 2)
    hospital.land()
    counted = "select rows_read, rows_landed, rows_quarantined, rows_duplicate from raw.batches"
    assert hospital.query(counted + " where table_name = 'medications'") == [(5, 1, 1, 3)]
    others = "".join(f"p2,x,2024-01-{day:02}\n" for day in range(1, 5))
    hospital.write("medications.csv", "patient_id,drug,start_date\n" + row + others)
    hospital.land()
    current = hospital.query(counted + " where table_name = 'medications' and is_current")
    assert current == [(5, 5, 0, 0)]
    hospital.require_every_row_accounted_for()


def test_undeclared_columns_are_kept_as_delivered(hospital: Hospital) -> None:
    hospital.write("encounters.csv", 'patient_id,encounter_date,Ward,"a ""b"""\np1,2024-01-05, 7 ,\n')
    hospital.land()
    ((extra, number, precedence),) = hospital.rows("encounters", "_extra, _record_number, _precedence")
    assert json.loads(extra) == {"ward": " 7 ", 'a "b"': None}
    assert (number, precedence) == (1, 1)
    assert hospital.rows("patients", "_extra") == [(None,), (None,)]


def test_made_ids_come_from_content_and_last(hospital: Hospital) -> None:
    header = "patient_id,drug,start_date,medication_id,note\n"
    rows = ["p1,a,2024-01-01,,x\n", "p1,a,2024-01-01,,y\n", "p1,b,2024-01-01,M7,\n", "p2,a,2024-01-01,,\n"]
    hospital.write("medications.csv", header + "".join(rows))
    hospital.land()
    ids = [name for (name,) in hospital.rows("medications", "medication_id")]
    assert ids[2] == "M7" and ids[1] == ids[0] + "-2"
    assert len(set(ids)) == 4
    # another order of the rest, a note changed, a row more: the same records keep their ids
    later = "".join(rows[:3]).replace("x", "z")
    hospital.write("medications.csv", header + rows[3] + "p2,c,2024-01-01,,\n" + later)
    hospital.land()
    again = dict(hospital.rows("medications", "patient_id || drug || coalesce(_extra, ''), medication_id"))
    assert set(again.values()) > set(ids)
    assert len(set(again.values())) == 5


def test_rows_wait_for_their_patient_and_are_released(hospital: Hospital) -> None:
    hospital.write("medications.csv", "patient_id,drug,start_date\np1,a,2024-01-01\np9,b,2024-01-01\n")
    result = hospital.land()
    assert result.quarantined == {"patient_known": 1}
    assert (result.rows["medications"], hospital.rows("medications", "drug")) == (1, [("a",)])
    hospital.require_every_row_accounted_for()
    # a second run finds the same, once
    assert hospital.land().quarantined == {"patient_known": 1}
    hospital.write("patients.csv", PATIENTS + "p9,female\n")
    assert hospital.land().quarantined == {}
    assert hospital.rows("medications", "drug") == [("a",), ("b",)]
    assert hospital.query("select resolved_run_id, resolution from raw.quarantined_rows") == [
        ("run-3", "the patient was delivered")
    ]
    hospital.require_every_row_accounted_for()
    # and waits again when the patient is gone
    hospital.write("patients.csv", PATIENTS + "p8,male\n")
    assert hospital.land().quarantined == {"patient_known": 1}
    assert hospital.rows("medications", "drug") == [("a",)]
    hospital.require_every_row_accounted_for()


def test_the_records_of_a_quarantined_patient_wait_too(hospital: Hospital) -> None:
    hospital.write("patients.csv", "patient_id,sex\np1,female\np2,femal\n")
    hospital.write("labs.csv", "patient_id,sample_date,analyte,value\np2,2024-01-01,ALP,7\n")
    hospital.land()
    assert [(row[0], row[3]) for row in hospital.open_findings()] == [
        ("labs", "patient_known"),
        ("patients", "sex_valid"),
    ]


def test_record_numbers_are_the_rows_place_in_the_file(hospital: Hospital) -> None:
    many = [f"p1,2024-01-01,{n}\n" for n in range(5000)]
    many[17] = "\n"
    hospital.write("encounters.csv", "patient_id,encounter_date,encounter_type\n" + "".join(many))
    hospital.land()
    found = hospital.rows("encounters", "_record_number, encounter_type")
    kept = [n for n in range(5000) if n != 17]
    assert found == [(place, str(n)) for place, n in enumerate(kept, start=1)]
