"""The TCGA breast files through the committed site file: every row accounted for, nothing made up.

The expected numbers are counted here from the files themselves, without the code under test.
"""

from __future__ import annotations

from collections import Counter
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pytest

from pipelines.landing import LandingResult, land
from pipelines.progress import Progress
from pipelines.sitefile import load_site
from pipelines.warehouse import Warehouse

SITE_FILE = Path(__file__).resolve().parents[2] / "pipelines" / "sites" / "tcga_brca.yml"
FOLLOW_UPS = ("follow_up_v1.5", "follow_up_v2.1", "follow_up_v4.0")
NEW_TUMOURS = ("follow_up_v1.5", "follow_up_v2.1", "follow_up_v4.0_nte", "nte")


@pytest.fixture(scope="module")
def folder(shared_data: Path) -> Path:
    """The folder of the TCGA breast files."""
    if not (shared_data / "tcga_brca").is_dir():
        pytest.skip("no TCGA files beside the checkout (../shared/data/tcga_brca)")
    return shared_data / "tcga_brca"


@pytest.fixture(scope="module")
def landed(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[LandingResult, Warehouse]:
    """The files, landed once."""
    warehouse = Warehouse(tmp_path_factory.mktemp("tcga"))
    return land(load_site(SITE_FILE), warehouse, "run-1", Progress()), warehouse


def query(landed: tuple[LandingResult, Warehouse], sql: str) -> list[tuple[object, ...]]:
    with closing(duckdb.connect(str(landed[1].landing), read_only=True)) as landing:
        return landing.execute(sql).fetchall()


def form(folder: Path, name: str) -> list[dict[str, str]]:
    """The rows of one form, after its three header rows."""
    text = (folder / f"nationwidechildrens.org_clinical_{name}_brca.txt").read_text(encoding="utf-8")
    header, _, _, *rows = [line.split("\t") for line in text.splitlines()]
    return [dict(zip(header, row, strict=True)) for row in rows]


def stated(value: str) -> bool:
    return not value.startswith("[")


def on_axis(days: str) -> str:
    return (date(2000, 1, 1) + timedelta(days=int(days))).isoformat()


def test_every_row_of_every_file_is_accounted_for(
    landed: tuple[LandingResult, Warehouse], folder: Path
) -> None:
    result, _ = landed
    assert result.refused == []
    for batch in result.landed:
        name = batch.file.removeprefix("nationwidechildrens.org_clinical_").removesuffix("_brca.txt")
        assert batch.rows_in_file == len(form(folder, name)) == batch.rows_excluded + batch.rows_read
        assert batch.rows_read == batch.rows_landed + batch.rows_quarantined + batch.rows_duplicate
    patients = next(b for b in result.landed if b.table == "patients" and "patient_brca" in b.file)
    assert (patients.rows_in_file, patients.rows_landed) == (1097, 1097)
    drugs = next(batch for batch in result.landed if batch.table == "medications")
    assert (drugs.rows_in_file, drugs.rows_landed + drugs.rows_quarantined) == (2406, 2406)


def test_quarantined_drug_rows_lack_a_name_or_a_start(
    landed: tuple[LandingResult, Warehouse], folder: Path
) -> None:
    lacking = [
        row["bcr_drug_barcode"]
        for row in form(folder, "drug")
        if not stated(row["pharmaceutical_therapy_drug_name"])
        or not stated(row["pharmaceutical_tx_started_days_to"])
    ]
    found = query(
        landed,
        """select raw_text ->> 'bcr_drug_barcode', check_name from raw.quarantined_rows
        inner join raw.batches using (batch_id) where table_name = 'medications'""",
    )
    assert Counter(found) == Counter((name, "required_not_null") for name in lacking)


def test_drug_names_stay_as_typed(landed: tuple[LandingResult, Warehouse], folder: Path) -> None:
    typed = Counter(
        row["pharmaceutical_therapy_drug_name"].strip()
        for row in form(folder, "drug")
        if stated(row["pharmaceutical_therapy_drug_name"])
        and stated(row["pharmaceutical_tx_started_days_to"])
    )
    assert dict(query(landed, "select drug, count(*) from raw.current_medications group by drug")) == typed


def test_deaths_are_complete_over_all_forms(landed: tuple[LandingResult, Warehouse], folder: Path) -> None:
    deaths = {
        (row["bcr_patient_barcode"], on_axis(row["death_days_to"]))
        for name in ("patient", *FOLLOW_UPS)
        for row in form(folder, name)
        if stated(row["death_days_to"])
    }
    found = query(
        landed,
        "select distinct patient_id, death_date from raw.current_patients where death_date is not null",
    )
    assert set(found) == deaths
    assert len({patient for patient, _ in found}) == 151


def test_new_tumour_events_are_progressions(landed: tuple[LandingResult, Warehouse], folder: Path) -> None:
    events = {
        (row["bcr_patient_barcode"], on_axis(row["new_tumor_event_dx_days_to"]))
        for name in NEW_TUMOURS
        for row in form(folder, name)
        if stated(row["new_tumor_event_dx_days_to"])
        and row.get("new_tumor_event_type") != "New Primary Tumor"
    }
    found = query(
        landed,
        "select distinct patient_id, assessment_date from raw.current_assessments where progression = 'true'",
    )
    assert set(found) == events


@pytest.mark.parametrize(
    ("marker", "column"),
    [("ER", "er_status_by_ihc"), ("PR", "pr_status_by_ihc"), ("HER2_ISH", "her2_fish_status")],
)
def test_receptors_are_as_stated(
    marker: str, column: str, landed: tuple[LandingResult, Warehouse], folder: Path
) -> None:
    expected = Counter(
        row[column] for row in form(folder, "patient") if row[column] in ("Positive", "Negative")
    )
    found = query(
        landed,
        f"""select value, count(*) from raw.current_biomarkers
        where marker = '{marker}' and specimen = 'primary' group by value""",
    )
    assert dict(found) == expected


def test_her2_by_ihc_is_the_score_and_else_the_status(
    landed: tuple[LandingResult, Warehouse], folder: Path
) -> None:
    by_status = {"Positive": "3+", "Equivocal": "2+", "Negative": "negative"}
    expected = Counter(
        row["her2_ihc_score"] if stated(row["her2_ihc_score"]) else by_status[row["her2_status_by_ihc"]]
        for row in form(folder, "patient")
        if stated(row["her2_ihc_score"]) or row["her2_status_by_ihc"] in by_status
    )
    found = query(
        landed,
        """select value, count(*) from raw.current_biomarkers
        where marker = 'HER2_IHC' and specimen = 'primary' group by value""",
    )
    assert dict(found) == expected


def test_all_dates_are_relative_and_ids_stay(landed: tuple[LandingResult, Warehouse]) -> None:
    for table, rows in landed[0].rows.items():
        if rows:
            assert query(landed, f"select distinct _date_basis from raw.current_{table}") == [("relative",)]
    assert query(landed, "select count(*) from raw.pseudonyms where id <> pseudonym") == [(0,)]
    assert query(landed, "select count(*) from raw.pseudonyms where id_table = 'patients'") == [(1097,)]
