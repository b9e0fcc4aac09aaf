"""Deliveries: what is current, files delivered again, increments, several sources, kinds of files."""

from __future__ import annotations

import gzip
from pathlib import Path

import duckdb
import pytest

from pipelines.errors import UsageError
from tests.pipelines.hospital import PATIENTS, Hospital

HEADER = "patient_id,drug,start_date\n"
FIRST, SECOND = HEADER + "p1,a,2024-01-01\np2,b,2024-01-01\n", HEADER + "p1,c,2024-01-01\np2,d,2024-01-01\n"


@pytest.fixture
def hospital(tmp_path: Path) -> Hospital:
    """Two patients p1 and p2, not yet landed."""
    hospital = Hospital(tmp_path)
    hospital.write("patients.csv", PATIENTS)
    return hospital


def test_landing_twice_adds_nothing(hospital: Hospital) -> None:
    hospital.write("medications.csv", FIRST)
    first = hospital.land()
    again = hospital.land()
    assert (len(first.landed), first.up_to_date) == (2, 0)
    assert (again.landed, again.up_to_date) == ([], 2)
    assert first.rows == again.rows
    assert hospital.query("select count(*) from raw.medications") == [(2,)]
    assert hospital.query("select count(*) from raw.batches") == [(2,)]


def test_a_file_delivered_again_is_current_again_without_landing_twice(hospital: Hospital) -> None:
    hospital.write("medications.csv", FIRST)
    hospital.land()
    hospital.write("medications.csv", SECOND)
    hospital.land()
    assert hospital.rows("medications", "drug") == [("c",), ("d",)]
    hospital.write("medications.csv", FIRST)
    assert hospital.land().landed == []
    assert hospital.rows("medications", "drug") == [("a",), ("b",)]
    assert hospital.query("select count(*) from raw.medications") == [(4,)]
    hospital.require_every_row_accounted_for()


def test_findings_follow_their_delivery(hospital: Hospital) -> None:
    bad = HEADER + "p1,a,2024-01-01\np2,b,never\np9,c,2024-01-01\n"
    hospital.write("medications.csv", bad)
    assert hospital.land().quarantined == {"patient_known": 1, "type_castable": 1}
    hospital.write("medications.csv", SECOND)
    assert hospital.land().quarantined == {}
    assert hospital.query("select distinct resolution from raw.quarantined_rows") == [
        ("superseded by a later delivery",)
    ]
    hospital.write("medications.csv", bad)
    assert hospital.land().quarantined == {"patient_known": 1, "type_castable": 1}
    hospital.require_every_row_accounted_for()


def test_the_later_row_of_a_key_wins_among_increments(hospital: Hospital) -> None:
    hospital.configure(
        "format: flat\ndelivery: increment\nkey: {patients: [patient_id], medications: [medication_id]}\n"
        "tables:\n"
        "  patients: [{file: patients.csv, columns: {patient_id: patient_id, sex: sex}}]\n"
        "  medications:\n"
        "    - file: m_*.csv\n"
        "      columns: {patient_id: pat, medication_id: id, drug: drug, start_date: start}\n"
    )
    hospital.write("m_1.csv", "id,pat,drug,start\n1,p1,a,2024-01-01\n2,p1,b,2024-01-01\n")
    hospital.land()
    hospital.write("m_2.csv", "id,pat,drug,start\n2,p1,B,2024-01-02\n2,p1,BB,2024-01-03\n3,p2,c,2024-01-01\n")
    hospital.land()
    expected = [("1", "a"), ("2", "BB"), ("3", "c")]
    assert sorted(hospital.rows("medications", "medication_id, drug")) == expected
    # an increment stays when it has left the folder, and when the mapping changes it keeps its place
    (hospital.extracts / "m_1.csv").unlink()
    mapping = "columns: {patient_id: pat,"
    changed = hospital.site_file.read_text().replace(mapping, f"precedence: 3\n          {mapping}")
    hospital.site_file.write_text(changed)
    result = hospital.land()
    assert result.refused == []
    assert sorted(hospital.rows("medications", "medication_id, drug")) == expected
    assert result.rows["medications"] == 3
    hospital.write("m_1.csv", "id,pat,drug,start\n1,p1,a,2024-01-01\n2,p1,b,2024-01-01\n")
    hospital.land()
    assert sorted(hospital.rows("medications", "medication_id, drug")) == expected


def test_an_increment_row_that_waits_does_not_bring_back_the_one_before(hospital: Hospital) -> None:
    hospital.configure(
        "format: flat\ndelivery: increment\nkey: {patients: [patient_id], medications: [medication_id]}\n"
        "tables:\n"
        "  patients: [{file: patients.csv, columns: {patient_id: patient_id, sex: sex}}]\n"
        "  medications:\n"
        "    - file: m_*.csv\n"
        "      columns: {patient_id: pat, medication_id: id, drug: drug, start_date: start}\n"
    )
    hospital.write("m_1.csv", "id,pat,drug,start\n1,p1,a,2024-01-01\n")
    hospital.write("m_2.csv", "id,pat,drug,start\n1,p9,a,2024-01-01\n")
    hospital.land()
    assert hospital.rows("medications", "drug") == []


def test_an_afterline_increment_names_a_key_for_every_table(hospital: Hospital) -> None:
    hospital.configure("format: afterline\ndelivery: increment\nkey: {patients: [patient_id]}")
    hospital.write("medications.csv", FIRST)
    with pytest.raises(UsageError, match="needs a key for the table medications"):
        hospital.land()


def test_sources_stand_side_by_side_with_their_precedence(hospital: Hospital) -> None:
    other = hospital.root / "registry"
    other.mkdir()
    (other / "patients.csv").write_text("patient_id,sex,death_date\np1,unknown,2024-05-01\n")
    both = hospital.site_file.read_text() + "  - {format: afterline, path: registry, precedence: 2}\n"
    alone = hospital.site_file.read_text()
    hospital.site_file.write_text(both)
    hospital.land()
    found = hospital.rows("patients", "patient_id, sex, _source_number, _precedence")
    assert found == [("p1", "female", 1, 1), ("p2", "female", 1, 1), ("p1", "unknown", 2, 2)]
    hospital.site_file.write_text(alone)
    hospital.land()
    assert len(hospital.rows("patients", "patient_id")) == 2


MEDICATION = "patient_id,drug,start_date,days_supply,ongoing,end_date\np1,a,2024-01-05,28,true,2024-02-01\n"
TYPED = """select 'p1' as patient_id, 'a' as drug, date '2024-01-05' as start_date, 28 as days_supply,
    true as ongoing, timestamp '2024-02-01 10:30:00' as end_date"""


def test_the_same_row_lands_from_every_kind_of_file(tmp_path: Path) -> None:
    landed = []
    for name in ("medications.csv", "MEDICATIONS.CSV.GZ", "medications.tsv", "medications.parquet"):
        hospital = Hospital(tmp_path / name)
        hospital.write("patients.csv", PATIENTS)
        if name.endswith("GZ"):
            hospital.write(name, gzip.compress(MEDICATION.encode()))
        elif name.endswith("parquet"):
            duckdb.execute(f"copy ({TYPED}) to '{hospital.extracts / name}' (format parquet)")
        else:
            hospital.write(name, MEDICATION.replace(",", "\t") if name.endswith("tsv") else MEDICATION)
        assert hospital.land().refused == []
        columns = "medication_id, patient_id, drug, start_date, days_supply, ongoing, end_date"
        landed += hospital.rows("medications", columns)
    assert landed[0][1:] == ("p1", "a", "2024-01-05", "28", "true", "2024-02-01")
    assert landed == [landed[0]] * 4


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_line_ends_and_a_byte_order_mark_are_no_content(end: str, mark: str, hospital: Hospital) -> None:
    text = mark + FIRST.replace("p1,a", 'p1,"a, b"').replace("\n", end)
    hospital.write("medications.csv", text)
    assert hospital.land().refused == []
    assert hospital.rows("medications", "patient_id, drug") == [("p1", "a, b"), ("p2", "b")]


def test_mixed_line_ends_lose_no_row(hospital: Hospital) -> None:
    hospital.write("medications.csv", FIRST.replace("\n", "\r\n", 2) + "p1,c,2024-02-01\r\n")
    assert hospital.land().refused == []
    assert [drug for (drug,) in hospital.rows("medications", "drug")] == ["a", "b", "c"]


def test_the_landing_file_is_its_owner_s_alone(hospital: Hospital) -> None:
    hospital.land()
    assert hospital.warehouse.landing.stat().st_mode & 0o077 == 0
    assert list(hospital.warehouse.build.iterdir()) == []


def test_all_tables_and_views_are_there(hospital: Hospital) -> None:
    from pipelines.extract_format import TABLES

    result = hospital.land()
    assert set(result.rows) == set(TABLES)
    for name in TABLES:
        assert hospital.query(f"select count(*) from raw.current_{name}") == [
            (2 if name == "patients" else 0,)
        ]
