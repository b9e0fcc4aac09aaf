"""What can be wrong with a row of one table: the checks, in the order in which they are looked for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from pipelines.extract_format import Column, Table
from pipelines.landing.inputs import Input

_KINDS = {"date": "a date", "number": "a number", "integer": "a whole number", "boolean": "true or false"}


@dataclass(frozen=True)
class Finding:
    """One check on one column: `condition` is SQL over the layers `text_<column>` and `<column>`."""

    column: str
    check: str
    reason: str
    condition: str


def findings(item: Input, landed_on: date) -> list[Finding]:
    """Every check on the rows of this file; a row is quarantined by the first that finds it."""
    found = [finding for column in item.table.columns for finding in _of_column(column, item)]
    if item.date_basis == "calendar":
        # what is to come may be planned or mistyped; on an axis of day offsets there is no today
        for column in item.table.columns:
            if column.kind == "date" and not column.may_be_future:
                found += _future(column, item.table, landed_on)
    if item.table.interval:
        found.append(_interval(*item.table.interval))
    return found


def _of_column(column: Column, item: Input) -> list[Finding]:
    name, found = column.name, []
    if column.required:
        reason = f"{name} is required and empty."
        found.append(Finding(name, "required_not_null", reason, f"text_{name} is null"))
    misfit = f"text_{name} is not null and {name} is null"
    if column.kind == "enum":
        reason = f"{name} is none of {', '.join(column.values)}."
        found.append(Finding(name, column.value_check, reason, misfit))
    elif column.kind in _KINDS:
        reason = f"{name} is not {_KINDS[column.kind]}{_in_form(column, item)}."
        declared = column.kind == "date" and _is_declared(column, item)
        found.append(Finding(name, "date_format_declared" if declared else "type_castable", reason, misfit))
    if column.low is not None and column.high is not None:
        reason = f"{name} is not from {column.low} to {column.high}."
        outside = f"try_cast({name} as integer) not between {column.low} and {column.high}"
        found.append(Finding(name, column.value_check, reason, outside))
    return found


def _is_declared(column: Column, item: Input) -> bool:
    return bool(item.date_form(column.name).formats)


def _in_form(column: Column, item: Input) -> str:
    if column.kind != "date":
        return f" with the decimal mark {item.dialect.decimal}" if column.kind == "number" else ""
    form = item.date_form(column.name)
    if form.offset:
        return ", given as whole days from the origin"
    return f" written {' or '.join(form.formats or ('YYYY-MM-DD', 'YYYY-MM', 'YYYY'))}"


def _future(column: Column, table: Table, landed_on: date) -> list[Finding]:
    name = column.name
    # a partial date is in the future when its month or year is
    later = f"{name} > left('{landed_on.isoformat()}', length({name}))"
    reason = f"{name} is after the day the file was first landed."
    found = [Finding(name, "no_future_date", reason, later)]
    if "record_type" in table.names and column.required:
        planned = f"{later} and coalesce(record_type = 'order', false)"
        found.insert(0, Finding(name, "planned_order", f"{name} of an order is still to come.", planned))
    return found


def _interval(start: str, end: str) -> Finding:
    # only what both dates state is compared: 2024 does not end before 2024-05-03
    known = f"least(length({start}), length({end}))"
    return Finding(
        end,
        "start_not_after_end",
        f"{end} is before {start}.",
        f"left({end}, {known}) < left({start}, {known})",
    )
