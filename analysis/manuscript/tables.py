"""A table as the report, a spreadsheet and a manuscript show it: one model, printed text beside the numbers.

Printed, a cell is text such as `10.1 (5.5–NR)`; in a CSV the same cell is three numbers in three columns.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass

from analysis.report import words
from analysis.report.numbers import Numbers, Stored

LIMITS = ("", "lower 95 % limit", "upper 95 % limit")
# what a spreadsheet would take for a formula, also behind spaces it strips
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
Part = float | str | None


@dataclass(frozen=True)
class Column:
    """A heading, and its columns in a CSV: a part with a capital is a name of its own, others follow it."""

    label: str
    parts: tuple[str, ...] = ("",)
    p_values: bool = False


@dataclass(frozen=True)
class Cell:
    """What is printed, and the numbers in it, one for each part of its column (none: the text)."""

    text: str
    parts: tuple[Part, ...] | None = None


@dataclass(frozen=True)
class Line:
    """A row; `inner` stands indented under the line above it."""

    cells: tuple[Cell, ...]
    inner: bool = False


@dataclass(frozen=True)
class Table:
    """A table: `name` is its file's, `notes` its footnotes.

    Without `in_document` it is a CSV alone."""

    name: str
    title: str
    columns: tuple[Column, ...]
    lines: tuple[Line, ...]
    notes: tuple[str, ...] = ()
    in_document: bool = True

    @property
    def has_p_values(self) -> bool:
        """Whether a column holds p-values, of which an interim look has to be said."""
        return any(column.p_values for column in self.columns)


def said(text: str) -> Cell:
    """Words."""
    return Cell(text)


def whole(numbers: Numbers, key: str) -> Cell:
    """A number of patients."""
    return Cell(words.count(numbers.value(key)), (numbers.value(key),))


def people(numbers: Numbers, key: str, events: bool = False) -> Cell:
    """The patients, or the events, behind an estimate."""
    row = numbers.row(key)
    value = None if row is None else row.events if events else row.n
    return Cell(words.count(value), (value,))


def estimated(numbers: Numbers, key: str, decimals: int = 1) -> Cell:
    """An estimate with its limits in one cell; a share in per cent; the reason where there is none."""
    row = numbers.row(key)
    if row is None:
        return Cell(words.DASH, (None, None, None))
    scale = 100 if row.unit == "proportion" else 1
    found = row.note if row.estimate is None else row.estimate * scale
    limits = (_limit(row, row.ci_low, scale), _limit(row, row.ci_high, scale))
    return Cell(numbers.text(key, decimals), (found, *limits))


def p_value(numbers: Numbers, key: str) -> Cell:
    """A p-value, or why there is none."""
    row = numbers.row(key)
    if row is None:
        return Cell(words.DASH, (None,))
    if row.estimate is None:
        return Cell(row.note or words.DASH, (row.note,))
    printed = words.p_value(row.estimate).removeprefix(f"p{words.THIN}").removeprefix(f"={words.THIN}")
    return Cell(printed, (row.estimate,))


def _limit(row: Stored, limit: float | None, scale: int) -> Part:
    if row.variance is None:
        return None
    return words.NOT_REACHED if limit is None else limit * scale


def as_csv(table: Table) -> str:
    """The table as UTF-8 CSV with a header row: numbers as numbers, text that no spreadsheet runs."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([safe(name) for column in table.columns for name in _names(column)])
    for line in table.lines:
        writer.writerow(
            part
            for column, cell in zip(table.columns, line.cells, strict=True)
            for part in _parts(column, cell)
        )
    return out.getvalue()


def safe(value: Part) -> str:
    """A CSV cell: a finite number to six digits, text with an apostrophe where it might be a formula."""
    if value is None:
        return ""
    if isinstance(value, str):
        return f"'{value}" if value.lstrip().startswith(FORMULA) or value.startswith(FORMULA) else value
    if not math.isfinite(value):
        return ""
    return f"{value:.0f}" if value == round(value) else f"{value:.6g}"


def _names(column: Column) -> Sequence[str]:
    return [
        part if part[:1].isupper() else ": ".join(text for text in (column.label, part) if text)
        for part in column.parts
    ]


def _parts(column: Column, cell: Cell) -> list[str]:
    parts = cell.parts if cell.parts is not None else (cell.text,)
    return [safe(part) for part in (*parts, *[None] * (len(column.parts) - len(parts)))]
