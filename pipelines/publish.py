"""Publication: one folder a run, and one rename that makes it the current one.

`publications/RUN_ID/` is built under another name, flushed to the disk and renamed; then the symlink
`current` is replaced. The names people use are symlinks through it, so nobody sees a mix of two runs,
and an analyst who has the old file open keeps reading the old file.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import duckdb

from pipelines.audit import comment, write_audit
from pipelines.audit_tables import Column
from pipelines.disk import replace_symlink, sync_folder, sync_tree
from pipelines.errors import RunFailed
from pipelines.history import RunRecord
from pipelines.warehouse import Warehouse, literal

_PARTIAL = ".partial"
_NAMES = ("afterline.duckdb", "marts", "site")


def prepare_folder(warehouse: Warehouse, run_id: str) -> Path:
    """An empty `publications/RUN_ID.partial/`, and away with what killed runs left under such names."""
    for leftover in warehouse.publications.glob(f"*{_PARTIAL}"):
        shutil.rmtree(leftover)
    folder = warehouse.publications / f"{run_id}{_PARTIAL}"
    folder.mkdir(parents=True)
    return folder


def write_database(warehouse: Warehouse, folder: Path, record: RunRecord) -> None:
    """Write `afterline.duckdb` (marts and audit) and `marts/*.parquet` into the publication's folder."""
    file = folder / "afterline.duckdb"
    with _new_database(file, warehouse) as connection:
        # under the name dbt gave it: a view's text names its tables with the catalog
        connection.execute(f"attach '{literal(warehouse.build_db)}' as afterline (read_only)")
        marts = copy_marts(connection)
        write_audit(connection, record)
        write_parquet(connection, marts, folder / "marts")
    for written in (file, *(folder / "marts").iterdir()):
        # published means finished: whoever opens it for writing by mistake is told so
        written.chmod(0o444)


def write_held_audit(warehouse: Warehouse, folder: Path, record: RunRecord) -> None:
    """Write `afterline-audit.duckdb`, the audit schema alone, for a run that publishes nothing."""
    with _new_database(folder / "afterline-audit.duckdb", warehouse) as connection:
        write_audit(connection, record)


@contextmanager
def _new_database(file: Path, warehouse: Warehouse) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection that writes into a new file, with landing attached; the file is whole when it ends."""
    with closing(duckdb.connect(config={"autoinstall_known_extensions": "false"})) as connection:
        connection.execute(f"attach '{literal(file)}' as published")
        connection.execute(f"attach '{literal(warehouse.landing)}' as landing (read_only)")
        connection.execute("use published")
        # one transaction: several hundred comments, each flushed to the disk, would take seconds
        connection.execute("begin")
        yield connection
        connection.execute("commit")
        connection.execute("checkpoint published")
        connection.execute("use memory")
        connection.execute("detach published")
    if file.with_name(f"{file.name}.wal").exists():
        raise RunFailed(f"{file.name} did not close cleanly, so it was not published.")


def copy_marts(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Copy every table and view of the build's schema `marts`, with comments; returns their names.

    Views become tables: the published file has nothing else they could read from.
    """
    connection.execute("create schema marts")
    relations = connection.execute(
        """
        select table_name as name, comment from duckdb_tables()
        where database_name = 'afterline' and schema_name = 'marts'
        union all
        select view_name as name, comment from duckdb_views()
        where database_name = 'afterline' and schema_name = 'marts'
        order by name
        """
    ).fetchall()
    if not relations:
        raise RunFailed("The build has no marts to publish.")
    for name, text in relations:
        connection.execute(f'create table marts."{name}" as from afterline.marts."{name}"')
        comment(connection, f'marts."{name}"', text, _columns(connection, name))
        _assert_complete(connection, name)
    return [name for name, _ in relations]


def write_parquet(connection: duckdb.DuckDBPyConnection, marts: list[str], folder: Path) -> None:
    """One Parquet file a mart, for notebooks and R."""
    folder.mkdir()
    for name in marts:
        connection.execute(f"copy marts.\"{name}\" to '{literal(folder / name)}.parquet' (format parquet)")


def switch(warehouse: Warehouse, folder: Path, run_id: str) -> None:
    """Make the finished folder the current publication; the last rename is the moment of publication."""
    sync_tree(folder)
    folder.rename(warehouse.publications / run_id)
    sync_folder(warehouse.publications)
    for name in _NAMES:
        _link_through_current(warehouse.root / name)
    replace_symlink(warehouse.current, f"{warehouse.publications.name}/{run_id}")


def current_run_id(warehouse: Warehouse) -> str | None:
    """The run whose publication stands, or None before the first one."""
    return warehouse.current.readlink().name if warehouse.current.is_symlink() else None


def retain(warehouse: Warehouse, keep: int) -> list[str]:
    """Delete all but the newest `keep` publications, never the current one; returns the run ids deleted."""
    current = current_run_id(warehouse)
    folders = sorted((f for f in warehouse.publications.iterdir() if f.is_dir()), reverse=True)
    spare = [folder for folder in folders if folder.name != current]
    expired = spare[max(keep - 1, 0) :]
    for folder in expired:
        shutil.rmtree(folder)
    return [folder.name for folder in expired]


def _link_through_current(link: Path) -> None:
    target = f"current/{link.name}"
    if link.is_symlink() and str(link.readlink()) == target:
        return
    if link.exists() and not link.is_symlink():
        raise RunFailed(f"{link} is in the way: it must be a symlink to the publication; move it elsewhere.")
    replace_symlink(link, target)


def _columns(connection: duckdb.DuckDBPyConnection, table: str) -> tuple[Column, ...]:
    rows = connection.execute(
        """
        select column_name, data_type, comment from duckdb_columns()
        where database_name = 'afterline' and schema_name = 'marts' and table_name = ?
        order by column_index
        """,
        [table],
    ).fetchall()
    return tuple(Column(name, type_, text or "") for name, type_, text in rows)


def _assert_complete(connection: duckdb.DuckDBPyConnection, table: str) -> None:
    counts = connection.execute(
        f'select (select count(*) from afterline.marts."{table}"), (select count(*) from marts."{table}")'
    ).fetchone()
    if counts is None or counts[0] != counts[1]:
        raise RunFailed(f"marts.{table} was not copied whole, so nothing was published.")
