"""Which file lands in which table: the files of every source, before any of them is opened."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from difflib import get_close_matches
from pathlib import Path

from pipelines.errors import UsageError
from pipelines.extract_format import TABLES, Table
from pipelines.site_sources import DateForm
from pipelines.sitefile import AfterlineSource, FileMapping, FlatSource, Site

# raise it when landing reads the same file differently: every file then lands anew
LANDING_VERSION = 1
READABLE = (".csv", ".csv.gz", ".tsv", ".tsv.gz", ".parquet")
_OTHER = (".txt", ".json", ".ndjson", ".xlsx", ".xls", ".csv.zip", ".zip")


class RefusedError(Exception):
    """A file that cannot be landed as a whole; `reason` is one sentence without any of its values."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Refusal:
    """A file, or a table's delivery, that was refused: the gate is held and the delivery before stays."""

    file: str
    reason: str
    table: str = ""
    source_number: int = 0
    file_sha256: str | None = None


@dataclass(frozen=True)
class Dialect:
    """Everything about how a delimited file is written."""

    delimiter: str = ","
    quote: str = '"'
    encoding: str = "utf-8"
    decimal: str = "."
    nulls: tuple[str, ...] = ()
    skip_rows: int = 0
    skip_rows_after_header: int = 0
    comment: str = ""


@dataclass(frozen=True)
class Input:
    """One file to land into one table. `mapping` is None for a file in the extract format."""

    source_number: int
    source: AfterlineSource | FlatSource
    table: Table
    path: Path
    name: str
    dialect: Dialect
    mapping: FileMapping | None = None

    @property
    def is_parquet(self) -> bool:
        """Whether the file is Parquet, which carries its own types and names."""
        return self.path.name.lower().endswith(".parquet")

    @property
    def precedence(self) -> int:
        """Lower wins where two sources state the same fact."""
        own = self.mapping.precedence if self.mapping else None
        return self.source.precedence if own is None else own

    def date_form(self, column: str) -> DateForm:
        """How this file writes the dates of this column."""
        if isinstance(self.source, FlatSource) and self.mapping:
            return self.source.date_form(self.mapping, self.table, column)
        return DateForm()

    @property
    def date_basis(self) -> str:
        """'relative' where the file's dates are day offsets."""
        dates = [
            name for name in (self.mapping.columns if self.mapping else ()) if self.table[name].kind == "date"
        ]
        return "relative" if any(self.date_form(name).offset for name in dates) else "calendar"

    @property
    def mapping_hash(self) -> str:
        """Changes when the same file would land differently."""
        said = {
            "version": LANDING_VERSION,
            "table": asdict(self.table),
            "dialect": asdict(self.dialect),
            "mapping": self.mapping.model_dump() if self.mapping else None,
            "dates": {
                c.name: self.date_form(c.name).model_dump() for c in self.table.columns if c.kind == "date"
            },
            "precedence": self.precedence,
        }
        return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


@dataclass
class Delivery:
    """The files that are one table of one source, this time."""

    source_number: int
    source: AfterlineSource | FlatSource
    table: Table
    inputs: list[Input] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)

    def refuse(self, file: str, reason: str, sha256: str | None = None) -> None:
        """Note that this file, or what is to be found under this name, cannot be landed."""
        self.refusals.append(Refusal(file, reason, self.table.name, self.source_number, sha256))


def deliveries(site: Site) -> list[Delivery]:
    """Every table that the site's folders hold now. Raises UsageError where a folder is missing."""
    found: list[Delivery] = []
    for number, source in enumerate(site.sources, start=1):
        folder = site.folder_of(source)
        if not folder.is_dir():
            raise UsageError(f"{site.path}: source {number}: there is no folder {folder}.")
        home = site.path.parent.resolve()
        # an absolute path may lead anywhere, and so may links inside it
        is_inside = folder.resolve().is_relative_to(home) and not Path(source.path).is_absolute()
        read = _afterline if isinstance(source, AfterlineSource) else _flat
        for delivery in read(number, source, folder):
            if is_inside:
                _refuse_links_outside(delivery, home)
            found.append(delivery)
    return found


def _refuse_links_outside(delivery: Delivery, home: Path) -> None:
    """A link inside a relative source folder must not lead out of the site file's folder."""
    for item in list(delivery.inputs):
        if not item.path.resolve().is_relative_to(home):
            delivery.inputs.remove(item)
            delivery.refuse(item.name, "it is a link that leads out of the site file's folder.")


def _files(folder: Path) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if path.is_file() and not path.name.startswith("."))
    except OSError as error:
        raise UsageError(f"The folder {folder} cannot be read: {error.strerror}.") from error


def _split(path: Path, suffixes: tuple[str, ...]) -> tuple[str, str]:
    """Lower-case stem and suffix; ('', '') where the name ends in none of the suffixes."""
    name = path.name.lower()
    for suffix in sorted(suffixes, key=len, reverse=True):
        if name.endswith(suffix):
            return name.removesuffix(suffix), suffix
    return "", ""


def _afterline(number: int, source: AfterlineSource | FlatSource, folder: Path) -> Iterator[Delivery]:
    by_table: dict[str, Delivery] = {}

    def delivery(name: str) -> Delivery:
        return by_table.setdefault(name, Delivery(number, source, TABLES[name]))

    for path in _files(folder):
        stem, suffix = _split(path, READABLE)
        if stem in TABLES:
            dialect = Dialect(delimiter="\t" if suffix.startswith(".tsv") else ",")
            delivery(stem).inputs.append(Input(number, source, TABLES[stem], path, path.name, dialect))
        elif stem and (near := get_close_matches(stem, TABLES, n=1, cutoff=0.8)):
            delivery(near[0]).refuse(
                path.name, f"there is no extract table '{stem}'; the nearest is {near[0]}."
            )
        elif (other := _split(path, _OTHER)[0]) in TABLES:
            delivery(other).refuse(path.name, f"Afterline reads {', '.join(READABLE)}.")
    for item in by_table.values():
        _one_file_per_table(item)
        if source.delivery == "increment" and source.key_of(item.table) is None:
            raise UsageError(
                f"Source {number}: delivery: increment needs a key for the table {item.table.name}."
            )
    yield from (by_table[name] for name in TABLES if name in by_table)


def _one_file_per_table(delivery: Delivery) -> None:
    if len(delivery.inputs) > 1:
        names = " and ".join(item.name for item in delivery.inputs)
        delivery.refuse(delivery.inputs[0].name, f"{names} are both the table {delivery.table.name}.")
        delivery.inputs.clear()


def _flat(number: int, source: AfterlineSource | FlatSource, folder: Path) -> Iterator[Delivery]:
    if not isinstance(source, FlatSource):
        return
    for name, mappings in source.tables.items():
        delivery = Delivery(number, source, TABLES[name])
        for mapping in mappings:
            paths = sorted(path for path in folder.glob(mapping.file) if path.is_file())
            if not paths and source.delivery == "snapshot":
                delivery.refuse(mapping.file, "no file of this name is in the source's folder.")
            for path in paths:
                item_name = path.relative_to(folder).as_posix()
                dialect = _dialect(source, mapping, path)
                delivery.inputs.append(Input(number, source, TABLES[name], path, item_name, dialect, mapping))
        yield delivery


def _dialect(source: FlatSource, mapping: FileMapping, path: Path) -> Dialect:
    """What the mapping says, else what the source's defaults say, else what is usual."""
    usual = Dialect(delimiter="\t" if _split(path, READABLE)[1].startswith(".tsv") else ",")
    said = {
        name: next(
            (v for v in (getattr(mapping, name), getattr(source.defaults, name)) if v is not None), default
        )
        for name, default in asdict(usual).items()
    }
    return Dialect(**said)
