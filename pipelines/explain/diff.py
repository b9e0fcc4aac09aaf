"""Where two rule sets part on one patient: the parameters, her lines, and the first decision that differs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from pipelines.explain.dates import Calendar
from pipelines.explain.decisions import Block, blocks
from pipelines.explain.marts import Row, Walk
from pipelines.explain.records import Records
from pipelines.explain.words import parameter_differences


@dataclass(frozen=True)
class Difference:
    """`lines`: her lines by number under the one and the other. `parted_on`: date of the first decision that
    differs, None where none does; `first` and `second` are what each decided there.
    """

    parameters: list[tuple[str, str, str]]
    lines: list[tuple[int, Row | None, Row | None]]
    parted_on: date | None
    first: list[Block]
    second: list[Block]


def compare(first: Walk, second: Walk, records: Records, calendar: Calendar) -> Difference:
    """Compare the published decisions and lines of one patient under two rule sets."""
    parted_on = _parted_on(first, second)
    numbers = sorted({line["line_number"] for line in (*first.lines, *second.lines)})
    return Difference(
        parameter_differences(first.rules, second.rules),
        [(number, first.line(number), second.line(number)) for number in numbers],
        parted_on,
        _on(parted_on, first, records, calendar),
        _on(parted_on, second, records, calendar),
    )


def _parted_on(first: Walk, second: Walk) -> date | None:
    ours, theirs = _decided(first), _decided(second)
    days = [when for when in sorted({*ours, *theirs}) if ours.get(when) != theirs.get(when)]
    return days[0] if days else None


def _decided(walk: Walk) -> dict[date, set[tuple[object, ...]]]:
    """By date: what was decided about each drug. The records behind it may differ without a difference."""
    found: dict[date, set[tuple[object, ...]]] = {}
    for row in walk.decisions:
        what = (row["ingredient"], row["rule"], row["line_before"], row["line_after"], row["subline_after"])
        found.setdefault(row["decision_date"], set()).add(what)
    return found


def _on(when: date | None, walk: Walk, records: Records, calendar: Calendar) -> list[Block]:
    return [block for block in blocks(walk, records, calendar) if block.when == when]


def line_text(line: Row | None, calendar: Calendar) -> str:
    """One line in a cell."""
    if line is None:
        return "-"
    period = f"{calendar.text(line['line_start'])} to {calendar.text(line['line_end'])}"
    return f"{period}\n{line['regimen']}\nopened by {line['opened_by']}, ended: {line['end_reason']}"
