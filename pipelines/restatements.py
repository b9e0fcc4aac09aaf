"""Restatements: study patients who differ from the last publication, in what, and which input did it.

A study that only one of the two publications has restates nothing.
"""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from pipelines.audit_tables import RESTATEMENTS
from pipelines.publish import current_run_id
from pipelines.study_endpoints import STUDY_ENDPOINTS
from pipelines.warehouse import Warehouse, literal

# the manifest's hashes of the study files, by study
_STUDY_FILES = "study_files_sha256"


@dataclass(frozen=True)
class Delivery:
    """The batches of one table and source that became current, or stopped being so, since the publication."""

    table_name: str
    new: tuple[int, ...]
    gone: tuple[int, ...]

    @property
    def named(self) -> tuple[int, ...]:
        """The batches to name as what changed: the new ones, or what a delivery left out."""
        return self.new or self.gone


@dataclass(frozen=True)
class Studies:
    """Studies of study files that only one publication has, and those whose file is another one now."""

    one_sided: list[str]
    changed: list[str]


def write_restatements(warehouse: Warehouse, run_id: str, setup: dict[str, Any], file: Path) -> int | None:
    """Write this run's restatements to a Parquet file with the columns of `audit.restatements`.

    `setup` is the manifest's code state and hashes of lock file, site file and study files as they are now.
    Returns the number of patients restated, leaving out those whose censored time only grew; None where there
    is no earlier publication (the file then holds no rows).
    """
    with closing(duckdb.connect(config={"autoinstall_known_extensions": "false"})) as connection:
        connection.execute(f"create table restatements ({RESTATEMENTS.definition})")
        previous = current_run_id(warehouse)
        if previous is not None:
            _compare(connection, warehouse, setup, run_id, previous)
        connection.execute(f"copy restatements to '{literal(file)}' (format parquet)")
        row = connection.execute(
            "select count(distinct (study_id, patient_id)) from restatements where change != 'follow_up'"
        ).fetchone()
    return None if previous is None or row is None else int(row[0])


def _compare(
    connection: duckdb.DuckDBPyConnection,
    warehouse: Warehouse,
    setup: dict[str, Any],
    run_id: str,
    previous: str,
) -> None:
    folder = warehouse.publications / previous
    for path, name in ((folder / "afterline.duckdb", "before"), (warehouse.build_db, "afterline")):
        connection.execute(f"attach '{literal(path)}' as {name} (read_only)")
    connection.execute(f"attach '{literal(warehouse.landing)}' as landing (read_only)")
    then = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    deliveries = _deliveries(connection, then["inputs"])
    studies = _studies(then, setup)
    _find_differences(connection, studies.one_sided)
    _find_candidates(connection, deliveries)
    changed = _input_numbers(connection, [batch for delivery in deliveries for batch in delivery.named])
    connection.execute(
        f"""
        insert into restatements ({RESTATEMENTS.column_list})
        select
            $run_id, $previous, found.study_id, found.patient_id, found.change, found.column_name,
            found.old_value, found.new_value,
            coalesce(candidates.input_numbers, $changed::integer[]),
            case
                when len($changed::integer[]) = 0 and not $setup_changed
                    and list_contains($changed_studies::varchar[], found.study_id) then 'study file'
                when len($changed::integer[]) = 0 then 'setup'
                when $setup_changed or list_contains($changed_studies::varchar[], found.study_id)
                    then 'inputs or setup'
                when len(candidates.input_numbers) = 1 then 'input'
                else 'inputs'
            end
        from differences as found
        left join candidates on found.patient_id = candidates.patient_id
        order by all
        """,
        {
            "run_id": run_id,
            "previous": previous,
            "changed": changed,
            "setup_changed": _changed(then, setup),
            "changed_studies": studies.changed,
        },
    )


def _deliveries(connection: duckdb.DuckDBPyConnection, then: list[dict[str, Any]]) -> list[Delivery]:
    """What changed among the current inputs, by table and source."""
    now = connection.execute(
        "select table_name, source_number, batch_id from landing.raw.batches where is_current"
    ).fetchall()
    after = set(now)
    before = {(row["table_name"], row["source_number"], row["batch_id"]) for row in then if row["is_current"]}
    changed = sorted({key[:2] for key in before ^ after})
    return [
        Delivery(
            table_name=table,
            new=tuple(sorted(batch for *key, batch in after - before if key == [table, source])),
            gone=tuple(sorted(batch for *key, batch in before - after if key == [table, source])),
        )
        for table, source in changed
    ]


def _find_differences(connection: duckdb.DuckDBPyConnection, left_out: list[str]) -> None:
    """Table `differences`: one row a patient and endpoint column that is not what it was.

    The studies `left_out` have no rows.
    """
    columns = [name for name in STUDY_ENDPOINTS if name in _shared_columns(connection)]
    grown = " or ".join(
        f"(column_name = '{name}' and old_events['{column.event}'] = 0 and new_events['{column.event}'] = 0 "
        "and try_cast(new_value as double) > try_cast(old_value as double))"
        for name, column in STUDY_ENDPOINTS.items()
        if name in columns and column.event in columns
    )
    connection.execute(
        f"""
        create temp table differences as
        with old_values as ({_long("before", columns)}), new_values as ({_long("afterline", columns)}),
        old_patients as (select distinct study_id, patient_id from old_values),
        new_patients as (select distinct study_id, patient_id from new_values)

        select
            study_id, patient_id, column_name, old_value, new_value,
            case when {grown or "false"} then 'follow_up' else 'changed' end as change
        from old_values inner join new_values using (study_id, patient_id, column_name)
        where old_value is distinct from new_value
        union all by name
        select *, 'left' as change from old_patients anti join new_patients using (study_id, patient_id)
        union all by name
        select *, 'entered' as change from new_patients anti join old_patients using (study_id, patient_id)
        """
    )
    connection.execute("delete from differences where list_contains(?::varchar[], study_id)", [left_out])


def _long(catalog: str, columns: list[str]) -> str:
    side = "old" if catalog == "before" else "new"
    names = ", ".join(f"'{name}'" for name in columns)
    values = ", ".join(f"{name}::varchar" for name in columns)
    flags = sorted({column.event for column in STUDY_ENDPOINTS.values() if column.event in columns})
    events = ", ".join(f"'{flag}': {flag}::integer" for flag in flags)
    return f"""
        select
            study_id, patient_id, unnest([{names}]) as column_name, unnest([{values}]) as {side}_value,
            map {{{events}}} as {side}_events
        from {catalog}.marts.study_patients
    """


def _find_candidates(connection: duckdb.DuckDBPyConnection, deliveries: list[Delivery]) -> None:
    """Table `candidates`: for each patient the changed inputs in which her own records differ."""
    connection.execute("create temp table touched (patient_id varchar, input_number integer)")
    for delivery in deliveries:
        connection.execute(
            f"""
            insert into touched
            with records as (
                select
                    pseudonyms.pseudonym as patient_id,
                    records._batch_id in (select unnest($new::bigint[])) as is_new,
                    md5_number_lower(to_json(columns_of(records)))::hugeint as fingerprint
                from landing.raw.{delivery.table_name} as records
                inner join landing.raw.pseudonyms as pseudonyms
                    on records.patient_id = pseudonyms.id and pseudonyms.id_table = 'patients'
                where records._batch_id in (select unnest($new::bigint[] || $gone::bigint[]))
            ),

            moved as (
                select patient_id from records group by patient_id
                having sum(if(is_new, fingerprint, -fingerprint)) != 0
            )

            select patient_id, unnest($named::integer[]) from moved
            """.replace("columns_of(records)", _content(connection, delivery.table_name)),
            {
                "new": list(delivery.new),
                "gone": list(delivery.gone),
                "named": _input_numbers(connection, list(delivery.named)),
            },
        )
    connection.execute(
        """
        create temp table candidates as
        select patient_id, list(distinct input_number order by input_number) as input_numbers
        from touched group by patient_id
        """
    )


def _input_numbers(connection: duckdb.DuckDBPyConnection, batches: list[int]) -> list[int]:
    rows = connection.execute(
        "select distinct input_number from landing.raw.batches "
        "where batch_id in (select unnest(?::bigint[])) order by input_number",
        [batches],
    ).fetchall()
    return [number for (number,) in rows]


def _content(connection: duckdb.DuckDBPyConnection, table: str) -> str:
    """The columns a site delivered, as one struct: not where and when the row was landed."""
    rows = connection.execute(
        """
        select column_name from duckdb_columns()
        where database_name = 'landing' and schema_name = 'raw' and table_name = ?
        and (column_name = '_extra' or not starts_with(column_name, '_')) order by column_index
        """,
        [table],
    ).fetchall()
    return "struct_pack(" + ", ".join(f'"{name}" := records."{name}"' for (name,) in rows) + ")"


def _shared_columns(connection: duckdb.DuckDBPyConnection) -> set[str]:
    rows = connection.execute(
        """
        select column_name from duckdb_columns()
        where database_name in ('before', 'afterline')
        and schema_name = 'marts' and table_name = 'study_patients'
        group by column_name having count(*) = 2
        """
    ).fetchall()
    return {name for (name,) in rows}


def _changed(then: dict[str, Any], setup: dict[str, Any]) -> bool:
    """Whether code, lock file, site file or data cut differ: then no input alone is held responsible.

    Code with uncommitted changes has no name, so it may always be another. A study file answers for its own
    study alone.
    """
    others = {name: value for name, value in setup.items() if name != _STUDY_FILES}
    return bool(setup["code"]["dirty"]) or any(then.get(name) != value for name, value in others.items())


def _studies(then: dict[str, Any], setup: dict[str, Any]) -> Studies:
    """What became of the study files; manifests from before there were any name none."""
    before, now = then.get(_STUDY_FILES) or {}, setup.get(_STUDY_FILES) or {}
    both = before.keys() & now.keys()
    return Studies(
        one_sided=sorted(before.keys() ^ now.keys()),
        changed=sorted(name for name in both if before[name] != now[name]),
    )
