"""The landing file: its tables, and the connection that writes it.

`raw.<table>` keeps every row ever landed, as text in the extract format; which batches are current is a flag
on `raw.batches`, and the views `raw.current_<table>` show the rows of the current ones.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from pipelines.extract_format import TABLES, Table
from pipelines.landing.studies import create_study_tables
from pipelines.sitefile import AfterlineSource, FlatSource, Site
from pipelines.warehouse import Warehouse

PROVENANCE = {
    "_extra": "VARCHAR",
    "_source_number": "INTEGER",
    "_date_basis": "VARCHAR",
    "_precedence": "INTEGER",
    "_file_sha256": "VARCHAR",
    "_record_number": "BIGINT",
    "_batch_id": "BIGINT",
}

_TABLES = """
create schema if not exists raw;
create sequence if not exists raw.batch_ids;
create table if not exists raw.batches (
    batch_id bigint, run_id varchar, input_number integer, source_number integer, source_path varchar,
    table_name varchar, file_name varchar, file_sha256 varchar, mapping_hash varchar, delivery varchar,
    landed_at timestamp, rows_in_file bigint, rows_excluded bigint, rows_read bigint, rows_landed bigint,
    rows_quarantined bigint, rows_duplicate bigint, file_bytes bigint, is_current boolean, ids_known boolean,
    status varchar);
create table if not exists raw.quarantined_rows (
    batch_id bigint, record_number bigint, column_name varchar, check_name varchar, reason varchar,
    raw_text varchar, run_id varchar, resolved_run_id varchar, resolution varchar);
create table if not exists raw.refused_files (
    run_id varchar, source_number integer, table_name varchar, file_name varchar, file_sha256 varchar,
    reason varchar);
create table if not exists raw.pseudonyms (id_table varchar, id varchar, pseudonym varchar);
create table if not exists raw.settings (
    site_id varchar, data_cut date, pseudonyms varchar, key_fingerprint varchar, key_place varchar,
    landed_on date);
"""


@contextmanager
def open_landing(warehouse: Warehouse, scratch: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """The landing file, with its tables, readable by its owner alone; what does not fit in memory spills
    into `scratch`. Raises duckdb.Error.
    """
    connection = duckdb.connect(
        str(warehouse.landing),
        config={
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "temp_directory": str(scratch),
            "memory_limit": f"{_memory_mb()}MB",
        },
    )
    try:
        warehouse.landing.chmod(0o600)
        connection.execute(_TABLES)
        for table in TABLES.values():
            columns = dict.fromkeys(table.names, "VARCHAR") | PROVENANCE
            definition = ", ".join(f"{name} {kind}" for name, kind in columns.items())
            connection.execute(f"create table if not exists raw.{table.name} ({definition})")
        create_study_tables(connection)
        yield connection
        connection.execute("checkpoint")
    finally:
        connection.close()


def _memory_mb() -> int:
    """Half of this machine's memory, and never more than 4 GB: DuckDB spills what is beyond."""
    return min(4096, os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // (2 << 20))


def create_views(connection: duckdb.DuckDBPyConnection, site: Site) -> None:
    """`raw.current_<table>`: rows of current batches, without those held back until their patient arrives."""
    for table in TABLES.values():
        connection.execute(f"create or replace view raw.current_{table.name} as {_view(table, site)}")


def _view(table: Table, site: Site) -> str:
    keys = {n: _increment_key(source, table) for n, source in enumerate(site.sources, start=1)}
    increments = {number: key for number, key in keys.items() if key}
    numbers = ", ".join(str(number) for number in increments) or "-1"
    parts = [f"select r.* from {_current(table)} and r._source_number not in ({numbers})"]
    parts += [_last_per_key(table, number, key) for number, key in increments.items()]
    union = " union all ".join(parts)
    # a row held back is left out after the last row of its key is found, or an older one would take its place
    return f"""
        select * from ({union}) as delivered
        where not exists (
            select 1 from raw.quarantined_rows as q
            where q.batch_id = delivered._batch_id and q.record_number = delivered._record_number
                and q.check_name = 'patient_known' and q.resolved_run_id is null)"""


def _current(table: Table) -> str:
    return f"raw.{table.name} as r inner join raw.batches as b on b.batch_id = r._batch_id where b.is_current"


def _last_per_key(table: Table, source_number: int, key: tuple[str, ...]) -> str:
    # by the file's first arrival: a change of the mapping lands an old increment again, under a new batch
    return f"""
        select r.* from {_current(table)} and r._source_number = {source_number}
        qualify row_number() over (
            partition by {", ".join(f"r.{name}" for name in key)}
            order by b.input_number desc, r._record_number desc) = 1"""


def _increment_key(source: AfterlineSource | FlatSource, table: Table) -> tuple[str, ...] | None:
    return source.key_of(table) if source.delivery == "increment" else None
