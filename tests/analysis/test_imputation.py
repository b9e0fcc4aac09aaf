"""Multiple imputation: the same for the same seed, donors' values only, and a planted truth recovered."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm, t

from analysis import StatisticsError, durations
from analysis.statistics.imputation import SETS, cumulative_hazard, impute, pooled


def incomplete(n: int, seed: int = 3) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "pfs1": rng.normal(10, 3, n),
            "visceral": pd.Series(list(rng.random(n) < 0.5), dtype=object),
            "ecog": pd.array(rng.integers(0, 3, n), dtype="Int32"),
            "esr1": pd.Series(list(rng.choice(["negative", "positive", "unclear"], n)), dtype=object),
            "event": rng.random(n) < 0.8,
        }
    )
    for column, share in (("visceral", 0.1), ("ecog", 0.2), ("esr1", 0.5)):
        gaps = rng.random(n) < share
        gaps[0] = True
        frame.loc[gaps, column] = None
    return frame


@pytest.mark.parametrize("n", [5, 48, 400])
def test_every_gap_is_filled_with_a_value_that_somebody_has(n):
    frame = incomplete(n)
    sets = impute(frame)
    assert len(sets) == SETS
    for filled in sets:
        assert not filled.isna().any(axis=None)
        assert filled.dtypes.equals(frame.dtypes)
        for column in frame:
            known = frame[column].notna()
            assert (filled.loc[known, column] == frame.loc[known, column]).all()
            assert set(filled[column]) <= set(frame[column].dropna())


def test_same_seed_same_sets_and_the_global_random_state_is_left_alone():
    frame, before = incomplete(48), np.random.get_state()[1].copy()
    first, again, other = impute(frame), impute(frame), impute(frame, seed=1)
    assert all(a.equals(b) for a, b in zip(first, again, strict=True))
    assert not all(a.equals(b) for a, b in zip(first, other, strict=True))
    assert not all(a.equals(first[0]) for a in first[1:])
    assert (np.random.get_state()[1] == before).all()


def test_nothing_missing_gives_the_frame_and_unknown_in_everybody_leaves():
    frame = incomplete(20).dropna().reset_index(drop=True)
    (alone,) = impute(frame)
    assert alone.equals(frame)
    (without,) = impute(frame.assign(brca=None))
    assert list(without) == list(frame)


def test_a_value_missing_for_the_outcome_is_recovered():
    """y = x + noise, x unknown mostly where y is high: complete cases are wrong, imputed sets are not."""
    rng = np.random.default_rng(11)
    x = rng.normal(size=3000)
    y = x + rng.normal(size=3000)
    frame = pd.DataFrame({"x": np.where(rng.random(3000) < 1 / (1 + np.exp(-y)), np.nan, x), "y": y})
    sets = impute(frame)
    slopes = [np.polyfit(filled["x"], filled["y"], 1) for filled in sets]
    assert np.mean([slope[0] for slope in slopes]) == pytest.approx(1.0, abs=0.06)
    assert np.mean([slope[1] for slope in slopes]) == pytest.approx(0.0, abs=0.06)
    known = frame.dropna()
    assert np.polyfit(known["x"], known["y"], 1)[1] < -0.12
    assert np.mean([filled["x"].mean() for filled in sets]) == pytest.approx(0.0, abs=0.06)


def test_a_level_follows_what_predicts_it():
    rng = np.random.default_rng(5)
    truth = rng.choice(["a", "b", "c"], 600)
    signal = np.array([{"a": 0.0, "b": 5.0, "c": 10.0}[level] for level in truth]) + rng.normal(0, 0.5, 600)
    gaps = rng.random(600) < 0.3
    frame = pd.DataFrame({"level": pd.Series(list(truth), dtype=object), "signal": signal})
    frame.loc[gaps, "level"] = None
    right = np.mean([(filled.loc[gaps, "level"] == truth[gaps]).mean() for filled in impute(frame)])
    assert right > 0.9


def test_rubins_rules_by_hand():
    """W = B = 1, m = 3: T = 7/3; old df 2/(4/7)^2 = 6.125; 21/23 x 20 x 3/7 = 7.826; 3.436 in all."""
    found = pooled([1.0, 2.0, 3.0], [1.0, 1.0, 1.0], 20)
    assert found.estimate == 2.0
    assert found.error == pytest.approx(np.sqrt(7 / 3))
    assert found.freedom == pytest.approx(1 / (1 / 6.125 + 1 / (21 / 23 * 20 * 3 / 7)))
    assert found.limits()[1] == pytest.approx(2 + t.ppf(0.975, found.freedom) * np.sqrt(7 / 3))


def test_one_set_is_no_imputation():
    found = pooled([0.5], [0.04])
    assert found.limits() == pytest.approx((0.5 - norm.ppf(0.975) * 0.2, 0.5 + norm.ppf(0.975) * 0.2))
    assert pooled([1.0, 1.0], [0.04, 0.04]).error == pytest.approx(0.2)
    with pytest.raises(StatisticsError):
        pooled([1.0, np.nan], [1.0, 1.0])


def test_cumulative_hazard_by_hand():
    data = durations([1, 2, 2, 3], [1, 1, 0, 1])
    assert cumulative_hazard(data) == pytest.approx([1 / 4, 1 / 4 + 1 / 3, 1 / 4 + 1 / 3, 1 / 4 + 1 / 3 + 1])
    late = durations([1, 2, 3], [1, 1, 1], [0, 0, 1])  # the third comes after the first event
    assert cumulative_hazard(late) == pytest.approx([1 / 2, 1 / 2 + 1 / 2, 1 / 2 + 1])
