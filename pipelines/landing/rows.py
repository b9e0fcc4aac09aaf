"""From `staged` into `raw`: each row lands, is quarantined with its reason, or is an exact duplicate."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import duckdb

from pipelines.landing import casting
from pipelines.landing.findings import Finding, findings
from pipelines.landing.inputs import Input, RefusedError
from pipelines.landing.reading import Staged
from pipelines.landing.schema import PROVENANCE
from pipelines.landing.spool import Fingerprint

# with fewer values, a majority that does not fit is no evidence against the declaration
_EVIDENCE = 10


@dataclass(frozen=True)
class Landed:
    """One landing of one file into one table: rows_in_file = rows_excluded + rows_read, and
    rows_read = rows_landed + rows_quarantined + rows_duplicate.
    """

    batch_id: int
    table: str
    file: str
    rows_in_file: int
    rows_excluded: int
    rows_read: int
    rows_landed: int
    rows_quarantined: int
    rows_duplicate: int


def land_rows(
    connection: duckdb.DuckDBPyConnection,
    item: Input,
    staged: Staged,
    before: Fingerprint,
    run_id: str,
    landed_at: datetime,
    stated_rows: int | None,
) -> Landed:
    """Land `staged` as one batch, not yet current, in one transaction.

    `landed_at` is aware; its local date is the landing day. Raises RefusedError where the file contradicts
    what is declared about it, or `stated_rows` (of a manifest).
    """
    checks = findings(item, landed_at.astimezone().date())
    in_file = _count(connection, "staged")
    if stated_rows is not None and stated_rows != in_file:
        raise RefusedError(f"the file has {in_file:,} rows where manifest.csv states {stated_rows:,}.")
    _judge(connection, item, staged, checks)
    _refuse_contradictions(connection, item, staged, checks)
    _find_duplicates(connection, staged)
    connection.execute("begin")
    try:
        landed = _insert(connection, item, staged, before, run_id, landed_at, checks, in_file)
        connection.execute("commit")
    except BaseException:
        connection.execute("rollback")
        raise
    finally:
        for name in ("staged", "judged", "duplicates", "good"):
            connection.execute(f"drop table if exists temp.{name}")
    return landed


def _judge(connection: duckdb.DuckDBPyConnection, item: Input, staged: Staged, checks: list[Finding]) -> None:
    """`judged`: the rows that the filter keeps, in the extract format, each with the first check it fails."""
    columns = item.table.columns
    texts = ", ".join(f"{casting.mapped(item, staged, c)} as text_{c.name}" for c in columns)
    casts = ", ".join(f"{casting.cast(c, f'text_{c.name}', item)} as {c.name}" for c in columns)
    cases = " ".join(f"when {check.condition} then {n}" for n, check in enumerate(checks))
    content = casting.fingerprint(c.name for c in columns if c.name != item.table.made_id)
    made = f"case when {item.table.made_id} is null then md5({content}) end" if item.table.made_id else "null"
    connection.execute(
        f"""create or replace temp table judged as
        with texts as (
            select rowid + 1 as _record_number, {_extra(item, staged)} as _extra, {texts}
            from staged where {casting.row_filter(item, staged)}
        ),
        casts as (select *, {casts} from texts),
        final as (
            select _record_number, _extra, {", ".join(item.table.names)},
                {
            ", ".join(f"text_{c.name} is not null as has_{c.name}" for c in columns if c.kind == "date")
            or "true as has_dates"
        },
                cast({f"case {cases} end" if cases else "null"} as integer) as _failed,
                {made} as _content
            from casts
        )
        select * from final"""
    )


def _extra(item: Input, staged: Staged) -> str:
    """Undeclared columns as JSON, NULL where there are none."""
    declared = set(item.mapping.columns.values()) if item.mapping else set(item.table.names)
    extra = [name for name in staged.header if name not in declared]
    return _json(staged, extra) if extra else "cast(null as varchar)"


def _json(staged: Staged, names: list[str]) -> str:
    pairs = ", ".join(f"{casting.literal(name)}, {staged.place(name)}" for name in names)
    return f"cast(json_object({pairs}) as varchar)"


def _refuse_contradictions(
    connection: duckdb.DuckDBPyConnection, item: Input, staged: Staged, checks: list[Finding]
) -> None:
    """Where most dates of a column are not what is declared, the declaration is wrong and not the rows."""
    for column in item.table.columns:
        if column.kind != "date":
            continue
        row = connection.execute(
            f"""select count(*) filter (has_{column.name}),
                count(*) filter (has_{column.name} and {column.name} is null),
                min(_record_number) filter (has_{column.name} and {column.name} is null)
            from judged"""
        ).fetchone()
        stated, misfits, first = row or (0, 0, None)
        if first is not None and stated >= _EVIDENCE and misfits * 2 > stated:
            reason = next(
                c.reason for c in checks if c.column == column.name and c.check != "required_not_null"
            )
            raise RefusedError(
                f"{misfits:,} of {stated:,} dates contradict the declared form, the first in "
                f"{staged.where(first, item.dialect)}: {reason}"
            )


def _find_duplicates(connection: duckdb.DuckDBPyConnection, staged: Staged) -> None:
    """`duplicates`: rows that repeat an earlier row of the file in every column, as delivered."""
    row = casting.fingerprint(f"c{n}" for n in range(1, len(staged.header) + 1))
    connection.execute(
        f"""create or replace temp table duplicates as
        with hashed as materialized (
            select rowid + 1 as record_number, md5_number({row}) as content
            from staged where rowid + 1 in (select _record_number from judged)
        ),
        repeated as (
            select content, min(record_number) as first from hashed group by content having count(*) > 1
        )
        select record_number from hashed inner join repeated using (content) where record_number > first"""
    )


def _insert(
    connection: duckdb.DuckDBPyConnection,
    item: Input,
    staged: Staged,
    before: Fingerprint,
    run_id: str,
    landed_at: datetime,
    checks: list[Finding],
    in_file: int,
) -> Landed:
    batch_id = int(_one(connection, "select nextval('raw.batch_ids')"))
    read, duplicates = _count(connection, "judged"), _count(connection, "duplicates")
    _insert_good(connection, item, before.sha256, batch_id)
    _insert_bad(connection, staged, checks, batch_id, run_id)
    bad = _count(connection, f"raw.quarantined_rows where batch_id = {batch_id}")
    landed = Landed(
        batch_id, item.table.name, item.name, in_file, in_file - read, read,
        read - bad - duplicates, bad, duplicates,
    )  # fmt: skip
    _insert_batch(connection, item, before, landed, run_id, landed_at)
    return landed


def _insert_good(connection: duckdb.DuckDBPyConnection, item: Input, sha256: str, batch_id: int) -> None:
    made = item.table.made_id
    # rows that say the same have the same content: they are told apart by their order, as long as it holds
    made_id = "'made-' || _content || case when place > 1 then '-' || place else '' end"
    columns = ", ".join(f"coalesce({made}, {made_id})" if name == made else name for name in item.table.names)
    connection.execute(
        """create or replace temp table good as
        select * from judged
        where _failed is null and _record_number not in (select record_number from duplicates)"""
    )
    connection.execute(
        f"""insert into raw.{item.table.name} ({", ".join((*item.table.names, *PROVENANCE))})
        with repeated as (
            select _content from good where _content is not null group by _content having count(*) > 1
        ),
        numbered as (
            select _record_number, row_number() over (partition by _content order by _record_number) as place
            from good inner join repeated using (_content)
        )
        select {columns}, _extra, {item.source_number}, '{item.date_basis}', {item.precedence}, '{sha256}',
            _record_number, {batch_id}
        from good left join numbered using (_record_number)"""
    )


def _insert_bad(
    connection: duckdb.DuckDBPyConnection, staged: Staged, checks: list[Finding], batch_id: int, run_id: str
) -> None:
    if not checks:
        return
    reasons = ", ".join(
        f"({n}, {casting.literal(c.column)}, {casting.literal(c.check)}, {casting.literal(c.reason)})"
        for n, c in enumerate(checks)
    )
    connection.execute(
        f"""insert into raw.quarantined_rows
        with reasons (number, column_name, check_name, reason) as (values {reasons})
        select {batch_id}, judged._record_number, column_name, check_name, reason,
            {_json(staged, list(staged.header))}, ?, null, null
        from judged
        inner join reasons on judged._failed = reasons.number
        inner join staged on staged.rowid + 1 = judged._record_number
        where judged._record_number not in (select record_number from duplicates)
        order by judged._record_number""",
        [run_id],
    )


def _insert_batch(
    connection: duckdb.DuckDBPyConnection,
    item: Input,
    before: Fingerprint,
    landed: Landed,
    run_id: str,
    landed_at: datetime,
) -> None:
    # a file has one number per source, however many tables it lands in
    input_number = _one(
        connection,
        f"""select coalesce(
            (select min(input_number) from raw.batches
             where source_number = {item.source_number} and file_sha256 = '{before.sha256}'),
            (select coalesce(max(input_number), 0) + 1 from raw.batches))""",
    )
    connection.execute(
        f"insert into raw.batches values ({', '.join('?' * 21)})",
        [
            *(landed.batch_id, run_id, input_number, item.source_number, item.source.path),
            *(item.table.name, item.name, before.sha256, item.mapping_hash, item.source.delivery),
            landed_at.astimezone(UTC).replace(tzinfo=None),
            *(landed.rows_in_file, landed.rows_excluded, landed.rows_read, landed.rows_landed),
            *(landed.rows_quarantined, landed.rows_duplicate, before.size, False, False, "landed"),
        ],
    )


def _one(connection: duckdb.DuckDBPyConnection, query: str) -> int:
    row = connection.execute(query).fetchone()
    return int(row[0]) if row else 0


def _count(connection: duckdb.DuckDBPyConnection, relation: str) -> int:
    return _one(connection, f"select count(*) from {relation}")
