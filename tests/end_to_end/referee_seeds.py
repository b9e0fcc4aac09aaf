"""What the second reading of the rules takes from the seeds: drugs, rule sets and endpoint profiles."""

from __future__ import annotations

import csv
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

SEEDS = Path(__file__).parents[2] / "dbt_project" / "seeds"


def read_csv(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV file, nothing where there is no such file."""
    if not path.exists():
        return []
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@dataclass(frozen=True)
class Drug:
    """One ingredient of the dictionary."""

    ingredient: str
    drug_class: str
    role: str
    modality: str
    default_days: int
    parenteral: bool
    groups: frozenset[str]


@dataclass(frozen=True)
class RuleSet:
    """One row of line_rules."""

    rule_set_id: str
    regimen_window_days: int
    addition_window_days: int
    era_gap_days: int
    line_gap_days: int
    gap_advances: bool
    substitution_allowed: bool
    maintenance_window_days: int
    advanced_tolerance_days: int
    pd_attribution_days: int
    pd_episode_days: int
    pd_spent_days: int
    stockpile_cap_days: int


@dataclass(frozen=True)
class Profile:
    """One row of endpoint_profiles."""

    profile_id: str
    sources: frozenset[str]
    late_progression: str
    late_death_counts: bool
    next_line_censors: bool
    censor_missed_assessments: bool
    longest_interval: int
    visit_gap_days: int | None
    censor_at: str
    death_window_days: int | None
    sd_min_days: int
    cb_days: int
    cb_variant_days: int
    cb_maturity_days: int
    confirmation_days: int


def drugs_of_seed() -> dict[str, Drug]:
    """The drug dictionary with the substitution groups."""
    groups: dict[str, set[str]] = defaultdict(set)
    for row in read_csv(SEEDS / "substitution_groups.csv"):
        groups[row["ingredient"]].add(row["substitution_group"])
    return {
        row["ingredient"]: Drug(
            row["ingredient"],
            row["drug_class"],
            row["role"],
            row["modality"],
            int(row["default_days"]),
            row["is_parenteral"] == "true",
            frozenset(groups[row["ingredient"]]),
        )
        for row in read_csv(SEEDS / "drugs.csv")
    }


def rule_sets() -> dict[str, RuleSet]:
    """Every rule set by its id."""
    found = {}
    for row in read_csv(SEEDS / "line_rules.csv"):
        flags = {name: row[name] == "true" for name in ("gap_advances", "substitution_allowed")}
        numbers = {name: int(text) for name, text in row.items() if name.endswith("_days")}
        found[row["rule_set_id"]] = RuleSet(row["rule_set_id"], **numbers, **flags)  # type: ignore[arg-type]
    return found


def profiles() -> dict[str, Profile]:
    """Every endpoint profile by its id."""
    found = {}
    for row in read_csv(SEEDS / "endpoint_profiles.csv"):
        found[row["profile_id"]] = Profile(
            profile_id=row["profile_id"],
            sources=frozenset(
                name for name in ("imaging", "clinical", "stop_reason") if row[f"counts_{name}"] == "true"
            ),
            late_progression=row["late_progression"],
            late_death_counts=row["late_death_counts"] == "true",
            next_line_censors=row["next_line_censors"] == "true",
            censor_missed_assessments=row["censor_missed_assessments"] == "true",
            longest_interval=2 * int(row["assessment_interval_days"]) + int(row["assessment_margin_days"]),
            visit_gap_days=int(row["visit_gap_days"]) if row["visit_gap_days"] else None,
            censor_at=row["censor_at"],
            death_window_days=int(row["death_window_days"]) if row["death_window_days"] else None,
            sd_min_days=int(row["sd_min_days"]),
            cb_days=int(row["cb_days"]),
            cb_variant_days=int(row["cb_variant_days"]),
            cb_maturity_days=int(row["cb_maturity_days"]),
            confirmation_days=int(row["confirmation_days"]),
        )
    return found
