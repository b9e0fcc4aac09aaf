"""The rules of disclosure control one by one, on rows written for them."""

from __future__ import annotations

from collections.abc import Iterable

import duckdb
import pytest

from analysis import estimate, render
from analysis.disclosure import control
from analysis.estimation.study import StudyData, connect, read_studies
from analysis.report.numbers import Numbers, Stored
from analysis.statistics.honesty import FEW
from tests.analysis.marts import make_build
from tests.analysis.test_report import HEADER, visible


def row(endpoint: str, group: str, statistic: str, estimate: float | None, **more: object) -> Stored:
    """A stored row, as read_numbers reads it."""
    found = {
        "population": "compared", "adjustment": "none", "term": None, "time_months": None, "ci_low": None,
        "ci_high": None, "n": None, "events": None, "unit": "patients", "method": "", "variance": None,
        "note": None,
    } | more  # fmt: skip
    adjustment = None if found["adjustment"] == "none" else found["adjustment"]
    parts = (endpoint, group.replace(" vs ", "_vs_"), adjustment, statistic, found["term"])
    key = ".".join(str(part) for part in parts if part)
    return Stored(key, endpoint, group, statistic=statistic, estimate=estimate, **found)


def ruled(data: StudyData, rows: Iterable[Stored], **sizes: int) -> Numbers:
    """What leaves the house of some rows, in groups of these sizes."""
    total = sum(sizes.values())
    flow = [
        row("attrition", "all", "count", total, term="strategy_compared.left", population="all_patients"),
        *(row("strategy", s, "count", n, n=total, population="study_patients") for s, n in sizes.items()),
    ]
    numbers = Numbers({one.estimate_id: one for one in (*flow, *rows)})
    return control.shareable(numbers, data, {}, 5).numbers


@pytest.fixture(scope="module")
def study(tmp_path_factory) -> StudyData:
    with connect(make_build(tmp_path_factory.mktemp("study") / "build.duckdb"), read_only=True) as connection:
        return read_studies(connection)[0]


PAIR = "chemotherapy vs endocrine"


def survival_of(events: int, note: str | None, method: str) -> list[Stored]:
    return [
        row("pfs2", "endocrine", "count", events, term="events", n=11),
        row("pfs2", "chemotherapy", "count", 30, term="events", n=40),
        row(
            "pfs2",
            PAIR,
            "hazard_ratio",
            0.7,
            unit="ratio",
            note=note,
            method=method,
            n=51,
            events=events + 30,
        ),
    ]


def test_a_comparison_does_not_tell_how_many_events_are_withheld(study):
    """In a group of 11, 10 events or more would leave one patient without."""
    few = ruled(study, survival_of(9, FEW, "Firth"), endocrine=11, chemotherapy=40)
    many = ruled(study, survival_of(10, None, "Cox"), endocrine=11, chemotherapy=40)
    assert few.withheld("pfs2.endocrine.count.events")
    assert few.row("pfs2.chemotherapy_vs_endocrine.hazard_ratio") == many.row(
        "pfs2.chemotherapy_vs_endocrine.hazard_ratio"
    )
    assert many.value("pfs2.chemotherapy_vs_endocrine.hazard_ratio") == 0.7


@pytest.mark.parametrize(("short", "shown"), [(3, False), (8, True)])
def test_quartiles_of_pfs1_do_not_bound_a_class_that_is_withheld(study, short, shown):
    rows = [
        row("baseline", "endocrine", "count", n, term=f"pfs1_class={level}", n=30)
        for level, n in {"<6": short, "6-12": 12, ">12": 18 - short}.items()
    ]
    rows += [
        row("baseline", "endocrine", s, 6.2, term="pfs1_months", unit="months", n=30)
        for s in ("q1", "median")
    ]
    found = ruled(study, rows, endocrine=30, chemotherapy=40)
    assert (found.value("baseline.endocrine.q1.pfs1_months") is not None) is shown
    assert (found.value("baseline.endocrine.median.pfs1_months") is not None) is shown


def test_what_is_unknown_together_is_withheld_together(study):
    """Three of a class are covered by the seven unknown, who are counted with PFS1 in months as well."""
    levels = {"<6": 3, "6-12": 20, ">12": 20, "unknown": 7}
    rows = [row("baseline", "endocrine", "count", n, term=f"pfs1_class={k}", n=50) for k, n in levels.items()]
    rows += [
        row("baseline", "endocrine", "count", 7, term="pfs1_months=unknown", n=50),
        row("baseline", "endocrine", "median", 9.0, term="pfs1_months", unit="months", n=43),
    ]
    found = ruled(study, rows, endocrine=50, chemotherapy=40)
    hidden = {key for key in found.rows if found.withheld(key)}
    assert "baseline.endocrine.count.pfs1_class=<6" in hidden
    unknown = {f"baseline.endocrine.count.{column}=unknown" for column in ("pfs1_class", "pfs1_months")}
    assert unknown <= hidden or not unknown & hidden


@pytest.mark.parametrize("variant", ["clinical_benefit_161", "clinical_benefit_recist"])
def test_a_variant_of_benefit_does_not_tell_who_has_it_alone(study, variant):
    """Of 40, 18 have benefit and 20 have the variant: the two between are nobody's to count."""
    rows = [
        row(endpoint, "endocrine", "proportion", k / 40, n=40, events=k, unit="proportion")
        for endpoint, k in {"clinical_benefit": 18, variant: 20}.items()
    ]
    found = ruled(study, rows, endocrine=40, chemotherapy=40)
    shown = [key for key in (one.estimate_id for one in rows) if not found.withheld(key, "events")]
    assert len(shown) < 2


def test_characteristics_are_counted_and_patients_in_words_are_not(study):
    label = study.study.covariates[1].label
    rows = [
        row("adjustment", PAIR, "count", 1, term="unbalanced", adjustment="overlap", unit="characteristics",
            n=43, note=label),
        row("adjustment", PAIR, "count", 0, term="separated", unit="sets", n=43),
        row("adjustment", PAIR, "count", 0, term="covariates", unit="covariates", n=43,
            note="the smaller group has 3 patients, not the 10 that one covariate needs"),
    ]  # fmt: skip
    found = ruled(study, rows, endocrine=3, chemotherapy=40)
    start = "adjustment.chemotherapy_vs_endocrine"
    assert found.value(f"{start}.overlap.count.unbalanced") == 1
    assert found.value(f"{start}.count.separated") == 0
    assert found.note(f"{start}.overlap.count.unbalanced") == label
    assert "3" not in found.note(f"{start}.count.covariates")
    assert "n" in found.row(f"{start}.count.covariates").withheld


def test_one_study_of_a_site_is_written_for_outside(tmp_path, monkeypatch):
    """A study and a part of it, subtracted from one another, would leave a small group."""
    monkeypatch.setattr("analysis.estimation.resampling.REPLICATES", 20)
    monkeypatch.setattr("analysis.estimation.resampling.REPLICATES_PER_SET", 2)
    monkeypatch.setattr("analysis.estimation.run.sensitivity_records", lambda _connection, _data: [])
    build = make_build(tmp_path / "build.duckdb")
    with duckdb.connect(str(build)) as con:
        tables = con.execute(
            "select distinct table_schema || '.' || table_name from information_schema.columns "
            "where column_name = 'study_id' and table_schema in ('marts', 'intermediate')"
        ).fetchall()
        for (table,) in tables:
            con.execute(f"insert into {table} select * replace ('second' as study_id) from {table}")
    estimate(build)
    stale = tmp_path / "site" / "shareable" / "second.html"
    stale.parent.mkdir(parents=True)
    stale.write_text("of last night", encoding="utf-8")
    render(build, tmp_path / "site", HEADER, files=False)
    assert (tmp_path / "site" / "second.html").exists()
    assert [path.name for path in (tmp_path / "site" / "shareable").iterdir()] == ["index.html"]
    page = (tmp_path / "site" / "shareable" / "index.html").read_text(encoding="utf-8")
    assert "only this one is written for readers outside" in visible(page)
