"""Every estimator against the values of R's survival (reference/make_reference.R), to 1e-6."""

import json
from pathlib import Path

import numpy as np
import pytest

from analysis.comparison import cox_hazard_ratio, cox_test, log_rank, proportional_hazards
from analysis.durations import durations
from analysis.kaplan_meier import follow_up, kaplan_meier, median_survival, number_at_risk, survival_at
from analysis.proportions import fisher_test, proportion, proportion_difference
from analysis.restricted_mean import common_tau, rmst, rmst_difference, rmst_test

REFERENCE = json.loads((Path(__file__).parent / "reference" / "reference.json").read_text())
SETS = REFERENCE["sets"]
STANDARD_ERROR = 2 * 1.959963984540054


def close(ours, theirs):
    return ours == theirs if theirs is None else ours == pytest.approx(theirs, rel=1e-6, abs=1e-6)


def data_of(name):
    s = SETS[name]
    return durations(s["time"], s["event"], s.get("entry")), np.array(s["group"]) == 1


def check_curve(data, expected):
    curve = kaplan_meier(data)
    median = median_survival(curve)
    assert (median.n, median.events) == (expected["n"], expected["events"])
    assert close(median.estimate, expected["median"])
    assert close(median.ci_low, expected["low"])
    assert close(median.ci_high, expected["high"])
    for i, when in enumerate(expected["times"]):
        point = survival_at(curve, when)
        assert close(point.estimate, expected["survival"][i])
        if 0 < expected["survival"][i] < 1:
            assert close(point.ci_low, expected["lower"][i])
            assert close(point.ci_high, expected["upper"][i])
        if (
            when in data.time
        ):  # between a curve's times R counts late entries up to its next time; we count before `when`
            assert number_at_risk(data, when) == expected["at_risk"][i]


def test_the_reference_names_its_engine():
    assert REFERENCE["r_version"].startswith("R version")
    assert REFERENCE["survival_version"]


@pytest.mark.parametrize("name", SETS)
def test_kaplan_meier(name):
    data, group = data_of(name)
    check_curve(data, SETS[name]["km"])
    check_curve(data.where(~group), SETS[name]["km_by_group"][0])
    check_curve(data.where(group), SETS[name]["km_by_group"][1])


@pytest.mark.parametrize("name", [n for n, s in SETS.items() if "follow_up" in s])
def test_reverse_kaplan_meier(name):
    ours, theirs = follow_up(data_of(name)[0]), SETS[name]["follow_up"]
    assert close(ours.estimate, theirs["median"])
    assert close(ours.ci_low, theirs["low"])
    assert close(ours.ci_high, theirs["high"])


@pytest.mark.parametrize("name", SETS)
def test_log_rank(name):
    ours, theirs = log_rank(*data_of(name)), SETS[name]["logrank"]
    assert close(ours.statistic, theirs["chi_square"])
    assert close(ours.p_value, theirs["p"])


@pytest.mark.parametrize("name", [n for n, s in SETS.items() if "logrank_stratified" in s])
def test_stratified_log_rank(name):
    data, group = data_of(name)
    ours, theirs = log_rank(data, group, np.array(SETS[name]["stratum"])), SETS[name]["logrank_stratified"]
    assert close(ours.statistic, theirs["chi_square"])
    assert close(ours.p_value, theirs["p"])


@pytest.mark.parametrize("name", SETS)
def test_cox(name):
    data, group = data_of(name)
    ours, theirs = cox_hazard_ratio(data, group), SETS[name]["cox"]
    assert close(ours.estimate, theirs["hr"])
    assert close(ours.ci_low, theirs["low"])
    assert close(ours.ci_high, theirs["high"])
    assert close(cox_test(data, group).p_value, theirs["p"])


@pytest.mark.parametrize("name", SETS)
def test_proportional_hazards(name):
    ours, theirs = proportional_hazards(*data_of(name)), SETS[name]["zph"]
    assert close(ours.statistic, theirs["chi_square"])
    assert close(ours.p_value, theirs["p"])


@pytest.mark.parametrize("name", [n for n, s in SETS.items() if "rmst" in s])
def test_restricted_mean(name):
    data, group = data_of(name)
    reference, other, theirs = data.where(~group), data.where(group), SETS[name]["rmst"]
    tau = common_tau(reference, other)
    assert close(tau, theirs["reference"]["tau"])
    assert close(rmst(reference, tau).estimate, theirs["reference"]["rmst"])
    assert close(rmst(other, tau).estimate, theirs["other"]["rmst"])
    difference = rmst_difference(reference, other, tau)
    assert close(difference.estimate, theirs["difference"])
    assert close(difference.ci_low, theirs["low"])
    assert close(difference.ci_high, theirs["high"])
    assert close(rmst_test(reference, other, tau).p_value, theirs["p"])


@pytest.mark.parametrize("case", REFERENCE["clopper_pearson"], ids=lambda c: f"{c['x']}/{c['n']}")
def test_clopper_pearson(case):
    ours = proportion(case["x"], case["n"])
    assert close(ours.ci_low, case["low"])
    assert close(ours.ci_high, case["high"])


@pytest.mark.parametrize(
    "case", REFERENCE["newcombe"], ids=lambda c: f"{c['x1']}/{c['n1']}-{c['x0']}/{c['n0']}"
)
def test_newcombe_and_fisher(case):
    table = case["x1"], case["n1"], case["x0"], case["n0"]
    ours = proportion_difference(*table)
    assert close(ours.estimate, case["difference"])
    assert close(ours.ci_low, case["low"])
    assert close(ours.ci_high, case["high"])
    assert close(fisher_test(*table).p_value, case["fisher_p"])
