"""Which batches are current: a snapshot replaces the delivery before it, increments add up."""

from __future__ import annotations

import duckdb

from pipelines.landing.inputs import Delivery

_LARGEST_DROP = 0.4


def make_current(
    connection: duckdb.DuckDBPyConnection, delivery: Delivery, batches: list[int], run_id: str, checked: bool
) -> None:
    """Make this delivery the current one of its table and source, in one transaction.

    A delivery with a refusal, or (where `checked`: no manifest vouches for it) one that lost 40 % of its
    rows, is left aside and the one before stays.
    """
    before = _current(connection, delivery)
    if delivery.source.delivery == "increment":
        batches = _with_earlier(connection, delivery, batches)
    elif checked and not delivery.refusals:
        _refuse_a_drop(connection, delivery, batches, before)
    if delivery.refusals:
        return
    connection.execute("begin")
    _retire(connection, sorted(set(before) - set(batches)), run_id)
    _restore(connection, sorted(set(batches) - set(before)))
    connection.execute("commit")


def retire_the_rest(connection: duckdb.DuckDBPyConnection, found: list[Delivery], run_id: str) -> None:
    """Batches of sources and tables that the site file no longer names are not current any more."""
    named = [(delivery.source_number, delivery.table.name) for delivery in found]
    rows = connection.execute(
        "select batch_id, source_number, table_name from raw.batches where is_current"
    ).fetchall()
    _retire(connection, [batch for batch, source, table in rows if (source, table) not in named], run_id)


def _current(connection: duckdb.DuckDBPyConnection, delivery: Delivery) -> list[int]:
    rows = connection.execute(
        "select batch_id from raw.batches where is_current and source_number = ? and table_name = ?",
        [delivery.source_number, delivery.table.name],
    ).fetchall()
    return [batch for (batch,) in rows]


def _with_earlier(connection: duckdb.DuckDBPyConnection, delivery: Delivery, batches: list[int]) -> list[int]:
    """Increments that have left the folder still count; of one file the last landing does."""
    rows = connection.execute(
        """select max(batch_id) from raw.batches
        where source_number = ? and source_path = ? and table_name = ? and file_sha256 not in (
            select file_sha256 from raw.batches where list_contains(?, batch_id))
        group by file_sha256""",
        [delivery.source_number, delivery.source.path, delivery.table.name, batches],
    ).fetchall()
    return batches + [batch for (batch,) in rows]


def _refuse_a_drop(
    connection: duckdb.DuckDBPyConnection, delivery: Delivery, batches: list[int], before: list[int]
) -> None:
    old, new = _rows(connection, before), _rows(connection, batches)
    if old and new <= (1 - _LARGEST_DROP) * old:
        name = delivery.inputs[0].name if len(delivery.inputs) == 1 else f"{len(delivery.inputs)} files"
        delivery.refuse(
            name,
            f"{new:,} rows where the delivery before had {old:,}, 40 % fewer or worse; "
            "a manifest.csv that states the rows would vouch for them.",
        )


def _rows(connection: duckdb.DuckDBPyConnection, batches: list[int]) -> int:
    row = connection.execute(
        "select coalesce(sum(rows_read), 0) from raw.batches where list_contains(?, batch_id)", [batches]
    ).fetchone()
    return int(row[0]) if row else 0


def _retire(connection: duckdb.DuckDBPyConnection, batches: list[int], run_id: str) -> None:
    connection.execute(
        "update raw.batches set is_current = false where list_contains(?, batch_id)", [batches]
    )
    connection.execute(
        """update raw.quarantined_rows set resolved_run_id = ?, resolution = 'superseded by a later delivery'
        where list_contains(?, batch_id) and resolved_run_id is null""",
        [run_id, batches],
    )


def _restore(connection: duckdb.DuckDBPyConnection, batches: list[int]) -> None:
    """A delivery that is current again has its own findings again; unknown patients are looked for anew."""
    connection.execute("update raw.batches set is_current = true where list_contains(?, batch_id)", [batches])
    connection.execute(
        """update raw.quarantined_rows set resolved_run_id = null, resolution = null
        where list_contains(?, batch_id) and check_name <> 'patient_known'""",
        [batches],
    )
