"""What a validation leaves behind: complete, of the declared shape, without raw values, and nowhere else."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path

import duckdb
import pytest

from expectations import Verdict, validate
from expectations.catalogue import load_catalogue
from expectations.runner import run_checks
from expectations.verdict import CheckResult
from pipelines.audit_tables import CHECK_RESULTS, CHECK_VIOLATIONS
from pipelines.errors import RunFailed
from tests.expectations.tiny_site import TinySite

FILES = {"check_results.parquet", "check_violations.parquet", "gx_result.json", "verdict.json"}


@pytest.fixture
def broken(site: TinySite) -> TinySite:
    """Two lines that overlap, a wrong dose, and a medication that nobody knows."""
    site.run(
        "update marts.therapy_lines set line_end = date '2022-02-10' "
        "where patient_id = 'p1' and line_number = 1",
        "update staging.stg_medications set dose = 21 where medication_id = 'm2'",
        "update intermediate.int_medication_ingredients set ingredient = null where medication_id = 'm9'",
    )
    return site


def test_the_verdict_comes_back_from_a_process_of_its_own(broken: TinySite, tmp_path: Path) -> None:
    verdict = validate(broken.build_db, broken.landing_db, tmp_path / "out", "20260701T050000Z-abcdef")

    assert (verdict.status, verdict.run_id) == ("held", "20260701T050000Z-abcdef")
    assert [failure.check_id for failure in verdict.failing_fatal] == ["lines_no_overlap"]
    assert verdict.failing_fatal[0].sentence.startswith("1 of 5 lines end on or after the start of the next")
    assert verdict == Verdict.read(tmp_path / "out")
    assert {path.name for path in (tmp_path / "out").iterdir()} == FILES | {"validate.log"}


def test_an_older_verdict_is_not_taken_for_this_runs(broken: TinySite, tmp_path: Path) -> None:
    validate(broken.build_db, broken.landing_db, tmp_path / "out", "RUN-1")
    broken.build_db.write_bytes(b"not a database")

    with pytest.raises(RunFailed, match=r"could not run \(exit 1\)"):
        validate(broken.build_db, broken.landing_db, tmp_path / "out", "RUN-2")
    assert not (tmp_path / "out" / "verdict.json").exists()


def test_nothing_is_written_beside_the_databases(broken: TinySite, tmp_path: Path) -> None:
    before = {path: path.read_bytes() for path in (broken.build_db, broken.landing_db)}
    run_checks(broken.build_db, broken.landing_db, tmp_path / "out", "RUN")

    assert {path.name for path in broken.build_db.parent.iterdir()} == {
        "afterline.duckdb",
        "landing.duckdb",
        "out",
    }
    assert {path: path.read_bytes() for path in before} == before
    assert {path.name for path in (tmp_path / "out").iterdir()} == FILES


def test_the_parquet_files_have_the_columns_of_the_audit_tables(broken: TinySite, tmp_path: Path) -> None:
    run_checks(broken.build_db, broken.landing_db, tmp_path, "RUN")

    for table in (CHECK_RESULTS, CHECK_VIOLATIONS):
        described = duckdb.execute(
            f"describe from read_parquet('{tmp_path / table.name}.parquet')"
        ).fetchall()
        assert [(row[0], row[1]) for row in described] == [(c.name, c.type) for c in table.columns]
    assert [field.name for field in fields(CheckResult)] == [column.name for column in CHECK_RESULTS.columns]


def test_every_check_has_one_result_and_one_expectation(broken: TinySite, tmp_path: Path) -> None:
    run_checks(broken.build_db, broken.landing_db, tmp_path, "RUN")

    ids = sorted(check.id for check in load_catalogue())
    stored = duckdb.execute(
        f"select check_id from read_parquet('{tmp_path / 'check_results.parquet'}') order by 1"
    )
    report = json.loads((tmp_path / "gx_result.json").read_text(encoding="utf-8"))
    assert [check_id for (check_id,) in stored.fetchall()] == ids
    assert sorted(result["expectation_config"]["meta"]["check_id"] for result in report["results"]) == ids


def test_gx_counts_as_many_rows_as_keys_are_stored(broken: TinySite, tmp_path: Path) -> None:
    run_checks(broken.build_db, broken.landing_db, tmp_path, "RUN")

    report = json.loads((tmp_path / "gx_result.json").read_text(encoding="utf-8"))
    counted = {
        result["expectation_config"]["meta"]["check_id"]: result["result"]["observed_value"]
        for result in report["results"]
        if result["result"]["observed_value"]
    }
    stored = duckdb.execute(
        f"select check_id, count(*) from read_parquet('{tmp_path / 'check_violations.parquet'}') group by all"
    )
    assert counted == dict(stored.fetchall())
    assert {"lines_no_overlap", "palbociclib_dose_75_100_125", "unmapped_drug_share"} <= counted.keys()


def test_gx_says_what_we_say(broken: TinySite, tmp_path: Path) -> None:
    _, results = run_checks(broken.build_db, broken.landing_db, tmp_path, "RUN")

    report = json.loads((tmp_path / "gx_result.json").read_text(encoding="utf-8"))
    success = {
        result["expectation_config"]["meta"]["check_id"]: result["success"] for result in report["results"]
    }
    assert success == {result.check_id: result.status != "fail" for result in results}


def test_no_raw_value_gets_out(broken: TinySite, tmp_path: Path) -> None:
    """Neither the hospital's ids nor drug texts: the log of the process included."""
    validate(broken.build_db, broken.landing_db, tmp_path / "out", "RUN")

    for path in (tmp_path / "out").iterdir():
        content = path.read_bytes()
        assert b"MRN-" not in content, path.name
        assert b"Ibrance" not in content, path.name


def test_wrong_usage_is_exit_code_2(capsys: pytest.CaptureFixture[str]) -> None:
    from expectations.__main__ import main

    assert main(["only", "three", "words"]) == 2
    assert capsys.readouterr().out == ""
