"""Which columns may name a violating row: pseudonyms, places in a file, our own words; never a raw value."""

from __future__ import annotations

# Keys are published in audit.check_violations. In landing, ids are still the hospital's own: a row there is
# known by its batch and its place in the file (quality.md, section 5).
_PLACE = frozenset({"table_name", "column_name", "batch_id", "record_number", "record_key"})
_PSEUDONYMOUS = frozenset(
    {
        "patient_id",
        "medication_id",
        "assessment_id",
        "diagnosis_id",
        "procedure_id",
        "progression_id",
        "ingredient",
    }
)
_DERIVED = frozenset(
    {
        "rule_set_id",
        "profile_id",
        "study_id",
        "line_number",
        "subline_number",
        "endpoint",
        "step_number",
        "group_name",
        "time_months",
        "row_key",
    }
)

KEY_COLUMNS: dict[str, frozenset[str]] = {
    "landing": _PLACE,
    "staging": _PLACE | _PSEUDONYMOUS,
    "marts": _PLACE | _PSEUDONYMOUS | _DERIVED,
}


def key_expression(columns: tuple[str, ...]) -> str:
    """SQL that writes a row's key as `column=value;column=value` (a missing value is empty)."""
    parts = ", ".join(f"'{name}=' || coalesce(cast({name} as varchar), '')" for name in columns)
    return f"concat_ws(';', {parts})"
