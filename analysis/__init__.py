"""Estimates and the report.

A statistics layer to import in a notebook, and the nightly `estimate` and `render`.
"""

from analysis.balance import smd_categories, smd_continuous, spread
from analysis.comparison import cox_hazard_ratio, cox_test, log_rank, proportional_hazards
from analysis.durations import DAYS_PER_MONTH, Durations, durations
from analysis.estimates import Estimate, Interval, Spread, StatisticsError, Test, Variance
from analysis.estimation import estimate
from analysis.header import ReportHeader
from analysis.kaplan_meier import (
    KaplanMeier,
    follow_up,
    kaplan_meier,
    median_survival,
    number_at_risk,
    survival_at,
)
from analysis.proportions import fisher_test, proportion, proportion_difference
from analysis.rendering import render
from analysis.restricted_mean import common_tau, rmst, rmst_difference, rmst_test

__all__ = [
    "DAYS_PER_MONTH",
    "Durations",
    "Estimate",
    "Interval",
    "KaplanMeier",
    "ReportHeader",
    "Spread",
    "StatisticsError",
    "Test",
    "Variance",
    "common_tau",
    "cox_hazard_ratio",
    "cox_test",
    "durations",
    "estimate",
    "fisher_test",
    "follow_up",
    "kaplan_meier",
    "log_rank",
    "median_survival",
    "number_at_risk",
    "proportion",
    "proportion_difference",
    "proportional_hazards",
    "render",
    "rmst",
    "rmst_difference",
    "rmst_test",
    "smd_categories",
    "smd_continuous",
    "spread",
    "survival_at",
]
