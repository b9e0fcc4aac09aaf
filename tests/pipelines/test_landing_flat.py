"""Flat sources: a site's own files through the mapping of its site file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.pipelines.hospital import PATIENTS, Hospital

ITALIAN = """format: flat
defaults:
  delimiter: ";"
  encoding: windows-1252
  decimal: ","
  dates: ["%d/%m/%Y", "%m/%Y"]
  nulls: ["n.d."]
  skip_rows: 1
tables:
  patients:
    - file: pazienti.csv
      columns: {patient_id: ID, sex: Sesso}
      values: {sex: {F: female, M: male}}
  medications:
    - file: "terapie_*.csv"
      columns:
        {patient_id: ID, drug: FARMACO, start_date: INIZIO, end_date: FINE, dose: DOSE, ongoing: IN CORSO,
         stop_reason: MOTIVO}
      values: {stop_reason: {PD: progression, tossicità: toxicity, "?": null}, ongoing: {SI: true, NO: false}}
      constants: {record_type: dispense}
"""
HEADER = "esportazione del 3/3\nID;FARMACO;INIZIO;FINE;DOSE;IN CORSO;MOTIVO;REPARTO\n"


@pytest.fixture
def hospital(tmp_path: Path) -> Hospital:
    """An Italian export, its patients written."""
    hospital = Hospital(tmp_path, ITALIAN)
    hospital.write("pazienti.csv", "titolo\nID;Sesso\np1;F\np2;f\n")
    return hospital


def test_a_site_s_own_files_land_as_declared(hospital: Hospital) -> None:
    rows = 'p1;Letrozolo;03/04/2024;n.d.;2,5;si;"PD"; 7\np2;Ibrance;04/2024;31/12/2099;125;NO;TOSSICITÀ;\n'
    hospital.write("terapie_1.csv", (HEADER + rows).encode("cp1252"))
    hospital.write("terapie_2.csv", (HEADER + "p2;Faslodex;01/05/2024;;;;?;\n").encode("cp1252"))
    assert hospital.land().refused == []
    columns = "patient_id, drug, start_date, end_date, dose, ongoing, stop_reason, record_type, _date_basis"
    assert hospital.rows("medications", columns) == [
        ("p1", "Letrozolo", "2024-04-03", None, "2.5", "true", "progression", "dispense", "calendar"),
        ("p2", "Ibrance", "2024-04", "2099-12-31", "125", "false", "toxicity", "dispense", "calendar"),
        ("p2", "Faslodex", "2024-05-01", None, None, None, None, "dispense", "calendar"),
    ]
    assert hospital.rows("patients", "patient_id, sex") == [("p1", "female"), ("p2", "female")]
    extras = [json.loads(extra) for (extra,) in hospital.rows("medications", "_extra")]
    assert extras == [{"REPARTO": " 7"}, {"REPARTO": None}, {"REPARTO": None}]
    hospital.require_every_row_accounted_for()


@pytest.mark.parametrize(
    ("row", "column", "check"),
    [
        ("p1;A;2024-04-03;;;;;", "start_date", "date_format_declared"),
        ("p1;A;31/02/2024;;;;;", "start_date", "date_format_declared"),
        ("p1;A;03/04/24;;;;;", "start_date", "date_format_declared"),
        ("p1;A;03/04/2024;;2.5;;;", "dose", "type_castable"),
        ("p1;A;03/04/2024;;1.000,5;;;", "dose", "type_castable"),
        ("p1;A;03/04/2024;;;forse;;", "ongoing", "type_castable"),
        ("p1;A;03/04/2024;;;;altro;", "stop_reason", "valueset_stop_reason"),
    ],
)
def test_what_does_not_fit_the_declaration_is_quarantined(
    row: str, column: str, check: str, hospital: Hospital
) -> None:
    hospital.write("terapie_1.csv", HEADER + row + "\n")
    assert hospital.land().refused == []
    assert hospital.open_findings() == [("medications", 1, column, check)]


def test_a_column_that_the_file_lacks_refuses_it(hospital: Hospital) -> None:
    hospital.write("terapie_1.csv", HEADER.replace("FARMACO", "FARMACI") + "p1;A;03/04/2024;;;;;\n")
    (refusal,) = hospital.land().refused
    expected = "the header lacks the column 'FARMACO', which the site file names; the nearest is FARMACI."
    assert refusal.reason == expected


def test_a_file_that_is_not_there_refuses_its_table(hospital: Hospital) -> None:
    (refusal,) = hospital.land().refused
    assert (refusal.file, refusal.table) == ("terapie_*.csv", "medications")


def test_utf_8_declared_as_something_else_is_refused(hospital: Hospital) -> None:
    hospital.write("terapie_1.csv", HEADER + "p1;Caffè;03/04/2024;;;;;\n")
    (refusal,) = hospital.land().refused
    assert refusal.reason == "the file is UTF-8, but cp1252 is declared."


def test_a_byte_without_meaning_in_the_declared_encoding_is_named_by_line(hospital: Hospital) -> None:
    hospital.write("terapie_1.csv", HEADER.encode() + b"p1;Caff\x81;03/04/2024;;;;;\n")
    (refusal,) = hospital.land().refused
    assert refusal.reason == "line 3 is not cp1252: declare the file's encoding."


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "latin-1", "mac_roman"])
def test_declared_encodings_are_read(encoding: str, hospital: Hospital) -> None:
    hospital.configure(ITALIAN.replace("windows-1252", encoding))
    hospital.write("pazienti.csv", "titolo\nID;Sesso\np1;F\n".encode(encoding))
    hospital.write("terapie_1.csv", (HEADER + "p1;Caffè;03/04/2024;;;;;\r\n").encode(encoding))
    assert hospital.land().refused == []
    assert hospital.rows("medications", "drug") == [("Caffè",)]


def test_a_changed_mapping_lands_the_file_anew(hospital: Hospital) -> None:
    hospital.write("terapie_1.csv", HEADER + "p1;A;03/04/2024;;;;altro;\n")
    assert hospital.land().quarantined == {"valueset_stop_reason": 1}
    hospital.configure(ITALIAN.replace("PD: progression", "PD: progression, altro: other"))
    result = hospital.land()
    assert ([landed.table for landed in result.landed], result.up_to_date) == (["medications"], 1)
    assert hospital.rows("medications", "stop_reason") == [("other",)]
    hospital.require_every_row_accounted_for()


OFFSETS = """format: flat
defaults:
  delimiter: tab
  quote: none
  offset: {unit: days, origin: diagnosis}
  nulls: ["[NA]"]
  comment: "#"
  skip_rows_after_header: 1
tables:
  patients:
    - file: wide.txt
      columns: {patient_id: id, birth_date: born, death_date: died}
      constants: {sex: female}
  biomarkers:
    - file: wide.txt
      columns: {patient_id: id, value: er}
      constants: {marker: ER}
      only_where_present: [er]
    - file: wide.txt
      columns: {patient_id: id, value: her2_text}
      constants: {marker: HER2_IHC}
      only_where: {her2_text: [negative, POSITIVE]}
      only_where_absent: [her2]
  metastases:
    - file: wide.txt
      columns: {patient_id: id, site: site, detected_date: seen}
      only_where_present: [site]
      except_where: {kind: [new primary]}
"""
WIDE = """# made for a test
# and for nothing else
id\tborn\tdied\ter\ther2\ther2_text\tsite\tseen\tkind
patient\tdays\tdays\ttext\ttext\ttext\ttext\tdays\ttext
p1\t-20000\t[NA]\t90\t3+\tPositive\tbone\t120\tDistant
p2\t-18000\t400\t[NA]\t\tpositive\tliver\t12000\tNew Primary
p3\t[NA]\t1.5\t"x\t\tunclear\t[NA]\t\t[NA]
p3\t\t-100000\t5\t\t\tlung\tsoon\t
"""


def test_day_offsets_lie_on_a_fixed_origin_and_filters_account_for_the_rest(tmp_path: Path) -> None:
    hospital = Hospital(tmp_path, OFFSETS)
    hospital.write("wide.txt", WIDE)
    assert hospital.land().refused == []
    assert hospital.rows("patients", "patient_id, birth_date, death_date, _date_basis, _record_number") == [
        ("p1", "1945-03-30", None, "relative", 1),
        ("p2", "1950-09-20", "2001-02-04", "relative", 2),
    ]
    assert hospital.rows("biomarkers", "patient_id, marker, value") == [
        ("p1", "ER", "90"),
        ("p2", "HER2_IHC", "positive"),
    ]
    # an offset far beyond today is no future date: there is no today on this axis
    assert hospital.rows("metastases", "patient_id, site, detected_date") == [("p1", "bone", "2000-04-30")]
    counts = hospital.query(
        "select table_name, rows_in_file, rows_excluded, rows_read from raw.batches order by batch_id"
    )
    assert counts == [
        ("patients", 4, 0, 4),
        ("biomarkers", 4, 1, 3),
        ("biomarkers", 4, 3, 1),
        ("metastases", 4, 2, 2),
    ]
    assert {row[2:] for row in hospital.open_findings()} == {
        ("death_date", "type_castable"),
        ("patient_id", "patient_known"),
        ("detected_date", "type_castable"),
    }
    hospital.require_every_row_accounted_for()


def test_a_file_of_several_tables_has_one_input_number(tmp_path: Path) -> None:
    hospital = Hospital(tmp_path, OFFSETS)
    hospital.write("wide.txt", WIDE)
    hospital.land()
    assert hospital.query("select distinct input_number from raw.batches") == [(1,)]
    assert hospital.query("select count(distinct batch_id) from raw.batches") == [(4,)]


def test_a_link_out_of_the_site_s_folder_is_refused(tmp_path: Path) -> None:
    hospital = Hospital(tmp_path / "site")
    (tmp_path / "elsewhere.csv").write_text(PATIENTS)
    (hospital.extracts / "patients.csv").symlink_to(tmp_path / "elsewhere.csv")
    (refusal,) = hospital.land().refused
    assert "a link that leads out" in refusal.reason
