"""Every estimator against the values of R (reference/make_reference.R), to 1e-6."""

from __future__ import annotations

import pandas as pd
import pytest

from analysis import cox_hazard_ratio, cox_model, cox_test
from tests.analysis import golden_table
from tests.analysis.golden import GROUPS, REFERENCE, SETS, data_of, distance

TOLERANCE = 1e-6


def test_the_reference_names_its_engine():
    assert REFERENCE["r_version"].startswith("R version")
    assert REFERENCE["survival_version"]


@pytest.mark.parametrize("pairs", GROUPS, ids=lambda pairs: pairs.__name__)
def test_our_numbers_are_those_of_r(pairs):
    found = list(pairs())
    assert found
    apart = [pair for pair in found if distance(pair[2], pair[3]) > TOLERANCE]
    assert not apart


def test_a_number_that_is_off_is_seen():
    assert distance(1.0, 1.0 + 2e-6) > TOLERANCE
    assert distance(1000.0, 1000.0 + 5e-4) < TOLERANCE
    assert distance(None, 1.0) > TOLERANCE
    assert distance(1.0, None) > TOLERANCE
    assert distance(None, None) == 0


@pytest.mark.parametrize("name", SETS)
def test_lifelines_and_survival_agree_on_the_plain_cox_model(name):
    # lifelines stops a little earlier; with that allowed for, small and large data get the same number
    data, group = data_of(name)
    model = cox_model(data, pd.DataFrame({"group": group.astype(float)}))
    ours, other = cox_hazard_ratio(data, group), model.hazard_ratio("group")
    for one, two in zip(
        (ours.estimate, ours.ci_low, ours.ci_high, cox_test(data, group).p_value),
        (other.estimate, other.ci_low, other.ci_high, model.test("group").p_value),
        strict=True,
    ):
        assert distance(one, two) < TOLERANCE


def test_the_golden_table_counts_every_pair():
    rows = golden_table.table()
    assert sum(count for _, count, _ in rows) == sum(1 for pairs in GROUPS for _ in pairs())
    assert {"median_survival (weighted)", "firth_cox_hazard_ratio", "interval_censored"} <= {
        r[0] for r in rows
    }
