"""Pseudonyms: keyed, stable, made once; the secret stays where the site keeps it."""

from __future__ import annotations

import hashlib
import hmac
import stat
from pathlib import Path

import pytest

from pipelines.errors import UsageError
from pipelines.landing.pseudonyms import ENVIRONMENT, key_file
from tests.pipelines.hospital import PATIENTS, Hospital

KEY = "0123456789abcdef-of-the-site"
MEDICATIONS = "patient_id,drug,start_date,medication_id\np1,a,2024-01-05,M1\np2,b,2024-02-05,\n"


@pytest.fixture
def hospital(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Hospital:
    """A site with keyed pseudonyms, its key file in a folder of the test's own."""
    monkeypatch.delenv(ENVIRONMENT, raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    hospital = Hospital(tmp_path / "site")
    keyed(hospital)
    hospital.write("patients.csv", PATIENTS)
    hospital.write("medications.csv", MEDICATIONS)
    return hospital


def keyed(hospital: Hospital) -> None:
    text = hospital.site_file.read_text(encoding="utf-8")
    hospital.site_file.write_text(text.replace("pseudonyms: none", "pseudonyms: keyed"), encoding="utf-8")


def pseudonyms(hospital: Hospital) -> dict[tuple[str, str], str]:
    rows = hospital.query("select id_table, id, pseudonym from raw.pseudonyms")
    assert len({row[:2] for row in rows}) == len(rows)
    return {(table, name): pseudonym for table, name, pseudonym in rows}


def test_a_pseudonym_is_the_keyed_hash_of_site_table_and_id(
    hospital: Hospital, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(ENVIRONMENT, KEY)
    hospital.land()
    found = pseudonyms(hospital)
    for (table, name), pseudonym in found.items():
        message = f"test | {table} | {name}".encode()
        assert pseudonym == hmac.new(KEY.encode(), message, hashlib.sha256).hexdigest()[:32]
    made = hospital.rows("medications", "medication_id")[1][0]
    assert set(found) == {
        ("patients", "p1"),
        ("patients", "p2"),
        ("medications", "M1"),
        ("medications", made),
    }
    assert not key_file("test").exists()


def test_every_id_gets_one_once(hospital: Hospital) -> None:
    hospital.land()
    first = pseudonyms(hospital)
    hospital.write("patients.csv", PATIENTS + "p3,male\n")
    hospital.write("procedures.csv", "patient_id,procedure_date,type\np3,2024-01-01,surgery\n")
    hospital.write("assessments.csv", "patient_id,assessment_date,assessment_id\np3,2024-01-01,A\n")
    hospital.write("diagnoses.csv", "patient_id,diagnosis_date,diagnosis_id\np3,2024-01-01,D\n")
    hospital.land()
    later = pseudonyms(hospital)
    assert first.items() < later.items()
    new = {table for table, _ in set(later) - set(first)}
    assert new == {"patients", "procedures", "assessments", "diagnoses"}
    assert hospital.query("select count(*) from raw.batches where not ids_known") == [(0,)]


def test_public_ids_stay_as_they_are(hospital: Hospital) -> None:
    hospital.configure("format: afterline")
    hospital.land()
    assert all(pseudonym == name for (_, name), pseudonym in pseudonyms(hospital).items())
    assert not key_file("test").exists()


def test_the_first_run_makes_a_key_for_the_owner_alone(hospital: Hospital) -> None:
    hospital.land()
    path = key_file("test")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert not path.is_relative_to(hospital.root)
    secret = path.read_bytes().strip()
    assert len(secret) == 64
    for file in hospital.warehouse.root.rglob("*"):
        assert not file.is_file() or secret not in file.read_bytes()


def test_another_key_is_refused_and_the_old_one_s_place_is_named(
    hospital: Hospital, monkeypatch: pytest.MonkeyPatch
) -> None:
    hospital.land()
    before = pseudonyms(hospital)
    monkeypatch.setenv(ENVIRONMENT, KEY)
    with pytest.raises(UsageError) as refused:
        hospital.land()
    assert f"the file {key_file('test')}" in refused.value.message
    assert KEY not in refused.value.message
    monkeypatch.delenv(ENVIRONMENT)
    hospital.land()
    assert pseudonyms(hospital) == before


def test_a_lost_key_is_not_replaced_by_a_new_one(hospital: Hospital) -> None:
    hospital.land()
    key_file("test").unlink()
    with pytest.raises(UsageError, match="pseudonym key is missing"):
        hospital.land()
    assert not key_file("test").exists()


@pytest.mark.parametrize(("mode", "content"), [(0o644, KEY), (0o640, KEY), (0o600, "short")])
def test_a_weak_key_is_refused(mode: int, content: str, hospital: Hospital) -> None:
    path = key_file("test")
    path.parent.mkdir(parents=True)
    path.write_text(content)
    path.chmod(mode)
    with pytest.raises(UsageError, match=r"chmod 600|shorter than"):
        hospital.land()
    assert not hospital.warehouse.landing.exists() or pseudonyms(hospital) == {}


def test_a_short_key_in_the_environment_is_refused(
    hospital: Hospital, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(ENVIRONMENT, "short")
    with pytest.raises(UsageError, match=f"{ENVIRONMENT} is shorter"):
        hospital.land()


def test_a_warehouse_serves_one_site_and_one_kind_of_pseudonyms(hospital: Hospital) -> None:
    hospital.land()
    text = hospital.site_file.read_text()
    hospital.site_file.write_text(text.replace("site: test", "site: other"))
    with pytest.raises(UsageError, match="belongs to the site 'test', not 'other'"):
        hospital.land()
    hospital.site_file.write_text(text.replace("keyed", "none"))
    with pytest.raises(UsageError, match="begun with pseudonyms: keyed"):
        hospital.land()
