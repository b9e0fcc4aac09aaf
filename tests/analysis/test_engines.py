"""What holds for the engines whatever the data: notes in place of numbers, weights, seeds, honesty."""

from __future__ import annotations

import itertools
import math
import sys

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
    auc,
    chi_square_test,
    cox_comparison,
    cox_hazard_ratio,
    cox_model,
    cumulative_incidence,
    durations,
    e_value,
    effective_sample_size,
    firth_cox_hazard_ratio,
    firth_cox_test,
    interval_censored,
    interval_censored_median,
    kaplan_meier,
    kendall_tau,
    log_rank,
    logistic_model,
    median_survival,
    proportional_hazards,
    rmst,
    rmst_difference,
    rmst_test,
    separated,
    smd_categories,
    smd_continuous,
    survival_at,
    suspicious_interval,
    weighted_at_risk,
)
from analysis.statistics.firth import profile_limits, unreached
from analysis.statistics.kaplan_meier import risk_table

PATIENT = st.tuples(st.integers(0, 30), st.integers(0, 1), st.integers(0, 10), st.integers(1, 9))
GROUPED = st.tuples(st.integers(0, 6), st.integers(0, 1), st.booleans(), st.integers(0, 3))
PATIENTS = st.lists(PATIENT, min_size=1, max_size=30)


def weighted(patients):
    time, event, entry, weight = (np.array(column, dtype=float) for column in zip(*patients, strict=True))
    seen = (entry == 0) | (time > entry)
    return durations(time[seen], event[seen], entry[seen]), weight[seen] / 4


@settings(deadline=None)
@given(PATIENTS)
def test_weights_of_one_change_no_curve(patients):
    data, _ = weighted(patients)
    if data.n:
        plain, ones = kaplan_meier(data), kaplan_meier(data, weight=np.ones(data.n))
        assert ones.survival == pytest.approx(plain.survival, abs=1e-12)
        assert ones.at_risk == pytest.approx(plain.at_risk)
        assert median_survival(ones).estimate == median_survival(plain).estimate


@settings(deadline=None)
@given(PATIENTS)
def test_a_weight_of_k_is_k_patients(patients):
    data, weight = weighted(patients)
    if data.n:
        copies = np.repeat(np.arange(data.n), (weight * 4).astype(int))
        many = durations(data.time[copies], data.event[copies], data.entry[copies])
        one, other = kaplan_meier(data, weight=weight), kaplan_meier(many)
        assert one.survival == pytest.approx(other.survival, abs=1e-12)
        assert weighted_at_risk(one, 5) == pytest.approx(weighted_at_risk(other, 5) / 4)


@settings(deadline=None)
@given(PATIENTS, st.floats(0.01, 100))
def test_the_scale_of_weights_changes_no_limit(patients, factor):
    data, weight = weighted(patients)
    if data.n:
        one, other = kaplan_meier(data, weight=weight), kaplan_meier(data, weight=weight * factor)
        assert one.lower == pytest.approx(other.lower, abs=1e-9, nan_ok=True)
        tau = float(data.time.max())
        if tau > 0:
            first, second = rmst(data, tau, weight), rmst(data, tau, weight * factor)
            assert first.ci_low == pytest.approx(second.ci_low, abs=1e-7)


@settings(deadline=None)
@given(PATIENTS)
def test_the_risk_table_counts_patient_by_patient(patients):
    data, weight = weighted(patients)
    if data.n:
        time, at_risk, events, _ = risk_table(data, weight)
        for t, risk, event in zip(time, at_risk, events, strict=True):
            there = (data.time >= t) & (data.start < t)
            assert risk == pytest.approx(weight[there].sum())
            assert event == pytest.approx(weight[(data.time == t) & (data.event == 1)].sum())


@pytest.mark.parametrize("weight", [[1.0, 0.0], [1.0, -1.0], [1.0], [1.0, np.nan]])
def test_bad_weights_are_refused(weight):
    with pytest.raises(StatisticsError, match="weight"):
        kaplan_meier(durations([1, 2], [1, 1]), weight=np.array(weight))


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 6), st.integers(0, 1), st.booleans(), st.integers(0, 3)),
        min_size=4,
        max_size=14,
    )
)
def test_the_cox_model_knows_exactly_when_it_has_no_maximum(patients):
    """`cox_model` reads separation off the fit, `cox_hazard_ratio` counts the risk sets: they must agree."""
    time, event, group, entry = (np.array(column) for column in zip(*patients, strict=True))
    seen = (entry == 0) | (time > entry)
    data, groups = durations(time[seen], event[seen], entry[seen]), group[seen].astype(bool)
    if groups.any() and not groups.all():
        counted = cox_hazard_ratio(data, groups)
        model = cox_model(data, pd.DataFrame({"group": groups.astype(float)}))
        assert (model.note is None) == (counted.estimate is not None)
        if counted.estimate is not None:
            ours = math.log(model.hazard_ratio("group").estimate)
            assert ours == pytest.approx(math.log(counted.estimate), abs=1e-5)
        p_value = proportional_hazards(data, groups).p_value
        assert p_value is None or 0 <= p_value <= 1


def test_a_singular_design_has_a_note():
    data = durations(range(1, 13), [1] * 12)
    x = np.arange(12) % 5
    for design, note in (
        ({"a": x, "b": np.ones(12)}, "b is the same for every patient"),
        ({"a": x, "b": 2 * x + 1}, "b follows from the other covariates"),
        ({"a": x, "b": x % 2, "c": x + x % 2}, "c follows from the other covariates"),
    ):
        frame = pd.DataFrame(design, dtype=float)
        model = cox_model(data, frame)
        assert model.note == note
        assert model.hazard_ratio("a").estimate is None
        assert model.test("a").p_value is None
        assert logistic_model(frame, x > 2).odds_ratio("a").note == note
        with pytest.raises(StatisticsError, match="No hazard ratio"):
            model.log_hazard("a")


def test_a_weighted_cox_model_asks_for_the_robust_variance():
    data, design = durations([1, 2, 3], [1, 1, 1]), pd.DataFrame({"a": [0.0, 1.0, 0.0]})
    with pytest.raises(StatisticsError, match="robust"):
        cox_model(data, design, np.array([0.5, 1.0, 2.0]))
    with pytest.raises(StatisticsError, match="no column b"):
        cox_model(data, design).hazard_ratio("b")
    with pytest.raises(StatisticsError, match="missing"):
        cox_model(data, pd.DataFrame({"a": [0.0, np.nan, 1.0]}))


def test_the_units_of_a_covariate_change_nothing():
    draw = np.random.default_rng(3)
    x, time = draw.normal(50, 10, 60), draw.exponential(10, 60)
    data, large = durations(time, np.ones(60)), pd.DataFrame({"x": x * 1e6})
    one = cox_model(data, pd.DataFrame({"x": x})).log_hazard("x")
    assert np.array(cox_model(data, large).log_hazard("x")) * 1e6 == pytest.approx(np.array(one))
    outcome = time > 8
    small = logistic_model(pd.DataFrame({"x": x}), outcome, firth=True).odds_ratio("x")
    assert math.log(
        logistic_model(large, outcome, firth=True).odds_ratio("x").ci_high
    ) * 1e6 == pytest.approx(math.log(small.ci_high))


def test_firth_where_an_arm_has_no_event():
    data = durations([2, 3, 5, 7, 8, 9, 11, 12], [1, 1, 0, 1, 0, 0, 0, 0])
    group = np.arange(8) >= 4
    assert cox_hazard_ratio(data, group).estimate is None
    ratio = firth_cox_hazard_ratio(data, group)
    assert 0 < ratio.ci_low < ratio.estimate < ratio.ci_high < 1
    assert firth_cox_test(data, group).p_value < 0.05


def test_firth_says_why_there_is_no_number():
    group = np.array([False, True, True])
    late = durations([3, 4, 5], [1, 1, 1], [0, 1, 0])
    for data, note in (
        (late, "not available with delayed entry"),
        (durations([3, 4, 5], [0, 0, 0]), "no event"),
        (durations([3, 4, 5], [0, 1, 1]), "no event while both groups are at risk"),
    ):
        assert note in firth_cox_hazard_ratio(data, group).note
        assert note in firth_cox_test(data, group).note


def test_separated_columns_are_named():
    design = pd.DataFrame({"sick": [0.0, 0, 0, 0, 1, 1, 1, 1], "age": [4.0, 3, 8, 5, 6, 7, 2, 9]})
    outcome = np.array([0, 1, 0, 1, 1, 1, 1, 1], dtype=bool)
    assert separated(design, outcome) == ("sick",)
    model = logistic_model(design, outcome)
    assert "separation" in model.note
    assert "separation" in model.odds_ratio("age").note
    penalised = logistic_model(design, outcome, firth=True)
    assert penalised.odds_ratio("sick").estimate > 1
    assert ((penalised.probability > 0) & (penalised.probability < 1)).all()
    assert logistic_model(design, np.ones(8, dtype=bool), firth=True).note == "everybody has the same outcome"


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(1, 12), st.integers(0, 2)), min_size=1, max_size=30))
def test_shares_of_competing_events_and_of_neither_are_one(patients):
    time, state = (np.array(column, dtype=float) for column in zip(*patients, strict=True))
    first = cumulative_incidence(time, state)
    second = cumulative_incidence(time, np.select([state == 1, state == 2], [2, 1]))
    either = kaplan_meier(durations(time, (state > 0).astype(float)))
    assert first.incidence == pytest.approx(second.competing)
    assert first.incidence + second.incidence == pytest.approx(1 - either.survival)
    for when in (0.0, 3.0, 6.5, 12.0):
        share = first.at(when)
        if share.estimate is not None:
            assert 0 <= share.estimate <= 1 + 1e-12


def test_competing_states_are_checked():
    with pytest.raises(StatisticsError, match="A state is 0"):
        cumulative_incidence([1, 2], [1, 3])


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 1)), min_size=1, max_size=25))
def test_known_days_make_the_interval_estimate_kaplan_meier(patients):
    time, event = (np.array(column, dtype=float) for column in zip(*patients, strict=True))
    fitted = interval_censored(time, np.where(event == 1, time, np.inf))
    curve = kaplan_meier(durations(time, event))
    for when in np.unique(time):
        ours = fitted.survival_at(float(when)).estimate
        assert ours == pytest.approx(survival_at(curve, float(when)).estimate, abs=1e-9)


def test_intervals_are_open_on_the_left():
    # one patient has it at 4, another is seen without it at 4: (4, 6] does not hold 4
    fitted = interval_censored([4.0, 4.0], [4.0, 6.0])
    assert fitted.survival_at(4).estimate == pytest.approx(0.5)
    assert fitted.survival_at(5.5).estimate == pytest.approx(0)


def test_who_is_censored_after_the_last_jump_keeps_her_weight():
    # R's survfit and `survival` leave a third here
    assert interval_censored([5.0, 6.0], [5.0, np.inf]).survival_at(5.5).estimate == pytest.approx(0.5)
    nobody = interval_censored([5.0, 6.0], [np.inf, np.inf])
    assert nobody.survival_at(6).estimate == 1
    assert nobody.survival_at(7).note == "beyond the last patient observed"
    assert nobody.median().note == "not reached"


def test_the_bootstrap_of_an_interval_median_repeats():
    draw = np.random.default_rng(5)
    left = draw.integers(0, 40, 30).astype(float)
    right = np.where(draw.random(30) < 0.2, np.inf, left + draw.integers(1, 9, 30))
    state = np.random.get_state()[1].copy()
    one, again = (interval_censored_median(left, right, seed=7, replicates=50) for _ in range(2))
    assert one == again
    assert one != interval_censored_median(left, right, seed=8, replicates=50)
    order = np.argsort(-left)
    assert one.estimate == interval_censored_median(left[order], right[order], seed=7, replicates=50).estimate
    assert (np.random.get_state()[1] == state).all()
    assert one.interval.variance is Variance.BOOTSTRAP_PERCENTILE


@pytest.mark.parametrize(
    ("left", "right"), [([3], [2]), ([-1], [2]), ([np.nan], [2]), ([1, 2], [3]), ([], [])]
)
def test_bad_intervals_are_refused(left, right):
    with pytest.raises(StatisticsError):
        interval_censored(left, right)


def test_tau_counts_the_pairs_whose_order_is_known():
    time, event, value = [1, 2, 3, 4, 5], [1, 0, 1, 1, 0], [2.0, 1.0, 3.0, 2.5, 9.0]
    signs = [
        np.sign(value[j] - value[i])
        for i, j in itertools.permutations(range(5), 2)
        if time[i] < time[j] and event[i]
    ]
    assert kendall_tau(value, durations(time, event)).estimate == pytest.approx(sum(signs) / len(signs))
    assert kendall_tau([1, 2], durations([1, 2], [0, 0])).note == "no pair of patients whose order is known"
    assert kendall_tau([1, 2, 3], durations([1, 2, 3], [1, 1, 1])).interval is None
    with pytest.raises(StatisticsError, match="do not match"):
        kendall_tau([1], durations([1, 2], [1, 1]))


@settings(deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.integers(0, 5)), min_size=2, max_size=30))
def test_auc_is_the_share_of_pairs_in_order(patients):
    outcome, score = (np.array(column) for column in zip(*patients, strict=True))
    pairs = [(a > b) + (a == b) / 2 for a in score[outcome] for b in score[~outcome]]
    found = auc(outcome, score.astype(float))
    assert (found.estimate is None) == (not pairs)
    if pairs:
        assert found.estimate == pytest.approx(np.mean(pairs))
        assert "apparent" in found.method


def test_e_values_by_the_paper():
    # VanderWeele and Ding 2017: a risk ratio of 3.9 (limit 1.8) needs 7.26 (limit 3.0)
    def hazard(risk):  # the hazard ratio whose risk ratio is `risk`: (1 - 0.5^sqrt(h)) / (1 - 0.5^sqrt(1/h))
        low, high = 1.0, 1e6
        for _ in range(200):
            middle = math.sqrt(low * high)
            ratio = (1 - 0.5 ** math.sqrt(middle)) / (1 - 0.5 ** math.sqrt(1 / middle))
            low, high = (middle, high) if ratio < risk else (low, middle)
        return low

    harm = Estimate(hazard(3.9), 50, 30, "Cox", "", Interval(hazard(1.8), hazard(8.7), Variance.COX_WALD))
    point, limit = e_value(harm)
    assert (round(point.estimate, 2), round(limit.estimate, 1)) == (7.26, 3.0)
    gain = Estimate(
        1 / harm.estimate, 50, 30, "Cox", "", Interval(1 / harm.ci_high, 1 / harm.ci_low, Variance.COX_WALD)
    )
    assert e_value(gain)[0].estimate == pytest.approx(point.estimate)
    assert e_value(gain)[1].estimate == pytest.approx(limit.estimate)
    unclear = Estimate(1.3, 50, 30, "Cox", "", Interval(0.8, 2.0, Variance.COX_WALD))
    assert e_value(unclear)[1].estimate == 1
    assert e_value(Estimate(None, 5, 0, "Cox", "", note="no event"))[0].note == "no event"
    assert e_value(Estimate(1.0, 5, 3, "Cox", ""))[0].estimate == 1


def test_effective_sample_size_of_kish():
    assert effective_sample_size(np.full(12, 0.3)) == pytest.approx(12)
    assert effective_sample_size(np.array([1.0, 1.0, 2.0])) == pytest.approx(16 / 6)


def test_chi_square_needs_two_rows_and_says_where_counts_are_small():
    assert chi_square_test(np.array([[3, 4], [0, 0]])).note == "fewer than two groups or two levels"
    assert chi_square_test(np.array([[3, 4], [5, 1]])).note == "an expected count is under 5"
    with pytest.raises(StatisticsError):
        chi_square_test(np.array([[3, -4], [5, 1]]))


def test_weighted_differences_keep_the_unweighted_scale():
    a, b = pd.Series([1.0, 3.0, None]), pd.Series([2.0, 4.0])
    ones = np.ones(3), np.ones(2)
    assert smd_continuous(a, b, ones).estimate == pytest.approx(smd_continuous(a, b).estimate)
    pulled = smd_continuous(a, b, (np.ones(3), np.array([1.0, 3.0])))
    assert pulled.estimate == pytest.approx((3.5 - 2) / math.sqrt(2))
    no, yes = pd.Series(["no", "no", "yes", "no"]), pd.Series(["yes", "no"])
    even = smd_categories(no, yes, (np.array([1, 1, 3, 1.0]), np.ones(2)))
    assert even.estimate == pytest.approx(0)
    three, other = pd.Series(list("aabc")), pd.Series(list("abcc"))
    same = smd_categories(three, other, (np.ones(4), np.ones(4)))
    assert same.estimate == pytest.approx(smd_categories(three, other).estimate)


def test_a_range_that_calls_itself_an_interval_is_found():
    data = durations(range(1, 21), [1, 0] * 10)

    def claim(low, high):
        return Estimate(10.0, 20, 10, "median", "", Interval(low, high, Variance.BROOKMEYER_CROWLEY))

    assert "smallest and largest" in suspicious_interval(claim(1.0, 20.0), data)
    assert "smallest and largest" in suspicious_interval(claim(1.0, 19.0), data)
    assert "quartiles" in suspicious_interval(claim(5.75, 15.25), data)
    assert suspicious_interval(claim(5.0, 16.0), data) is None
    assert suspicious_interval(claim(1.0, None), data) is None
    few = durations(range(1, 21), [1] * 9 + [0] * 11)
    assert suspicious_interval(claim(1.0, 20.0), few) is None


@settings(deadline=None)
@given(st.lists(st.integers(1, 200), min_size=30, max_size=60))
def test_our_own_medians_are_not_suspicious(times):
    data = durations(times, [1, 1, 0] * 10 + [1] * (len(times) - 30))
    if len(set(times)) > 15:
        assert suspicious_interval(median_survival(kaplan_meier(data)), data) is None


def test_only_resampled_limits_may_lie_beside_their_estimate():
    beside = Interval(6.0, 7.0, Variance.BOOTSTRAP_PERCENTILE)
    assert Estimate(5.0, 10, 5, "median", "", beside).ci_low == 6
    for variance in Variance:
        if variance is not Variance.BOOTSTRAP_PERCENTILE:
            with pytest.raises(StatisticsError, match="does not bracket"):
                Estimate(5.0, 10, 5, "median", "", Interval(6.0, 7.0, variance))


def test_a_log_rank_test_without_variance_has_a_note():
    # with late entry the only event falls when her group is alone
    data = durations([4, 7, 2, 5, 1], [0, 1, 0, 1, 0], [0, 1, 0, 1, 0])
    alone = np.array([False, True, False, True, False])
    assert log_rank(data, alone).note == "no event while both groups are at risk"


def test_a_search_that_comes_down_on_the_wrong_side_gives_no_limit():
    class Fitted:
        coef_ = np.array([1.0])

        def conf_int(self, **_):
            return np.array([[1.5, 2.0]])

    low, high = profile_limits(Fitted(), 0)
    assert low is None
    assert high == pytest.approx(math.exp(2))
    assert unreached(low, high) == "lower profile limit not found"


def test_large_data_take_other_engines_and_get_the_same_numbers(monkeypatch):
    draw = np.random.default_rng(11)
    time, event = np.ceil(draw.exponential(20, 400)), draw.random(400) < 0.7
    data, group = durations(time, event.astype(float)), draw.random(400) < 0.4

    entry = np.where(draw.random(400) < 0.3, np.floor(time / 2), 0)
    late = durations(time, event.astype(float), entry)

    def numbers():
        curve, ratio, test = kaplan_meier(data), *cox_comparison(data, group)
        ranks = log_rank(data, group), log_rank(late, group)
        values = [number for rank in ranks for number in (rank.statistic, rank.p_value)]
        return [*curve.survival, ratio.estimate, ratio.ci_low, test.p_value, *values]

    small = numbers()
    for module in ("kaplan_meier", "comparison"):
        monkeypatch.setattr(sys.modules[f"analysis.statistics.{module}"], "LARGE", 100)
    assert numbers() == pytest.approx(small, abs=1e-7)
    assert numbers() != small  # another engine, not the same one twice


def test_a_curve_that_comes_to_0_before_others_enter_gives_no_estimate():
    """One patient alone at risk dies on day 9; fifteen others enter after her and live on."""
    data = durations([0.3, *np.linspace(6, 20, 15)], [1.0, *[0.0, 1.0] * 7, 1.0], [0.1, *[3.0] * 15])
    note = "the curve came to 0 at 0.3 with 1 at risk, before 15 others came under observation"
    rng = np.random.default_rng(0)
    for weight in (None, rng.random(16) + 0.5):
        curve = kaplan_meier(data, weight=weight)
        found = [
            median_survival(curve),
            survival_at(curve, 0.3),
            survival_at(curve, 12),
            rmst(data, 12, weight),
        ]
        for estimate in found:
            assert (estimate.estimate, estimate.interval, estimate.note) == (None, None, note)
        assert survival_at(curve, 0.2).estimate == 1
        assert rmst(data, 0.2, weight).estimate == pytest.approx(0.2)
    others = durations(np.linspace(1, 20, 20), np.ones(20))
    assert rmst_difference(others, data, 12).note == f"in one group {note}"
    assert rmst_test(others, data, 12).p_value is None
    incidence = cumulative_incidence(data.time, data.event, data.entry)
    assert incidence.at(12).note == note


def test_a_curve_that_comes_to_0_late_keeps_its_median():
    """The median was passed before anything was lost; and where nobody enters later a 0 is a fact."""
    data = durations([1, 2, 3, 4, 9, 12], [1, 1, 1, 1, 1, 1], [0, 0, 0, 0, 5, 5])
    assert median_survival(kaplan_meier(data)).estimate == 2.5  # half at 2, the next at 3
    assert survival_at(kaplan_meier(data), 4).estimate is None
    plain = durations([1, 2, 3, 4], [1, 1, 1, 1])
    assert survival_at(kaplan_meier(plain), 4).estimate == 0
    assert survival_at(kaplan_meier(plain), 40).estimate == 0


def test_a_restricted_mean_without_variance_has_no_limits():
    alive, dying = durations([10.0] * 12, [0.0] * 12), durations(np.arange(1.0, 13), np.ones(12))
    assert rmst(alive, 5).interval is None
    assert rmst(alive, 5).estimate == 5
    nobody = rmst_difference(alive, alive, 5)
    assert (nobody.estimate, nobody.interval, nobody.standard_error) == (0, None, 0)
    assert "no variance" in nobody.note
    one = rmst_difference(alive, dying, 5)
    assert one.interval is not None
    assert "one group has no variance" in one.note
    assert rmst_test(alive, alive, 5).note == "no variance up to 5, so no test"
    assert "one group has no variance" in rmst_test(alive, dying, 5).note
    assert rmst_difference(dying, dying, 5).note is None
