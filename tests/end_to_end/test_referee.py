"""The SQL against a second engine: every line, endpoint and response of random patients, cell by cell."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import pytest

from tests.end_to_end.random_site import DATA_CUT, Site, near_the_cut
from tests.end_to_end.rare_patients import RARE
from tests.end_to_end.referee import Chart, administered_ingredients, read_charts, take_history
from tests.end_to_end.referee_endpoints import (
    Endpoint,
    assessed,
    overall_survival,
    pfs,
    response,
    ttd,
    ttnt,
)
from tests.end_to_end.referee_lines import Line, Walk, Walker, category, records_of
from tests.end_to_end.referee_seeds import Drug, drugs_of_seed, profiles, rule_sets
from tests.end_to_end.test_invariants import _build, _cohort

STORIES = Path(__file__).parents[1] / "stories"
STORIES_CUT = date(2025, 9, 30)
RULE_SETS = ("primary", "claims", "most_lines", "fewest_lines", "no_substitution")
# every so many patients one whose day 0 is so many days before the data cut
RECENT = {2: 100, 5: 250, 8: 500}

# mart: its key, then the columns compared
MARTS = {
    "therapy_lines": (
        ("rule_set_id", "patient_id", "line_number"),
        ("line_start", "line_end", "regimen", "regimen_category", "opened_by", "confidence", "end_reason",
         "stop_reason", "has_maintenance", "medication_ids", "progression_ids"),
    ),
    "therapy_sublines": (
        ("rule_set_id", "patient_id", "line_number", "subline_number"),
        ("subline_start", "regimen", "change_reason"),
    ),
    "line_drugs": (
        ("rule_set_id", "patient_id", "line_number", "ingredient"),
        ("drug_class", "joined_by", "first_date", "last_date"),
    ),
    "early_therapies": (("rule_set_id", "patient_id", "ingredient", "start_date"), ("end_date",)),
    "progression_events": (
        ("rule_set_id", "patient_id", "progression_id"),
        ("progression_date", "source", "episode_date", "line_number"),
    ),
    "line_endpoints": (
        ("rule_set_id", "profile_id", "patient_id", "line_number", "endpoint"),
        ("start_date", "end_date", "days", "event", "event_type", "censor_reason", "entry_days"),
    ),
    "line_responses": (
        ("rule_set_id", "patient_id", "line_number"),
        ("bor", "cbor", "objective_response", "clinical_benefit", "clinical_benefit_161",
         "clinical_benefit_recist", "evaluable"),
    ),
}  # fmt: skip
# what the study's marts say of assessments rests on this model; the stories have no file for it
INTERMEDIATE = {
    "int_lines_assessed": (
        ("rule_set_id", "profile_id", "patient_id", "line_number"),
        ("last_clear_date", "last_scan_date", "scans"),
    ),
}
COMPARED = MARTS | INTERMEDIATE

Key = tuple[object, ...]
Table = dict[Key, dict[str, str | None]]


def _text(value: object) -> str | None:
    """A cell as the expected files write it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (list, tuple, set, frozenset)):
        return ";".join(sorted(value)) or None
    return None if value is None else str(value)


def _date(day: int) -> str:
    return date.fromordinal(day).isoformat()


class Verdict:
    """What the referee makes of every chart, in the shape of the marts."""

    def __init__(self, charts: Iterable[Chart], cut: date, ids: Iterable[str]) -> None:
        self.tables: dict[str, Table] = {mart: {} for mart in COMPARED}
        charts = list(charts)
        administered = administered_ingredients(charts, cut.toordinal())
        for rules in (rule_sets()[name] for name in ids):
            for chart in charts:
                walk = Walker(take_history(chart, rules, cut.toordinal(), administered)).walk()
                self._add(walk, rules.rule_set_id, chart.patient_id)

    def _row(self, mart: str, key: Key, *cells: object) -> None:
        self.tables[mart][tuple(_text(part) for part in key)] = {
            column: _text(cell) for column, cell in zip(COMPARED[mart][1], cells, strict=True)
        }

    def _add(self, walk: Walk, rule_set: str, patient: str) -> None:
        for event in walk.events:
            self._row(
                "progression_events", (rule_set, patient, event.progression_id),
                _date(event.day), event.source, _date(event.episode), walk.line_of(event),
            )  # fmt: skip
        for era in walk.early:
            key = (rule_set, patient, era.drug.ingredient, _date(era.start))
            self._row("early_therapies", key, _date(era.end))
        for line in walk.lines:
            self._add_line(walk, line, (rule_set, patient, line.number))
            for name, one in _endpoints(walk, line):
                self._row(
                    "line_endpoints", (rule_set, name[0], patient, line.number, name[1]),
                    _date(one.start), _date(one.end), one.end - one.start, int(one.event_type is not None),
                    one.event_type, one.censor_reason, one.entry_days,
                )  # fmt: skip
            for profile in profiles().values():
                clear, last, scans = assessed(walk, line, profile)
                self._row(
                    "int_lines_assessed", (rule_set, profile.profile_id, patient, line.number),
                    clear and _date(clear), last and _date(last), scans,
                )  # fmt: skip
            seen = response(walk, line, profiles()["primary"])
            self._row("line_responses", (rule_set, patient, line.number), *vars(seen).values())

    def _add_line(self, walk: Walk, line: Line, key: Key) -> None:
        # TL 8: the records of the line's eras (that cover a day of the line); its own progression events and,
        # where it was opened by progression, those of the line before
        records = {
            one.record.medication_id
            for one in records_of(line)
            if one.covered_from <= line.end and one.covered_to >= line.start
        }
        rests_on = {line.number, line.number - 1 if line.opened_by == "progression" else line.number}
        progressions = {event.progression_id for event in walk.events if walk.line_of(event) in rests_on}
        self._row(
            "therapy_lines", key,
            _date(line.start), _date(line.end), _regimen(line.drugs), category(line.drugs), line.opened_by,
            "documented" if line.opened_by in ("first", "progression") else "inferred",
            line.end_reason, line.stop_reason, line.has_maintenance, records, progressions,
        )  # fmt: skip
        for number, (start, reason, drugs) in enumerate(line.sublines):
            self._row("therapy_sublines", (*key, number), _date(start), _regimen(drugs), reason)
        for drug, joined_by in line.joined_by.items():
            eras = [era for era in line.eras if era.drug == drug]
            # TL 6: the drug's first and last covered day from line_start to line_end
            first = max(line.start, min(era.start for era in eras))
            last = min(line.end, max(era.end for era in eras))
            self._row(
                "line_drugs", (*key, drug.ingredient), drug.drug_class, joined_by, _date(first), _date(last)
            )


def _regimen(drugs: Iterable[Drug]) -> str:
    return " + ".join(sorted(drug.ingredient for drug in drugs))


def _endpoints(walk: Walk, line: Line) -> Iterator[tuple[tuple[str, str], Endpoint]]:
    for profile in profiles().values():
        yield (profile.profile_id, "pfs"), pfs(walk, line, profile)
    # EP 4: TTNT, TTD and OS do not depend on the profile and stand under primary only
    yield ("primary", "ttnt"), ttnt(walk, line)
    yield ("primary", "ttd"), ttd(walk, line)
    yield ("primary", "os"), overall_survival(walk, line)


def _differences(expected: Table, found: Table) -> list[tuple[object, ...]]:
    """Rows that only one side has, and cells that differ: key, column, expected, found."""
    alone: list[tuple[object, ...]] = [
        (key, "row", key in expected, key in found) for key in expected.keys() ^ found.keys()
    ]
    cells: list[tuple[object, ...]] = [
        (key, column, cell, found[key][column])
        for key, row in expected.items()
        if key in found
        for column, cell in row.items()
        if cell != found[key][column]
    ]
    return sorted(alone + cells, key=str)


@pytest.fixture(scope="module")
def stories() -> Verdict:
    """The referee on the patient stories."""
    charts = read_charts(STORIES / "extracts", drugs_of_seed())
    return Verdict(charts.values(), STORIES_CUT, ["primary"])


@pytest.mark.parametrize("mart", MARTS)
def test_referee_reads_the_stories_as_written(stories: Verdict, mart: str) -> None:
    key, columns = MARTS[mart]
    expected: Table = {}
    with (STORIES / "expected" / f"{mart}.csv").open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            place = tuple("primary" if part == "rule_set_id" else row[part] for part in key)
            expected[place] = {column: row[column] or None for column in columns if column in row}
    assert _differences(expected, stories.tables[mart]) == []


def _found(con: duckdb.DuckDBPyConnection, mart: str, ids: Iterable[str]) -> Table:
    key, columns = COMPARED[mart]
    schema = "marts" if mart in MARTS else "intermediate"
    # duration of response is checked where it is computed; the referee says nothing of it
    only = " and endpoint <> 'dor'" if mart == "line_endpoints" else ""
    rows = con.execute(
        f"select {', '.join(key + columns)} from {schema}.{mart} where list_contains(?, rule_set_id){only}",
        [list(ids)],
    ).fetchall()
    return {
        tuple(_text(cell) for cell in row[: len(key)]): {
            column: _text(cell) for column, cell in zip(columns, row[len(key) :], strict=True)
        }
        for row in rows
    }


def test_random_and_rare_patients() -> None:
    site = Site()
    for name, patient in RARE.items():
        site.add(patient, name)
    for number, patient in enumerate(_cohort()):
        # some are cut short: part of their records is later than the data cut
        site.add(
            near_the_cut(patient, RECENT[number % 12]) if number % 12 in RECENT else patient, f"p{number}"
        )
    with TemporaryDirectory() as folder:
        con = _build(site, Path(folder), "all")
        charts = read_charts(Path(folder) / "extracts", drugs_of_seed())
        verdict = Verdict(charts.values(), DATA_CUT, RULE_SETS)
        differences = {
            mart: _differences(verdict.tables[mart], _found(con, mart, RULE_SETS)) for mart in COMPARED
        }
        con.close()
    assert verdict.tables["therapy_lines"], "random patients without a line prove nothing"
    assert differences == {mart: [] for mart in COMPARED}
