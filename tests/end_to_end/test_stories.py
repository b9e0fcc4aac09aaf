"""Every patient story, end to end: each mart equals what a reader of the rules expects, cell by cell."""

from __future__ import annotations

import csv
from pathlib import Path

import duckdb
import pytest

from pipelines.warehouse import Warehouse

EXPECTED = Path(__file__).parent.parent / "stories" / "expected"

# the grain on which each mart is joined with its file
GRAINS = {
    "therapy_lines": ["patient_id", "line_number"],
    "therapy_sublines": ["patient_id", "line_number", "subline_number"],
    "line_drugs": ["patient_id", "line_number", "ingredient"],
    "early_therapies": ["patient_id", "ingredient", "start_date"],
    "progression_events": ["patient_id", "progression_id"],
    "line_endpoints": ["profile_id", "patient_id", "line_number", "endpoint"],
    "line_responses": ["patient_id", "line_number"],
    "index_patients": ["patient_id"],
    "study_patients": ["patient_id"],
    "cohort_attrition": ["step_number"],
}
DECIMALS = {"months": 4, "pfs_ratio": 6}

Row = dict[str, object]


def _from_file(column: str, text: str) -> object:
    if text == "":
        return () if column.endswith("_ids") else None
    if column in DECIMALS:
        return round(float(text), DECIMALS[column])
    return tuple(sorted(text.split(";"))) if column.endswith("_ids") else text


def _from_mart(column: str, value: object) -> object:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return tuple(sorted(value))
    if isinstance(value, float):
        return round(value, DECIMALS[column])
    return None if value is None else str(value)


def _expected(mart: str) -> dict[tuple[object, ...], Row]:
    with (EXPECTED / f"{mart}.csv").open(newline="", encoding="utf-8") as file:
        rows = [
            {column: _from_file(column, text) for column, text in row.items()} for row in csv.DictReader(file)
        ]
    return {tuple(row[column] for column in GRAINS[mart]): row for row in rows}


def _found(con: duckdb.DuckDBPyConnection, mart: str, columns: list[str]) -> dict[tuple[object, ...], Row]:
    published = {
        name
        for (name,) in con.execute(
            "select column_name from duckdb_columns() where table_name = ?", [mart]
        ).fetchall()
    }
    conditions = ["rule_set_id = 'primary'"] if "rule_set_id" in published else []
    if mart == "line_endpoints":
        # the stories say nothing of the duration of response
        conditions.append("endpoint <> 'dor'")
    where = f"where {' and '.join(conditions)}" if conditions else ""
    found = con.execute(f"select {', '.join(columns)} from marts.{mart} {where}").fetchall()
    rows = [
        {column: _from_mart(column, value) for column, value in zip(columns, row, strict=True)}
        for row in found
    ]
    return {tuple(row[column] for column in GRAINS[mart]): row for row in rows}


@pytest.mark.parametrize("mart", GRAINS)
def test_mart_is_as_the_stories_say(stories_warehouse: Warehouse, mart: str) -> None:
    expected = _expected(mart)
    columns = list(next(iter(expected.values())))
    with duckdb.connect(str(stories_warehouse.published_db), read_only=True) as con:
        found = _found(con, mart, columns)

    differences = [
        (key, column, row[column], found[key][column])
        for key, row in expected.items()
        if key in found
        for column in columns
        if row[column] != found[key][column]
    ]
    assert found.keys() == expected.keys()
    assert differences == []
