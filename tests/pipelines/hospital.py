"""A made-up hospital for landing tests: write a file, land, look at what is in the landing file."""

from __future__ import annotations

import itertools
from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb

from pipelines.landing import LandingResult, land
from pipelines.progress import Progress
from pipelines.sitefile import load_site
from pipelines.warehouse import Warehouse

PATIENTS = "patient_id,sex\np1,female\np2,female\n"


class Hospital:
    """One site with one source folder; `land` runs in process, each call is a run of its own."""

    def __init__(self, root: Path, source: str = "format: afterline", settings: str = "") -> None:
        self.root = root
        self.extracts = root / "extracts"
        self.extracts.mkdir(parents=True, exist_ok=True)
        self.warehouse = Warehouse(root / "warehouse")
        self.site_file = root / "site.yml"
        self._runs = itertools.count(1)
        self.configure(source, settings)

    def configure(self, source: str, settings: str = "") -> None:
        """Write the site file: the source's YAML beside its path, and other settings."""
        indented = source.replace("\n", "\n    ")
        text = f"site: test\npseudonyms: none\nsources:\n  - path: extracts\n    {indented}\n{settings}"
        self.site_file.write_text(text, encoding="utf-8")

    def write(self, name: str, content: str | bytes) -> Path:
        """One file in the source folder."""
        path = self.extracts / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def land(self) -> LandingResult:
        """One run of landing."""
        return land(load_site(self.site_file), self.warehouse, f"run-{next(self._runs)}", Progress())

    def query(self, sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """Rows of a query on the landing file."""
        with closing(duckdb.connect(str(self.warehouse.landing), read_only=True)) as landing:
            return landing.execute(sql, list(parameters)).fetchall()

    def rows(self, table: str, columns: str) -> list[tuple[Any, ...]]:
        """Columns of a table's current rows, in the file's order."""
        return self.query(f"select {columns} from raw.current_{table} order by _batch_id, _record_number")

    def open_findings(self) -> list[tuple[str, int, str, str]]:
        """Table, record, column and check of every open finding on a current delivery."""
        return self.query(
            """select table_name, record_number, column_name, check_name from raw.quarantined_rows
            inner join raw.batches using (batch_id) where is_current and resolved_run_id is null
            order by table_name, record_number"""
        )

    def require_every_row_accounted_for(self) -> None:
        """The invariant of quality.md, section 1, on every batch, from the tables themselves."""
        batches = self.query(
            """select batch_id, table_name, rows_in_file, rows_excluded, rows_read, rows_landed,
                rows_quarantined, rows_duplicate, is_current from raw.batches"""
        )
        for batch, table, in_file, excluded, read, landed, quarantined, duplicates, is_current in batches:
            assert in_file == excluded + read
            assert read == landed + quarantined + duplicates
            if is_current:
                shown = f"select count(*) from raw.current_{table} where _batch_id = ?"
                assert self.query(shown, batch) == [(landed,)]
                found = """select count(distinct record_number) from raw.quarantined_rows
                    where batch_id = ? and resolved_run_id is null"""
                assert self.query(found, batch) == [(quarantined,)]
