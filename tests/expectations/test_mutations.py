"""Every check can fail: its fault, planted in a clean site, makes it fail and names the planted rows."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from expectations.catalogue import load_catalogue
from expectations.runner import run_checks
from tests.expectations.mutations import LANDING, STAGING, Mutation
from tests.expectations.mutations_marts import MARTS
from tests.expectations.tiny_site import TinySite

MUTATIONS = [*LANDING, *STAGING, *MARTS]
CATALOGUE = load_catalogue()


def keys_of(out_dir: Path, check_id: str) -> list[str]:
    query = "select violation_key from read_parquet(?) where check_id = ? order by violation_key"
    rows = duckdb.execute(query, [str(out_dir / "check_violations.parquet"), check_id]).fetchall()
    return [key for (key,) in rows]


def test_every_check_passes_on_the_clean_site(clean_site: TinySite, tmp_path: Path) -> None:
    verdict, results = run_checks(clean_site.build_db, clean_site.landing_db, tmp_path, "RUN")

    assert {result.check_id: result.message for result in results if result.status != "pass"} == {}
    assert (verdict.status, verdict.gate) == ("open", "open")


def test_every_check_has_its_mutation() -> None:
    planted = [mutation.check_id for mutation in MUTATIONS]

    assert sorted(planted) == sorted(check.id for check in CATALOGUE)


@pytest.mark.parametrize("mutation", MUTATIONS, ids=str)
def test_fault_is_found_and_named(mutation: Mutation, site: TinySite, tmp_path: Path) -> None:
    site.run(*mutation.statements)

    verdict, results = run_checks(site.build_db, site.landing_db, tmp_path / "out", "RUN", CATALOGUE)

    against = {result.check_id for result in results if result.status in ("fail", "error")}
    result = next(result for result in results if result.check_id == mutation.check_id)
    assert against == {mutation.check_id, *mutation.also}
    assert (result.status, result.numerator) == ("fail", len(mutation.keys))
    assert keys_of(tmp_path / "out", mutation.check_id) == sorted(mutation.keys)
    fatal = [other.check_id for other in results if other.check_id in against and other.severity == "fatal"]
    assert (verdict.status == "held") == bool(fatal)
