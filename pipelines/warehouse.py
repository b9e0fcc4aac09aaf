"""The warehouse folder: which name stands for what, in one place."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Warehouse:
    """Paths of one warehouse folder (default `warehouse/`); nothing here touches the disk but `prepare`."""

    root: Path

    @property
    def landing(self) -> Path:
        """Raw batches, quarantine and run history; holds identifiers, so only the pipeline opens it."""
        return self.root / "landing.duckdb"

    @property
    def build(self) -> Path:
        """Scratch folder of the current run."""
        return self.root / "build"

    @property
    def build_db(self) -> Path:
        """The file dbt writes; its stem is the catalog name in dbt."""
        return self.build / "afterline.duckdb"

    @property
    def publications(self) -> Path:
        """One folder per published run."""
        return self.root / "publications"

    @property
    def current(self) -> Path:
        """Symlink to the newest publication; the three names below are symlinks through it."""
        return self.root / "current"

    @property
    def published_db(self) -> Path:
        """The published DuckDB file."""
        return self.root / "afterline.duckdb"

    @property
    def marts(self) -> Path:
        """The published marts as Parquet."""
        return self.root / "marts"

    @property
    def site(self) -> Path:
        """The published pages."""
        return self.root / "site"

    @property
    def held(self) -> Path:
        """Quality summary and audit of the last run that was held or failed; never marts."""
        return self.root / "held"

    @property
    def last_run(self) -> Path:
        """What `afterline status` prints."""
        return self.root / "last_run.json"

    @property
    def lock(self) -> Path:
        """The lock file; it names the holder while a run works."""
        return self.root / ".lock"

    def prepare(self) -> None:
        """Create the folders a run writes into, readable by the owner alone where identifiers are."""
        self.root.mkdir(parents=True, exist_ok=True)
        # build/ holds dbt's copy of what staging joined: as private as landing
        self.build.mkdir(mode=0o700, exist_ok=True)
        self.publications.mkdir(exist_ok=True)


def literal(path: Path) -> str:
    """A path as it stands between the quotes of an SQL statement: attach and copy take no parameters."""
    return str(path).replace("'", "''")
