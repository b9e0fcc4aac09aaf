"""Clinical benefit and objective response of the next line as rows: counts, exact intervals, differences."""

from __future__ import annotations

import pandas as pd

from analysis.estimation.rows import Place, Row, count, from_estimate, from_test
from analysis.estimation.study import StudyData
from analysis.statistics.proportions import fisher_test, proportion, proportion_difference

RESPONSES = ("CR", "PR")
NOT_EVALUABLE = ("NE", "not_assessed")
BEST = ("CR", "PR", "SD", "PD", "NE", "not_assessed")


def response_rows(data: StudyData) -> list[Row]:
    """Both endpoints by strategy and over all compared patients, then each strategy against the reference.

    A patient whose clinical benefit is still null (immature) is counted and is not in its denominator;
    patients who could not be evaluated stay in both denominators (endpoints.md, section 4).
    """
    groups = {name: data.group(name) for name in data.study.strategies}
    rows = [row for name, frame in {"all": data.compared, **groups}.items() for row in _group(name, frame)]
    for pair in data.study.pairs:
        for endpoint in ("clinical_benefit", "objective_response"):
            table = (
                *_successes(groups[pair.strategy], endpoint),
                *_successes(groups[pair.reference], endpoint),
            )
            difference = Place(endpoint, pair.group, "compared", "proportion_difference", "proportion")
            rows.append(from_estimate(difference, proportion_difference(*table)))
            rows.append(
                from_test(
                    Place(endpoint, pair.group, "compared", "p_value", "p", "fisher"), fisher_test(*table)
                )
            )
    return rows


def _group(name: str, frame: pd.DataFrame) -> list[Row]:
    rows = [
        from_estimate(
            Place(endpoint, name, "compared", "proportion", "proportion"),
            proportion(*_successes(frame, endpoint)),
        )
        for endpoint in ("clinical_benefit", "objective_response")
    ]
    immature = Place("clinical_benefit", name, "compared", "count", "patients", "immature")
    rows.append(count(immature, int(frame["clinical_benefit"].isna().sum()), len(frame)))
    best = frame["bor"].fillna("not_assessed")
    unseen = Place("objective_response", name, "compared", "count", "patients", "not_evaluable")
    rows.append(count(unseen, int(best.isin(NOT_EVALUABLE).sum()), len(frame)))
    for level in BEST:
        place = Place("best_response", name, "compared", "count", "patients", level)
        rows.append(count(place, int((best == level).sum()), len(frame)))
    return rows


def _successes(frame: pd.DataFrame, endpoint: str) -> tuple[int, int]:
    if endpoint == "clinical_benefit":
        known = frame["clinical_benefit"].dropna().astype(bool)
        return int(known.sum()), len(known)
    return int(frame["bor"].isin(RESPONSES).sum()), len(frame)
