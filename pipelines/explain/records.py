"""A patient's records in the landing file: what they say, and the raw file and record each stands in."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field

import duckdb

from pipelines.errors import AfterlineError, LockHeld, UsageError
from pipelines.explain.marts import Row, rows
from pipelines.extract_format import ID_TABLES
from pipelines.publish import current_run_id
from pipelines.warehouse import Warehouse

# what a story is told from; visits and laboratory values only count where an endpoint names them
_STORY_TABLES = ("patients", "diagnoses", "metastases", "medications", "assessments", "procedures")


@dataclass(frozen=True)
class Records:
    """`tables`: current rows by extract table, each with `record_id` (the pseudonym where the table has ids)
    and `place`. `places`: where the record of (table, id) stands. `note`: what a reader must know about them.
    """

    tables: dict[str, list[Row]] = field(default_factory=dict)
    places: dict[tuple[str, str], str] = field(default_factory=dict)
    note: str = ""

    def place(self, table: str, record_id: str) -> str:
        """'medications.csv 83', the file and the record's number; nothing where landing could not be read."""
        return self.places.get((table, record_id), "")


@contextmanager
def opened(warehouse: Warehouse) -> Iterator[duckdb.DuckDBPyConnection]:
    """The landing file, read-only, while no run writes it.

    The run lock is shared meanwhile, so that a run cannot begin with the file open elsewhere and fail on it.
    Raises LockHeld while a run works, UsageError where there is no landing file or it cannot be opened.
    """
    if not warehouse.landing.exists():
        raise UsageError(f"There is no landing file {warehouse.landing}.")
    with _no_run(warehouse):
        try:
            connection = duckdb.connect(
                str(warehouse.landing), read_only=True, config={"autoinstall_known_extensions": "false"}
            )
        except duckdb.Error as error:
            # DuckDB's sentence names the process that holds it, or says that the file may not be read
            raise UsageError(f"The landing file {warehouse.landing} cannot be opened.") from error
        with closing(connection):
            yield connection


@contextmanager
def _no_run(warehouse: Warehouse) -> Iterator[None]:
    if not warehouse.lock.exists():
        yield
        return
    with warehouse.lock.open("rb") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            raise LockHeld(
                "A run works on this warehouse and holds its landing file: try again when it has ended."
            ) from None
        yield


def pseudonym_of(warehouse: Warehouse, patient: str) -> str | None:
    """The pseudonym of a real id, None where no record was ever landed for it.

    Raises LockHeld and UsageError as `opened` does.
    """
    with opened(warehouse) as landing:
        found = landing.execute(
            "select pseudonym from raw.pseudonyms where id_table = 'patients' and id = ?", [patient]
        ).fetchone()
    return str(found[0]) if found else None


def read_records(warehouse: Warehouse, pseudonym: str, wanted: set[tuple[str, str]]) -> Records:
    """Her current records, and the places of `wanted` (table, record id) beside theirs.

    Where the landing file cannot be read, no records and a note that says why.
    """
    try:
        with opened(warehouse) as landing:
            return _read(landing, pseudonym, wanted, current_run_id(warehouse))
    except AfterlineError as error:
        return Records(note=f"{error.message} What follows is told from the published marts alone.")


def _read(
    landing: duckdb.DuckDBPyConnection, pseudonym: str, wanted: set[tuple[str, str]], published: str | None
) -> Records:
    ids = rows(
        landing, "select id from raw.pseudonyms where id_table = 'patients' and pseudonym = ?", [pseudonym]
    )
    if not ids:
        return Records(note="The landing file holds no record of hers.")
    patient = ids[0]["id"]
    tables = {name: _current(landing, name, patient) for name in _STORY_TABLES}
    places = {
        (name, row["record_id"]): row["place"] for name, found in tables.items() for row in reversed(found)
    }
    for table, record_id in sorted(wanted - set(places)):
        place = _place(landing, table, record_id, patient)
        if place:
            places[table, record_id] = place
    return Records(tables, places, _later_deliveries(landing, published))


def _current(landing: duckdb.DuckDBPyConnection, table: str, patient: str) -> list[Row]:
    record_id, join = _record_id(table)
    return rows(
        landing,
        f"""
        select r.*, {record_id} as record_id, b.file_name || ' ' || r._record_number as place
        from raw.current_{table} as r
        inner join raw.batches as b on b.batch_id = r._batch_id
        {join}
        where r.patient_id = ?
        order by r._precedence, r._source_number, r._record_number""",
        [patient],
    )


def _place(landing: duckdb.DuckDBPyConnection, table: str, record_id: str, patient: str) -> str:
    """Where a record beyond the story stands: a visit, say, or one that a later delivery no longer has."""
    named, join = _record_id(table)
    found = landing.execute(
        f"""
        select b.file_name || ' ' || r._record_number
            || case when b.is_current then '' else ', earlier delivery' end
        from raw.{table} as r
        inner join raw.batches as b on b.batch_id = r._batch_id
        {join}
        where r.patient_id = ? and {named} = ?
        order by b.is_current desc, b.batch_id desc""",
        [patient, record_id],
    ).fetchone()
    return str(found[0]) if found else ""


def _record_id(table: str) -> tuple[str, str]:
    """The expression that names a record as the marts do, and the join it needs (the staging models)."""
    if table == "patients" or table not in ID_TABLES:
        return "r._batch_id || '-' || r._record_number", ""
    join = f"inner join raw.pseudonyms as p on p.id_table = '{table}' and p.id = r.{ID_TABLES[table]}"
    return "p.pseudonym", join


def _later_deliveries(landing: duckdb.DuckDBPyConnection, published: str | None) -> str:
    row = landing.execute("select max(run_id) from raw.batches where is_current").fetchone()
    # run ids begin with the run's start in UTC, so they sort by it
    if row is None or row[0] is None or published is None or row[0] <= published:
        return ""
    return (
        "Files have landed since this publication: the story shows what they say now, decisions, lines and "
        "endpoints are as published."
    )
