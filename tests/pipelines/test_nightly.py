"""The nightly run's ends: published, held, failed; each recorded, and the publication before untouched.

dbt has built the demo once for the session, and the report was rendered from it: here these two steps only
take up what they made, so that a run takes seconds. The whole run is in tests/end_to_end.
"""

import errno
import io
import json
import shutil
from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb
import pytest

import analysis
from analysis.report.header import ReportHeader
from pipelines import nightly, transform
from pipelines.errors import UsageError
from pipelines.progress import Progress
from pipelines.publish import current_run_id
from pipelines.run import Run, read_data_cut
from pipelines.warehouse import Warehouse
from tests.conftest import copy_of

NEGATED = MENDED = "update marts.line_endpoints set days = -days - 1 where endpoint = 'pfs'"


@pytest.fixture
def warehouse(demo_warehouse: Warehouse, tmp_path: Path) -> Warehouse:
    return copy_of(demo_warehouse, tmp_path / "warehouse")


def run(
    monkeypatch: pytest.MonkeyPatch,
    site: Path,
    warehouse: Warehouse,
    change: str = "",
    log: io.StringIO | None = None,
) -> dict[str, Any]:
    """A run on what was built and rendered before, after `change`: SQL on the build."""
    rendered = warehouse.site.resolve()

    def built_before(run: Run) -> None:
        with run.step("dbt build"):
            if change:
                with closing(duckdb.connect(str(run.warehouse.build_db))) as build:
                    build.execute(change)
            read_data_cut(run)

    def rendered_before(_build_db: Path, site_folder: Path, _header: ReportHeader) -> None:
        shutil.copytree(rendered, site_folder)

    monkeypatch.setattr(nightly, "_transform", built_before)
    monkeypatch.setattr(analysis, "render", rendered_before)
    return nightly.build(site, warehouse.root, Progress(log or io.StringIO()))


def what_stands(warehouse: Warehouse) -> tuple[str | None, int, float]:
    """Enough to see that nobody touched the publication."""
    page = warehouse.site / "index.html"
    return current_run_id(warehouse), warehouse.published_db.stat().st_ino, page.stat().st_mtime


def history(warehouse: Warehouse, query: str) -> list[tuple[Any, ...]]:
    with closing(duckdb.connect(str(warehouse.landing), read_only=True)) as landing:
        return landing.execute(query).fetchall()


def audit(file: Path, query: str) -> list[tuple[Any, ...]]:
    with closing(duckdb.connect(str(file), read_only=True)) as published:
        return published.execute(query).fetchall()


def test_the_demo_accounts_for_every_row(demo_warehouse: Warehouse) -> None:
    unaccounted = audit(
        demo_warehouse.published_db,
        "select * from audit.inputs where rows_in_file != rows_excluded + rows_read "
        "or rows_read != rows_landed + rows_quarantined + rows_duplicate",
    )
    tables = audit(demo_warehouse.published_db, "select count(*) from audit.inputs where is_current")
    assert unaccounted == []
    assert tables == [(12,)]


def test_the_manifest_says_what_was_published(demo_warehouse: Warehouse) -> None:
    manifest = json.loads((demo_warehouse.current / "manifest.json").read_text())
    counted = {
        table: audit(demo_warehouse.published_db, f'select count(*) from marts."{table}"')[0][0]
        for table in manifest["outputs"]
    }
    assert counted == {table: output["rows"] for table, output in manifest["outputs"].items()}
    assert "study_patients" in counted
    assert (manifest["status"], manifest["exit_code"]) == ("published", 0)
    assert manifest["dbt"]["invocation_id"]
    assert "model.afterline.study_patients" in manifest["dbt"]["nodes"]
    assert manifest["packages"]["duckdb"] == duckdb.__version__
    assert len(manifest["inputs"]) == 12


def test_a_second_run_publishes_the_same_marts_and_chains_its_manifest(
    monkeypatch: pytest.MonkeyPatch, demo_site: Path, warehouse: Warehouse
) -> None:
    first = json.loads((warehouse.current / "manifest.json").read_text())
    facts = run(monkeypatch, demo_site, warehouse)
    second = json.loads((warehouse.current / "manifest.json").read_text())

    assert facts["exit_code"] == 0
    assert current_run_id(warehouse) == facts["run_id"] == second["run_id"]
    assert (facts["files_landed"], facts["files_unchanged"], facts["restated_patients"]) == (0, 12, 0)
    assert second["previous_manifest_sha256"] == first["manifest_sha256"]
    assert second["outputs"] == first["outputs"]
    runs = audit(warehouse.published_db, "select run_id, status from audit.runs order by started_at, run_id")
    assert sorted(runs) == sorted([(first["run_id"], "published"), (second["run_id"], "published")])
    checks = audit(warehouse.published_db, "select run_id, count(*) from audit.check_results group by run_id")
    assert len(checks) == 2
    assert len({count for _, count in checks}) == 1


def test_a_restated_patient_is_named(
    monkeypatch: pytest.MonkeyPatch, demo_site: Path, warehouse: Warehouse
) -> None:
    """The previous publication is what is changed here: the new run then differs from it."""
    file = warehouse.published_db.resolve()
    file.chmod(0o644)
    with closing(duckdb.connect(str(file))) as published:
        patient = published.execute(
            "update marts.study_patients set pfs2_days = pfs2_days + 1000 where patient_id = "
            "(select min(patient_id) from marts.study_patients) returning patient_id"
        ).fetchall()

    facts = run(monkeypatch, demo_site, warehouse)

    restated = audit(warehouse.published_db, "select patient_id, column_name from audit.restatements")
    assert facts["restated_patients"] == 1
    assert restated == [(patient[0][0], "pfs2_days")]


def test_a_fatal_check_holds_the_publication_and_stays_in_the_next_ones_audit(
    monkeypatch: pytest.MonkeyPatch, demo_site: Path, warehouse: Warehouse
) -> None:
    before = what_stands(warehouse)
    facts = run(monkeypatch, demo_site, warehouse, NEGATED)

    assert (facts["exit_code"], facts["status"], facts["gate"]) == (3, "held", "held")
    assert "pfs_not_negative" in [failure["check_id"] for failure in facts["failing_checks"]]
    assert what_stands(warehouse) == before
    held = warehouse.held / "afterline-audit.duckdb"
    assert audit(held, "select status from audit.runs where run_id = '" + facts["run_id"] + "'") == [
        ("held",)
    ]
    assert audit(
        held,
        "select count(*) > 0 from audit.check_violations "
        f"where check_id = 'pfs_not_negative' and run_id = '{facts['run_id']}'",
    ) == [(True,)]
    assert audit(held, "select distinct table_schema from information_schema.tables") == [("audit",)]
    page = (warehouse.held / "index.html").read_text()
    assert "pfs_not_negative" in page
    assert "http" not in page

    mended = run(monkeypatch, demo_site, warehouse, MENDED)

    runs = audit(warehouse.published_db, "select status from audit.runs order by started_at, run_id")
    failed = audit(
        warehouse.published_db,
        "select count(*) > 0 from audit.check_results "
        f"where run_id = '{facts['run_id']}' and status = 'fail'",
    )
    assert mended["exit_code"] == 0
    assert sorted(runs) == [("held",), ("published",), ("published",)]
    assert failed == [(True,)]


def test_a_full_disk_at_the_last_moment_leaves_what_stood(
    monkeypatch: pytest.MonkeyPatch, demo_site: Path, warehouse: Warehouse
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    before = what_stands(warehouse)
    monkeypatch.setattr(nightly, "switch", full)
    facts = run(monkeypatch, demo_site, warehouse)

    assert (facts["exit_code"], facts["last_step"]) == (1, "publish")
    assert "No space left on device" in facts["message"]
    assert what_stands(warehouse) == before
    assert [folder.name for folder in warehouse.publications.iterdir()] == [before[0]]
    assert history(warehouse, f"select status from history.runs where run_id = '{facts['run_id']}'") == [
        ("failed",)
    ]


def test_an_unexpected_error_is_one_sentence_and_its_values_stay_out(
    monkeypatch: pytest.MonkeyPatch, demo_site: Path, warehouse: Warehouse
) -> None:
    def broken(*_: object) -> None:
        # put together here: the traceback shows this line
        record = f"MRN-{4700 + 11}"
        raise ValueError(f"cannot parse '{record}' of \"patient_id: {record}\"")

    before = what_stands(warehouse)
    shown = io.StringIO()
    monkeypatch.setattr(nightly, "write_restatements", broken)
    facts = run(monkeypatch, demo_site, warehouse, log=shown)

    log = Path(facts["log"]).read_text()
    assert facts["exit_code"] == 1
    assert facts["message"] == f"The run failed (ValueError); details are in {facts['log']}."
    assert "in broken" in log
    assert "ValueError: cannot parse" in log
    assert what_stands(warehouse) == before
    for text in (log, shown.getvalue(), str(facts), (warehouse.held / "index.html").read_text()):
        assert "4711" not in text


def test_retention_keeps_as_many_publications_as_the_site_file_says(
    monkeypatch: pytest.MonkeyPatch, demo_site: Path, warehouse: Warehouse
) -> None:
    first = current_run_id(warehouse)
    site = warehouse.root.parent / "site.yml"
    extracts = f"path: {demo_site.parent}/extracts/"
    site.write_text(
        demo_site.read_text().replace("path: extracts/", extracts) + "retention: {publications: 1}\n"
    )

    facts = run(monkeypatch, site, warehouse)

    assert facts["exit_code"] == 0
    assert first != facts["run_id"]
    assert [folder.name for folder in warehouse.publications.iterdir()] == [facts["run_id"]]


def test_a_model_that_does_not_run_fails_the_run_and_names_it(
    monkeypatch: pytest.MonkeyPatch, demo_site: Path, warehouse: Warehouse, tmp_path: Path
) -> None:
    project = tmp_path / "project"
    (project / "models").mkdir(parents=True)
    for name in ("dbt_project.yml", "profiles.yml"):
        (project / name).write_text((transform.PROJECT / name).read_text())
    (project / "models" / "broken.sql").write_text(
        "{{ config(materialized='table') }} select cast('MRN-4711' as integer) as x"
    )
    monkeypatch.setattr(transform, "PROJECT", project)
    before = what_stands(warehouse)

    facts = nightly.build(demo_site, warehouse.root, Progress(io.StringIO()))

    assert (facts["exit_code"], facts["last_step"]) == (1, "dbt build")
    assert "dbt model broken could not run" in facts["message"]
    assert "4711" not in facts["message"] + Path(facts["log"]).read_text()
    assert what_stands(warehouse) == before


def test_a_wrong_site_file_is_found_before_anything_is_made(tmp_path: Path) -> None:
    site = tmp_path / "site.yml"
    site.write_text("site: demo\nsourcs: []\n")
    with pytest.raises(UsageError, match="sources"):
        nightly.build(site, tmp_path / "warehouse", Progress(io.StringIO()))
    assert not (tmp_path / "warehouse").exists()
