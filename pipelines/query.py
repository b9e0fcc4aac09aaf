"""`afterline sql`: the published warehouse, read-only, as a table or as CSV that is safe in a spreadsheet."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator
from contextlib import closing
from typing import Any, TextIO

import duckdb

from pipelines.errors import UsageError
from pipelines.warehouse import Warehouse

_CHUNK = 10_000
# a table longer than this is for --csv, not for eyes
_ROWS_SHOWN = 1_000
# a spreadsheet runs a cell that begins with one of these as a formula
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def open_published(warehouse: Warehouse) -> duckdb.DuckDBPyConnection:
    """The published file, read-only; raises UsageError where nothing has been published yet."""
    if not warehouse.published_db.exists():
        raise UsageError(f"Nothing is published in {warehouse.root} yet: afterline build does that.")
    try:
        # resolved once: a run that publishes meanwhile does not change the file under the query
        return duckdb.connect(
            str(warehouse.published_db.resolve()),
            read_only=True,
            config={"autoinstall_known_extensions": "false"},
        )
    except duckdb.Error as error:
        raise UsageError(f"{warehouse.published_db} cannot be opened: {_first_line(error)}") from error


def run_query(warehouse: Warehouse, query: str, as_csv: bool, out: TextIO) -> None:
    """Run one query and write its rows; raises UsageError with DuckDB's sentence where it does not run."""
    with closing(open_published(warehouse)) as connection:
        _answer(connection, query, as_csv, out)


def prompt(warehouse: Warehouse, as_csv: bool, out: TextIO) -> None:
    """Queries from standard input: a person's one by one, each up to its semicolon; else all as one."""
    if not sys.stdin.isatty():
        run_query(warehouse, sys.stdin.read(), as_csv, out)
        return
    import readline

    # importing it gives input() line editing; the names of tables are nothing it could complete
    readline.set_history_length(1_000)
    with closing(open_published(warehouse)) as connection:
        print("Tables: show all tables;   leave: Ctrl-D", file=out)
        for query in _typed_queries():
            try:
                _answer(connection, query, as_csv, out)
            except UsageError as error:
                print(error.message, file=sys.stderr)


def _typed_queries() -> Iterator[str]:
    lines: list[str] = []
    while True:
        try:
            lines.append(input("   ... " if lines else "sql> "))
        except EOFError:
            print()
            return
        if lines[-1].rstrip().endswith(";"):
            yield "\n".join(lines)
            lines = []


def _answer(connection: duckdb.DuckDBPyConnection, query: str, as_csv: bool, out: TextIO) -> None:
    try:
        cursor = connection.execute(query)
        names = [column[0] for column in cursor.description or []]
        if as_csv:
            _write_csv(names, cursor, out)
        else:
            _write_table(names, cursor, out)
    except duckdb.Error as error:
        raise UsageError(_first_line(error)) from error


def _write_csv(names: list[str], cursor: duckdb.DuckDBPyConnection, out: TextIO) -> None:
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(names)
    while rows := cursor.fetchmany(_CHUNK):
        writer.writerows([_csv_cell(value) for value in row] for row in rows)


def _write_table(names: list[str], cursor: duckdb.DuckDBPyConnection, out: TextIO) -> None:
    rows = cursor.fetchmany(_ROWS_SHOWN)
    if len(names) == 1 and len(rows) == 1:
        print(_text(rows[0][0]), file=out)
        return
    cells = [[_text(value) for value in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(names, *cells, strict=True)]
    numeric = [
        all(isinstance(value, int | float | None) for value in column) for column in zip(*rows, strict=True)
    ]
    right = numeric or [False] * len(names)
    for line in (names, ["-" * width for width in widths], *cells):
        print(_aligned(line, widths, right), file=out)
    if len(rows) == _ROWS_SHOWN and cursor.fetchone() is not None:
        print(f"... the first {_ROWS_SHOWN:,} rows; --csv writes them all", file=out)


def _aligned(cells: list[str], widths: list[int], right: list[bool]) -> str:
    padded = (
        cell.rjust(width) if to_right else cell.ljust(width)
        for cell, width, to_right in zip(cells, widths, right, strict=True)
    )
    return "  ".join(padded).rstrip()


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        return ";".join(map(_text, value))
    return str(value)


def _csv_cell(value: Any) -> Any:
    """Text that a spreadsheet would take for a formula gets an apostrophe; numbers stay as they are."""
    if value is None or isinstance(value, int | float):
        return value
    text = _text(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


def _first_line(error: duckdb.Error) -> str:
    return str(error).splitlines()[0]
