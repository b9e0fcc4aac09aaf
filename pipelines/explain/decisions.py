"""The walk's decisions as blocks to print: the rows of `line_decisions` of one rule and date together."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from itertools import groupby

from pipelines.explain.dates import Calendar
from pipelines.explain.marts import Row, Walk
from pipelines.explain.records import Records
from pipelines.explain.story import KEPT_RULES, progression_key, with_place
from pipelines.explain.words import OPENINGS, parameters_text, rule_of


@dataclass(frozen=True)
class Block:
    """One rule on one date: `drugs` are (ingredient, its records), `progressions` the events it looked at."""

    when: date
    title: str
    movement: str
    drugs: tuple[tuple[str, str], ...]
    why: str
    parameters: str
    progressions: tuple[str, ...]


def blocks(walk: Walk, records: Records, calendar: Calendar) -> list[Block]:
    """Every decision of the mart for this patient and rule set, in the walk's order."""
    made: list[Block] = []
    before, spent = "no line", set[str]()
    for _, on_date in groupby(walk.decisions, key=lambda row: row["decision_date"]):
        taken = sorted(on_date, key=lambda row: (row["rule"] in KEPT_RULES, row["rule"], row["ingredient"]))
        spent |= _spent(taken, walk)
        for _, together in groupby(taken, key=lambda row: (row["rule"], tuple(row["progression_ids"]))):
            made.append(_block(list(together), before, spent, walk, records, calendar))
        before = _label(taken[-1])
    return made


def _label(row: Row) -> str:
    return f"line {row['line_after']}.{row['subline_after']}"


def _block(
    together: list[Row], before: str, spent: set[str], walk: Walk, records: Records, calendar: Calendar
) -> Block:
    row = together[0]
    line = walk.line(row["line_after"])
    opened_by = line["opened_by"] if line else None
    rule = rule_of(row, opened_by)
    why = rule.text(walk.rules)
    if row["rule"] == "new_line" and opened_by in OPENINGS:
        why += " " + OPENINGS[opened_by].format_map(walk.rules)
    number = f" (rule {rule.number})" if rule.number else ""
    after = _label(row)
    # what is kept is kept whatever was seen: the events stand at the rule that opened the line
    seen = [] if row["rule"] == "continued" else row["progression_ids"]
    return Block(
        row["decision_date"],
        f"{row['rule']}{number}",
        f"stays in {after}" if before == after else f"{before} -> {after}",
        tuple((item["ingredient"], _records_text(item["medication_ids"], records)) for item in together),
        why,
        parameters_text(rule, walk.rules),
        tuple(_progression_text(name, row, spent, walk, records, calendar) for name in seen),
    )


def _records_text(medication_ids: list[str], records: Records) -> str:
    return "; ".join(with_place(name, records.place("medications", name)) for name in medication_ids)


def _spent(taken: list[Row], walk: Walk) -> set[str]:
    """Progressions that stand beside a rule which allows none that counts: they were spent, and stay so.

    Rules 3 to 6 allow none up to `pd_attribution_days` after the date, rule 2 none up to the date itself.
    """
    events = {event["progression_id"]: event for event in walk.progressions}
    found = set()
    for row in taken:
        for name in row["progression_ids"]:
            earlier = name in events and events[name]["episode_date"] <= row["decision_date"]
            if row["rule"] in ("addition", "late_addition", "substitution", "maintenance") or (
                row["rule"] == "known_drug" and earlier
            ):
                found.add(name)
    return found


def _progression_text(
    name: str, row: Row, spent: set[str], walk: Walk, records: Records, calendar: Calendar
) -> str:
    event = next((item for item in walk.progressions if item["progression_id"] == name), None)
    if event is None:
        return name
    parts = [
        calendar.both(event["progression_date"]),
        f"{event['source']}, {with_place(name, records.place(*progression_key(event)))}",
    ]
    if event["episode_date"] != event["progression_date"]:
        parts.append(f"of the episode of {calendar.both(event['episode_date'])}")
    line = event["line_number"]
    parts.append(f"belongs to line {line}" if line is not None else "belongs to no line")
    return ", ".join(parts) + _weight(name, row, event, spent, walk)


def _weight(name: str, row: Row, event: Row, spent: set[str], walk: Walk) -> str:
    """What the progression meant to the rule, as far as the rule's own condition says it."""
    if name in spent:
        days = walk.rules["pd_spent_days"]
        return (
            f"; spent: for {days} days it was answered by going on, so it no longer counts for rules 2 to 6"
        )
    if row["rule"] == "known_drug" and event["episode_date"] > row["decision_date"]:
        return "; recorded after this start, and a restart is no answer to a progression not yet seen"
    if row["rule"] == "window":
        return "; rule 1 asks for none"
    return ""
