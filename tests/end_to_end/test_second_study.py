"""A second study beside the palbociclib study: another index, three strategies, and no code of its own."""

from __future__ import annotations

import json
import shutil
from collections import defaultdict
from contextlib import closing
from pathlib import Path

import duckdb
import pytest

from pipelines.studyfile import load_study, study_of_project
from pipelines.warehouse import Warehouse
from tests.conftest import Afterline, build

STUDY = "cdk46"
CDK46 = {"palbociclib", "ribociclib", "abemaciclib"}
AT_ITS_BEGINNING = {"start", "window", "continued"}
# the marts that have rows for each study, under every rule set and profile
OF_STUDIES = ("index_patients_all", "study_patients_all", "cohort_attrition_all")
DEFINITIONS = ("studies", "study_strategies", "study_covariates")


@pytest.fixture(scope="module")
def two_studies(demo_site: Path, tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    """The demo with a study file in its site file; one rule set will do, the SQL treats all alike."""
    folder = tmp_path_factory.mktemp("two_studies")
    shutil.copytree(demo_site.parent, folder / "site")
    with (folder / "site" / "site.yml").open("a", encoding="utf-8") as site:
        site.write(f"\nstudies: [{STUDY}]\nrule_sets: primary\n")
    return build(folder / "site" / "site.yml", folder / "warehouse")


def rows(warehouse: Warehouse, query: str) -> list[tuple]:
    with closing(duckdb.connect(str(warehouse.published_db), read_only=True)) as marts:
        return marts.execute(query).fetchall()


def drugs_of_lines(warehouse: Warehouse) -> dict[tuple[str, int], list[tuple[str, str, str, str]]]:
    """Ingredient, class, modality and how it joined, by patient and line."""
    lines = defaultdict(list)
    for patient, line, *drug in rows(
        warehouse,
        "select patient_id, line_number, ingredient, drug_class, modality, joined_by "
        "from marts.line_drugs where rule_set_id = 'primary'",
    ):
        lines[patient, line].append(tuple(drug))
    return lines


@pytest.mark.parametrize("mart", (*OF_STUDIES, *DEFINITIONS))
def test_the_palbociclib_study_is_what_it_is_without_the_other(
    demo_warehouse: Warehouse, two_studies: Warehouse, mart: str
) -> None:
    primary = "and rule_set_id = 'primary'" if mart in OF_STUDIES else ""
    query = f"select * from marts.{mart} where study_id = 'palbociclib' {primary} order by all"
    alone = rows(demo_warehouse, query)
    assert alone
    assert rows(two_studies, query) == alone
    assert rows(demo_warehouse, f"select distinct study_id from marts.{mart}") == [("palbociclib",)]


def test_every_strategy_has_patients_and_agrees_with_the_drugs_of_the_line(two_studies: Warehouse) -> None:
    lines = drugs_of_lines(two_studies)
    patients = rows(
        two_studies,
        f"select patient_id, next_line, strategy from marts.study_patients where study_id = '{STUDY}'",
    )
    found = {(patient, strategy) for patient, _, strategy in patients}
    expected = set()
    for patient, line, _ in patients:
        drugs = lines[patient, line]
        if any(modality == "chemo" for _, _, modality, _ in drugs):
            strategy = "chemotherapy"
        elif not any(modality == "endocrine" for _, _, modality, _ in drugs):
            strategy = "other"
        elif any(modality == "targeted" and joined in AT_ITS_BEGINNING for _, _, modality, joined in drugs):
            strategy = "endocrine_targeted"
        else:
            strategy = "endocrine"
        expected.add((patient, strategy))
    assert found == expected
    named = [strategy.strategy for strategy in load_study(study_of_project(STUDY)).strategies]
    assert len(named) == 3
    assert {strategy for _, strategy in found} >= set(named)


def test_the_index_is_the_first_line_with_any_drug_of_the_class_and_a_partner(two_studies: Warehouse) -> None:
    lines = drugs_of_lines(two_studies)
    indexed = dict(
        rows(
            two_studies,
            f"select patient_id, index_line from marts.index_patients where study_id = '{STUDY}'",
        )
    )
    firsts: dict[str, int] = {}
    for (patient, line), drugs in sorted(lines.items()):
        given = {ingredient for ingredient, *_ in drugs}
        if given & CDK46 and any(modality == "endocrine" for _, _, modality, _ in drugs):
            firsts.setdefault(patient, line)
    assert indexed.items() <= firsts.items()
    palbociclib = rows(
        two_studies, "select count(*) from marts.index_patients where study_id = 'palbociclib'"
    )
    # the class holds more than the one drug: a study by class that found no more would prove nothing
    assert len(indexed) > palbociclib[0][0]


def test_the_attrition_adds_up_to_the_patients_of_the_marts(two_studies: Warehouse) -> None:
    steps = rows(
        two_studies,
        f"""select rule_set_id, profile_id, step_number, step, patients_left, patients_removed
        from marts.cohort_attrition_all where study_id = '{STUDY}' order by all""",
    )
    left_before: dict[tuple[str, str], int] = {}
    for rule_set, profile, number, _, left, removed in steps:
        before = left_before.get((rule_set, profile), left + removed if number == 1 else None)
        assert before == left + removed
        left_before[rule_set, profile] = left
    counted = {step: left for rules, profile, _, step, left, _ in steps if rules == profile == "primary"}
    sizes = {
        "all_patients": "select count(*) from marts.patients",
        "index_line": f"select count(*) from marts.index_patients where study_id = '{STUDY}'",
        "next_line": f"select count(*) from marts.study_patients where study_id = '{STUDY}'",
        "strategy_compared": f"""select count(*) from marts.study_patients
            where study_id = '{STUDY}' and strategy <> 'other'""",
    }
    assert {step: rows(two_studies, query)[0][0] for step, query in sizes.items()}.items() <= counted.items()


def test_the_study_has_a_page_of_its_own(two_studies: Warehouse) -> None:
    study = load_study(study_of_project(STUDY))
    page = (two_studies.site / f"{STUDY}.html").read_text(encoding="utf-8")
    assert study.title in page
    assert [strategy.label for strategy in study.strategies if strategy.label not in page] == []
    assert (
        study.title not in (two_studies.site / "index.html").read_text(encoding="utf-8").split("</title>")[0]
    )


def test_the_run_says_which_study_file_it_was_made_with(two_studies: Warehouse, afterline: Afterline) -> None:
    manifest = json.loads((two_studies.current / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["study_files_sha256"] == {STUDY: load_study(study_of_project(STUDY)).sha256}
    patient = rows(
        two_studies, f"select min(patient_id) from marts.study_patients where study_id = '{STUDY}'"
    )
    told = afterline("explain", patient[0][0], "--warehouse", two_studies.root)
    assert told.returncode == 0, told.stderr
    assert "Study: palbociclib, profile primary" in told.stdout
    assert f"Study: {STUDY}, profile primary" in told.stdout
