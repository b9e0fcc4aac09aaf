"""The rows of marts.sensitivity_estimates as the page prints them: as study_estimates', and each names its
choice.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

import duckdb
from markupsafe import Markup, escape

from analysis.estimation.specifications import ANY, families
from analysis.estimation.study import read_frame
from analysis.report.numbers import Numbers, Stored

Key = tuple[str, str]  # rule set, profile


class ChosenNumbers(Numbers):
    """The rows of one rule set and profile; the spans carry both beside the estimate_id."""

    def __init__(self, rows: Mapping[str, Stored], choice: Key) -> None:
        super().__init__(rows)
        self.choice = choice

    def ci(self, key: str, decimals: int = 1, brackets: bool = True) -> Markup:
        """As Numbers prints it, with its choice."""
        return self._placed(super().ci(key, decimals, brackets))

    def _span(self, key: str, shown: str, column: str = "estimate") -> Markup:
        return self._placed(super()._span(key, shown, column))

    def _placed(self, span: Markup) -> Markup:
        rule_set, profile = (escape(part) for part in self.choice)
        where = Markup('data-rule-set="{}" data-profile="{}" data-estimate=').format(rule_set, profile)
        return Markup(str(span).replace("data-estimate=", where))  # noqa: S704 - a span of Numbers


@dataclass(frozen=True)
class Specified:
    """A study's rows by choice, with the family of each rule set, in the order of the table."""

    choices: Mapping[Key, ChosenNumbers]
    family: Mapping[str, str]

    def at(self, rule_set: str, profile: str) -> ChosenNumbers:
        """The numbers of one choice; without rows every number prints a dash."""
        return self.choices.get((rule_set, profile)) or ChosenNumbers({}, (rule_set, profile))

    @property
    def estimated(self) -> list[Key]:
        """The choices of which PFS2 was estimated: all but those taken over several."""
        return [key for key in self.choices if ANY not in key]


def read_specified(connection: duckdb.DuckDBPyConnection, study_id: str) -> Specified:
    """The study's rows of marts.sensitivity_estimates."""
    columns = [f.name for f in fields(Stored) if f.name != "withheld"]
    named = ", ".join(columns)
    query = f"""
        select rule_set_id, profile_id, {named} from marts.sensitivity_estimates
        where study_id = ? order by position
    """
    found: dict[Key, dict[str, Stored]] = {}
    for rule_set, profile, *values in connection.execute(query, [study_id]).fetchall():
        found.setdefault((rule_set, profile), {})[values[0]] = Stored(*values)
    rules = read_frame(connection, "select * from marts.line_rules order by rule_set_id").to_dict("records")
    family = families([{str(name): value for name, value in row.items()} for row in rules])
    return Specified({key: ChosenNumbers(rows, key) for key, rows in found.items()}, family)
