"""The command line: what each command says on a published warehouse, and that every error is a sentence."""

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pipelines.warehouse import Warehouse
from tests.conftest import Afterline

DEMO_COUNT = (
    "select count(*) from marts.study_patients "
    "where study_id = 'palbociclib' and strategy in ('endocrine', 'chemotherapy')"
)


def test_the_demo_compares_48_patients(demo_warehouse: Warehouse, afterline: Afterline) -> None:
    done = afterline("sql", DEMO_COUNT, "--warehouse", demo_warehouse.root)
    assert done.stdout == "48\n"


def test_help_does_not_wait_for_dbt(afterline: Afterline) -> None:
    code = (
        "import sys, pipelines.cli; print(*sorted({'dbt', 'duckdb', 'numpy', 'pandas'} & set(sys.modules)))"
    )
    imported = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    shown = afterline("--help")

    assert imported.strip() == ""
    assert shown.returncode == 0
    for name in ("build", "land", "validate", "report", "status", "sql", "synthesize"):
        assert f" {name} " in shown.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ["bild"],
        ["build", "--sight", "x"],
        ["build", "--site", "nowhere.yml"],
        ["build"],
        ["status"],
        ["validate"],
        ["report"],
        ["synthesize"],
        ["synthesize", "x", "--patients", "0"],
    ],
)
def test_wrong_usage_is_2_and_leaves_nothing_behind(
    arguments: list[str], tmp_path: Path, afterline: Afterline
) -> None:
    done = afterline(*arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.strip()
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_the_site_file_is_found_where_make_build_puts_it(tmp_path: Path, afterline: Afterline) -> None:
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "site.yml").write_text("sight: demo\n")
    done = afterline("build", cwd=tmp_path)
    assert done.returncode == 2
    assert "site.yml" in done.stderr


def test_status_prints_the_five_lines_of_the_run(demo_warehouse: Warehouse, afterline: Afterline) -> None:
    facts = json.loads(demo_warehouse.last_run.read_text())
    lines = afterline("status", "--warehouse", demo_warehouse.root).stdout.splitlines()

    assert lines[0].startswith(f"Last run: {facts['run_id']}")
    assert lines[1:6] == facts["summary"]
    verdict, landed, gate, study, report = facts["summary"]
    assert verdict.startswith("Published: demo, run ")
    assert "data cut" in verdict
    assert "0 files refused" in landed
    assert gate.startswith(("Gate: open", "Gate: banner"))
    assert "chemotherapy 29" in study
    assert "endocrine 19" in study
    assert report == f"Report: {demo_warehouse.site}/index.html"


def test_validate_alone_repeats_the_verdict(demo_warehouse: Warehouse, afterline: Afterline) -> None:
    facts = json.loads(demo_warehouse.last_run.read_text())
    done = afterline("validate", "--warehouse", demo_warehouse.root)
    counts = ", ".join(f"{count} {status}" for status, count in facts["checks"].items() if count)
    assert done.returncode == 0
    assert done.stdout.splitlines()[-1] == f"Gate {facts['gate']}: {counts}"


def test_report_alone_draws_the_published_page_again(
    demo_warehouse: Warehouse, tmp_path: Path, afterline: Afterline
) -> None:
    done = afterline("report", "--warehouse", demo_warehouse.root, "--out", tmp_path / "again")
    assert done.returncode == 0
    assert done.stdout == f"Report: {tmp_path}/again/index.html\n"
    again = (tmp_path / "again" / "index.html").read_bytes()
    assert again == (demo_warehouse.site / "index.html").read_bytes()


def test_a_second_run_is_refused_with_4(demo_site: Path, tmp_path: Path, afterline: Afterline) -> None:
    first = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import sys, time; from pathlib import Path; from pipelines.lock import exclusive; "
            "from pipelines.warehouse import Warehouse; w = Warehouse(Path(sys.argv[1])); w.prepare(); "
            "lock = exclusive(w); lock.__enter__(); print('held', flush=True); time.sleep(60)",
            str(tmp_path),
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert first.stdout is not None
        assert first.stdout.readline() == "held\n"
        began = time.monotonic()
        second = afterline("land", "--site", demo_site, "--warehouse", tmp_path)
    finally:
        first.kill()
        first.wait()

    assert second.returncode == 4
    assert f"process {first.pid}" in second.stderr
    assert time.monotonic() - began < 30
    assert not (tmp_path / "landing.duckdb").exists()


def test_a_warehouse_that_cannot_be_is_one_sentence(
    demo_site: Path, tmp_path: Path, afterline: Afterline
) -> None:
    (tmp_path / "file").write_text("in the way")
    done = afterline("build", "--site", demo_site, "--warehouse", tmp_path / "file" / "warehouse")
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        f"afterline: {tmp_path}/file/warehouse cannot be written: Not a directory."
    ]
