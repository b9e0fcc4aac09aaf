"""The engine reads its rows inside the connection, and the stock engine still does not."""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb
import pytest
import sqlalchemy as sa
from great_expectations.execution_engine import SqlAlchemyExecutionEngine

from expectations.engine import connect, execution_engine
from tests.expectations.tiny_site import TinySite

PATIENTS = sa.text("select patient_id from marts.patients order by patient_id")


@pytest.fixture
def connection(clean_site: TinySite, tmp_path: Path) -> duckdb.DuckDBPyConnection:
    return connect(clean_site.build_db, clean_site.landing_db, tmp_path / "scratch")


def test_rows_are_there_after_the_connection_went_back(connection: duckdb.DuckDBPyConnection) -> None:
    result = execution_engine(connection).execute_query(PATIENTS)

    assert [tuple(row) for row in result.fetchall()] == [("p1",), ("p2",), ("p3",), ("p4",)]


def test_rows_may_be_fetched_in_part_and_an_empty_result_is_empty(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    engine = execution_engine(connection)

    assert len(engine.execute_query(PATIENTS).fetchmany(3)) == 3
    assert engine.execute_query(sa.text("select 1 where false")).fetchall() == []


def test_the_stock_engine_loses_its_rows(clean_site: TinySite) -> None:
    """The reason for the subclass: when this fails, GX reads DuckDB by itself and ours can go.

    It says nothing; whoever takes the first row of the answer gets "list index out of range".
    """
    engine = sa.create_engine(f"duckdb:///{clean_site.build_db}", connect_args={"read_only": True})
    stock = SqlAlchemyExecutionEngine(engine=engine, create_temp_table=False)

    assert stock.execute_query(PATIENTS).fetchall() == []


def test_both_files_are_attached_read_only(connection: duckdb.DuckDBPyConnection) -> None:
    engine = execution_engine(connection)
    landed = engine.execute_query(sa.text("select count(*) from landing.raw.current_patients")).fetchone()

    assert landed is not None and landed[0] == 6
    with pytest.raises(duckdb.InvalidInputException, match="read-only"):
        connection.execute("delete from marts.patients")
    with pytest.raises(duckdb.InvalidInputException, match="read-only"):
        connection.execute("delete from landing.raw.patients")


def test_a_path_with_a_quote_is_attached(clean_site: TinySite, tmp_path: Path) -> None:
    folder = tmp_path / "l'ospedale"
    folder.mkdir()
    build_db = Path(shutil.copy(clean_site.build_db, folder))
    landing_db = Path(shutil.copy(clean_site.landing_db, folder))

    connection = connect(build_db, landing_db, tmp_path / "scratch")

    assert connection.execute("select count(*) from marts.patients").fetchall() == [(4,)]


def test_a_missing_file_is_an_error(clean_site: TinySite, tmp_path: Path) -> None:
    with pytest.raises(duckdb.Error, match="does not exist"):
        connect(tmp_path / "nothing.duckdb", clean_site.landing_db, tmp_path / "scratch")
