"""SQL expressions that read one column: text as delivered -> text in the extract format, or NULL.

Every expression is plain text in, plain text out: what does not fit becomes NULL, and `findings.py` says why.
"""

from __future__ import annotations

from collections.abc import Iterable

from pipelines.extract_format import Column
from pipelines.landing.inputs import Dialect, Input
from pipelines.landing.reading import Staged
from pipelines.site_sources import DateForm, precision

# the fixed origin of every source that has day offsets only (extracts.md); date_basis tells them apart
RELATIVE_ORIGIN = "2000-01-01"
_EARLIEST, _LATEST = "1850", "9999"
_BLANK = "' ' || chr(9) || chr(10) || chr(13) || chr(160)"
_KEPT = {"day": "%Y-%m-%d", "month": "%Y-%m", "year": "%Y"}


def literal(value: str) -> str:
    """A SQL string literal."""
    return "'" + value.replace("'", "''") + "'"


def delivered(place: str, dialect: Dialect) -> str:
    """The text of a staged column without outer blanks; NULL where it is empty or a declared null token."""
    text = f"trim({place}, {_BLANK})"
    tokens = ", ".join(literal(token.strip()) for token in ("", *dialect.nulls))
    return f"case when {text} not in ({tokens}) then {text} end"


def mapped(item: Input, staged: Staged, column: Column) -> str:
    """The extract column's text: the file's through the declared values, or its constant, or NULL."""
    if item.mapping is None:
        known = column.name in staged.header
        return delivered(staged.place(column.name), item.dialect) if known else "cast(null as varchar)"
    if column.name in item.mapping.constants:
        return literal(item.mapping.constants[column.name])
    if column.name not in item.mapping.columns:
        return "cast(null as varchar)"
    text = delivered(staged.place(item.mapping.columns[column.name]), item.dialect)
    values = item.mapping.values.get(column.name)
    if not values:
        return text
    cases = " ".join(
        f"when {literal(said.strip().lower())} then {'null' if meant is None else literal(meant)}"
        for said, meant in values.items()
    )
    return f"case lower({text}) {cases} else {text} end"


def fingerprint(values: Iterable[str]) -> str:
    """The values as one text that no other values give: each with its length before it."""
    parts = (f"coalesce(strlen({value}) || ':' || {value}, '-')" for value in values)
    return f"concat({', '.join(parts)})"


def row_filter(item: Input, staged: Staged) -> str:
    """The declared filter: which rows of the file state a fact for this table."""
    if item.mapping is None:
        return "true"

    def text(name: str) -> str:
        return f"({delivered(staged.place(name), item.dialect)})"

    def among(values: Iterable[str]) -> str:
        return ", ".join(literal(value.strip().lower()) for value in values)

    parts = [f"{text(name)} is not null" for name in item.mapping.only_where_present]
    parts += [f"{text(name)} is null" for name in item.mapping.only_where_absent]
    parts += [
        f"coalesce(lower({text(name)}) in ({among(values)}), false)"
        for name, values in item.mapping.only_where.items()
    ]
    parts += [
        f"coalesce(lower({text(name)}) not in ({among(values)}), true)"
        for name, values in item.mapping.except_where.items()
    ]
    return " and ".join(parts) or "true"


def cast(column: Column, text: str, item: Input) -> str:
    """The text in the extract format; NULL where it does not fit the column's type."""
    if column.kind == "date":
        return _date(text, item.date_form(column.name), item.dialect)
    if column.kind == "number":
        return _number(text, item.dialect)
    if column.kind == "measure":
        return f"coalesce({_number(text, item.dialect)}, {text})"
    if column.kind == "integer":
        return _integer(text, item.dialect)
    if column.kind == "boolean":
        return f"case when lower({text}) in ('true', 'false') then lower({text}) end"
    if column.kind == "enum":
        cases = " ".join(f"when {literal(value.lower())} then {literal(value)}" for value in column.values)
        return f"case lower({text}) {cases} end"
    return text


def _number(text: str, dialect: Dialect) -> str:
    """A number with a decimal point. The other mark is no thousands separator here: that would be a guess."""
    mark = "[.]" if dialect.decimal == "." else ","
    pattern = f"[+-]?([0-9]+({mark}[0-9]*)?|{mark}[0-9]+)([eE][+-]?[0-9]+)?"
    plain = text if dialect.decimal == "." else f"replace({text}, ',', '.')"
    return f"case when regexp_full_match({text}, {literal(pattern)}) then {plain} end"


def _integer(text: str, dialect: Dialect) -> str:
    """A whole number; software that knows no missing integers writes 28 as 28.0."""
    mark = "[.]" if dialect.decimal == "." else ","
    pattern = f"([+-]?[0-9]{{1,9}})({mark}0*)?"
    whole = f"cast(try_cast(regexp_extract({text}, {literal(pattern)}, 1) as bigint) as varchar)"
    return f"case when regexp_full_match({text}, {literal(pattern)}) then {whole} end"


def _date(text: str, form: DateForm, dialect: Dialect) -> str:
    if form.offset:
        days = f"try_cast({_integer(text, dialect)} as integer)"
        # a century and a half either way: more is no day of a life
        near = f"case when abs({days}) <= 55000 then {days} end"
        return f"cast(cast(date '{RELATIVE_ORIGIN}' + {near} as date) as varchar)"
    if form.formats:
        read = ", ".join(_strptime(text, one) for one in form.formats)
        date = f"coalesce({read})" if len(form.formats) > 1 else read
    else:
        date = _iso(text)
    return f"case when left({date}, 4) between '{_EARLIEST}' and '{_LATEST}' then {date} end"


def _strptime(text: str, form: str) -> str:
    kept = _KEPT[precision(form) or "day"]
    return f"strftime(try_strptime({text}, {literal(form)}), '{kept}')"


def _iso(text: str) -> str:
    """YYYY-MM-DD, or a partial YYYY-MM or YYYY, kept as written."""
    whole = f"case length({text}) when 4 then {text} || '-01-01' when 7 then {text} || '-01' else {text} end"
    pattern = "[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?"
    is_date = f"regexp_full_match({text}, '{pattern}') and try_cast({whole} as date) is not null"
    return f"case when {is_date} then {text} end"
