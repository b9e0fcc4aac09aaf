"""Estimates and the report.

A statistics layer to import in a notebook, and the nightly `estimate` and `render`.
"""

from analysis.estimation.run import estimate
from analysis.rendering import render
from analysis.report.header import ReportHeader
from analysis.statistics.association import auc, chi_square_test, e_value, effective_sample_size, kendall_tau
from analysis.statistics.balance import smd_categories, smd_continuous, spread
from analysis.statistics.comparison import (
    cox_comparison,
    cox_hazard_ratio,
    cox_test,
    log_rank,
    proportional_hazards,
)
from analysis.statistics.competing import CumulativeIncidence, cumulative_incidence
from analysis.statistics.cox import CoxModel, cox_model
from analysis.statistics.durations import DAYS_PER_MONTH, Durations, durations
from analysis.statistics.estimates import Estimate, Interval, Spread, StatisticsError, Test, Variance
from analysis.statistics.firth import firth_cox_hazard_ratio, firth_cox_test
from analysis.statistics.honesty import suspicious_interval
from analysis.statistics.interval_censoring import (
    IntervalCensored,
    interval_censored,
    interval_censored_median,
)
from analysis.statistics.kaplan_meier import (
    KaplanMeier,
    follow_up,
    kaplan_meier,
    median_survival,
    number_at_risk,
    survival_at,
    weighted_at_risk,
)
from analysis.statistics.logistic import LogisticModel, logistic_model, separated
from analysis.statistics.proportions import fisher_test, proportion, proportion_difference
from analysis.statistics.restricted_mean import common_tau, rmst, rmst_difference, rmst_test

__all__ = [
    "DAYS_PER_MONTH",
    "CoxModel",
    "CumulativeIncidence",
    "Durations",
    "Estimate",
    "Interval",
    "IntervalCensored",
    "KaplanMeier",
    "LogisticModel",
    "ReportHeader",
    "Spread",
    "StatisticsError",
    "Test",
    "Variance",
    "auc",
    "chi_square_test",
    "common_tau",
    "cox_comparison",
    "cox_hazard_ratio",
    "cox_model",
    "cox_test",
    "cumulative_incidence",
    "durations",
    "e_value",
    "effective_sample_size",
    "estimate",
    "firth_cox_hazard_ratio",
    "firth_cox_test",
    "fisher_test",
    "follow_up",
    "interval_censored",
    "interval_censored_median",
    "kaplan_meier",
    "kendall_tau",
    "log_rank",
    "logistic_model",
    "median_survival",
    "number_at_risk",
    "proportion",
    "proportion_difference",
    "proportional_hazards",
    "render",
    "rmst",
    "rmst_difference",
    "rmst_test",
    "separated",
    "smd_categories",
    "smd_continuous",
    "spread",
    "survival_at",
    "suspicious_interval",
    "weighted_at_risk",
]
