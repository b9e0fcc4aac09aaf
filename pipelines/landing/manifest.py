"""`manifest.csv` beside the extracts: which files were sent, with their SHA-256 and rows."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

from pipelines.landing.inputs import RefusedError

_COLUMNS = ("file", "sha256", "rows")


@dataclass(frozen=True)
class Stated:
    """What the manifest says of one file; `rows` is None where it leaves them empty."""

    sha256: str
    rows: int | None


class Manifest:
    """The manifest of one source's folder, or none: then `present` is False and nothing is checked."""

    def __init__(self, folder: Path) -> None:
        """Read it. A manifest that cannot be read is a problem of every file: see `check`."""
        self._files: dict[str, Stated] = {}
        self._fault = ""
        path = folder / "manifest.csv"
        self.present = path.is_file()
        if self.present:
            try:
                self._files = _read(path)
            except (OSError, UnicodeDecodeError, csv.Error, ValueError):
                self._fault = "manifest.csv is not a CSV with the columns file, sha256, rows."

    def check(self, name: str, sha256: str) -> int | None:
        """The rows stated for this file. Raises RefusedError where its bytes are not as stated."""
        if self._fault:
            raise RefusedError(self._fault)
        if not self.present:
            return None
        stated = self._files.get(name)
        if stated is None:
            raise RefusedError("manifest.csv does not list the file.")
        if stated.sha256 != sha256:
            raise RefusedError("the file does not have the SHA-256 that manifest.csv states.")
        return stated.rows

    def missing(self, folder: Path) -> list[str]:
        """Files that the manifest lists and the folder lacks."""
        return [name for name in self._files if not (folder / name).is_file()]


def _read(path: Path) -> dict[str, Stated]:
    with path.open(encoding="utf-8-sig", newline="") as lines:
        reader = csv.DictReader(lines, strict=True)
        if tuple(name.strip().lower() for name in reader.fieldnames or ()) != _COLUMNS:
            raise ValueError
        rows = [[(row[name] or "").strip() for name in reader.fieldnames or ()] for row in reader]
    return {file: Stated(sha256.lower(), int(count) if count else None) for file, sha256, count in rows}
