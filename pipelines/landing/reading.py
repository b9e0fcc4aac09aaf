"""Put one file into the temporary table `staged`, all columns as text, with everything declared.

`staged` has the columns c1, c2, ... in the file's order, and its row order is the file's.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

import duckdb

from pipelines.landing.inputs import Dialect, Input, RefusedError
from pipelines.landing.spool import Fingerprint, Spooled, fingerprint, require_unchanged, spool
from pipelines.sitefile import Limits

_RECORD = re.compile(r"CSV Error on Line: (\d+)")
_COUNTS = re.compile(r"Expected Number of Columns: (\d+) Found: (\d+)")


@dataclass(frozen=True)
class Staged:
    """The file in `staged`: its column names in order, and its copy on disk (None for Parquet)."""

    header: tuple[str, ...]
    copy: Spooled | None

    def place(self, name: str) -> str:
        """The staged column that holds this column of the file."""
        return f"c{self.header.index(name) + 1}"

    def where(self, record: int, dialect: Dialect) -> str:
        """'line N' of the file for its N-th data row, 'row N' where a file has no lines."""
        if self.copy is None:
            return f"row {record}"
        return f"line {line_of(self.copy, record, dialect, blank_lines=False)}"


def stage(
    connection: duckdb.DuckDBPyConnection, item: Input, before: Fingerprint, limits: Limits, scratch: Path
) -> Staged:
    """Fill `staged` from the file. Raises RefusedError: what is wrong, and in which line."""
    connection.execute("drop table if exists staged")
    if item.is_parquet:
        return _stage_parquet(connection, item, before, limits)
    copy = spool(item.path, item.dialect, limits, before, scratch / "spooled.csv")
    header = _checked(copy.header, item)
    columns = ", ".join(f"'c{n}': 'VARCHAR'" for n in range(1, len(header) + 1))
    # room for a few fields at their limit, or many short ones; DuckDB holds a few such lines in memory
    longest = min(max(limits.max_field_kb << 12, 8 << 20), 64 << 20)
    try:
        connection.execute(
            f"""create temp table staged as select * from read_csv(
                {_text(str(copy.path))}, columns = {{{columns}}}, header = false, skip = 0,
                delim = {_text(item.dialect.delimiter)}, quote = {_quote(item.dialect)},
                escape = {_quote(item.dialect)}, comment = '', new_line = '\\n', compression = 'none',
                auto_detect = false, strict_mode = true, null_padding = false, ignore_errors = false,
                max_line_size = {longest})"""
        )
    except duckdb.InvalidInputException as error:
        raise RefusedError(_csv_sentence(str(error), copy, item.dialect)) from error
    _require_short_fields(connection, header, limits)
    return Staged(header, copy)


def _stage_parquet(
    connection: duckdb.DuckDBPyConnection, item: Input, before: Fingerprint, limits: Limits
) -> Staged:
    file = f"read_parquet({_text(str(item.path))})"
    try:
        described = connection.execute(f"describe select * from {file}").fetchall()
        header = _checked(tuple(name for name, *_ in described), item)
        texts = ", ".join(
            # the date of a time stamp is stated by its type, not guessed from its text
            f'cast(cast("{_double(name)}" as {"date" if kind == "TIMESTAMP" else kind}) as varchar) as c{n}'
            for n, (name, kind, *_) in enumerate(described, start=1)
        )
        connection.execute(f"create temp table staged as select {texts} from {file}")
    except duckdb.Error as error:
        if isinstance(error, duckdb.OutOfMemoryException) or "space" in str(error):
            raise  # this machine's fault, not the file's
        raise RefusedError("the file is no Parquet file, or is truncated or damaged.") from error
    require_unchanged(item.path, before, fingerprint(item.path, limits).sha256)
    _require_short_fields(connection, header, limits)
    return Staged(header, None)


def _checked(header: tuple[str, ...], item: Input) -> tuple[str, ...]:
    """The header, in lower case for the extract format. Raises RefusedError where it does not fit."""
    names = header if item.mapping else tuple(name.lower() for name in header)
    names = tuple(name or f"unnamed_{n}" for n, name in enumerate(names, start=1))
    wanted = item.mapping.file_columns if item.mapping else item.table.required
    # a first line without any expected name may be a patient's record: then nothing of it is repeated
    is_header = any(name in names for name in wanted)
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        shown = f"the column '{twice}'" if is_header else f"column {names.index(twice) + 1}"
        raise RefusedError(f"the header has {shown} twice.")
    for name in wanted:
        if name not in names:
            what = "the site file names" if item.mapping else f"the table {item.table.name} requires"
            close = get_close_matches(name, names, n=1) if is_header else []
            hint = f"; the nearest is {close[0]}" if close else ""
            raise RefusedError(f"the header lacks the column '{name}', which {what}{hint}.")
    return names


def _require_short_fields(
    connection: duckdb.DuckDBPyConnection, header: tuple[str, ...], limits: Limits
) -> None:
    longest = ", ".join(f"coalesce(strlen(c{n}), 0)" for n in range(1, len(header) + 1))
    found = connection.execute(
        f"select min(rowid) + 1 from staged where greatest({longest}, 0) > ?", [limits.max_field_kb << 10]
    ).fetchone()
    if found and found[0]:
        raise RefusedError(
            f"data row {found[0]} has a field longer than limits.max_field_kb ({limits.max_field_kb})."
        )


def _csv_sentence(message: str, copy: Spooled, dialect: Dialect) -> str:
    """One sentence from DuckDB's message, which quotes the line: only its number may leave."""
    record = _RECORD.search(message)
    counts = _COUNTS.search(message)
    if record is None:
        return "the file is not delimited text as declared (check delimiter and quote)."
    line = f"line {line_of(copy, int(record.group(1)), dialect, blank_lines=True)}"
    if counts:
        return f"{line} has {counts.group(2)} fields where the header has {counts.group(1)}."
    if "unterminated quote" in message:
        return f"{line} has a quote that is not closed."
    if "Maximum line size" in message:
        return f"{line} is longer than limits.max_field_kb allows."
    return f"{line} is not delimited text as declared (check delimiter and quote)."


def line_of(copy: Spooled, number: int, dialect: Dialect, blank_lines: bool) -> int:
    """The line of the file on which the `number`-th record begins; a record goes on while a quote is open.

    DuckDB counts blank lines among the records (`blank_lines`); rows in `staged` come without them.
    """
    quote, seen, is_open = dialect.quote.encode(), 0, False
    with copy.path.open("rb") as lines:
        for at, line in enumerate(lines, start=copy.lines_before + 1):
            if not is_open and (blank_lines or line != b"\n"):
                seen += 1
                if seen == number:
                    return at
            is_open ^= line.count(quote) % 2 == 1
    return copy.lines_before + number


def _quote(dialect: Dialect) -> str:
    return "''" if dialect.quote == "\0" else _text(dialect.quote)


def _text(value: str) -> str:
    """A SQL string literal."""
    return "'" + value.replace("'", "''") + "'"


def _double(name: str) -> str:
    return name.replace('"', '""')
