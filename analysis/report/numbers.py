"""The rows of marts.study_estimates as the page prints them: every number a span that names its row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

import duckdb
from markupsafe import Markup

from analysis.figures.canvas import WITHHELD
from analysis.report import words


@dataclass(frozen=True)
class Stored:
    """A row of marts.study_estimates, as far as the page needs it.

    `withheld` names what the shareable rendering does not show of it: estimate (with its limits), n, events.
    """

    estimate_id: str
    endpoint: str
    group_name: str
    population: str
    adjustment: str
    term: str | None
    time_months: float | None
    statistic: str
    estimate: float | None
    ci_low: float | None
    ci_high: float | None
    n: int | None
    events: int | None
    unit: str
    method: str
    variance: str | None
    note: str | None
    withheld: frozenset[str] = frozenset()


class Numbers:
    """Prints estimates by estimate_id; an id that has no row prints a dash."""

    def __init__(self, rows: Mapping[str, Stored]) -> None:
        self.rows = rows

    def row(self, key: str) -> Stored | None:
        """The row of an estimate_id, if there is one."""
        return self.rows.get(key)

    def find(self, start: str) -> Stored | None:
        """The first row whose id begins so: for ids that end in a time the data decide (tau)."""
        return next((row for key, row in self.rows.items() if key.startswith(start)), None)

    def value(self, key: str) -> float | None:
        """The bare estimate."""
        row = self.rows.get(key)
        return row.estimate if row else None

    def withheld(self, key: str, column: str = "estimate") -> bool:
        """Whether the shareable rendering keeps this number back."""
        row = self.rows.get(key)
        return row is not None and column in row.withheld

    def count(self, key: str) -> Markup:
        """A whole number."""
        return self._span(key, words.count(self.value(key)))

    def patients(self, key: str) -> Markup:
        """The patients behind an estimate."""
        row = self.rows.get(key)
        return self._span(key, words.count(row.n if row else None), "n")

    def events(self, key: str) -> Markup:
        """The events behind an estimate."""
        row = self.rows.get(key)
        return self._span(key, words.count(row.events if row else None), "events")

    def plain(self, key: str, decimals: int = 1) -> Markup:
        """A number in its unit, without its limits."""
        return self._span(key, self._point(key, decimals))

    def percent(self, key: str, decimals: int = 0) -> Markup:
        """A share as a percentage, without its limits."""
        return self._span(key, words.percent(self.value(key), decimals))

    def with_ci(self, key: str, decimals: int = 1) -> Markup:
        """`10.1 (5.5–NR)`: estimate and 95 % confidence limits."""
        return self._span(key, self._point(key, decimals)) + self.ci(key, decimals)

    def ci(self, key: str, decimals: int = 1, brackets: bool = True) -> Markup:
        """` (5.5–NR)`, or nothing where there is no interval."""
        row = self.rows.get(key)
        if row is None or row.variance is None or (row.estimate is None and row.ci_low is None):
            return Markup("")
        scale = 100 if row.unit == "proportion" else 1
        low, high = (self._limit(limit, scale, decimals) for limit in (row.ci_low, row.ci_high))
        shown = words.limits(low, high)
        return Markup(' <span class="ci" data-estimate="{}" data-column="ci">{}</span>').format(
            key, f"({shown})" if brackets else shown
        )

    def percent_ci(self, key: str, decimals: int = 0) -> Markup:
        """`55 % (36–74)`."""
        return self._span(key, words.percent(self.value(key), decimals)) + self.ci(key, decimals)

    def points_ci(self, key: str, decimals: int = 1) -> Markup:
        """`−5.2 points (−31 to 22)`: a difference of shares, in percentage points."""
        value = self.value(key)
        shown = words.DASH if value is None else f"{words.number(value * 100, decimals)} points"
        return self._span(key, shown) + self.ci(key, decimals)

    def p(self, key: str) -> Markup:
        """A p-value, or the reason why there is none."""
        row = self.rows.get(key)
        if row and row.estimate is None and row.note and not row.withheld:
            return Markup('<span class="none">{}</span>').format(row.note)
        return self._span(key, words.p_value(self.value(key)))

    def text(self, key: str, decimals: int = 1) -> str:
        """`2.38 (1.20–4.71)` as text; a share in per cent without its sign, or why there is none."""
        row = self.rows.get(key)
        if row is None:
            return words.DASH
        scale = 100 if row.unit == "proportion" else 1
        if row.estimate is None:
            shown = words.NOT_REACHED if row.note == "not reached" else row.note or words.DASH
        else:
            shown = words.number(row.estimate * scale, decimals)
        if row.variance is None or (row.estimate is None and row.ci_low is None):
            return shown
        low, high = (self._limit(limit, scale, decimals) for limit in (row.ci_low, row.ci_high))
        return f"{shown} ({words.limits(low, high)})"

    def note(self, key: str) -> str:
        """The note of a row, or nothing."""
        row = self.rows.get(key)
        return row.note or "" if row else ""

    def _point(self, key: str, decimals: int) -> str:
        row = self.rows.get(key)
        if row and row.estimate is None and row.note == "not reached":
            return words.NOT_REACHED
        return words.number(row.estimate if row else None, decimals)

    @staticmethod
    def _limit(limit: float | None, scale: int, decimals: int) -> str:
        return words.NOT_REACHED if limit is None else words.number(limit * scale, decimals)

    def _span(self, key: str, shown: str, column: str = "estimate") -> Markup:
        which = Markup("") if column == "estimate" else Markup(' data-column="{}"').format(column)
        if self.withheld(key, column):
            return Markup('<span class="withheld" data-estimate="{}"{}>{}</span>').format(
                key, which, WITHHELD
            )
        return Markup('<span class="num" data-estimate="{}"{}>{}</span>').format(key, which, shown)


def read_numbers(connection: duckdb.DuckDBPyConnection, study_id: str) -> Numbers:
    """The study's rows of marts.study_estimates, in their order."""
    columns = ", ".join(f.name for f in fields(Stored) if f.name != "withheld")
    query = f"select {columns} from marts.study_estimates where study_id = ? order by position"
    rows = connection.execute(query, [study_id]).fetchall()
    return Numbers({row[0]: Stored(*row) for row in rows})
