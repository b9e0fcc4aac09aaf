"""Rows of patients nobody has delivered yet are held back, and released when the patient arrives.

This is looked at anew on every run, over the current deliveries: the patient may come in a later file.
"""

from __future__ import annotations

import duckdb

from pipelines.extract_format import TABLES, Table

_OPEN = "check_name = 'patient_known' and resolved_run_id is null"
_REASON = "patient_id is not among the patients delivered."


def hold_unknown_patients(connection: duckdb.DuckDBPyConnection, run_id: str) -> None:
    """Open and resolve the quarantine entries of `patient_known`, and count the batches' rows anew.

    Runs inside the caller's transaction; the views `raw.current_<table>` leave out what is open.
    """
    connection.execute(
        "create or replace temp table known as select distinct patient_id from raw.current_patients"
    )
    for table in TABLES.values():
        if table.name != "patients":
            _release(connection, table, run_id)
            _hold(connection, table, run_id)
    connection.execute("drop table temp.known")
    # rows_read and rows_duplicate never change, so the invariant holds by construction of rows_landed
    connection.execute(
        """update raw.batches as b
        set rows_quarantined = n.found, rows_landed = rows_read - rows_duplicate - n.found
        from (
            select c.batch_id, count(q.batch_id) as found
            from raw.batches as c
            left join raw.quarantined_rows as q on q.batch_id = c.batch_id
                and (q.check_name <> 'patient_known' or q.resolved_run_id is null)
            where c.is_current
            group by c.batch_id
        ) as n
        where b.batch_id = n.batch_id and b.rows_quarantined <> n.found"""
    )


def _release(connection: duckdb.DuckDBPyConnection, table: Table, run_id: str) -> None:
    connection.execute(
        f"""update raw.quarantined_rows as q
        set resolved_run_id = ?, resolution = 'the patient was delivered'
        from raw.{table.name} as r inner join temp.known using (patient_id)
        where q.{_OPEN} and q.batch_id = r._batch_id and q.record_number = r._record_number
            and q.batch_id in (select batch_id from raw.batches where table_name = '{table.name}')""",
        [run_id],
    )


def _hold(connection: duckdb.DuckDBPyConnection, table: Table, run_id: str) -> None:
    columns = ", ".join(f"'{name}', r.{name}" for name in table.names)
    connection.execute(
        f"""insert into raw.quarantined_rows
        select r._batch_id, r._record_number, 'patient_id', 'patient_known', '{_REASON}',
            cast(json_object({columns}) as varchar), ?, null, null
        from raw.{table.name} as r
        inner join raw.batches as b on b.batch_id = r._batch_id and b.is_current
        anti join temp.known as k on k.patient_id = r.patient_id
        anti join (select * from raw.quarantined_rows where {_OPEN}) as q
            on q.batch_id = r._batch_id and q.record_number = r._record_number""",
        [run_id],
    )
