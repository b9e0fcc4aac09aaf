"""Dates as a reader may see them: with their precision, or as days where no calendar date is true."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

_SHOWN = {"day": 10, "month": 7, "year": 4}
# the middle, as staging imputes it (extracts.md)
_IMPUTED = {4: "-07-01", 7: "-15", 10: ""}


def parse(text: str | None) -> tuple[date, str] | None:
    """A date of the extract format and its precision; None where there is none."""
    text = (text or "").strip()
    if len(text) not in _IMPUTED:
        return None
    precision = {4: "year", 7: "month", 10: "day"}[len(text)]
    return date.fromisoformat(text + _IMPUTED[len(text)]), precision


@dataclass(frozen=True)
class Calendar:
    """How one patient's dates are written: `origin` is day 0; with `is_relative` days alone are true."""

    origin: date | None
    origin_name: str
    is_relative: bool

    def text(self, when: date | None, precision: str | None = "day") -> str:
        """'2021-03-29', '2021-03' where the month alone is known, 'day 319' where relative, '-' for none."""
        if when is None:
            return "-"
        if self.is_relative:
            about = "" if precision in (None, "day") else f" ({precision} known)"
            return f"day {self.day(when)}{about}"
        return when.isoformat()[: _SHOWN[precision or "day"]]

    def day(self, when: date | None) -> str:
        """Days from day 0, nothing where either is unknown."""
        return "" if when is None or self.origin is None else str((when - self.origin).days)

    def both(self, when: date | None) -> str:
        """'2022-02-11 (day 319)', or the day alone."""
        if when is None or self.is_relative or self.origin is None:
            return self.text(when)
        return f"{self.text(when)} (day {self.day(when)})"
