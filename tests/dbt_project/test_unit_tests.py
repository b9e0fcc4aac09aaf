"""The dbt unit tests: one table per rule, beside the models, run on the stories' tables for their columns."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.cli.main import dbtRunner
from dbt.contracts.results import TestStatus

from pipelines.transform import PROJECT
from pipelines.warehouse import Warehouse

DECLARED = sorted(PROJECT.glob("models/**/_*_unit_tests.yml"))


def declared_names() -> list[str]:
    """The names of all unit tests that the YAML files declare."""
    return [test["name"] for file in DECLARED for test in yaml.safe_load(file.read_text())["unit_tests"]]


@pytest.fixture
def dbt(stories_warehouse: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dbtRunner]:
    """A dbt that sees the stories' landing file and a copy of what was built from it."""
    build_db = shutil.copy(stories_warehouse.build_db, tmp_path / stories_warehouse.build_db.name)
    monkeypatch.setenv("AFTERLINE_BUILD_DB", str(build_db))
    monkeypatch.setenv("AFTERLINE_LANDING_DB", str(stories_warehouse.landing))
    monkeypatch.setenv("DO_NOT_TRACK", "1")
    # dbt changes the working folder, and keeps its file open until the process ends
    monkeypatch.chdir(tmp_path)
    yield dbtRunner()
    DuckDBConnectionManager.close_all_connections()


def test_every_unit_test_has_its_own_name_and_cites_its_rule() -> None:
    tests = [test for file in DECLARED for test in yaml.safe_load(file.read_text())["unit_tests"]]
    assert len({test["name"] for test in tests}) == len(tests)
    assert not [test["name"] for test in tests if ".md" not in test.get("description", "")]


def test_unit_tests_pass_and_all_of_them_run(dbt: dbtRunner, tmp_path: Path) -> None:
    done = dbt.invoke(
        [
            "--log-level=none",
            "--log-level-file=none",
            "--no-send-anonymous-usage-stats",
            "--no-version-check",
            "test",
            "--select=test_type:unit",
            f"--project-dir={PROJECT}",
            f"--profiles-dir={PROJECT}",
            f"--target-path={tmp_path / 'target'}",
            f"--log-path={tmp_path / 'logs'}",
        ]
    )
    assert done.exception is None
    results: list[Any] = done.result.results
    assert [f"{one.node.name}: {one.message}" for one in results if one.status != TestStatus.Pass] == []
    assert {one.node.name for one in results} == set(declared_names())
