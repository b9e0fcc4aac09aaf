"""The draws and the strata: exact proportions, even quantiles, nothing left to luck."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.synthetic import DEMO_PATIENTS
from pipelines.synthetic.draws import allot, largest_remainder, race, ragged, spread, weibull
from pipelines.synthetic.strata import STRATA, assign_strata, stratum_counts


@pytest.mark.parametrize("patients", [1, 7, 400, 1000, 12_345])
def test_the_strata_keep_their_proportions(patients: int) -> None:
    counts = stratum_counts(patients)
    assert sum(counts) == patients
    exact = [stratum.count * patients / DEMO_PATIENTS for stratum in STRATA]
    assert all(abs(count - share) < 1 for count, share in zip(counts, exact, strict=True))
    assert np.bincount(assign_strata(patients, 1), minlength=len(STRATA)).tolist() == list(counts)


@given(st.lists(st.integers(1, 50), min_size=1, max_size=9), st.integers(0, 500))
def test_whole_counts_are_near_their_shares(weights: list[int], total: int) -> None:
    counts = largest_remainder(weights, total)
    assert counts.sum() == total
    assert all(abs(c - w * total / sum(weights)) < 1 for c, w in zip(counts, weights, strict=True))


def test_draws() -> None:
    rng = np.random.default_rng(1)
    assert np.bincount(allot(rng, (1, 0, 3), 8)).tolist() == [2, 0, 6]
    assert sorted(spread(rng, 4)) == [0.125, 0.375, 0.625, 0.875]
    owner, place = ragged(np.array([2, 0, 3]))
    assert owner.tolist() == [0, 0, 2, 2, 2]
    assert place.tolist() == [0, 1, 0, 1, 2]
    assert weibull(np.array([0.5, 0.75]), 10.0, 1.0).tolist() == [10.0, 20.0]
    chosen = race(rng, np.tile([0.0, 1.0, 3.0], (4000, 1)))
    assert np.bincount(chosen, minlength=3)[0] == 0
    assert np.mean(chosen == 2) == pytest.approx(0.75, abs=0.03)
