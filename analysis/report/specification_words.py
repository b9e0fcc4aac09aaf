"""What choices are called on the page, short enough for a phone; what has no name here goes by its id."""

from __future__ import annotations

FAMILIES = {
    "primary": "As in the report",
    "regimen_window_days": "Regimen window",
    "addition_window_days": "Addition window",
    "era_gap_days": "Gap in a drug",
    "line_gap_days": "Gap in a line",
    "gap_advances": "Gap opens a line",
    "substitution_allowed": "Substitution",
    "maintenance_window_days": "Maintenance",
    "advanced_tolerance_days": "Advanced date",
    "pd_attribution_days": "Attribution",
    "pd_episode_days": "Episode",
    "pd_spent_days": "Spent progression",
    "stockpile_cap_days": "Stockpile",
    "corner": "Several at once",
}
PROFILES = {
    "primary": "Real-world",
    "fda": "FDA-style",
    "ema": "EMA-style",
    "rw_visit_gap": "Visit gap",
}
ADJUSTMENTS = {
    "none": "Unadjusted",
    "overlap": "Overlap weights",
    "ate": "Stabilised weights",
    "cox": "Cox, covariates",
}
CHANGES = {
    "lines": "Number of lines",
    "line_numbers": "Number or start of a line",
    "index_line": "Index line",
    "membership": "In the study",
    "next_line": "Next line",
    "strategy": "Strategy",
    "pfs2": "PFS2",
}
OVER = {
    "rule_sets": "Rule sets",
    "profiles": "Endpoint profiles",
    "adjustments": "Adjustments",
    "all": "All of them",
}
REANALYSES = {
    "interval_censored": "Interval-censored",
    "early_progression_excluded": "Without early progression",
    "landmark": "Landmark at 3 months",
}


def family(name: str) -> str:
    """The parameter in which a rule set differs."""
    return FAMILIES.get(name, name.replace("_", " ").capitalize())


def profile(name: str) -> str:
    """An endpoint profile."""
    return PROFILES.get(name, name.replace("_", " "))
