"""A check file that does not hold is refused with a sentence that names it; the catalogue holds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from expectations.catalogue import CatalogueError, Check, load_catalogue, read_check

DECLARATION: dict[str, Any] = {
    "id": "sample",
    "table": "marts.patients",
    "layer": "marts",
    "category": "plausibility",
    "subcategory": "temporal",
    "severity": "fatal",
    "unit": "patients",
    "fault": "are odd",
    "rationale": "Because.",
    "owner": "data manager",
    "threshold": {
        "max_count": 0,
        "version": 1,
        "since": "2026-01-01",
        "author": "Afterline",
        "reason": "None is right.",
    },
    "key": ["patient_id"],
    "violations": "select patient_id from marts.patients where false",
    "denominator": "select count(*) from marts.patients",
}


def write(folder: Path, **changes: Any) -> Path:
    """A check file with some keys changed; None takes a key out."""
    declaration = {key: value for key, value in (DECLARATION | changes).items() if value is not None}
    path = folder / f"{DECLARATION['id']}.yml"
    path.write_text(yaml.safe_dump(declaration, sort_keys=False), encoding="utf-8")
    return path


def threshold(**changes: Any) -> dict[str, Any]:
    bounds = DECLARATION["threshold"] | changes
    return {key: value for key, value in bounds.items() if value is not None}


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"severty": "fatal"}, "severty: Extra inputs are not permitted"),
        ({"severity": "serious"}, "severity: Input should be 'fatal'"),
        ({"rationale": ""}, "rationale: String should have at least 1 character"),
        ({"owner": None}, "owner: Field required"),
        ({"subcategory": "relational"}, "subcategory of plausibility is one of atemporal"),
        ({"id": "Sample"}, "id: String should match pattern"),
        ({"id": "another"}, "named after its check, not another"),
        ({"violations": None}, "key, violations and denominator are needed"),
        ({"violations": "select $what from marts.patients"}, "no entry of for_each gives 'what'"),
        ({"key": ["drug"]}, "drug may not stand in a key of marts"),
        ({"layer": "landing"}, "patient_id may not stand in a key of landing"),
        ({"threshold": threshold(max_share=0.1)}, "exactly one of max_count, max_share, min_rows"),
        ({"threshold": threshold(max_count=None)}, "exactly one of max_count, max_share, min_rows"),
        ({"threshold": threshold(max_count=None, max_share=1.5)}, "less than or equal to 1"),
        ({"threshold": threshold(reason=None)}, "threshold.reason: Field required"),
        ({"threshold": threshold(version=0)}, "threshold.version: Input should be greater"),
        ({"threshold": threshold(max_count=None, min_rows=1)}, r"a floor \(min_rows\) takes no key"),
    ],
)
def test_a_wrong_declaration_is_refused(changes: dict[str, Any], sentence: str, tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match=sentence) as error:
        read_check(write(tmp_path, **changes))

    assert str(error.value).startswith("sample.yml: ")


def test_a_file_that_is_no_yaml_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "sample.yml"
    path.write_text("id: [", encoding="utf-8")

    with pytest.raises(CatalogueError, match=r"sample\.yml"):
        read_check(path)


def test_a_check_declared_twice_is_refused(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        write(tmp_path / name)

    with pytest.raises(CatalogueError, match="declared more than once: sample"):
        load_catalogue(tmp_path)


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match="declares no check"):
        load_catalogue(tmp_path)


def test_a_share_allows_what_it_says() -> None:
    share = Check.model_validate(
        DECLARATION | {"threshold": threshold(max_count=None, max_share=0.07)}
    ).threshold

    assert [share.allowed(rows) for rows in (0, 14, 15, 100)] == [0, 0, 1, 7]


def test_every_table_of_for_each_is_asked(tmp_path: Path) -> None:
    check = read_check(
        write(
            tmp_path,
            key=["table_name"],
            for_each=[{"table": "a"}, {"table": "b"}],
            violations="with w as (select 1) select '$table' as table_name from w",
            denominator="select count(*) from $table",
        )
    )

    assert [check.violations_sql.count(f"'{table}'") for table in "ab"] == [1, 1]
    assert check.denominator_sql == "select (select count(*) from a)\n  + (select count(*) from b)"


def test_the_hash_follows_the_question_alone(tmp_path: Path) -> None:
    before = read_check(write(tmp_path)).query_sha256

    assert read_check(write(tmp_path, rationale="Another reason.")).query_sha256 == before
    assert read_check(write(tmp_path, denominator="select 1")).query_sha256 != before


def test_what_would_make_the_numbers_wrong_is_fatal() -> None:
    severities = {check.id: check.severity for check in load_catalogue()}
    fatal = {
        "attrition_sums",
        "event_xor_censor",
        "lines_no_overlap",
        "pfs_not_negative",
        "persons_conserved",
    }

    assert {severities[check_id] for check_id in fatal} == {"fatal"}
    assert severities["advanced_date_present"] == "characterization"
