"""Sensitivity: planted differences are found, every specification is accounted for, choices can be shown."""

from __future__ import annotations

import json
import re
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest

from analysis import estimate
from analysis.estimation.reanalyses import after_landmark, intervals
from analysis.estimation.specification_rows import median_row
from analysis.estimation.specifications import CORNER, PRIMARY, families
from analysis.statistics.durations import durations
from analysis.statistics.estimates import Estimate, Interval, Variance
from tests.analysis.choices import MOVED, PROFILES, RULE_SETS
from tests.analysis.marts import make_build
from tests.analysis.test_browser import run
from tests.analysis.test_report import published, visible

PAIR = "pfs2.chemotherapy_vs_endocrine"
RATIO = f"{PAIR}.hazard_ratio"


def built(folder: Path, **options: object) -> Path:
    build = make_build(folder / "build.duckdb", **options)
    estimate(build)
    return build


def rows(build: Path, where: str = "true", columns: str = "*") -> list[tuple]:
    with duckdb.connect(str(build), read_only=True) as con:
        return con.execute(
            f"select {columns} from marts.sensitivity_estimates where {where} order by position"
        ).fetchall()


def number(build: Path, key: str, rule_set: str = PRIMARY, profile: str = PRIMARY, column: str = "estimate"):
    found = rows(
        build,
        f"estimate_id = '{key}' and rule_set_id = '{rule_set}' and profile_id = '{profile}'",
        column,
    )
    assert len(found) == 1, (key, rule_set, profile)
    return found[0][0]


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built(tmp_path_factory.mktemp("sensitivity"))


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> str:
    whole = published(tmp_path_factory.mktemp("sensitivity_page"))[1]
    start = whole.index('id="sensitivity"')
    return whole[: whole.index("</head>")] + whole[start : whole.index("</section>", start)]


def test_every_specification_is_there(build):
    found = rows(build, "statistic = 'hazard_ratio' and group_name like '%vs%' and term is null")
    assert len(found) == len(RULE_SETS) * len(PROFILES) * 4


def test_estimated_and_in_words_are_all(tmp_path, build):
    for one in (build, built(tmp_path, endocrine=3, chemotherapy=4)):
        every, have, none = (
            number(one, f"{PAIR}.count.hazard_ratio.all{end}", "any", "any")
            for end in ("", ".estimated", ".in_words")
        )
        listed = rows(one, "statistic = 'hazard_ratio' and term is null", "estimate, note")
        assert every == have + none == len(listed)
        assert have == sum(value is not None for value, _ in listed)
        assert all(note for value, note in listed if value is None)
    assert none > 0  # the adjusted specifications of a handful of patients


def test_equal_patients_have_equal_numbers_and_others_have_not(build):
    own, same, other = (number(build, RATIO, name) for name in (PRIMARY, "era_gap_45", "most_lines"))
    assert own == same
    assert own != other
    # 4 rule sets and 3 profiles: two rule sets move nobody's PFS2, so 2 x 3 sets are left
    assert number(build, "pfs2.all.count.distinct", "any", "any") == 6


def test_the_primary_specification_is_the_one_the_report_leads_with(build):
    leading = rows(build, "is_primary", "estimate_id, estimate, ci_low, ci_high, n, events, method")
    with duckdb.connect(str(build), read_only=True) as con:
        report = con.execute(
            "select estimate_id, estimate, ci_low, ci_high, n, events, method from marts.study_estimates "
            "where endpoint = 'pfs2' and population = 'compared' and adjustment = 'none' and term is null "
            "and statistic in ('hazard_ratio', 'median') and group_name <> 'all' order by position"
        ).fetchall()
    assert leading == report
    assert len(leading) == 3


def test_the_other_specifications_are_estimated_from_their_own_patients(build):
    with duckdb.connect(str(build), read_only=True) as con:
        patients = con.execute(
            "select count(*), sum(pfs2_event) from marts.study_patients_all "
            "where rule_set_id = 'most_lines' and profile_id = 'fda' and strategy = 'endocrine'"
        ).fetchall()
    found = rows(
        build,
        "rule_set_id = 'most_lines' and profile_id = 'fda' and estimate_id = 'pfs2.endocrine.median'",
        "n, events",
    )
    assert found == patients


def test_planted_changes_are_counted(build):
    share = "proportion.changed"
    assert number(build, f"lines.all.{share}", "no_substitution", column="events") == 1
    assert number(build, f"line_numbers.all.{share}", "no_substitution", column="events") == 1
    assert number(build, f"next_line.all.{share}", "no_substitution", column="events") == 0
    assert number(build, f"next_line.all.{share}", "most_lines", column="events") == len(MOVED)
    assert number(build, f"pfs2.all.{share}", "most_lines", column="events") == len(MOVED)
    assert number(build, f"strategy.all.{share}", "most_lines", column="events") == 1
    assert number(build, f"lines.all.{share}", "any") == pytest.approx(1 / 52)
    assert number(build, f"next_line.all.{share}", "any", column="n") == 52
    assert number(build, f"pfs2.all.{share}", "era_gap_45") == 0
    assert number(build, f"pfs2.all.{share}", profile="fda", column="events") == 1
    assert number(build, f"pfs2.all.{share}", profile="ema", column="events") == 13
    assert number(build, f"pfs2.all.{share}", profile="any", column="events") == 14


def test_who_leaves_the_study_is_moved_in_every_respect(tmp_path):
    build = make_build(tmp_path / "build.duckdb")
    with duckdb.connect(str(build)) as con:
        con.execute(
            "delete from marts.study_patients_all where rule_set_id = 'era_gap_45' and patient_id = 'p009'"
        )
    estimate(build)
    for what in ("membership", "next_line", "strategy", "pfs2"):
        assert number(build, f"{what}.all.proportion.changed", "era_gap_45", column="events") == 1
    assert number(build, "membership.all.proportion.changed", "era_gap_45", column="n") == 52


def test_a_share_of_all_patients_has_no_interval(build):
    assert rows(build, "statistic = 'proportion' and coalesce(ci_low, ci_high) is not null") == []


def test_ranges_are_the_ends_of_the_specifications(build):
    values = [
        value
        for (value,) in rows(
            build, "statistic = 'hazard_ratio' and term is null and estimate is not null", "estimate"
        )
    ]
    assert number(build, f"{PAIR}.minimum.hazard_ratio.all", "any", "any") == min(values)
    assert number(build, f"{PAIR}.maximum.hazard_ratio.all", "any", "any") == max(values)
    assert rows(build, "statistic in ('minimum', 'maximum') and variance is not null") == []


def test_one_rule_set_alone(tmp_path):
    build, page = published(tmp_path, rule_sets="primary")
    assert number(build, f"{PAIR}.count.hazard_ratio.all", "any", "any") == len(PROFILES) * 4
    assert rows(build, "endpoint in ('lines', 'line_numbers')") == []
    assert "computes the primary rule set alone" in visible(page)


def test_an_empty_study_says_so(tmp_path):
    build, page = published(tmp_path, empty=True)
    assert rows(build, "statistic = 'hazard_ratio' and estimate is not null") == []
    assert number(build, f"{PAIR}.count.hazard_ratio.all.in_words", "any", "any") == 48
    assert "a group has no patient" in visible(page)
    assert 'class="explore"' not in page


def test_three_strategies_have_a_curve_each(tmp_path):
    build = make_build(tmp_path / "build.duckdb")
    with duckdb.connect(str(build)) as con:
        con.execute(
            "insert into marts.study_strategies values ('palbociclib', 3, 'adc', 'Antibody-drug conjugate')"
        )
        for table in ("study_patients", "study_patients_all"):
            con.execute(
                f"update marts.{table} set strategy = 'adc' "
                "where strategy = 'chemotherapy' and substr(patient_id, 2)::integer % 2 = 0"
            )
    estimate(build)
    assert number(build, "pfs2.adc_vs_endocrine.count.hazard_ratio.all", "any", "any") == 48
    weighted = rows(build, "estimate_id like 'pfs2.endocrine.overlap.median.%' and is_primary = false")
    assert {row[1] for row in weighted} == set(RULE_SETS)
    terms = rows(build, "statistic = 'median' and adjustment = 'overlap'", "distinct group_name, term")
    assert ("endocrine", "adc_vs_endocrine") in terms
    assert ("endocrine", "chemotherapy_vs_endocrine") in terms


def test_the_same_inputs_give_the_same_rows(tmp_path, build):
    assert rows(built(tmp_path)) == rows(build)


def test_the_table_is_described(build):
    with duckdb.connect(str(build), read_only=True) as con:
        silent = con.execute(
            "select count(*) from duckdb_columns() "
            "where table_name = 'sensitivity_estimates' and comment is null"
        ).fetchall()
        (described,) = con.execute(
            "select comment from duckdb_tables() where table_name = 'sensitivity_estimates'"
        ).fetchall()[0]
    assert silent == [(0,)]
    assert "Grain is study, rule set, profile and estimate_id" in described


def test_families_are_what_differs_from_the_primary():
    rules = [
        {"rule_set_id": "b", "description": "", "x_days": 2, "y_days": 1},
        {"rule_set_id": "c", "description": "", "x_days": 2, "y_days": 2},
        {"rule_set_id": "primary", "description": "", "x_days": 1, "y_days": 1},
        {"rule_set_id": "a", "description": "", "x_days": 1, "y_days": 3},
    ]
    assert list(families(rules).items()) == [
        ("primary", PRIMARY), ("b", "x_days"), ("a", "y_days"), ("c", CORNER),
    ]  # fmt: skip


def test_intervals_of_progression_death_and_censoring():
    patients = pd.DataFrame(
        {
            "pfs2_days": [100, 100, 100, 50],
            "pfs2_event": [1, 1, 0, 1],
            "pfs2_event_type": ["progression", "death", None, "progression"],
            "pfs2_clear_days": [84, 84, 84, None],
        }
    )
    left, right = intervals(patients)
    assert (left * 30.4375).round(6).tolist() == [84, 100, 84, 0]
    assert (right * 30.4375).round(6).tolist() == [100, 100, np.inf, 50]


def test_the_landmark_keeps_who_is_at_risk_after_it():
    #        before, at, after, enters late, enters in time
    data = durations([2.0, 3.0, 5.0, 9.0, 9.0], [1, 1, 0, 1, 1], [0, 0, 0, 4.0, 1.0])
    after = after_landmark(data, 3.0)
    assert after.time.tolist() == [2.0, 6.0]
    assert after.event.tolist() == [0.0, 1.0]
    assert not after.delayed


def test_other_analyses_have_fewer_patients_and_say_how_many(build):
    with duckdb.connect(str(build), read_only=True) as con:
        late, landmark = con.execute(
            "select count(*) filter (pfs1_class <> '<6'), count(*) filter (pfs2_days > 3 * 30.4375) "
            "from marts.study_patients where strategy = 'chemotherapy'"
        ).fetchall()[0]
    assert number(build, "pfs2.chemotherapy.median.early_progression_excluded", column="n") == late
    assert number(build, "pfs2.chemotherapy.median.landmark.3", column="n") == landmark
    assert number(build, "pfs2.chemotherapy.median.interval_censored", column="n") == 29


def test_interval_censoring_is_not_estimated_with_late_entry(tmp_path):
    build = built(tmp_path, entry=True)
    assert number(build, "pfs2.endocrine.median.interval_censored") is None
    assert "late" in number(build, "pfs2.endocrine.median.interval_censored", column="note")


def test_the_drawing_has_every_specification_once(page):
    wide, narrow = re.findall(r"<svg.*?</svg>", page, flags=re.S)
    for drawing in (wide, narrow):
        assert drawing.count('class="spec ') == len(RULE_SETS) * len(PROFILES) * 4
        assert drawing.count("The report&#x27;s own") == 1  # beside the diamond
    assert wide.count("<title>") == len(RULE_SETS) * len(PROFILES) * 4
    assert "Overlap weights, profile fda, rule set most_lines: hazard ratio" in wide


def test_each_filter_dims_the_others_and_can_be_reached(page):
    inputs = re.findall(
        r'<input type="radio" name="specification-([apr])"(?: class="(\w+)")?( checked)?>', page
    )
    chosen = [css for _, css, _ in inputs if css]
    assert len(chosen) == 4 + len(PROFILES) + len(RULE_SETS)
    assert [kind for kind, _, checked in inputs if checked] == ["a", "p", "r"]
    for css in chosen:
        assert f".explore:has(input.{css}:checked) .spec:not(.{css})" in page
        assert re.search(rf'class="spec [^"]*\b{css}\b', page)
    assert "tabindex" not in page and "<script" not in page


def test_a_range_is_never_called_an_interval(page):
    words = visible(page)
    section = words[words.index("What moves the answer") : words.index("Whom a choice moves")]
    assert "range" in section
    assert "CI" not in section
    assert "It is not a test" in words


# checks one filter in a frame and asks how strongly two specifications are drawn
PROBE = """<!doctype html><title>probe</title>
<iframe id="page" src="index.html" style="width:1280px;height:900px;border:0"></iframe>
<script>
window.addEventListener("load", () => {
  const inside = document.getElementById("page").contentWindow;
  const drawn = css => inside.getComputedStyle(inside.document.querySelector(".spec." + css)).opacity;
  const before = [drawn("p0"), drawn("p1")];
  const filter = inside.document.querySelector(".explore input.p1");
  filter.focus();
  filter.click();
  const focused = inside.document.activeElement === filter;
  document.title = JSON.stringify({before, after: [drawn("p0"), drawn("p1")], focused});
});
</script>
"""


@pytest.mark.browser
def test_a_filter_dims_in_a_browser_without_any_script_of_the_page(tmp_path, browser):
    build, _ = published(tmp_path)
    probe = build.parent / "site" / "probe.html"
    probe.write_text(PROBE, encoding="utf-8")
    local = ["--allow-file-access-from-files", "--virtual-time-budget=5000", "--dump-dom"]
    found = re.search(r"<title>(\{.*?\})</title>", run(browser, *local, probe.as_uri()).stdout).group(1)
    assert json.loads(found) == {"before": ["1", "1"], "after": ["0.06", "1"], "focused": True}


def test_a_median_of_another_analysis_is_looked_at_for_a_range_of_the_data():
    times = np.arange(1.0, 22)
    data = durations(times, np.ones(21))
    quartiles = Interval(6.0, 16.0, Variance.BROOKMEYER_CROWLEY)
    claimed = Estimate(11.0, 21, 21, "Kaplan-Meier", "", quartiles)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("analysis.estimation.specification_rows.median_survival", lambda curve: claimed)
        assert "quartiles of the times" in median_row(data, "endocrine").note
    assert median_row(data, "endocrine").note is None
