"""How numbers and names are written on the page."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import date
from typing import Any

MINUS, THIN, DASH = "−", " ", "–"
NOT_REACHED = "NR"
INTERIM = "p-values: interim look, not adjusted for repeated looks"

MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip

STRATEGIES = {
    "endocrine": "Endocrine therapy",
    "chemotherapy": "Chemotherapy",
    "other": "Other",
    "all": "All",
}

ENDPOINTS = {
    "pfs2": "PFS2",
    "ttnt": "Time to next treatment",
    "ttd": "Time to discontinuation",
    "os": "Overall survival",
    "pfs1": "PFS1",
    "pfs2_ema": "PFS2 (EMA)",
}

STEPS = {
    "all_patients": "All patients in the extracts",
    "female": "Female",
    "hr_positive": "Hormone receptor positive",
    "her2_negative": "HER2 negative",
    "advanced_disease": "Advanced disease",
    "index_line": "{drug}{partner}",
    "minimum_age": "{minimum_age_years} years or older",
    "menopausal_status": "Menopausal state: {required_menopausal_status}",
    "no_other_cancer": "No other cancer within {other_cancer_years} years",
    "progression_on_index": "Progression on that line",
    "next_line": "Started a next line",
    "strategy_compared": "Strategy compared",
}

BEST_RESPONSES = {
    "CR": "Complete response",
    "PR": "Partial response",
    "SD": "Stable disease",
    "PD": "Progression",
    "NE": "Not evaluable",
    "not_assessed": "Not assessed",
}


def strategy(name: str) -> str:
    """A strategy as a heading."""
    return STRATEGIES.get(name) or sentence(name.replace("_", " "))


def inside(label: str) -> str:
    """A heading inside a sentence: its first letter small, unless it begins with an abbreviation or Ki-67."""
    first = label.split(" ")[0]
    named = label[1:2].isupper() or any(letter.isdigit() for letter in first)
    return label if named else label[:1].lower() + label[1:]


def sentence(text: str) -> str:
    """Words at the start of a sentence or a line: the first letter large, every other as it is."""
    return text[:1].upper() + text[1:]


def step(name: str, drug: str, study: Mapping[str, Any]) -> str:
    """An attrition step in words; `study` is the study's row, in which its criteria stand."""
    if name not in STEPS:
        return sentence(name.replace("_", " "))
    partner = study.get("index_partner_modality")
    values = {
        "drug": sentence(drug),
        "partner": f" with {partner} therapy" if isinstance(partner, str) and partner else "",
        **{key: _criterion(value) for key, value in study.items()},
    }
    return re.sub(r"\{(\w+)\}", lambda found: values.get(found[1], ""), STEPS[name])


def _criterion(value: object) -> str:
    """A parameter of a study inside words: a number without needless decimals."""
    return f"{value:g}" if isinstance(value, (int, float)) and not isinstance(value, bool) else str(value)


def number(value: float | None, decimals: int) -> str:
    """A number with fixed decimals and a true minus; a dash where there is none."""
    if value is None or not math.isfinite(value):
        return DASH
    rounded = f"{abs(value):.{decimals}f}"
    return (MINUS if value < 0 and float(rounded) != 0 else "") + rounded


def count(value: float | None) -> str:
    """A number of patients, with commas from a thousand on."""
    return DASH if value is None else f"{int(value):,}"


def percent(value: float | None, decimals: int = 0) -> str:
    """A share as a percentage with its sign."""
    return DASH if value is None else f"{number(value * 100, decimals)}{THIN}%"


def p_value(value: float | None) -> str:
    """p as journals print it: `p = 0.021`, three decimals under 0.1, `p < 0.001` below."""
    if value is None:
        return DASH
    if value < 0.001:
        return f"p{THIN}<{THIN}0.001"
    if value > 0.99:
        return f"p{THIN}>{THIN}0.99"
    return f"p{THIN}={THIN}" + (f"{value:.3f}" if value < 0.1 else f"{value:.2f}")


def limits(low: str, high: str) -> str:
    """Two limits; `to` where a minus sign would meet the dash."""
    return f"{low} to {high}" if MINUS in low + high else f"{low}{DASH}{high}"


def day(value: date) -> str:
    """A date as 30 June 2026, in English whatever the machine's locale."""
    return f"{value.day} {MONTHS[value.month - 1]} {value.year}"


def listed(items: list[str], last: str = "and") -> str:
    """a, b and c."""
    return f" {last} ".join([", ".join(items[:-1]), items[-1]] if len(items) > 1 else items)


def counted(n: int, one: str, many: str) -> str:
    """1 patient, 2 patients."""
    return f"{n} {one if n == 1 else many}"
