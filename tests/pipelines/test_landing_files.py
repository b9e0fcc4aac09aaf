"""Files refused as a whole: one clear sentence, the delivery before stays current, nothing is lost."""

from __future__ import annotations

import gzip
import hashlib
from pathlib import Path

import duckdb
import pytest

from pipelines.errors import UsageError
from pipelines.landing import spool
from tests.pipelines.hospital import PATIENTS, Hospital

MEDICATIONS = "patient_id,drug,start_date\np1,letrozole,2024-01-05\np2,palbociclib,2024-02-05\n"
IDENTIFIER = "Maria-Rossi-1950"


@pytest.fixture
def hospital(tmp_path: Path) -> Hospital:
    """Patients and medications, landed once."""
    hospital = Hospital(tmp_path)
    hospital.write("patients.csv", PATIENTS)
    hospital.write("medications.csv", MEDICATIONS)
    assert hospital.land().refused == []
    return hospital


HEAD = b"patient_id,drug,start_date\n"
ROW = IDENTIFIER.encode() + b",letrozole,2024-01-05\n"
BAD_FILES = {
    "empty": (b"", "the file is empty (0 bytes)"),
    "duplicate header": (b"patient_id,drug,Drug,start_date\n", "the header has the column 'drug' twice"),
    "missing required column": (b"patient_id,drg,start_date\n" + ROW, "lacks the column 'drug'"),
    "no header at all": (ROW * 3, "lacks the column 'patient_id'"),
    "no header, a value twice": (
        b",".join([IDENTIFIER.encode()] * 2) + b"\n",
        "the header has column 1 twice",
    ),
    "no header, a name near": (
        b"patient_ib," + ROW,
        "lacks the column 'patient_id', which the table medications requires.",
    ),
    "another delimiter": (HEAD.replace(b",", b";"), "lacks the column 'patient_id'"),
    "too few fields": (
        HEAD + ROW + IDENTIFIER.encode() + b",x\n",
        "line 3 has 2 fields where the header has 3",
    ),
    "too many fields": (HEAD + ROW + ROW[:-1] + b",x\n", "line 3 has 4 fields where the header has 3"),
    "blank line of blanks": (HEAD + ROW + b"   \n" + ROW, "line 3 has 1 fields"),
    "quoted line breaks before": (
        HEAD + b'p1,"a\nb\nc",2024-01-01\n\n' + IDENTIFIER.encode() + b",x\n",
        "line 6 has 2 fields",
    ),
    "quote left open": (HEAD + ROW + b'"' + ROW, "line 3 has a quote that is not closed"),
    "text after a quote": (HEAD + b'"p1"x,a,2024-01-01\n', "line 2"),
    "latin-1": (HEAD + ROW + b"p1,caf\xe9,2024-01-05\n", "line 3 is not utf-8"),
    "utf-16": ("patient_id,drug,start_date\n".encode("utf-16"), "line 1 is not utf-8"),
    "binary": (HEAD + ROW + b"p1,a\0b,2024-01-05\n", "line 3 holds a NUL character"),
    "no final line end": (HEAD + ROW + ROW[:-1], "the last line does not end"),
    "long field": (HEAD + b"p1," + b"x" * 300_000 + b",2024-01-05\n", "longer than limits.max_field_kb"),
}


@pytest.mark.parametrize("case", BAD_FILES)
def test_a_bad_file_is_refused_and_the_delivery_before_stays(case: str, hospital: Hospital) -> None:
    content, sentence = BAD_FILES[case]
    hospital.write("medications.csv", content)
    result = hospital.land()
    (refusal,) = result.refused
    assert (refusal.file, refusal.table) == ("medications.csv", "medications")
    assert sentence in refusal.reason
    assert "\n" not in refusal.reason and IDENTIFIER.lower() not in refusal.reason.lower()
    assert hospital.rows("medications", "patient_id, drug") == [("p1", "letrozole"), ("p2", "palbociclib")]
    assert hospital.query("select file_name, reason from raw.refused_files") == [
        ("medications.csv", refusal.reason)
    ]
    hospital.require_every_row_accounted_for()


def test_a_refused_file_lands_once_it_is_mended(hospital: Hospital) -> None:
    hospital.write("medications.csv", HEAD + ROW[:-1])
    assert len(hospital.land().refused) == 1
    hospital.write("medications.csv", MEDICATIONS + "p1,fulvestrant,2024-03-01\n")
    assert hospital.land().refused == []
    assert len(hospital.rows("medications", "drug")) == 3


@pytest.mark.parametrize("name", ["medications.csv.gz", "medications.parquet"])
@pytest.mark.parametrize("damage", ["truncated", "not even that"])
def test_damaged_binaries_are_refused(name: str, damage: str, hospital: Hospital) -> None:
    (hospital.extracts / "medications.csv").unlink()
    content = gzip.compress(MEDICATIONS.encode() * 50)
    if name.endswith("parquet"):
        duckdb.execute(f"copy (select 'p1' as patient_id) to '{hospital.extracts / name}' (format parquet)")
        content = (hospital.extracts / name).read_bytes()
    hospital.write(name, content[:-20] if damage == "truncated" else b"not at all")
    (refusal,) = hospital.land().refused
    assert "truncated or damaged" in refusal.reason
    assert len(hospital.rows("medications", "drug")) == 2


def test_an_unreadable_file_is_refused(hospital: Hospital, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = Path.open

    def refuse(self: Path, *arguments: object, **options: object) -> object:
        if self.name == "medications.csv":
            raise PermissionError(13, "Permission denied")
        return opened(self, *arguments, **options)  # type: ignore[call-overload]

    monkeypatch.setattr(Path, "open", refuse)
    (refusal,) = hospital.land().refused
    assert refusal.reason == "the file cannot be read (Permission denied)."
    assert len(hospital.rows("medications", "drug")) == 2


@pytest.mark.parametrize("name", ["medications.csv", "medications.csv.gz"])
def test_a_file_that_changes_while_it_is_read_is_refused_and_read_again(
    name: str, hospital: Hospital, monkeypatch: pytest.MonkeyPatch
) -> None:
    (hospital.extracts / "medications.csv").unlink()
    text = MEDICATIONS + "p1,fulvestrant,2024-03-01\n"
    path = hospital.write(name, gzip.compress(text.encode()) if name.endswith("gz") else text)
    written = spool._write

    def still_growing(*arguments: object) -> object:
        with path.open("ab") as file:
            file.write(b"p2,exemestane,2024-04-01\n")
        return written(*arguments)  # type: ignore[arg-type]

    with monkeypatch.context() as growing:
        growing.setattr(spool, "_write", still_growing)
        (refusal,) = hospital.land().refused
    assert "changed while it was being read" in refusal.reason or "damaged" in refusal.reason
    assert len(hospital.rows("medications", "drug")) == 2
    path.write_bytes(gzip.compress(text.encode()) if name.endswith("gz") else text.encode())
    assert hospital.land().refused == []
    assert len(hospital.rows("medications", "drug")) == 3


def test_a_missing_folder_is_wrong_usage(tmp_path: Path) -> None:
    hospital = Hospital(tmp_path)
    hospital.extracts.rmdir()
    with pytest.raises(UsageError, match="there is no folder"):
        hospital.land()


def test_an_empty_folder_holds_the_gate(tmp_path: Path) -> None:
    (refusal,) = Hospital(tmp_path).land().refused
    assert refusal.reason == "no source has a file for the table patients."


def test_a_table_that_is_not_delivered_any_more_holds_the_gate(hospital: Hospital) -> None:
    (hospital.extracts / "medications.csv").unlink()
    (refusal,) = hospital.land().refused
    assert (refusal.file, refusal.table) == ("medications.csv", "medications")
    assert "was delivered before" in refusal.reason
    assert len(hospital.rows("medications", "drug")) == 2


def test_a_delivery_that_lost_two_fifths_of_its_rows_holds_the_gate(hospital: Hospital) -> None:
    lines = [f"p{n % 2 + 1},letrozole,2024-01-{n + 1:02}\n" for n in range(10)]
    hospital.write("medications.csv", "patient_id,drug,start_date\n" + "".join(lines))
    assert hospital.land().refused == []
    fewer = "patient_id,drug,start_date\n" + "".join(lines[:7])
    hospital.write("medications.csv", fewer)
    assert hospital.land().refused == []
    hospital.write("medications.csv", "patient_id,drug,start_date\n" + "".join(lines[:4]))
    for _ in range(2):
        (refusal,) = hospital.land().refused
        assert refusal.reason.startswith("4 rows where the delivery before had 7")
        assert len(hospital.rows("medications", "drug")) == 7
    _manifest(hospital, "medications.csv", "patients.csv")
    assert hospital.land().refused == []
    assert len(hospital.rows("medications", "drug")) == 4


def test_misnamed_tables_do_not_pass_in_silence(hospital: Hospital) -> None:
    hospital.write("assesments.csv", "patient_id,assessment_date\n")
    hospital.write("labs.xlsx", "PK")
    hospital.write("notes.csv", "anything\n")
    refusals = {refusal.file: refusal.reason for refusal in hospital.land().refused}
    assert refusals["assesments.csv"].endswith("the nearest is assessments.")
    assert "Afterline reads .csv" in refusals["labs.xlsx"]
    assert len(refusals) == 2


def test_two_files_of_one_table_are_refused(hospital: Hospital) -> None:
    hospital.write("Medications.tsv", MEDICATIONS.replace(",", "\t"))
    (refusal,) = hospital.land().refused
    assert refusal.reason == "Medications.tsv and medications.csv are both the table medications."


def test_limits_bound_what_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool, "_EXPANSION_FLOOR", 0)
    hospital = Hospital(tmp_path, settings="limits: {max_file_mb: 1, max_expansion: 10}\n")
    hospital.write("patients.csv", PATIENTS)
    hospital.write("medications.csv.gz", gzip.compress(MEDICATIONS.encode() + b"p1,a,2024-01-01\n" * 9999))
    hospital.write("labs.csv", b"x" * (1 << 20) + b"y")
    refusals = {refusal.file: refusal.reason for refusal in hospital.land().refused}
    assert "limits.max_expansion" in refusals["medications.csv.gz"]
    assert "limits.max_file_mb" in refusals["labs.csv"]


def _manifest(hospital: Hospital, *names: str, **stated: str) -> None:
    lines = ["file,sha256,rows"]
    for name in names:
        content = (hospital.extracts / name).read_bytes()
        rows = stated.get("rows", str(content.count(b"\n") - 1))
        lines.append(f"{name},{stated.get('sha256', hashlib.sha256(content).hexdigest())},{rows}")
    hospital.write("manifest.csv", "\n".join(lines) + "\n")


def test_a_manifest_vouches_for_a_file_without_a_final_line_end(hospital: Hospital) -> None:
    hospital.write("medications.csv", MEDICATIONS + "p1,exemestane,2024-03-01")
    _manifest(hospital, "patients.csv", "medications.csv", rows="")
    assert hospital.land().refused == []
    assert len(hospital.rows("medications", "drug")) == 3


@pytest.mark.parametrize(
    ("names", "stated", "sentence"),
    [
        (("patients.csv", "medications.csv"), {"sha256": "0" * 64}, "does not have the SHA-256"),
        (("patients.csv", "medications.csv"), {"rows": "7"}, "where manifest.csv states 7"),
        (("patients.csv",), {}, "manifest.csv does not list the file"),
    ],
)
def test_a_manifest_is_checked(
    names: tuple[str, ...], stated: dict[str, str], sentence: str, hospital: Hospital
) -> None:
    hospital.write("medications.csv", MEDICATIONS + "p1,exemestane,2024-03-01\n")
    hospital.write("patients.csv", PATIENTS + "p3,female\n")
    _manifest(hospital, *names, **stated)
    assert sentence in {r.file: r.reason for r in hospital.land().refused}["medications.csv"]
    assert len(hospital.rows("medications", "drug")) == 2


def test_a_file_that_the_manifest_lists_must_be_there(hospital: Hospital) -> None:
    _manifest(hospital, "patients.csv", "medications.csv")
    listed = (hospital.extracts / "manifest.csv").read_text()
    hospital.write("manifest.csv", listed + "labs.csv," + "0" * 64 + ",9\n")
    (refusal,) = hospital.land().refused
    assert (refusal.file, refusal.table) == ("labs.csv", "labs")


def test_a_broken_manifest_refuses_what_it_should_vouch_for(hospital: Hospital) -> None:
    hospital.write("manifest.csv", "name;hash\n")
    assert {refusal.file for refusal in hospital.land().refused} == {"patients.csv", "medications.csv"}
