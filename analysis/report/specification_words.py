"""What choices are called on the page, short enough for a phone; what has no name here goes by its id."""

from __future__ import annotations

from analysis.estimation.adjustment import COX, NAMES, NONE
from analysis.estimation.covariates import COMPLETE_CASES, MISSING_LEVEL
from analysis.estimation.reanalyses import INTERVAL, LANDMARK, LANDMARK_MONTHS, NO_EARLY
from analysis.report import words

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
# of an adjustment, in tables, figures and filters alike
ADJUSTMENTS = {
    NONE: "Not adjusted",
    **{way: words.sentence(name) for way, name in NAMES.items()},
    COX: "Cox, covariates",
}
MISSING = {COMPLETE_CASES: "complete cases", MISSING_LEVEL: "unknown as a level"}
FIRTH = "Firth’s penalty"
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
    INTERVAL: "Interval-censored",
    NO_EARLY: "Without early progression",
    LANDMARK: f"From month {LANDMARK_MONTHS:g} on",
}


def reanalysis_key(group: str, statistic: str, term: str) -> str:
    """The estimate_id of PFS2 analysed in another way; without a term, of the plain analysis."""
    ends = {"": "", LANDMARK: f".{LANDMARK}.{LANDMARK_MONTHS:g}"}
    return f"pfs2.{group}.{statistic}{ends.get(term, f'.{term}')}"


def by_method(label: str, method: str) -> str:
    """The label of an analysis, which says so where Firth's likelihood took the place of Cox's."""
    return f"{label}, {FIRTH}" if "Firth" in method else label


def family(name: str) -> str:
    """The parameter in which a rule set differs."""
    return FAMILIES.get(name) or words.sentence(name.replace("_", " "))


def profile(name: str) -> str:
    """An endpoint profile."""
    return PROFILES.get(name, name.replace("_", " "))
