"""Five statuses, never merged: what leads to each, and what each does to the gate."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pytest

from expectations.catalogue import Check, load_catalogue
from expectations.judge import Evidence, judge
from expectations.runner import run_checks
from expectations.suite import Counted
from expectations.verdict import CheckResult, Verdict, decide
from tests.expectations.test_catalogue import DECLARATION, threshold
from tests.expectations.tiny_site import TinySite


def check(**changes: Any) -> Check:
    return Check.model_validate(DECLARATION | changes)


def run_one(site: TinySite, folder: Path, **changes: Any) -> tuple[Verdict, CheckResult]:
    verdict, results = run_checks(site.build_db, site.landing_db, folder, "RUN", [check(**changes)])
    return verdict, results[0]


DEAD = "select patient_id from marts.patients where death_date is not null"


def test_pass_below_and_fail_above_a_share(clean_site: TinySite, tmp_path: Path) -> None:
    half = threshold(max_count=None, max_share=0.5)
    third = threshold(max_count=None, max_share=0.34)
    _, within = run_one(clean_site, tmp_path, violations=DEAD, threshold=half)
    verdict, above = run_one(clean_site, tmp_path, violations=DEAD, threshold=third)

    assert (within.status, within.numerator, within.denominator, within.share) == ("pass", 2, 4, 0.5)
    assert (above.status, above.threshold, above.message) == (
        "fail",
        0.34,
        "2 of 4 patients are odd (share <= 0.34).",
    )
    assert (verdict.status, verdict.gate) == ("held", "held")


def test_keys_are_kept_even_where_the_check_passes(clean_site: TinySite, tmp_path: Path) -> None:
    half = threshold(max_count=None, max_share=0.5)
    run_one(clean_site, tmp_path, violations=DEAD, threshold=half)

    kept = duckdb.execute(f"from read_parquet('{tmp_path / 'check_violations.parquet'}')").fetchall()
    assert kept == [("RUN", "sample", "patient_id=p1"), ("RUN", "sample", "patient_id=p4")]


def test_braces_colons_and_comments_are_sql_like_any_other(clean_site: TinySite, tmp_path: Path) -> None:
    query = (
        "select patient_id from marts.patients "
        "where birth_year::varchar = '1950' or sex = ':sex' or {'a': patient_id}.a = 'p3' or sex = '{0}' -- %"
    )
    _, result = run_one(clean_site, tmp_path, violations=query)

    assert (result.status, result.numerator) == ("fail", 2)


def test_nothing_to_look_at_is_not_applicable(clean_site: TinySite, tmp_path: Path) -> None:
    verdict, result = run_one(
        clean_site, tmp_path, denominator="select count(*) from marts.patients where sex = 'male'"
    )

    assert (result.status, result.numerator, result.share) == ("not_applicable", 0, None)
    assert verdict.gate == "open"


def test_an_empty_table_fails_its_floor(site: TinySite, tmp_path: Path) -> None:
    site.run("delete from marts.patients")
    floor: dict[str, Any] = {"key": [], "violations": None, "denominator": None}
    _, result = run_one(site, tmp_path, **floor, threshold=threshold(max_count=None, min_rows=1))

    assert (result.status, result.denominator) == ("fail", 0)
    assert result.message == "marts.patients has 0 rows (rows >= 1)."


def test_a_check_of_a_table_outside_this_run_is_not_evaluated(clean_site: TinySite, tmp_path: Path) -> None:
    verdict, result = run_one(clean_site, tmp_path, only_with=["marts.another"])

    assert (result.status, result.numerator, result.denominator) == ("not_evaluated", None, None)
    assert result.message == "marts.another is not part of this run."
    assert verdict.gate == "open"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"violations": "select patient_id from marts.gone"}, "Catalog Error: Table with name gone"),
        ({"denominator": "select count(*) from marts.gone"}, "Catalog Error: Table with name gone"),
        ({"denominator": "select null"}, "ValueError"),
        # the value that does not fit must not get into a message, a log or a published table
        (
            {"violations": "select cast(regimen as integer) as patient_id from marts.therapy_lines"},
            "ConversionEx",
        ),
        ({"denominator": "select 1", "violations": DEAD}, "2 violating rows among 1 patients"),
    ],
)
def test_a_fatal_check_that_cannot_be_trusted_holds_the_gate(
    changes: dict[str, Any], message: str, clean_site: TinySite, tmp_path: Path
) -> None:
    verdict, result = run_one(clean_site, tmp_path, **changes)

    assert result.status == "error"
    assert message in result.message
    assert (result.numerator, result.share) == (None, None)
    assert (verdict.gate, verdict.failing_fatal[0].sentence) == ("held", result.message)
    for path in tmp_path.iterdir():
        assert b"palbociclib" not in path.read_bytes(), path.name


def test_a_check_in_error_keeps_no_keys(clean_site: TinySite, tmp_path: Path) -> None:
    run_one(clean_site, tmp_path, denominator="select 1", violations=DEAD)

    kept = duckdb.execute(f"select count(*) from read_parquet('{tmp_path / 'check_violations.parquet'}')")
    assert kept.fetchall() == [(0,)]


@pytest.mark.parametrize(
    ("evidence", "message"),
    [
        (
            Evidence(denominator=4, stored=2, found=Counted(3, False)),
            "counts 3 violating rows, 2 keys are stored",
        ),
        (Evidence(denominator=4, stored=2, found=Counted(2, True)), "disagree"),
        (Evidence(denominator=4, stored=0, found=Counted(None, False, "Timeout")), "could not run: Timeout"),
        (Evidence(denominator=4, stored=0), "nothing was counted"),
    ],
)
def test_two_counts_that_differ_are_an_error(evidence: Evidence, message: str) -> None:
    result = judge(check(), evidence, "RUN")

    assert result.status == "error"
    assert message in result.message


def results(*pairs: tuple[str, str]) -> list[CheckResult]:
    """Results of the given (severity, status)."""
    made = []
    for number, (severity, status) in enumerate(pairs):
        result = judge(check(id=f"check_{number}", severity=severity), Evidence(missing=("x.y",)), "RUN")
        made.append(CheckResult(**(vars(result) | {"status": status})))
    return made


@pytest.mark.parametrize(
    ("pairs", "gate"),
    [
        ([("fatal", "pass"), ("convention", "pass")], "open"),
        ([("fatal", "not_applicable"), ("fatal", "not_evaluated")], "open"),
        ([("characterization", "fail"), ("characterization", "error")], "open"),
        ([("convention", "fail"), ("fatal", "pass")], "banner"),
        ([("convention", "error")], "banner"),
        ([("fatal", "fail"), ("convention", "pass")], "held"),
        ([("fatal", "error"), ("convention", "fail")], "held"),
    ],
)
def test_gate(pairs: list[tuple[str, str]], gate: str) -> None:
    verdict = decide(results(*pairs), "RUN")

    assert verdict.gate == gate
    assert verdict.status == ("held" if gate == "held" else "open")


def test_statuses_are_counted_apart_and_failures_ordered_by_severity() -> None:
    verdict = decide(
        results(("convention", "fail"), ("fatal", "error"), ("fatal", "fail"), ("fatal", "not_applicable")),
        "RUN",
    )

    assert verdict.totals == {"pass": 0, "fail": 2, "error": 1, "not_applicable": 1, "not_evaluated": 0}
    assert verdict.counts["fail"] == {"fatal": 1, "convention": 1, "characterization": 0}
    assert [failure.check_id for failure in verdict.failing] == ["check_1", "check_2", "check_0"]
    assert [failure.check_id for failure in verdict.failing_fatal] == ["check_1", "check_2"]


def test_all_checks_without_a_mart_of_the_marts_hold_the_gate(site: TinySite, tmp_path: Path) -> None:
    site.run("drop table marts.line_endpoints")
    verdict, found = run_checks(site.build_db, site.landing_db, tmp_path, "RUN")

    errors = {result.check_id for result in found if result.status == "error"}
    assert {"event_xor_censor", "pfs_not_above_os", "death_counts_as_event", "mart_key_unique"} <= errors
    assert len(found) == len(load_catalogue())
    assert verdict.status == "held"
