"""Properties that hold for any data, and the types that keep the page honest."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis import (
    Estimate,
    Interval,
    StatisticsError,
    Variance,
    cox_hazard_ratio,
    durations,
    kaplan_meier,
    log_rank,
    median_survival,
    number_at_risk,
    proportion,
    proportion_difference,
    rmst,
    smd_categories,
    smd_continuous,
    spread,
    survival_at,
)

PATIENT = st.tuples(st.integers(0, 60), st.integers(0, 1), st.integers(0, 20))
PATIENTS = st.lists(PATIENT, min_size=1, max_size=40)


def data_of(patients, entry=True):
    time, event, late = (list(column) for column in zip(*patients, strict=True))
    return durations(time, event, late if entry else None)


@settings(deadline=None)
@given(PATIENTS)
def test_survival_falls_and_stays_between_its_limits(patients):
    data = data_of(patients)
    if data.n:
        curve = kaplan_meier(data)
        assert (np.diff(curve.survival) <= 1e-12).all()
        assert ((curve.survival >= 0) & (curve.survival <= 1)).all()
        known = ~np.isnan(curve.lower)
        assert (curve.lower[known] <= curve.survival[known] + 1e-12).all()
        assert (curve.survival[known] <= curve.upper[known] + 1e-12).all()
        assert (curve.at_risk >= curve.events + curve.censored).all()


@settings(deadline=None)
@given(PATIENTS, st.randoms(use_true_random=False))
def test_the_order_of_patients_does_not_matter(patients, random):
    shuffled = list(patients)
    random.shuffle(shuffled)
    one, other = data_of(patients), data_of(shuffled)
    if one.n:
        assert median_survival(kaplan_meier(one)) == median_survival(kaplan_meier(other))


@settings(deadline=None)
@given(PATIENTS)
def test_the_curve_is_the_product_over_event_times(patients):
    data = data_of(patients, entry=False)
    curve = kaplan_meier(data)
    survival = 1.0
    for when in sorted({float(t) for t, e in zip(data.time, data.event, strict=True) if e}):
        deaths = sum(1 for t, e in zip(data.time, data.event, strict=True) if e and t == when)
        survival *= 1 - deaths / number_at_risk(data, when)
        found = survival_at(curve, when).estimate
        assert found == pytest.approx(survival, abs=1e-12)


@settings(deadline=None)
@given(PATIENTS, st.floats(0.1, 60))
def test_a_restricted_mean_is_at_most_its_horizon(patients, tau):
    data = data_of(patients)
    if data.n and tau <= kaplan_meier(data).last_time:
        mean = rmst(data, tau)
        if mean.estimate is None:  # with delayed entry the curve may come to 0 before others enter
            assert "came to 0" in mean.note
            assert data.delayed
            return
        assert 0 <= mean.estimate <= tau + 1e-9
        if mean.interval is None:
            assert mean.standard_error == 0
        else:
            assert mean.interval.brackets(mean.estimate)


@settings(deadline=None, max_examples=40)
@given(PATIENTS, PATIENTS)
def test_swapping_the_groups_inverts_the_hazard_ratio(first, second):
    patients = [*first, *second]
    data = data_of(patients, entry=False)
    group = np.arange(len(patients)) >= len(first)
    there, back = cox_hazard_ratio(data, group), cox_hazard_ratio(data, ~group)
    assert (there.estimate is None) == (back.estimate is None)
    if there.estimate is not None:
        assert math.log(there.estimate) == pytest.approx(-math.log(back.estimate), abs=1e-5)
    one, other = log_rank(data, group), log_rank(data, ~group)
    assert one.note == other.note
    assert one.p_value == other.p_value or one.p_value == pytest.approx(other.p_value, abs=1e-9)


@settings(deadline=None)
@given(st.integers(0, 60), st.integers(1, 60), st.integers(0, 60), st.integers(1, 60))
def test_intervals_of_shares_hold_them(x, n, x0, n0):
    x, x0 = min(x, n), min(x0, n0)
    share = proportion(x, n)
    assert 0 <= share.ci_low <= share.estimate <= share.ci_high <= 1
    difference = proportion_difference(x, n, x0, n0)
    mirrored = proportion_difference(x0, n0, x, n)
    assert -1 <= difference.ci_low <= difference.estimate <= difference.ci_high <= 1
    assert difference.ci_low == pytest.approx(-mirrored.ci_high, abs=1e-9)


@settings(deadline=None)
@given(
    st.lists(st.floats(-100, 100), min_size=2, max_size=30),
    st.lists(st.floats(-100, 100), min_size=2, max_size=30),
)
def test_differences_change_their_sign_with_the_groups(first, second):
    a, b = (
        smd_continuous(pd.Series(first), pd.Series(second)),
        smd_continuous(pd.Series(second), pd.Series(first)),
    )
    assert (a.estimate is None) == (b.estimate is None)
    if a.estimate is not None:
        assert a.estimate == pytest.approx(-b.estimate)


def test_standardised_differences_by_hand():
    assert smd_continuous(pd.Series([1.0, 3.0]), pd.Series([2.0, 4.0])).estimate == pytest.approx(
        1 / math.sqrt(2)
    )
    no, yes = pd.Series(["no"] * 8 + ["yes"] * 2), pd.Series(["no"] * 4 + ["yes"] * 6)
    assert smd_categories(no, yes).estimate == pytest.approx(0.4 / math.sqrt((0.16 + 0.24) / 2))
    three, same = pd.Series(list("aabc")), pd.Series(list("bcaa"))
    assert smd_categories(three, same).estimate == pytest.approx(0)
    assert smd_categories(pd.Series(["a"]), pd.Series(["b"])).note == "no spread within the groups"


def test_a_spread_counts_what_is_missing():
    found = spread(pd.Series([4.0, None, 1.0, 2.0, 3.0]))
    assert (found.n, found.missing, found.median, found.q1, found.q3) == (4, 1, 2.5, 1.75, 3.25)
    assert (found.smallest, found.largest) == (1, 4)
    assert not hasattr(found, "ci_low")


@pytest.mark.parametrize(
    ("time", "event", "entry", "sentence"),
    [
        ([1, -2], [1, 0], None, "1 of 2 durations are negative"),
        ([1, None], [1, 0], None, "1 of 2 duration values are missing"),
        ([1, 2], [1, 2], None, "An event is 0 or 1"),
        ([1, 2], [1, None], None, "1 of 2 event values are missing"),
        ([1, 2], [1], None, "do not match"),
        ([1, 2], [1, 1], [0, -1], "1 of 2 entry times are negative"),
        ([1, "two"], [1, 1], None, "missing or not a number"),
    ],
)
def test_bad_durations_are_refused_in_words(time, event, entry, sentence):
    with pytest.raises(StatisticsError, match=sentence):
        durations(time, event, entry)


def test_who_left_before_entry_takes_no_part():
    data = durations([5, 10, 0], [1, 1, 0], [5, 3, 0])
    assert (data.n, data.left_out) == (2, 1)


def test_only_a_named_variance_makes_an_interval():
    with pytest.raises(StatisticsError, match="names the variance"):
        Interval(1.0, 2.0, "the range of the data")
    with pytest.raises(StatisticsError, match="does not bracket"):
        Estimate(5.0, 10, 5, "median", "", Interval(6.0, 7.0, Variance.BROOKMEYER_CROWLEY))
    with pytest.raises(StatisticsError, match="says why"):
        Estimate(None, 10, 5, "median", "")


def test_separation_has_no_hazard_ratio():
    data = durations([1, 2, 3, 4, 5, 6], [1, 1, 1, 1, 1, 1])
    ratio = cox_hazard_ratio(data, np.array([False, False, False, True, True, True]))
    assert ratio.estimate is None
    assert "separation" in ratio.note
