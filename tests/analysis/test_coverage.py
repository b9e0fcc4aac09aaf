"""95 % intervals cover, and tests reject, as often as they say: a short form of `coverage.py`, and its table.

The published table comes from 2,000 draws a line. Here so many are drawn that an estimator which covered
90 % instead of 95 % would be caught, and each line is held to its own number in the table.
"""

from __future__ import annotations

import csv

import pytest
from scipy.stats import binom

from tests.analysis.coverage import SCENARIOS, TABLE, Line, Scenario, run

DRAWS = 120
ALARM = 1e-4  # over some 80 lines the whole file then fails by chance once in more than a hundred runs
CASES = [(scenario, n) for scenario in SCENARIOS for n in scenario.sizes]


def published() -> dict[tuple[str, int, str], dict[str, str]]:
    with TABLE.open(encoding="utf-8", newline="") as file:
        return {(row["mechanism"], int(row["n"]), row["quantity"]): row for row in csv.DictReader(file)}


def possible(line: Line, coverage: float) -> bool:
    """Whether so many of so many are a likely draw at this coverage."""
    seen = line.replicates - line.without
    return bool(binom.ppf(ALARM, seen, coverage) <= line.covered <= binom.ppf(1 - ALARM, seen, coverage))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("scenario", "n"),
    CASES,
    ids=[f"{scenario.name}, {scenario.estimators.__name__}, {n}" for scenario, n in CASES],
)
def test_intervals_cover_as_often_as_the_table_says(scenario: Scenario, n: int):
    table = published()
    lines = run(scenario, n, max(30, round(DRAWS * scenario.share)))
    assert lines
    for line in lines:
        row = table[(line.mechanism, line.n, line.quantity)]
        assert possible(line, float(row["coverage"])), (line, row["coverage"])
