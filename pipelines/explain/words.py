"""What each rule of the walk asks for, in words, and the parameters it reads (therapy-lines.md, section 5).

Words only: which rule fired is in the mart `line_decisions`.
"""

from __future__ import annotations

from dataclasses import dataclass

from pipelines.explain.marts import Row

# what "no progression, no gap" of rules 3 to 6 reads
_NO_FAILURE = ("pd_attribution_days", "pd_spent_days", "pd_episode_days", "line_gap_days")


@dataclass(frozen=True)
class Rule:
    """One rule: its number in therapy-lines.md (None for what is kept at an opening), a sentence with the
    parameters' values to be filled in, and the names of the parameters it reads.
    """

    number: int | None
    sentence: str
    parameters: tuple[str, ...]

    def text(self, rules: Row) -> str:
        """The sentence with the rule set's values."""
        return self.sentence.format_map(rules)


RULES: dict[str, Rule] = {
    "window": Rule(
        1,
        "It starts within {regimen_window_days} days of the line's first day: it belongs to the regimen.",
        ("regimen_window_days",),
    ),
    "known_drug": Rule(
        2,
        "It was given in this line before and restarts with no progression before it that still counts, and "
        "gaps open a line only where gap_advances is true: the line goes on.",
        ("regimen_window_days", "pd_spent_days", "pd_episode_days", "line_gap_days", "gap_advances"),
    ),
    "addition": Rule(
        3,
        "The missing partner, targeted to endocrine therapy or the reverse, within {addition_window_days} "
        "days of the line's first day, without progression or gap: it joins the regimen.",
        ("regimen_window_days", "addition_window_days", *_NO_FAILURE),
    ),
    "late_addition": Rule(
        4,
        "The missing partner, CDK4/6 inhibitor to endocrine therapy or the reverse, more than "
        "{addition_window_days} days after the line's first day, without progression or gap: a new sub-line.",
        ("addition_window_days", *_NO_FAILURE),
    ),
    "substitution": Rule(
        5,
        "It takes the place of a drug of its substitution group, or of an endocrine drug beside a partner "
        "that goes on, without progression or gap: a new sub-line, not a new line.",
        ("regimen_window_days", "substitution_allowed", *_NO_FAILURE),
    ),
    "maintenance": Rule(
        6,
        "Endocrine therapy, with or without a CDK4/6 inhibitor, at most {maintenance_window_days} days after "
        "the line's chemotherapy, without progression or gap: maintenance, a new sub-line.",
        ("regimen_window_days", "maintenance_window_days", *_NO_FAILURE),
    ),
    "new_line": Rule(
        7,
        "No rule before takes every drug that starts here: a line opens.",
        (
            *("regimen_window_days", "addition_window_days", "substitution_allowed"),
            *("maintenance_window_days", "gap_advances", *_NO_FAILURE),
        ),
    ),
    "continued": Rule(
        None,
        "It goes on for more than {regimen_window_days} days over the opening and nothing that starts "
        "replaces it: it is kept, and belongs to the new line too.",
        ("regimen_window_days",),
    ),
    "carried_over": Rule(
        None,
        "It began before advanced disease, goes on for more than {regimen_window_days} days over the opening "
        "and nothing that starts replaces it: it joins line 1.",
        ("regimen_window_days", "advanced_tolerance_days"),
    ),
}

# rule 7 where there is no line before, and rule 2 where what starts with the drug opens a line
_FIRST = Rule(
    7,
    "The first line-defining start from {advanced_tolerance_days} days before the advanced date on: line 1.",
    ("advanced_tolerance_days", "era_gap_days", "stockpile_cap_days"),
)
_CARRIED_OVER_ALONE = Rule(
    None,
    "It began before advanced disease, runs on for more than {addition_window_days} days beyond the advanced "
    "date, and nothing else started by then: it opens line 1 on the advanced date.",
    ("addition_window_days", "advanced_tolerance_days"),
)
_KNOWN_IN_A_NEW_LINE = Rule(
    2,
    "It was given in the line before, but a drug that starts with it opens a line, and all that start on one "
    "date go together.",
    RULES["new_line"].parameters,
)

OPENINGS: dict[str, str] = {
    "progression": "Opened by progression: one counts for the line before, recorded up to "
    "{pd_attribution_days} days after this start.",
    "gap": "Opened by a gap: no progression, and no drug of the line before covered for more than "
    "{line_gap_days} days.",
    "escalation": "Opened by escalation: no progression and no gap, but chemotherapy where the line before "
    "had none; an inadequate response is presumed.",
    "switch": "Opened by a switch: no progression, no gap, no first chemotherapy.",
}


def rule_of(decision: Row, opened_by: str | None) -> Rule:
    """The words for one row of `line_decisions`; `opened_by` is that of the line it leads to."""
    if decision["line_before"] is None and opened_by == "carried_over_alone":
        return _CARRIED_OVER_ALONE
    if decision["rule"] == "new_line" and decision["line_before"] is None:
        return _FIRST
    if decision["rule"] == "known_drug" and decision["line_before"] != decision["line_after"]:
        return _KNOWN_IN_A_NEW_LINE
    return RULES[decision["rule"]]


def parameters_text(rule: Rule, rules: Row) -> str:
    """'regimen_window_days = 28, ...': what the rule reads, as the rule set has it."""
    return ", ".join(f"{name} = {_value(rules[name])}" for name in rule.parameters)


def parameter_differences(first: Row, second: Row) -> list[tuple[str, str, str]]:
    """(parameter, value in the first, value in the second) wherever two rule sets differ."""
    return [
        (name, _value(value), _value(second[name]))
        for name, value in first.items()
        if name not in ("rule_set_id", "description") and value != second[name]
    ]


def _value(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
