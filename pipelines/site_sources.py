"""The sources of a site file: where extracts lie, and how a site's own files map to the extract tables."""

from __future__ import annotations

import codecs
from pathlib import PurePosixPath
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    WithJsonSchema,
    field_validator,
    model_validator,
)

from pipelines.extract_format import TABLES, Table
from pipelines.site_yaml import nearest

PARTIAL_DIRECTIVES = {"%d": "day", "%j": "day", "%m": "month", "%b": "month", "%B": "month", "%Y": "year"}


class SiteModel(BaseModel):
    """A part of a site or study file: nothing but the keys it declares."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=False)

    @model_validator(mode="before")
    @classmethod
    def _name_the_nearest_key(cls, data: Any) -> Any:
        """Unknown keys are errors that name the nearest valid one; pydantic's own message names none."""
        if isinstance(data, dict):
            known = [field.alias or name for name, field in cls.model_fields.items()]
            for key in data:
                if key not in known:
                    raise ValueError(f"unknown key '{key}'; {nearest(str(key), known)}")
        return data


class Offset(SiteModel):
    """Dates given as days from each patient's own day zero; `origin` says which day that is."""

    unit: Literal["days"]
    origin: str = Field(min_length=1, description="What day zero is, for example `diagnosis`.")


def _check_format(text: str) -> str:
    if "%y" in text:
        raise ValueError(f"the date format '{text}' has a two-digit year, whose century would be a guess")
    if precision(text) is None:
        raise ValueError(f"the date format '{text}' needs %Y, and %m before %d")
    return text


def precision(text: str) -> str | None:
    """'day', 'month' or 'year': what a strptime format states, None for what is no date."""
    parts = {part for directive, part in PARTIAL_DIRECTIVES.items() if directive in text}
    if "%j" in text and "year" in parts:
        return "day"
    stated = {frozenset({"year"}): "year", frozenset({"year", "month"}): "month"}
    return "day" if parts == {"year", "month", "day"} else stated.get(frozenset(parts))


def _one_format_per_precision(formats: tuple[str, ...]) -> tuple[str, ...]:
    """Two formats of one precision would read 03/04 either way; that is guessing."""
    if len({precision(text) for text in formats}) < len(formats):
        raise ValueError("two date formats of the same precision: which one holds would be a guess")
    return formats


def _as_form(value: Any) -> Any:
    if isinstance(value, str):
        return {"formats": [value]}
    return {"formats": value} if isinstance(value, list) else value


class DateForm(SiteModel):
    """How a column writes its dates: strptime formats (one per precision) or day offsets."""

    formats: Annotated[
        tuple[Annotated[str, AfterValidator(_check_format)], ...], AfterValidator(_one_format_per_precision)
    ] = ()
    offset: Offset | None = None


_FORM_SCHEMA: dict[str, Any] = {
    "description": "A strptime format, a list of them (one per precision), or {offset: {...}}.",
    "anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}, {"type": "object"}],
}
DateFormText = Annotated[DateForm, BeforeValidator(_as_form), WithJsonSchema(_FORM_SCHEMA)]


def _known_encoding(name: str) -> str:
    try:
        found = codecs.lookup(name)
    except LookupError as error:
        raise ValueError(f"unknown encoding '{name}'") from error
    if not found._is_text_encoding:
        raise ValueError(f"'{name}' is no text encoding")
    return "utf-8" if found.name == "utf-8-sig" else found.name


def _one_character(text: str) -> str:
    text = {"\\t": "\t", "tab": "\t"}.get(text, text)
    if len(text) != 1 or not text.isascii() or text in "\r\n":
        raise ValueError("must be one ASCII character")
    return text


Character = Annotated[str, AfterValidator(_one_character)]
Encoding = Annotated[str, AfterValidator(_known_encoding)]


class Reading(SiteModel):
    """How a delimited file is written. What a file's mapping does not say, the source's `defaults` do."""

    delimiter: Character | None = Field(default=None, description="Comma where not said; tab for .tsv.")
    quote: Character | None = Field(
        default=None, description='Double quote where not said; quote: "none" for none.'
    )
    encoding: Encoding | None = Field(default=None, description="UTF-8 where not said.")
    decimal: Literal[".", ","] | None = Field(
        default=None, description="Decimal mark; a point where not said."
    )
    nulls: tuple[str, ...] | None = Field(
        default=None, description="Texts that mean missing, beside the empty one."
    )
    skip_rows: int | None = Field(default=None, ge=0, description="Lines before the header to skip.")
    skip_rows_after_header: int | None = Field(
        default=None, ge=0, description="Lines after the header to skip."
    )
    comment: Character | None = Field(
        default=None, description="Lines before the header that begin with it are skipped."
    )
    offset: Offset | None = Field(default=None, description="All dates are day offsets.")

    @field_validator("quote", mode="before")
    @classmethod
    def _no_quote(cls, value: Any) -> Any:
        # a character no text file holds stands for "nothing is quoted"
        return "\x00" if value == "none" else value

    @field_validator("nulls", mode="before")
    @classmethod
    def _null_is_empty(cls, value: Any) -> Any:
        return [item or "" for item in value] if isinstance(value, list) else value


class Defaults(Reading):
    """What holds for every file of a flat source."""

    dates: DateFormText | None = None


class FileMapping(Reading):
    """One file (or one kind of files) of a flat source, mapped to one extract table."""

    file: str = Field(description="File name or pattern inside the source's folder.")
    columns: dict[str, str] = Field(default_factory=dict, description="Extract column: column of the file.")
    values: dict[str, dict[str, str | None]] = Field(
        default_factory=dict, description="Per extract column: text of the file: value of the extract format."
    )
    dates: dict[str, DateFormText] = Field(default_factory=dict, description="Per extract column: its form.")
    constants: dict[str, str] = Field(
        default_factory=dict, description="Extract column: the same for all rows."
    )
    only_where_present: tuple[str, ...] = Field(
        default=(), description="Rows that fill these columns of the file."
    )
    only_where_absent: tuple[str, ...] = Field(default=(), description="Rows that leave these columns empty.")
    only_where: dict[str, tuple[str, ...]] = Field(
        default_factory=dict, description="Rows with these values."
    )
    except_where: dict[str, tuple[str, ...]] = Field(default_factory=dict, description="Rows without them.")
    precedence: int | None = Field(default=None, description="In place of the source's, for this file.")

    @model_validator(mode="before")
    @classmethod
    def _offset_among_dates(cls, data: Any) -> Any:
        """`dates: {offset: ...}` says the same as `offset: ...`."""
        if isinstance(data, dict) and isinstance(data.get("dates"), dict) and "offset" in data["dates"]:
            dates = dict(data["dates"])
            return {**data, "offset": dates.pop("offset"), "dates": dates}
        return data

    @field_validator("file")
    @classmethod
    def _inside_the_folder(cls, value: str) -> str:
        if PurePosixPath(value).is_absolute() or ".." in PurePosixPath(value).parts or not value:
            raise ValueError("a file is named inside the source's folder, without a leading / and without ..")
        return value

    @property
    def file_columns(self) -> tuple[str, ...]:
        """Every column of the file that the mapping names, in the order it names them."""
        filters = (*self.only_where_present, *self.only_where_absent, *self.only_where, *self.except_where)
        return tuple(dict.fromkeys((*self.columns.values(), *filters)))

    def check_against(self, table: Table) -> None:
        """Raises ValueError where the mapping does not fit the extract table."""
        for part, names in (("columns", self.columns), ("constants", self.constants)):
            for name in names:
                if name not in table.names:
                    raise ValueError(
                        f"{part}: {table.name} has no column '{name}'; {nearest(name, table.names)}"
                    )
        for part, known in (("values", self.values), ("dates", self.dates)):
            for name in known:
                if name not in self.columns:
                    raise ValueError(f"{part}: '{name}' is not mapped under columns")
        for name in self.dates:
            if table[name].kind != "date":
                raise ValueError(f"dates: {table.name}.{name} is no date")
        for name in table.required:
            if name not in self.columns and name not in self.constants:
                raise ValueError(f"{table.name}.{name} is required: give it a column or a constant")
        for name, mapped in self.values.items():
            if len({text.strip().lower() for text in mapped}) < len(mapped):
                raise ValueError(f"values.{name}: two texts differ only in case, which is not told apart")
        self._check_constants(table)

    def _check_constants(self, table: Table) -> None:
        for name, value in self.constants.items():
            if name in self.columns:
                raise ValueError(f"constants: '{name}' is mapped under columns too")
            allowed = table[name].values
            if allowed and value not in allowed:
                raise ValueError(f"constants: '{value}' is no value of {name}; {nearest(value, allowed)}")


class _Source(SiteModel):
    """What every source says about itself."""

    path: str = Field(
        min_length=1,
        description="Folder, relative to the site file and inside its folder, or absolute. "
        "${NAME} stands for an environment variable that holds an absolute path.",
    )
    delivery: Literal["snapshot", "increment"] = "snapshot"
    key: tuple[str, ...] | dict[str, tuple[str, ...]] | None = Field(
        None, description="For increments: the columns by which a later row replaces an earlier one."
    )
    precedence: int = Field(
        default=1, description="When two sources state the same fact, the lower number wins."
    )

    @model_validator(mode="after")
    def _increments_name_their_key(self) -> Self:
        if (self.delivery == "increment") != bool(self.key):
            raise ValueError("delivery: increment names its key, and only increments have one")
        if isinstance(self.key, dict):
            for name, columns in self.key.items():
                if name not in TABLES:
                    raise ValueError(f"key: no extract table '{name}'; {nearest(name, TABLES)}")
                _check_key(TABLES[name], columns)
        return self

    def key_of(self, table: Table) -> tuple[str, ...] | None:
        """The key of this table's increments; None where the site file gives it none."""
        if isinstance(self.key, dict):
            return self.key.get(table.name)
        return self.key if self.key and set(self.key) <= set(table.names) else None


def _check_key(table: Table, columns: tuple[str, ...]) -> None:
    for column in columns:
        if column not in table.names:
            raise ValueError(f"key: {table.name} has no column '{column}'; {nearest(column, table.names)}")


class AfterlineSource(_Source):
    """A folder in the extract format: one file per table, named after it."""

    format: Literal["afterline"]


class FlatSource(_Source):
    """A site's own delimited files, mapped to the extract tables."""

    format: Literal["flat"]
    defaults: Defaults = Defaults()
    tables: dict[str, tuple[FileMapping, ...]]

    @model_validator(mode="after")
    def _mappings_fit_their_tables(self) -> Self:
        for name, mappings in self.tables.items():
            if name not in TABLES:
                raise ValueError(f"tables: no extract table '{name}'; {nearest(name, TABLES)}")
            for number, mapping in enumerate(mappings, start=1):
                try:
                    mapping.check_against(TABLES[name])
                except ValueError as error:
                    raise ValueError(f"tables.{name}[{number}].{error}") from error
            if self.delivery == "increment" and self.key_of(TABLES[name]) is None:
                raise ValueError(f"key: names no columns for the table {name}")
        self._check_offsets()
        return self

    def _check_offsets(self) -> None:
        """Day zero is one per source: offsets from birth and from diagnosis do not lie on one axis."""
        forms = [self.date_form(mapping, TABLES[t], c) for t, m in self.tables.items() for mapping in m
                 for c in mapping.columns if TABLES[t][c].kind == "date"]  # fmt: skip
        offsets = {form.offset for form in forms}
        if len(offsets) > 1:
            raise ValueError("dates: one source has one kind of dates, calendar or offsets from one origin")

    def date_form(self, mapping: FileMapping, table: Table, column: str) -> DateForm:
        """How this column of this file writes its dates; without formats and offset it is ISO."""
        if column in mapping.dates:
            return mapping.dates[column]
        if mapping.offset is not None:
            return DateForm(offset=mapping.offset)
        if self.defaults.offset is not None:
            return DateForm(offset=self.defaults.offset)
        return self.defaults.dates or DateForm()


Source = Annotated[AfterlineSource | FlatSource, Field(discriminator="format")]
