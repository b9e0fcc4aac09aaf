"""Great Expectations on DuckDB: a read-only connection, and an engine that fetches inside it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import duckdb
import sqlalchemy as sa
from duckdb_engine import ConnectionWrapper
from great_expectations.execution_engine import SqlAlchemyExecutionEngine

if TYPE_CHECKING:
    from sqlalchemy.engine import Result

# the catalog that dbt's views name; landing's views name `landing`
BUILD = "afterline"


class DuckDBExecutionEngine(SqlAlchemyExecutionEngine):
    """GX's SQL engine, with the rows read before the connection goes back.

    GX 1.24 hands out the cursor of a connection that it has given back by then. Most drivers have the rows
    buffered; DuckDB's results belong to the connection, so the fetch finds nothing, and GX ends in "list
    index out of range". A frozen result is a complete copy that can be fetched from at any time.
    """

    def execute_query(self, query: sa.Selectable | sa.TextClause) -> Result[Any]:
        """Run `query` and return all of its rows. Errors of the database pass through as SQLAlchemy's."""
        with self.get_connection() as connection:
            return connection.execute(cast("sa.Executable", query)).freeze()()


def connect(build_db: Path, landing_db: Path, scratch: Path) -> duckdb.DuckDBPyConnection:
    """An in-memory database with the build and landing attached read-only, spilling into `scratch`.

    What the checks find is gathered in memory (`memory.main`); neither file can be written to. Raises
    duckdb.Error where a file is missing, is no DuckDB file or is held for writing by another process.
    """
    config: dict[str, str | bool | int | float | list[str]] = {
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
        "temp_directory": str(scratch),
    }
    connection = duckdb.connect(":memory:", config=config)
    try:
        for path, catalog in ((build_db, BUILD), (landing_db, "landing")):
            quoted = str(path).replace("'", "''")
            connection.execute(f"attach '{quoted}' as {catalog} (read_only)")
        connection.execute(f"use {BUILD}")
    except duckdb.Error:
        connection.close()
        raise
    return connection


def execution_engine(connection: duckdb.DuckDBPyConnection) -> DuckDBExecutionEngine:
    """A GX engine on a second connection to the same database, so that both see the attached files."""

    def second_connection() -> ConnectionWrapper:
        cursor = connection.cursor()
        cursor.execute(f"use {BUILD}")
        return ConnectionWrapper(cursor)

    engine = sa.create_engine("duckdb://", creator=second_connection, poolclass=sa.pool.StaticPool)
    return DuckDBExecutionEngine(engine=engine, create_temp_table=False)
