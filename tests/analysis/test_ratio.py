"""The PFS ratio, further lines against death, scan intervals and Firth's model, on rows counted by hand."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest
from scipy.stats import beta

from analysis.estimation.incidence_rows import incidence_rows, scan_rows
from analysis.estimation.ratio_rows import pfs_ratios, ratio_rows
from analysis.estimation.response_rows import response_rows
from analysis.estimation.rows import Row
from analysis.estimation.study import Study, StudyData
from analysis.estimation.survival_rows import axis_ticks, comparison_rows, group_rows
from analysis.statistics.comparison import cox_comparison
from analysis.statistics.durations import durations
from analysis.statistics.estimates import Variance
from analysis.statistics.firth import NO_DELAYED_ENTRY
from analysis.statistics.hazards import hazard_comparison, hazard_ratio

STUDY = Study(
    "s", "A study", "palbociclib", ("endocrine", "chemotherapy"), {}, (), {"pfs_ratio_threshold": 1.33}
)  # fmt: skip
PFS1 = 100


def data_of(patients: pd.DataFrame, next_lines: pd.DataFrame | None = None) -> StudyData:
    rest = {field.name: pd.DataFrame() for field in dataclasses.fields(StudyData)}
    given = {"study": STUDY, "patients": patients, "relative_dates": False}
    return StudyData(**{**rest, **given, "next_lines": pd.DataFrame() if next_lines is None else next_lines})


def patients(
    ratios: list[float | None], events: list[int], strategies: list[str] | None = None
) -> pd.DataFrame:
    """PFS1 is 100 days; a ratio of None is a PFS1 that was censored."""
    days = [80 if ratio is None else round(ratio * PFS1) for ratio in ratios]
    return pd.DataFrame(
        {
            "patient_id": [f"p{i}" for i in range(len(ratios))],
            "strategy": strategies or ["endocrine"] * len(ratios),
            "pfs1_days": PFS1, "pfs1_months": PFS1 / 30.4375,
            "pfs2_days": days, "pfs2_event": events, "pfs2_entry_days": 0,
            "pfs_ratio": pd.Series(ratios, dtype=float),
            "pfs_ratio_outcome": [_outcome(*pair) for pair in zip(ratios, events, strict=True)],
        }
    )  # fmt: skip


def _outcome(ratio: float | None, event: int) -> str | None:
    """As the mart has it: int_pfs_ratios_judged."""
    if ratio is None:
        return None
    return "success" if ratio >= 1.33 else "failure" if event else "indeterminate"


def by_id(rows: list[Row]) -> dict[str, Row]:
    return {row.place.estimate_id: row for row in rows}


def test_share_at_the_threshold_or_above():
    """1.33 itself counts, a ratio censored above it too; censored below it is not known yet."""
    frame = patients([1.33, 1.5, 2.0, 0.5, 1.32, 0.9, None], [1, 0, 1, 1, 1, 0, 1])
    rows = by_id(ratio_rows(data_of(frame)))
    share = rows["pfs_ratio.endocrine.proportion.reached"]
    assert (share.events, share.n) == (3, 5)
    assert share.estimate == pytest.approx(0.6)
    assert share.ci_low == pytest.approx(beta.ppf(0.025, 3, 3))
    assert share.ci_high == pytest.approx(beta.ppf(0.975, 4, 2))
    assert rows["pfs_ratio.endocrine.count.indeterminate"].estimate == 1
    assert rows["pfs_ratio.endocrine.median"].n == 6  # the seventh has no ratio
    # Kaplan-Meier: one event at 0.5 of six at risk, one at 1.32 of four; 1.33 is still a success
    assert rows["pfs_ratio.endocrine.survival.threshold"].estimate == pytest.approx(5 / 6 * 3 / 4)
    assert rows["pfs_ratio.endocrine.median"].estimate == pytest.approx(1.33)


def test_kendalls_tau_orders_what_can_be_ordered():
    frame = patients([1.0, 2.0, 3.0], [1, 1, 0]).assign(pfs1_months=[3.0, 2.0, 1.0])
    tau = by_id(ratio_rows(data_of(frame)))["pfs_ratio.all.kendall_tau"]
    assert tau.estimate == pytest.approx(-1.0)
    censored = frame.assign(pfs2_event=0)
    tau = by_id(ratio_rows(data_of(censored)))["pfs_ratio.all.kendall_tau"]
    assert tau.estimate is None
    assert tau.note


def test_no_ratio_is_words():
    for frame in (patients([], []), patients([None, None], [1, 0])):
        rows = by_id(ratio_rows(data_of(frame)))
        assert rows["pfs_ratio.all.median"].estimate is None
        assert rows["pfs_ratio.all.median"].note == "no patient whose PFS1 ended in an event"
        assert pfs_ratios(data_of(frame))["all"].n == 0


def test_late_entry_is_late_on_the_ratios_scale():
    frame = patients([1.0, 2.0], [1, 1]).assign(pfs2_entry_days=[0, 150])
    assert pfs_ratios(data_of(frame))["all"].entry.tolist() == [0.0, 1.5]


def lines(days: list[int], types: list[str | None], endpoint: str = "ttnt") -> pd.DataFrame:
    return pd.DataFrame(
        {
            "patient_id": [f"p{i}" for i in range(len(days))], "strategy": "endocrine",
            "endpoint": endpoint, "days": days, "event": [int(kind is not None) for kind in types],
            "event_type": types, "entry_days": 0,
        }
    )  # fmt: skip


def test_a_further_line_competes_with_death():
    """Four patients: a line at 1 month, a death at 2, a line at 4, one censored at 5."""
    month = 30.4375
    frame = lines([round(month * m) for m in (1, 2, 4, 5)], ["next_line", "death", "next_line", None])
    rows = by_id(incidence_rows(data_of(patients([1.0], [1]), frame)))
    assert rows["further_line.all.cumulative_incidence.3"].estimate == pytest.approx(1 / 4)
    assert rows["further_line.all.cumulative_incidence.6"].note == "beyond the last patient observed"
    assert rows["further_line.endocrine.count.events"].estimate == 2
    assert rows["further_line.endocrine.count.deaths"].estimate == 1
    longer = lines([30, 61, 122, 400], ["next_line", "death", "next_line", None])
    rows = by_id(incidence_rows(data_of(patients([1.0], [1]), longer)))
    assert rows["further_line.all.cumulative_incidence.6"].estimate == pytest.approx(1 / 4 + 1 / 2 * 1 / 2)
    assert not incidence_rows(data_of(patients([1.0], [1]), lines([], [])))


def test_scan_intervals_by_strategy():
    frame = patients([1.0, 1.0, 1.0], [1, 1, 1], ["endocrine", "endocrine", "chemotherapy"])
    frame = frame.assign(scan_interval_days=[56.0, 84.0, None], pfs2_scans=[2, 3, 0])
    rows = by_id(scan_rows(data_of(frame)))
    assert rows["scan_interval.endocrine.median"].estimate == 70.0
    assert rows["scan_interval.all.median"].n == 2
    assert rows["scan_interval.chemotherapy.median"].note == "no patient in whom it is known"
    assert rows["scans.chemotherapy.median"].estimate == 0.0


def test_firth_takes_over_where_events_are_few():
    rng = np.random.default_rng(2)
    group = np.arange(60) >= 30
    time = rng.exponential(np.where(group, 5.0, 10.0))
    many = durations(time, np.ones(60))
    assert hazard_ratio(many, group).interval.variance is Variance.COX_WALD
    few = durations(time, np.where(group, 1, np.arange(60) < 8))
    ratio, test = hazard_comparison(few, group)
    assert "Firth" in ratio.method
    assert ratio.interval.variance is Variance.PROFILE_LIKELIHOOD
    assert "likelihood ratio" in test.method
    none = durations(time, group.astype(int))  # no event in the reference: Cox has no maximum
    assert hazard_ratio(none, group).estimate > 1
    late = durations(time + 1, np.where(group, 1, np.arange(60) < 8), np.full(60, 0.5))
    assert "Firth" not in hazard_ratio(late, group).method
    assert hazard_ratio(late, group).note == NO_DELAYED_ENTRY


def test_under_five_events_there_is_no_p_value():
    rng = np.random.default_rng(4)
    groups = {
        "endocrine": durations(rng.exponential(10, 20), np.arange(20) < 4),
        "chemotherapy": durations(rng.exponential(5, 20), np.ones(20)),
    }
    rows = by_id(comparison_rows("pfs2", "compared", groups, "endocrine"))
    assert "Firth" in rows["pfs2.chemotherapy_vs_endocrine.hazard_ratio"].method
    assert rows["pfs2.chemotherapy_vs_endocrine.hazard_ratio"].variance == Variance.PROFILE_LIKELIHOOD.value
    tests = [row for row in rows.values() if row.place.statistic == "p_value"]
    assert tests
    assert all(row.estimate is None and "no p-value" in row.note for row in tests)


def test_the_range_is_no_interval():
    rows = by_id(group_rows("pfs2", "endocrine", "compared", durations([3, 1, 9], [1, 0, 1]), 9.0))
    for statistic, value in (("minimum", 1.0), ("maximum", 9.0)):
        row = rows[f"pfs2.endocrine.{statistic}"]
        assert (row.estimate, row.ci_low, row.ci_high, row.variance) == (value, None, None, None)


def test_an_axis_has_a_length():
    """One patient, censored on day 0: there is still something to divide by."""
    assert axis_ticks(0.0) == [0.0, 1.0]
    assert axis_ticks(1.0) == [0.0, 1.0]
    assert axis_ticks(1.2) == [0.0, 1.0, 2.0]


def test_one_fit_gives_the_ratio_and_its_test(monkeypatch):
    calls = []

    def counted(data, group):
        calls.append(data.n)
        return cox_comparison(data, group)

    monkeypatch.setattr("analysis.statistics.hazards.cox_comparison", counted)
    rng = np.random.default_rng(6)
    groups = {name: durations(rng.exponential(10, 40), np.ones(40)) for name in ("endocrine", "chemotherapy")}
    rows = by_id(comparison_rows("pfs2", "compared", groups, "endocrine"))
    assert rows["pfs2.chemotherapy_vs_endocrine.p_value.cox"].estimate is not None
    assert calls == [80]


def test_who_ended_before_observation_has_no_response_either():
    frame = patients([1.0] * 4, [1] * 4, ["endocrine", "endocrine", "chemotherapy", "chemotherapy"]).assign(
        bor=["CR", "PD", "PR", "NE"], clinical_benefit=[True, False, True, None]
    )
    frame = frame.assign(
        cbor=frame["bor"],
        clinical_benefit_recist=frame["clinical_benefit"],
        clinical_benefit_161=frame["clinical_benefit"],
    )
    everybody = by_id(response_rows(data_of(frame)))
    assert everybody["objective_response.endocrine.proportion"].n == 2
    assert everybody["objective_response.endocrine.proportion"].note is None
    late = frame.assign(pfs2_entry_days=[200, 0, 0, 0])
    rows = by_id(response_rows(data_of(late)))
    assert rows["objective_response.endocrine.proportion"].n == 1
    assert rows["objective_response.endocrine.proportion"].estimate == 0
    assert rows["objective_response.all.proportion"].n == 3
    assert rows["best_response.endocrine.count.CR"].estimate == 0
    note = rows["objective_response.endocrine.proportion"].note
    assert note == "without 1 patient whose time ended before observation began"
