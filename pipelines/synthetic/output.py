"""The folder that is written.

Numbers go into a scratch database chunk by chunk and leave it as text: memory stays bounded by the chunk
and by DuckDB's own limit. The scratch file is deleted at the end.
"""

import shutil
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Final, Literal, Self

import duckdb

from pipelines.synthetic.decoding import COLUMNS, select
from pipelines.synthetic.scans import Columns

Format = Literal["csv", "csv.gz", "parquet"]
_MEMORY_LIMIT: Final = "512MB"
_TRUTH: Final = "truth"
_COPY: Final[dict[Format, str]] = {
    "csv": "format csv, header true",
    "csv.gz": "format csv, header true, compression gzip",
    "parquet": "format parquet, compression zstd",
}


class SiteWriter:
    """Collects the chunks of a synthetic site and writes its files; use as a context manager."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.scratch = Path(tempfile.mkdtemp(prefix=".writing-", dir=folder))
        self.database = duckdb.connect(str(self.scratch / "scratch.duckdb"))
        self.database.execute("set autoinstall_known_extensions = false")
        self.database.execute("set enable_progress_bar = false")
        self.database.execute(f"set memory_limit = '{_MEMORY_LIMIT}'")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.database.close()
        shutil.rmtree(self.scratch, ignore_errors=True)

    def append(self, table: str, columns: Columns, first_patient: int) -> None:
        """Add the rows of one chunk; `patient` becomes the number in the hospital, from 1."""
        rows = dict(columns)
        rows["patient"] = rows["patient"] + first_patient + 1
        self.database.register("chunk", rows)
        casts = ", ".join(f"{name}::integer as {name}" for name in rows)
        self.database.execute(f"create table if not exists {table} as select {casts} from chunk limit 0")
        self.database.execute(f"insert into {table} select {casts} from chunk")
        self.database.unregister("chunk")

    def finish(self, file_format: Format) -> None:
        """Write all extract tables and the truth, and put them in place."""
        extracts = self.folder / "extracts"
        extracts.mkdir(exist_ok=True)
        for table in COLUMNS:
            if table == _TRUTH:
                self._copy(table, "csv").replace(self.folder / "truth.csv")
                continue
            written = self._copy(table, file_format)
            # a file of another format from an earlier run would be read beside this one
            for other in _COPY:
                (extracts / f"{table}.{other}").unlink(missing_ok=True)
            written.replace(extracts / written.name)

    def _copy(self, table: str, file_format: Format) -> Path:
        written = self.scratch / f"{table}.{file_format}"
        target = str(written).replace("'", "''")
        self.database.execute(f"copy ({select(table)}) to '{target}' ({_COPY[file_format]})")
        return written
