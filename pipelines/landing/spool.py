"""From a delivered file to clean UTF-8 text: unpacked, decoded and hashed in one stream, memory bounded.

The copy is what DuckDB reads. So the bytes that were hashed are the bytes that land, whatever happens to the
file meanwhile; the encoding is checked by a strict decoder that names the line; and lines end in one way.
"""

from __future__ import annotations

import codecs
import csv
import gzip
import hashlib
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from pipelines.landing.inputs import Dialect, RefusedError
from pipelines.sitefile import Limits

_CHUNK = 4 << 20
_HEAD_LIMIT = 16 << 20
# a small file may well be very repetitive: the bound on expansion starts to count here
_EXPANSION_FLOOR = 64 << 20


@dataclass(frozen=True)
class Fingerprint:
    """What the file was when it was hashed: SHA-256, bytes, and its time stamp and place on disk."""

    sha256: str
    size: int
    stamp: tuple[int, int, int]


@dataclass(frozen=True)
class Spooled:
    """A clean copy without its header, which names the columns; `lines_before` counts what was left out."""

    path: Path
    header: tuple[str, ...]
    lines_before: int
    has_final_newline: bool


def fingerprint(path: Path, limits: Limits) -> Fingerprint:
    """Hash the file as delivered. Raises RefusedError where it is empty, too large or unreadable."""
    digest = hashlib.sha256()
    try:
        stamp = _stamp(path)
        if stamp[0] == 0:
            raise RefusedError("the file is empty (0 bytes).")
        if stamp[0] > limits.max_file_mb << 20:
            raise RefusedError(f"the file is larger than limits.max_file_mb ({limits.max_file_mb} MB).")
        with path.open("rb") as stream:
            while chunk := stream.read(_CHUNK):
                digest.update(chunk)
    except OSError as error:
        raise _unreadable(error) from error
    return Fingerprint(digest.hexdigest(), stamp[0], stamp)


def require_unchanged(path: Path, before: Fingerprint, sha256: str) -> None:
    """Raises RefusedError where the file is no longer what was hashed: it is still being written."""
    try:
        unchanged = sha256 == before.sha256 and _stamp(path) == before.stamp
    except OSError as error:
        raise _unreadable(error) from error
    if not unchanged:
        raise RefusedError("the file changed while it was being read; it will be read again on the next run.")


def spool(path: Path, dialect: Dialect, limits: Limits, before: Fingerprint, target: Path) -> Spooled:
    """Write the file's data rows to `target` as UTF-8 with LF line ends.

    Raises RefusedError for what is wrong with the file, OSError where `target` cannot be written.
    """
    reader = _HashingReader(path)
    try:
        bound = max(_EXPANSION_FLOOR, limits.max_expansion * before.size)
        chunks = _decoded(_unpacked(reader, path, bound), dialect)
        spooled = _write(chunks, dialect, target)
        sha256 = reader.drain()
    finally:
        reader.close()
    require_unchanged(path, before, sha256)
    return spooled


class _HashingReader:
    """The file as delivered, hashed as it is read."""

    def __init__(self, path: Path) -> None:
        self._digest = hashlib.sha256()
        try:
            self._stream: BinaryIO = path.open("rb")
        except OSError as error:
            raise _unreadable(error) from error

    def read(self, size: int = -1) -> bytes:
        """The next bytes. Raises RefusedError where the disk gives none."""
        try:
            chunk = self._stream.read(size)
        except OSError as error:
            raise _unreadable(error) from error
        self._digest.update(chunk)
        return chunk

    def drain(self) -> str:
        """SHA-256 of the whole file; a reader of gzip need not have read its last bytes."""
        while self.read(_CHUNK):
            pass
        return self._digest.hexdigest()

    def close(self) -> None:
        """Close the file."""
        self._stream.close()


def _unpacked(reader: _HashingReader, path: Path, bound: int) -> Iterator[bytes]:
    packed = path.name.lower().endswith(".gz")
    stream = gzip.GzipFile(fileobj=reader, mode="rb") if packed else reader  # type: ignore[call-overload]
    total = 0
    while True:
        try:
            chunk = stream.read(_CHUNK)
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise RefusedError("the gzip file is truncated or damaged.") from error
        if not chunk:
            return
        total += len(chunk)
        if packed and total > bound:
            raise RefusedError("the gzip file unpacks to more than limits.max_expansion times its size.")
        yield chunk


def _decoded(chunks: Iterator[bytes], dialect: Dialect) -> Iterator[bytes]:
    """UTF-8 with LF line ends, without byte order mark. Raises RefusedError naming the line."""
    decoder = codecs.getincrementaldecoder(dialect.encoding)()
    is_utf8, first, held, lines = dialect.encoding == "utf-8", True, b"", 0
    also_utf8: codecs.IncrementalDecoder | None = codecs.getincrementaldecoder("utf-8")()
    beyond_ascii = False
    for chunk, last in _with_last(chunks):
        if not is_utf8 and not chunk.isascii():
            beyond_ascii = True
            also_utf8 = _still_utf8(also_utf8, chunk)
        try:
            text = decoder.decode(chunk, last)
        except UnicodeDecodeError as error:
            line = lines + error.object[: error.start].count(b"\n") + 1
            raise RefusedError(
                f"line {line} is not {dialect.encoding}: declare the file's encoding."
            ) from error
        clean = held + text.encode()
        if first:
            clean, first = clean.removeprefix(codecs.BOM_UTF8), not clean
        if b"\0" in clean:
            line = lines + clean[: clean.index(b"\0")].count(b"\n") + 1
            raise RefusedError(f"line {line} holds a NUL character: the file is not {dialect.encoding} text.")
        held = b"\r" if clean.endswith(b"\r") and not last else b""
        clean = clean.removesuffix(held).replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        lines += clean.count(b"\n")
        yield clean
    if beyond_ascii and also_utf8 is not None and not dialect.encoding.startswith("utf"):
        raise RefusedError(f"the file is UTF-8, but {dialect.encoding} is declared.")


def _still_utf8(decoder: codecs.IncrementalDecoder | None, chunk: bytes) -> codecs.IncrementalDecoder | None:
    """None once the bytes turn out not to be UTF-8."""
    try:
        if decoder is not None:
            decoder.decode(chunk)
    except UnicodeDecodeError:
        return None
    return decoder


def _with_last(chunks: Iterator[bytes]) -> Iterator[tuple[bytes, bool]]:
    """Each chunk with whether it is the last; one empty last chunk where there is none."""
    pending = b""
    for chunk in chunks:
        if pending:
            yield pending, False
        pending = chunk
    yield pending, True


def _write(chunks: Iterator[bytes], dialect: Dialect, target: Path) -> Spooled:
    head, header, final = b"", None, b""
    with target.open("wb") as out:
        for chunk in chunks:
            final = chunk[-1:] or final
            if header is None:
                head += chunk
                header = _header(head, dialect, whole=False)
                if header is None and len(head) > _HEAD_LIMIT:
                    raise RefusedError("no header was found in the file's first 16 MB.")
                chunk = head[header.end :] if header else b""
            out.write(chunk)
        if header is None:
            header = _header(head, dialect, whole=True)
            if header is None:
                raise RefusedError("the file ends before its header.")
            out.write(head[header.end :])
    return Spooled(target, header.names, header.lines, final == b"\n")


@dataclass(frozen=True)
class _Header:
    names: tuple[str, ...]
    lines: int
    end: int


def _header(head: bytes, dialect: Dialect, whole: bool) -> _Header | None:
    """The header in the file's first bytes; None where they do not hold all of it yet."""
    lines = (
        head.splitlines(keepends=True) if whole else head[: head.rfind(b"\n") + 1].splitlines(keepends=True)
    )
    at = min(dialect.skip_rows, len(lines))
    comment = dialect.comment.encode()
    while comment and at < len(lines) and lines[at].startswith(comment):
        at += 1
    first, quotes = at, 0
    while at < len(lines):
        quotes += lines[at].count(dialect.quote.encode())
        at += 1
        if quotes % 2 == 0:
            break
    else:
        return None
    end = at + dialect.skip_rows_after_header
    if end > len(lines) and not whole:
        return None
    names = _split_header(b"".join(lines[first:at]).decode(), dialect)
    return _Header(names, min(end, len(lines)), sum(map(len, lines[:end])))


def _split_header(line: str, dialect: Dialect) -> tuple[str, ...]:
    text = [line.rstrip("\n")]
    if dialect.quote == "\0":
        rows = csv.reader(text, delimiter=dialect.delimiter, quoting=csv.QUOTE_NONE)
    else:
        rows = csv.reader(text, delimiter=dialect.delimiter, quotechar=dialect.quote)
    return tuple(name.strip() for name in next(rows, []))


def _stamp(path: Path) -> tuple[int, int, int]:
    found = path.stat()
    return found.st_size, found.st_mtime_ns, found.st_ino


def _unreadable(error: OSError) -> RefusedError:
    return RefusedError(f"the file cannot be read ({error.strerror or 'input/output error'}).")
