"""The published `audit` schema: run history and landing accounts, without file names, values or raw text."""

from __future__ import annotations

from dataclasses import asdict

import duckdb

from pipelines.audit_tables import INPUTS, QUARANTINED_ROWS, RESTATEMENTS, RUNS, TABLES, Column, Table
from pipelines.history import RunRecord

# what a label may keep of a file's name: its format; the rest may say who the file is about
_SUFFIX = r"(\.(csv|tsv|txt|parquet|ndjson|json|xlsx))?(\.gz)?$"

# $suffix is bound; a site with public ids keeps its file names (interface.md: `pseudonyms: none`)
INPUTS_QUERY = """
    with delivered as (
        from landing.raw.batches
        union all by name
        select *, 'refused' as status, false as is_current from landing.raw.refused_files
    )

    select
        *,
        case
            when (select pseudonyms from landing.raw.settings) = 'none' then file_name
            else concat_ws('-', table_name, input_number)
                || regexp_extract(lower(file_name), $suffix)
        end as file
    from delivered
    order by input_number, batch_id, run_id
"""

_QUARANTINE_QUERY = """
    select rows_held.*, batches.input_number, batches.table_name
    from landing.raw.quarantined_rows as rows_held
    inner join landing.raw.batches as batches on rows_held.batch_id = batches.batch_id
    order by rows_held.run_id, batches.input_number, rows_held.record_number
"""

# a run that failed while it published has restated nothing; the run that publishes is still running here
_RESTATEMENTS_QUERY = """
    from landing.history.restatements
    where run_id in (select run_id from landing.history.runs where status in ('published', 'running'))
    order by all
"""


def input_labels(landing: duckdb.DuckDBPyConnection) -> dict[tuple[int, str], str]:
    """The label each input goes by outside landing, by input number and table; `landing` is the open file."""
    query = INPUTS_QUERY.replace("landing.raw.", "raw.")
    rows = landing.execute(
        f"select input_number, table_name, file from ({query})", {"suffix": _SUFFIX}
    ).fetchall()
    return {(number, table): label for number, table, label in rows}


def write_audit(connection: duckdb.DuckDBPyConnection, record: RunRecord) -> None:
    """Write the schema `audit` into the database of `connection`, which has landing attached as `landing`.

    `record` is the run being published or held: its row shows how it ends; landing still has it running.
    """
    connection.execute("create schema audit")
    for table in TABLES:
        connection.execute(f"create table audit.{table.name} ({table.definition})")
        connection.execute(
            f"insert into audit.{table.name} select {table.column_list} from ({_query(table)})",
            {"suffix": _SUFFIX} if table is INPUTS else None,
        )
        comment(connection, f"audit.{table.name}", table.comment, table.columns)
    _complete_run(connection, record)


def comment(
    connection: duckdb.DuckDBPyConnection, name: str, text: str | None, columns: tuple[Column, ...]
) -> None:
    """Set the comments of a table and its columns; empty ones are left out."""
    if text:
        connection.execute(f"comment on table {name} is {quoted(text)}")
    for column in columns:
        if column.comment:
            connection.execute(f'comment on column {name}."{column.name}" is {quoted(column.comment)}')


def quoted(text: str) -> str:
    """A SQL string literal; `comment on` takes no bound values."""
    return "'" + text.replace("'", "''") + "'"


def _query(table: Table) -> str:
    if table is INPUTS:
        return INPUTS_QUERY
    if table is QUARANTINED_ROWS:
        return _QUARANTINE_QUERY
    if table is RESTATEMENTS:
        return _RESTATEMENTS_QUERY
    return f"from landing.history.{table.name} order by all"


def _complete_run(connection: duckdb.DuckDBPyConnection, record: RunRecord) -> None:
    values = asdict(record)
    shown = {column.name: values[column.name] for column in RUNS.columns}
    run_id = shown.pop("run_id")
    settings = ", ".join(f"{name} = ?" for name in shown)
    connection.execute(f"update audit.runs set {settings} where run_id = ?", [*shown.values(), run_id])
