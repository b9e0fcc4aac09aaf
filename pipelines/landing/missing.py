"""Files that ought to be there and are not: a silent gap would look like patients without those records."""

from __future__ import annotations

from fnmatch import fnmatch

import duckdb

from pipelines.extract_format import TABLES
from pipelines.landing.inputs import Delivery
from pipelines.landing.manifest import Manifest
from pipelines.sitefile import AfterlineSource, FlatSource, Site


def refuse_missing(
    connection: duckdb.DuckDBPyConnection, site: Site, found: list[Delivery], manifests: dict[int, Manifest]
) -> None:
    """Add to `found` what was delivered before, is in a manifest, or is needed, and is not there now."""
    for number, source in enumerate(site.sources, start=1):
        for name in manifests[number].missing(site.folder_of(source)):
            for table in _tables_of(name, source):
                reason = "manifest.csv lists the file, but it is not in the folder."
                _delivery(found, number, source, table).refuse(name, reason)
        if isinstance(source, AfterlineSource):
            _refuse_gone(connection, number, source, found)
    if not any(delivery.table.name == "patients" for delivery in found):
        reason = "no source has a file for the table patients."
        _delivery(found, 1, site.sources[0], "patients").refuse("patients.csv", reason)


def _tables_of(name: str, source: AfterlineSource | FlatSource) -> list[str]:
    if isinstance(source, AfterlineSource):
        return [table for table in TABLES if table == name.lower().split(".")[0]]
    return [table for table, files in source.tables.items() if any(fnmatch(name, f.file) for f in files)]


def _refuse_gone(
    connection: duckdb.DuckDBPyConnection, number: int, source: AfterlineSource, found: list[Delivery]
) -> None:
    """Tables of this folder that were delivered before; an increment need not come every time."""
    rows = connection.execute(
        """select table_name, min(file_name) from raw.batches
        where is_current and source_number = ? and source_path = ? group by table_name order by table_name""",
        [number, source.path],
    ).fetchall()
    here = {delivery.table.name for delivery in found if delivery.source_number == number}
    for table, file in rows:
        if table not in here:
            delivery = _delivery(found, number, source, table)
            if source.delivery == "snapshot":
                delivery.refuse(
                    file, "the table was delivered before, and no file for it is in the folder now."
                )


def _delivery(
    found: list[Delivery], number: int, source: AfterlineSource | FlatSource, table: str
) -> Delivery:
    """This table's delivery from this source, a new one without files where there is none."""
    for delivery in found:
        if delivery.source_number == number and delivery.table.name == table:
            return delivery
    found.append(Delivery(number, source, TABLES[table]))
    return found[-1]
