"""Rows of marts.study_estimates and marts.sensitivity_estimates: how estimates become rows of either table.

A table is declared by its contract, a YAML file beside this one: columns, comments, key and accepted
statistics.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import yaml

from analysis.statistics.estimates import Estimate, StatisticsError, Test

HERE = Path(__file__).parent
Record = dict[str, Any]


@dataclass(frozen=True)
class Place:
    """Which number it is: everything of a row that is not its value."""

    endpoint: str
    group: str
    population: str
    statistic: str
    unit: str
    term: str | None = None
    time_months: float | None = None
    adjustment: str = "none"

    @property
    def estimate_id(self) -> str:
        """The key within a study, such as `pfs2.endocrine.survival.12`.

        An adjusted number says so after its group: `pfs2.chemotherapy_vs_endocrine.overlap.hazard_ratio`.
        """
        time = None if self.time_months is None else f"{self.time_months:g}"
        adjusted = None if self.adjustment == "none" else self.adjustment
        group = self.group.replace(" ", "_")
        parts = (self.endpoint, group, adjusted, self.statistic, self.term, time)
        return ".".join(part for part in parts if part is not None)


@dataclass(frozen=True)
class Row:
    """One number of the report and its place."""

    place: Place
    estimate: float | None
    n: int | None
    events: int | None
    method: str
    ci_low: float | None = None
    ci_high: float | None = None
    variance: str | None = None
    reference: str | None = None
    note: str | None = None

    def __post_init__(self) -> None:
        if (self.ci_low is not None or self.ci_high is not None) and not self.variance:
            raise StatisticsError(f"{self.place.estimate_id}: confidence limits without a variance method.")


def from_estimate(place: Place, value: Estimate, note: str | None = None) -> Row:
    """An estimate in its place; a note given here stands beside the estimate's own."""
    variance = value.interval.variance.value if value.interval else None
    notes = "; ".join(text for text in (value.note, note) if text) or None
    return Row(
        place, value.estimate, value.n, value.events, value.method, value.ci_low, value.ci_high, variance,
        value.reference, notes,
    )  # fmt: skip


def from_test(place: Place, test: Test, note: str | None = None) -> Row:
    """A test's p-value in its place."""
    notes = "; ".join(text for text in (test.note, note) if text) or None
    return Row(place, test.p_value, test.n, test.events, test.method, reference=test.reference, note=notes)


def count(place: Place, patients: int, of: int | None = None) -> Row:
    """A number of patients, and of how many."""
    return Row(place, float(patients), of, None, "count")


def records(study_id: str, rows: Iterable[Row]) -> list[Record]:
    """Rows of one study as columns, numbered in their order."""
    return [
        {
            "study_id": study_id, "estimate_id": row.place.estimate_id, "position": position,
            "endpoint": row.place.endpoint, "group_name": row.place.group, "population": row.place.population,
            "adjustment": row.place.adjustment, "term": row.place.term, "time_months": row.place.time_months,
            "statistic": row.place.statistic, "estimate": row.estimate, "ci_low": row.ci_low,
            "ci_high": row.ci_high, "n": row.n, "events": row.events, "unit": row.place.unit,
            "method": row.method, "variance": row.variance, "reference": row.reference, "note": row.note,
        }
        for position, row in enumerate(rows, start=1)
    ]  # fmt: skip


def write_tables(connection: duckdb.DuckDBPyConnection, tables: Mapping[str, Sequence[Record]]) -> None:
    """Replace each table of the schema marts by its records, all of them or none.

    Raises StatisticsError, before anything is written, where a record breaks the contract TABLE.yml.
    """
    contracts = {table: _contract(table) for table in tables}
    for table, found in tables.items():
        _check(table, found, contracts[table])
    connection.execute("begin")
    for table, found in tables.items():
        _write(connection, table, found, contracts[table])
    connection.execute("commit")


def _contract(table: str) -> dict[str, Any]:
    contract: dict[str, Any] = yaml.safe_load((HERE / f"{table}.yml").read_text(encoding="utf-8"))
    return contract


def _write(
    connection: duckdb.DuckDBPyConnection, table: str, found: Sequence[Record], contract: dict[str, Any]
) -> None:
    columns = contract["columns"]
    declared = ", ".join(f"{c['name']} {c['type']}{' not null' if c['required'] else ''}" for c in columns)
    connection.execute(f"create or replace table marts.{table} ({declared})")
    if found:
        # one list a column: a thousand times faster than a statement a row
        lists = ", ".join(f"unnest(${number}::{c['type']}[])" for number, c in enumerate(columns, start=1))
        values = [[record[c["name"]] for record in found] for c in columns]
        connection.execute(f"insert into marts.{table} select {lists}", values)
    for statement in _comments(table, contract):
        connection.execute(statement)


def _check(table: str, found: Sequence[Record], contract: dict[str, Any]) -> None:
    accepted, seen = set(contract["statistics"]), set()
    for record in found:
        key = tuple(record[column] for column in contract["key"])
        if key in seen:
            raise StatisticsError(f"{record['estimate_id']} stands twice among the estimates.")
        seen.add(key)
        if record["statistic"] not in accepted:
            raise StatisticsError(f"{record['statistic']} is not among the statistics of {table}.yml.")
        if record["estimate"] is None and not record["note"]:
            raise StatisticsError(f"{record['estimate_id']} is missing without a note.")


def _comments(table: str, contract: dict[str, Any]) -> list[str]:
    def quoted(text: str) -> str:
        return "'" + text.replace("'", "''") + "'"

    whole = f"comment on table marts.{table} is {quoted(contract['description'])}"
    columns = [
        f"comment on column marts.{table}.{c['name']} is {quoted(c['description'])}"
        for c in contract["columns"]
    ]
    return [whole, *columns]
