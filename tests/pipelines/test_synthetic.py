"""The synthetic site: repeatable, in the extract format, coherent, calibrated, untidy, in bounded memory."""

import hashlib
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from lifelines import KaplanMeierFitter
from typer import Typer
from typer.testing import CliRunner

from pipelines.errors import UsageError
from pipelines.extract_format import TABLES
from pipelines.synthetic import DEMO_PATIENTS, DEMO_SEED, site, synthesize
from pipelines.synthetic.command import synthesize_command
from pipelines.synthetic.decoding import COLUMNS

PATIENTS = 3000
SEED = 5
MONTH = 30.4375
# The column that dates each table's rows, where it says that she was seen on that day.
DATED = {
    "assessments": "assessment_date",
    "biomarkers": "sample_date",
    "comorbidities": "recorded_date",
    "diagnoses": "diagnosis_date",
    "encounters": "encounter_date",
    "labs": "sample_date",
    "medications": "start_date",
    "metastases": "detected_date",
    "other_cancers": "diagnosis_date",
    "performance_status": "observed_date",
    "procedures": "procedure_date",
}


READ_AS_TEXT = """auto_detect = false, header = true, delim = ',', quote = '"', escape = '"'"""


def digests(folder: Path) -> dict[str, str]:
    """SHA-256 of every file below a folder."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(file.relative_to(folder)): hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


def opened(folder: Path) -> duckdb.DuckDBPyConnection:
    """The site's files as tables of text."""
    con = duckdb.connect()
    con.execute("set autoinstall_known_extensions = false")
    files = {table: folder / "extracts" / f"{table}.csv" for table in TABLES} | {
        "truth": folder / "truth.csv"
    }
    for table, file in files.items():
        names = ", ".join(f"'{name}': 'varchar'" for name in COLUMNS[table])
        con.execute(
            f"create table {table} as select * from read_csv('{file}', {READ_AS_TEXT}, columns = {{{names}}})"
        )
    return con


@pytest.fixture(scope="module")
def hospital(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    folder = tmp_path_factory.mktemp("hospital")
    synthesize(folder, PATIENTS, SEED)
    with opened(folder) as con:
        yield con


def rows(con: duckdb.DuckDBPyConnection, query: str) -> list[tuple]:
    return con.execute(query).fetchall()


def test_same_number_and_seed_give_the_same_bytes(tmp_path: Path) -> None:
    for name, seed in (("first", 3), ("again", 3), ("other", 4)):
        synthesize(tmp_path / name, 300, seed)
    assert digests(tmp_path / "first") == digests(tmp_path / "again")
    first, other = digests(tmp_path / "first"), digests(tmp_path / "other")
    assert first.keys() == other.keys()
    assert all(first[name] != other[name] for name in first)


def test_many_chunks_are_as_repeatable_as_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(site, "CHUNK", 70)
    for name in ("first", "again"):
        synthesize(tmp_path / name, 400, 3)
    assert digests(tmp_path / "first") == digests(tmp_path / "again")
    with opened(tmp_path / "first") as con:
        assert rows(
            con, "select count(distinct patient_id), min(patient_id), max(patient_id) from patients"
        ) == [(400, "P0000001", "P0000400")]


def test_every_table_is_delivered_in_the_extract_format(hospital: duckdb.DuckDBPyConnection) -> None:
    for name, table in TABLES.items():
        delivered = set(COLUMNS[name])
        assert set(table.required) <= delivered <= set(table.names), name
        assert rows(hospital, f"select count(*) > 0 from {name}") == [(True,)], name
        for column in table.columns:
            if column.values and column.name in delivered:
                used = {value for (value,) in rows(hospital, f"select distinct {column.name} from {name}")}
                assert used - {None} <= set(column.values), (name, column.name)


@pytest.mark.parametrize("table", ["medications", "assessments", "diagnoses", "procedures"])
def test_an_id_names_one_record(hospital: duckdb.DuckDBPyConnection, table: str) -> None:
    id_column = {"diagnoses": "diagnosis_id"}.get(table, f"{table[:-1]}_id")
    distinct = f"(select distinct * from {table})"
    assert rows(hospital, f"select {id_column} from {distinct} group by 1 having count(*) > 1") == []


def test_some_rows_are_delivered_twice(hospital: duckdb.DuckDBPyConnection) -> None:
    for table in ("medications", "assessments", "labs"):
        (delivered, distinct) = rows(
            hospital, f"select count(*), (select count(*) from (select distinct * from {table})) from {table}"
        )[0]
        assert 0 < delivered - distinct < 0.02 * delivered, table


def test_few_rows_are_to_be_quarantined_and_none_of_them_is_of_an_index_patient(
    hospital: duckdb.DuckDBPyConnection,
) -> None:
    hospital.execute(
        """create or replace temp view faulty as select distinct medication_id, patient_id,
            start_date = 'n.d.' as no_date, patient_id like 'X%' as unknown,
            length(start_date) = 10 and end_date < start_date as backwards
        from medications where no_date or unknown or backwards"""
    )
    counts = rows(hospital, "select sum(no_date::int), sum(unknown::int), sum(backwards::int) from faulty")[0]
    assert counts == (24, 24, 24)  # one of each in 130 patients
    assert (
        rows(
            hospital,
            """select * from faulty join truth on kind = 'index'
        and truth.patient_id = replace(faulty.patient_id, 'X', 'P')""",
        )
        == []
    )
    assert (
        rows(
            hospital,
            "select * from medications anti join patients using (patient_id) where patient_id not like 'X%'",
        )
        == []
    )


def test_nothing_happens_after_death_or_after_she_was_last_seen(hospital: duckdb.DuckDBPyConnection) -> None:
    for table, date in DATED.items():
        late = rows(
            hospital,
            f"""select patient_id, {date} from {table} join patients using (patient_id)
            where {date} <> 'n.d.' and left({date}, 4) >= left(coalesce(death_date, last_contact_date), 4)
                and rpad({date}, 10, '-01-01') > coalesce(death_date, last_contact_date)""",
        )
        assert late == [], table
    ended_late = """select * from medications join patients using (patient_id)
        where end_date > coalesce(death_date, last_contact_date) and start_date <= end_date"""
    assert rows(hospital, ended_late) == []


def test_the_data_cut_is_the_latest_date_and_somebody_was_seen_on_it(
    hospital: duckdb.DuckDBPyConnection,
) -> None:
    seen = " union all ".join(
        f"select {date} as seen from {table} where {date} <> 'n.d.'" for table, date in DATED.items()
    )
    assert rows(hospital, f"select max(seen) from ({seen})") == [("2025-09-30",)]
    assert rows(hospital, "select max(last_contact_date), max(death_date) <= '2025-09-30' from patients") == [
        ("2025-09-30", True)
    ]


def test_dates_come_in_their_order(hospital: duckdb.DuckDBPyConnection) -> None:
    assert rows(hospital, "select * from patients where birth_date > '2000'") == []
    disorder = """select * from diagnoses join patients using (patient_id)
        where advanced_date < left(diagnosis_date, length(advanced_date)) or diagnosis_date <= birth_date"""
    assert rows(hospital, disorder) == []
    before_advanced = """select * from truth join diagnoses using (patient_id)
        where kind = 'line' and start_date <= advanced_date"""
    assert rows(hospital, before_advanced) == []
    lines = """select *, lead(start_date) over (
        partition by patient_id order by line_number::int) as following from truth where kind = 'line'"""
    assert rows(hospital, f"select * from ({lines}) where following::date <= start_date::date + 28") == []
    assert rows(hospital, f"select * from ({lines}) where progression_date >= following") == []


def test_real_records_are_untidy(hospital: duckdb.DuckDBPyConnection) -> None:
    present = {
        "a month": "select count(*) from medications where length(start_date) = 7",
        "a year": "select count(*) from medications where length(start_date) = 4",
        "trailing blanks": "select count(*) from medications where drug <> rtrim(drug)",
        "brands": "select count(*) from medications where drug = 'Ibrance 125 mg cps'",
        "never given": "select count(*) from medications where status in ('cancelled', 'not_taken')",
        "unknown text": "select count(*) from medications where drug = 'vedi lettera'",
        "order beside fills": """
            select count(*) from medications a join medications b using (patient_id, start_date)
            where a.record_type = 'order' and b.record_type = 'dispense' and a.dose = b.dose""",
        "never closed": "select count(*) from medications where ongoing = 'true' and end_date is null",
        "scan that could not be read": "select count(*) from assessments where response = 'NE'",
        "note after the scan": "select count(*) from assessments where assessor = 'clinician'",
        "advanced date missing": """select count(*) from diagnoses join metastases using (patient_id)
            where advanced_date is null""",
        "dose reduced": "select count(*) from medications where dose = '75' and drug ilike '%palbociclib%'",
    }
    assert [what for what, query in present.items() if rows(hospital, query)[0][0] == 0] == []


def test_the_demo_compares_48_whatever_the_seed(tmp_path: Path) -> None:
    compared = {"endocrine": 19, "chemotherapy": 29, "other": 6}
    for seed in (DEMO_SEED, 1):
        synthesize(tmp_path / str(seed), DEMO_PATIENTS, seed)
        with opened(tmp_path / str(seed)) as con:
            assert (
                dict(rows(con, "select strategy, count(*) from truth where kind = 'next' group by 1"))
                == compared
            )
            left = dict(
                rows(
                    con,
                    "select coalesce(removed_at, ''), count(*) from truth where kind = 'patient' group by 1",
                )
            )
            assert left == {
                "female": 5,
                "hr_positive": 42,
                "her2_negative": 58,
                "advanced_disease": 108,
                "index_line": 77,
                "progression_on_index": 41,
                "next_line": 15,
                "strategy_compared": 6,
                "": 48,
            }


def median(con: duckdb.DuckDBPyConnection, condition: str) -> float:
    """Kaplan-Meier median in months over rows of the truth."""
    found = con.execute(
        f"select days::int as days, event::int as event from truth where {condition}"
    ).fetchnumpy()
    fitted = KaplanMeierFitter().fit(found["days"] / MONTH, found["event"])
    return float(fitted.median_survival_time_)


@pytest.mark.parametrize("seed", [DEMO_SEED, 1, 2])
def test_medians_are_those_of_the_source_study(tmp_path: Path, seed: int) -> None:
    synthesize(tmp_path, DEMO_PATIENTS, seed)
    with opened(tmp_path) as con:
        assert median(con, "kind = 'next' and strategy = 'endocrine'") == pytest.approx(10, abs=1)
        assert median(con, "kind = 'next' and strategy = 'chemotherapy'") == pytest.approx(5, abs=0.5)
        assert median(con, "kind = 'index'") == pytest.approx(13, abs=1)
        chosen = "kind = 'index' and patient_id in (select patient_id from truth where strategy = '{}')"
        assert median(con, chosen.format("chemotherapy")) < median(con, chosen.format("endocrine")) - 3
        visceral = dict(
            rows(
                con,
                """select strategy, count(distinct metastases.patient_id) / count(distinct truth.patient_id)
                from truth left join metastases on truth.patient_id = metastases.patient_id
                    and site in ('liver', 'lung', 'pleura', 'peritoneum', 'cns')
                where kind = 'next' group by 1""",
            )
        )
        assert visceral["chemotherapy"] > visceral["endocrine"] + 0.2


def test_memory_does_not_grow_with_the_hospital(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(site, "CHUNK", 300)
    peaks = []
    for patients in (600, 3000):
        tracemalloc.start()
        synthesize(tmp_path / str(patients), patients, 1)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.25 * peaks[0]


def test_formats_hold_the_same_rows(tmp_path: Path) -> None:
    folder, extracts = tmp_path / "site", tmp_path / "site" / "extracts"
    found = {}
    con = duckdb.connect()
    readers = {
        "csv": "read_csv('{}', auto_detect = false, header = true, columns = {})",
        "csv.gz": "read_csv('{}', auto_detect = false, header = true, columns = {}, compression = 'gzip')",
        "parquet": "read_parquet('{}')",
    }
    types = "{" + ", ".join(f"'{name}': 'varchar'" for name in COLUMNS["medications"]) + "}"
    for kind, reader in readers.items():
        synthesize(folder, 200, 2, format=kind)
        assert {file.name for file in extracts.iterdir()} == {f"{table}.{kind}" for table in TABLES}
        text = ", ".join(f"{name}::varchar as {name}" for name in COLUMNS["medications"])
        found[kind] = rows(
            con, f"select {text} from {reader.format(extracts / f'medications.{kind}', types)}"
        )
    assert found["csv"] == found["csv.gz"] == found["parquet"]


def test_a_site_needs_a_patient(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="at least one patient"):
        synthesize(tmp_path, 0, 1)


@pytest.mark.parametrize("patients", [1, 2, 3, 20])
def test_the_smallest_sites_have_all_tables(tmp_path: Path, patients: int) -> None:
    synthesize(tmp_path, patients, 1)
    with opened(tmp_path) as con:
        assert rows(con, "select count(*) from patients") == [(patients,)]


def test_a_failure_leaves_no_scratch_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synthesize(tmp_path, 30, 1)
    before = digests(tmp_path)

    def fail(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(site.SiteWriter, "append", fail)
    with pytest.raises(OSError, match="disk full"):
        synthesize(tmp_path, 60, 2)
    assert digests(tmp_path) == before


def test_a_hospital_s_own_site_is_not_overwritten(tmp_path: Path) -> None:
    own = tmp_path / "extracts" / "patients.csv"
    own.parent.mkdir()
    own.write_text("patient_id,sex\n1,female\n", encoding="utf-8")
    with pytest.raises(UsageError, match="not synthetic"):
        synthesize(tmp_path, 10, 1)
    (tmp_path / "site.yml").write_text("site: ours\n", encoding="utf-8")
    with pytest.raises(UsageError, match="not synthetic"):
        synthesize(tmp_path, 10, 1)
    assert own.read_text(encoding="utf-8") == "patient_id,sex\n1,female\n"


def test_the_command_writes_a_site(tmp_path: Path) -> None:
    app = Typer()
    app.command()(synthesize_command)
    done = CliRunner().invoke(app, [str(tmp_path), "--patients", "50", "--seed", "9", "--site", "trial"])
    assert done.exit_code == 0
    assert "50 made-up patients" in done.stdout
    assert "site: trial\n" in (tmp_path / "site.yml").read_text(encoding="utf-8")
    assert CliRunner().invoke(app, [str(tmp_path), "--patients", "0"]).exit_code == 2
