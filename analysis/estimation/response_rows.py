"""Clinical benefit and objective response of the next line as rows: counts, exact intervals, differences."""

from __future__ import annotations

import pandas as pd

from analysis.estimation.rows import Place, Row, count, from_estimate, from_test
from analysis.estimation.study import StudyData, left_out_note, observed
from analysis.statistics.proportions import fisher_test, proportion, proportion_difference

RESPONSES = ("CR", "PR")
NOT_EVALUABLE = ("NE", "not_assessed")
# the endpoints compared, then their variants (endpoints.md, section 4), each with its column
COMPARED = {"clinical_benefit": "clinical_benefit", "objective_response": "bor"}
VARIANTS = {
    "clinical_benefit_recist": "clinical_benefit_recist",
    "clinical_benefit_161": "clinical_benefit_161",
    "confirmed_response": "cbor",
}
BEST_COLUMNS = ("bor", "cbor")
BEST = ("CR", "PR", "SD", "PD", "NE", "not_assessed")


def response_rows(data: StudyData) -> list[Row]:
    """Both endpoints and their variants by group, then each strategy against the reference in the endpoints.

    A patient whose clinical benefit is still null (immature) is counted and is not in its denominator;
    patients who could not be evaluated stay in both denominators, and who came under observation after her
    PFS2 had ended in none (endpoints.md, section 4).
    """
    everybody = {"all": data.compared} | {name: data.group(name) for name in data.study.strategies}
    groups = {name: observed(frame, "pfs2_days", "pfs2_entry_days") for name, frame in everybody.items()}
    rows: list[Row] = []
    for name, frame in groups.items():
        rows += _group(name, frame, left_out_note(len(everybody[name]) - len(frame)))
    for pair in data.study.pairs:
        for endpoint in COMPARED:
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


def _group(name: str, frame: pd.DataFrame, left_out: str | None) -> list[Row]:
    rows = [
        from_estimate(
            Place(endpoint, name, "compared", "proportion", "proportion"),
            proportion(*_successes(frame, endpoint)),
            left_out,
        )
        for endpoint in COMPARED | VARIANTS
    ]
    for endpoint, column in (COMPARED | VARIANTS).items():
        if column not in BEST_COLUMNS:
            immature = Place(endpoint, name, "compared", "count", "patients", "immature")
            rows.append(count(immature, int(frame[column].isna().sum()), len(frame)))
    best = frame["bor"].fillna("not_assessed")
    unseen = Place("objective_response", name, "compared", "count", "patients", "not_evaluable")
    rows.append(count(unseen, int(best.isin(NOT_EVALUABLE).sum()), len(frame)))
    for level in BEST:
        place = Place("best_response", name, "compared", "count", "patients", level)
        rows.append(count(place, int((best == level).sum()), len(frame)))
    return rows


def _successes(frame: pd.DataFrame, endpoint: str) -> tuple[int, int]:
    column = (COMPARED | VARIANTS)[endpoint]
    if column in BEST_COLUMNS:
        return int(frame[column].isin(RESPONSES).sum()), len(frame)
    known = frame[column].dropna().astype(bool)
    return int(known.sum()), len(known)
