"""Methods, limitations and checklists: written from the run, so that they follow its parameters."""

from __future__ import annotations

import csv
import dataclasses
import re
from collections.abc import Callable
from datetime import date
from pathlib import Path

import duckdb
import pytest

from analysis import StatisticsError
from analysis.disclosure.shareable_page import shareable_numbers
from analysis.estimation.study import StudyData, connect, read_studies
from analysis.report import words
from analysis.report.adjusted_words import verdict
from analysis.report.checklist import AUTHORS, FOLDER, LISTS, NO, REPORT, Checklist
from analysis.report.header import Changes
from analysis.report.numbers import Numbers, read_numbers
from analysis.report.page import provenance, sections_of
from analysis.report.paper import paper
from analysis.report.parameters import read_parameters
from analysis.report.sentences import comparison, lead, leading_mean
from tests.analysis.marts import estimate_quickly, make_build
from tests.analysis.test_report import HEADER

Paper = dict


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = make_build(tmp_path_factory.mktemp("paper") / "build.duckdb")
    estimate_quickly(path)
    return path


@pytest.fixture
def written(build: Path, tmp_path: Path) -> Callable[..., Paper]:
    """The paper of a copy of the build in which a statement was executed."""

    def write(statement: str = "", header=HEADER) -> Paper:
        copy = tmp_path / "copy.duckdb"
        copy.write_bytes(build.read_bytes())
        if statement:
            with duckdb.connect(str(copy)) as con:
                con.execute(statement)
        with connect(copy, read_only=True) as connection:
            data = read_studies(connection)[0]
            numbers = read_numbers(connection, data.study.study_id)
            return paper(data, numbers, header, read_parameters(connection, data, header))

    return write


def text(found: Paper) -> str:
    return re.sub(r"<[^>]+>", "", " ".join(str(p.text) for p in found["methods"]))


@pytest.mark.parametrize(
    ("statement", "before", "after"),
    [
        (
            "update marts.line_rules set regimen_window_days = 41",
            "within 28 days of a line",
            "within 41 days",
        ),
        (
            "update marts.line_rules set gap_advances = true",
            "did not by itself begin",
            "without any began a new",
        ),
        (
            "update marts.line_rules set substitution_allowed = false",
            "continued the line.",
            "similar one began",
        ),
        ("update marts.endpoint_profiles set cb_days = 112", "at 168 days or later", "at 112 days or later"),
        (
            "update marts.endpoint_profiles set counts_stop_reason = false",
            "and a treatment stopped for progression",
            "taken from imaging and the clinician",
        ),
        ("update marts.endpoint_profiles set death_window_days = null", "A death more than 182 days", None),
        (
            "update marts.endpoint_profiles set visit_gap_days = 75",
            None,
            "More than 75 days between two contacts",
        ),
        (
            "update marts.endpoint_profiles set censor_at = 'assessment'",
            "last recorded activity",
            "last evaluable",
        ),
        ("update marts.studies set receptor_positive_percent = 10", "at 1 % or more", "at 10 % or more"),
        ("update marts.studies set minimum_age_years = 18", None, "age of 18 years or more"),
        (
            "update marts.studies set index_label = 'ribociclib'",
            "with palbociclib and",
            "with ribociclib and",
        ),
        (
            "update marts.study_strategies set label = 'Tablets' where position = 1",
            None,
            "tablets or chemotherapy",
        ),
        ("update marts.patients set site_id = 'b' where patient_id = 'p001'", "of one site", "of 2 sites"),
        (
            "delete from marts.study_covariates where position > 2",
            "age, lines",
            "PFS1 and visceral metastases,",
        ),
    ],
)
def test_the_methods_follow_the_parameters(written, statement, before, after):
    was, now = text(written()), text(written(statement))
    assert was != now
    if before:
        assert before in was
        assert before not in now
    if after:
        assert after in now
        assert after not in was


def test_the_methods_name_engines_with_their_versions(written):
    import lifelines

    assert f"lifelines {lifelines.__version__}" in text(written())


def test_the_methods_name_look_and_cut(written):
    final = dataclasses.replace(HEADER, data_cut_final=True, data_cut=date(2027, 1, 2))
    assert "30 June 2026 (an interim look)" in text(written())
    assert "2 January 2027 (the final data cut)" in text(written(header=final))


def test_no_parameters_no_methods(written):
    with pytest.raises(StatisticsError, match="line_rules has no row"):
        written("delete from marts.line_rules where rule_set_id = 'primary'")


def test_the_methods_are_of_a_length_that_a_journal_prints(written):
    assert 500 < len(text(written()).split()) < 1200


def test_a_site_reports_what_limits_it(written):
    limits = " ".join(str(limit) for limit in written()["limitations"])
    assert "The adjusted comparison takes PFS1 into account and nothing else" in limits
    assert "one site (demo)" in limits
    assert "interim look" in limits
    final = dataclasses.replace(HEADER, data_cut_final=True)
    assert "interim look" not in " ".join(str(limit) for limit in written(header=final)["limitations"])


@pytest.mark.parametrize("key", LISTS)
def test_every_item_is_answered_once(written, key):
    found: Checklist = next(c for c in written()["checklists"] if c.key == key)
    items = [item.item for item in found.items]
    assert len(items) == len(set(items))
    wanted = 22 if key == "strobe" else 13
    numbers = {re.match(r"\d+", item).group(0) for item in items} if key == "strobe" else set(items)
    assert len(numbers) == wanted
    for item in found.items:
        assert item.answer in (REPORT, AUTHORS, NO)
        assert bool(item.sections) == (item.answer == REPORT)
        assert item.answer == REPORT or item.words, f"{item.item} does not say why"
        assert "{" not in item.words
    assert sum(found.counted(answer) for answer in (REPORT, AUTHORS, NO)) == len(items)


@pytest.mark.parametrize("shareable", [False, True])
def test_every_pointer_leads_to_a_part_of_the_page(build, shareable):
    with connect(build, read_only=True) as connection:
        data = read_studies(connection)[0]
        numbers = read_numbers(connection, data.study.study_id)
        parameters = read_parameters(connection, data, HEADER)
    shown = shareable_numbers(data, numbers, 5) if shareable else None
    found = paper(data, shown.numbers if shown else numbers, HEADER, parameters, shown)
    keys = {key for key, _ in sections_of(data.study, shown)}
    pointers = {key for c in found["checklists"] for item in c.items for key, _ in item.sections}
    assert pointers
    assert pointers <= keys
    assert ("sensitivity" in pointers) is not shareable


def test_pointers_of_the_lists_are_sections_of_the_report(build):
    with connect(build, read_only=True) as connection:
        keys = {key for key, _ in sections_of(read_studies(connection)[0].study)}
    for name in LISTS:
        with (FOLDER / f"{name}.csv").open(encoding="utf-8", newline="") as lines:
            for line in csv.DictReader(lines):
                assert set(filter(None, line["sections"].split(";"))) <= keys, line["item"]


@pytest.mark.parametrize(
    ("restated", "changes", "said"),
    [
        (None, None, "first publication"),
        (0, Changes(), "no study patient changed since the last publication"),
        (
            3,
            Changes(1, 0, 2, {"PFS2": 2, "strategy": 1}, ("new records in assessments",)),
            "3 study patients since the last publication: 1 entered and 2 changed (PFS2 in 2, strategy in "
            "1); "
            "behind it: new records in assessments",
        ),
    ],
)
def test_the_header_says_what_changed(restated, changes, said):
    header = dataclasses.replace(HEADER, restated_patients=restated, changes=changes)
    assert dict(provenance(header, False))["What changed"] == said


def test_outside_the_header_says_no_small_number_of_changes(build):
    with connect(build, read_only=True) as connection:
        data = read_studies(connection)[0]
        shown = shareable_numbers(data, read_numbers(connection, data.study.study_id), 5)
    changes = Changes(1, 0, 2, {"PFS2": 2}, ("new records in assessments",))
    header = dataclasses.replace(HEADER, restated_patients=3, changes=changes)
    said = dict(provenance(header, False, shown))["What changed"]
    assert said == "study patients changed since the last publication; behind it: new records in assessments"
    many = dataclasses.replace(header, restated_patients=12)
    assert dict(provenance(many, False, shown))["What changed"].startswith("12 study patients changed")


PAIR = "chemotherapy_vs_endocrine"


@pytest.fixture
def stored(build: Path, tmp_path: Path) -> Callable[[str], tuple[StudyData, Numbers]]:
    """A study and its numbers, after a statement was executed on a copy of the build."""

    def read(statement: str) -> tuple[StudyData, Numbers]:
        copy = tmp_path / "copy.duckdb"
        copy.write_bytes(build.read_bytes())
        with duckdb.connect(str(copy)) as con:
            con.execute(statement)
        with connect(copy, read_only=True) as connection:
            data = read_studies(connection)[0]
            return data, read_numbers(connection, data.study.study_id)

    return read


def row_set(key: str, value: str) -> str:
    return f"update marts.study_estimates set estimate = {value}, note = null where estimate_id = '{key}';"


def test_a_characteristic_that_cannot_be_balanced_is_named_first(stored):
    smd = f"baseline.{PAIR}.overlap.smd.cns"
    data, numbers = stored(row_set(smd, "null") + row_set(f"adjustment.{PAIR}.overlap.count.unbalanced", "4"))
    found = verdict(data, numbers, data.study.pairs[0])
    assert not found.comparable
    assert re.search(
        r"4</span> characteristics still differ .*, cns metastases \(cannot", found.sentence, re.I
    )


def test_without_an_unbalanced_characteristic_the_groups_are_alike(stored):
    change = "".join(row_set(f"adjustment.{PAIR}.{way}.count.unbalanced", "0") for way in ("overlap", "ate"))
    data, numbers = stored(change)
    found = verdict(data, numbers, data.study.pairs[0])
    assert found.comparable
    assert found.ate is None


def test_separated_groups_cannot_be_compared(stored):
    data, numbers = stored(row_set(f"adjustment.{PAIR}.count.separated", "1"))
    assert "tell the groups apart completely" in verdict(data, numbers, data.study.pairs[0]).sentence


def test_the_restricted_mean_leads_where_hazards_are_not_proportional(stored):
    key = f"pfs2.{PAIR}.p_value.proportional_hazards"
    data, numbers = stored(row_set(key, "0.4"))
    assert leading_mean(numbers, "pfs2", data.study.pairs[0]) is None
    data, numbers = stored(row_set(key, "0.01"))
    said = re.sub(r"<[^>]+>", "", comparison(data, numbers, "pfs2", data.study.pairs[0]))
    assert said.index("difference of restricted mean PFS2") < said.index("hazard ratio")
    assert "chemotherapy minus endocrine therapy" in said


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        (
            "update marts.study_estimates set estimate = null, note = 'not reached', ci_low = null, "
            "ci_high = null where estimate_id = 'pfs2.endocrine.median'",
            "Median PFS2 was not reached against",
        ),
        (
            "update marts.study_estimates set estimate = null, note = 'no patients', ci_low = null, "
            "ci_high = null where estimate_id = 'pfs2.endocrine.median'",
            "with chemotherapy.",
        ),
        (
            "delete from marts.study_estimates where statistic = 'median'",
            "No median of PFS2 can be estimated.",
        ),
        ("update marts.studies set required_sex = null", "19 patients went on to endocrine therapy"),
    ],
)
def test_the_lead_says_what_there_is(stored, statement, said):
    data, numbers = stored(statement)
    found = re.sub(r"<[^>]+>", "", lead(data, numbers))
    assert said in found
    assert "–)" not in found
    assert "NR months" not in found.replace("\u00a0", " ")


def test_what_was_not_estimated_is_not_in_the_methods(written):
    change = (
        "update marts.study_estimates set estimate = null where adjustment <> 'none' or endpoint = 'choice'"
    )
    found = text(written(change))
    assert "Candidate covariates" in text(written())
    assert "Candidate covariates" not in found
    assert "Patients were weighted" not in found
    assert "ROC curve" not in found


def test_unknown_characteristics_are_counted_alike_everywhere(written):
    found = written()
    limits = " ".join(str(limit) for limit in found["limitations"])
    counted = re.search(r"(\d+) characteristics have unknown values", limits).group(1)
    strobe = next(c for c in found["checklists"] if c.key == "strobe")
    item = next(item for item in strobe.items if item.item == "12c")
    assert item.words.startswith(f"{counted} of ")


@pytest.mark.parametrize(
    ("step", "drug", "said"),
    [
        ("index_line", "a CDK4/6 inhibitor", "A CDK4/6 inhibitor with endocrine therapy"),
        ("minimum_age", "x", "18 years or older"),
        ("no_other_cancer", "x", "No other cancer within 5 years"),
        ("menopausal_status", "x", "Menopausal state: post"),
        ("a_step_of_their_own", "x", "A step of their own"),
    ],
)
def test_every_step_has_words(step, drug, said):
    row = {
        "index_partner_modality": "endocrine",
        "minimum_age_years": 18.0,
        "other_cancer_years": 5,
        "required_menopausal_status": "post",
    }
    assert words.step(step, drug, row) == said
