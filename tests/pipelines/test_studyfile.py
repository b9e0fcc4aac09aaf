"""Study files: what they may say, the sentence for what they may not, and the rows that they become."""

from __future__ import annotations

import csv
import json
from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from pipelines.errors import UsageError
from pipelines.landing.studies import TABLES
from pipelines.sitefile import Site, load_site
from pipelines.study_covariates import COVARIATES
from pipelines.study_rows import rows_of
from pipelines.study_seeds import SEEDS
from pipelines.studyfile import OF_PROJECT, Study, json_schema, load_study, studies_of_project
from tests.conftest import Afterline
from tests.pipelines.hospital import PATIENTS, Hospital

MARTS = SEEDS.parent / "models" / "marts" / "_marts.yml"
SITE = "site: test\nsources: [{format: afterline, path: extracts}]\n"
CHEMOTHERAPY = {"strategy": "chemotherapy", "label": "Chemotherapy", "chemo": "yes"}
STUDY: dict[str, Any] = {
    "study": "everolimus",
    "title": "After everolimus",
    "index": {"drug": "everolimus"},
    "strategies": [
        CHEMOTHERAPY,
        {"strategy": "endocrine", "label": "Endocrine therapy", "endocrine": "yes"},
    ],
}


def write(path: Path, **changes: Any) -> Path:
    """A study file with some keys changed; None leaves a key out."""
    content = {key: value for key, value in (STUDY | changes).items() if value is not None}
    path.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
    return path


def site_of(folder: Path, studies: str, more: str = "") -> Site:
    path = folder / "site.yml"
    path.write_text(f"{SITE}studies: {studies}\n{more}", encoding="utf-8")
    return load_site(path)


def refusal(folder: Path, **changes: Any) -> str:
    with pytest.raises(UsageError) as refused:
        load_study(write(folder / "study.yml", **changes))
    assert refused.value.exit_code == 2
    message = refused.value.message
    assert message.startswith(f"{folder / 'study.yml'}: ") and "\n" not in message
    return message.removeprefix(f"{folder / 'study.yml'}: ")


def strategies(*conditions: dict[str, str]) -> dict[str, Any]:
    named = [{"strategy": f"s{n}", "label": f"S {n}"} | c for n, c in enumerate(conditions, start=1)]
    return {"strategies": named}


def seed(name: str) -> list[dict[str, str]]:
    with (SEEDS / f"{name}.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def mart_columns(mart: str) -> dict[str, str]:
    models = yaml.safe_load(MARTS.read_text(encoding="utf-8"))["models"]
    columns = next(model["columns"] for model in models if model["name"] == mart)
    return {column["name"]: column["data_type"] for column in columns}


def test_what_a_short_file_leaves_out_is_as_in_the_palbociclib_study(tmp_path: Path) -> None:
    rows = rows_of(load_study(write(tmp_path / "study.yml")))
    (own,) = rows["studies"]
    (model,) = seed("project_studies")
    differs = {name for name, value in model.items() if (value or None) != _text(own[name])}
    assert differs == {"study_id", "title", "index_ingredient", "index_label"}
    assert [row | {"study_id": "", "position": str(row["position"])} for row in rows["study_covariates"]] == [
        row | {"study_id": ""} for row in seed("project_study_covariates")
    ]


def _text(value: object) -> str | None:
    return str(value).lower() if isinstance(value, bool) else None if value is None else str(value)


def test_everything_a_file_can_say_becomes_a_column(tmp_path: Path) -> None:
    study = load_study(
        write(
            tmp_path / "study.yml",
            index={"class": "mtor_inhibitor", "label": "an mTOR inhibitor", "partner": "none"},
            eligibility={
                "sex": "any", "hr_positive": "no", "her2_negative": False, "minimum_age": 18,
                "menopausal_status": "post", "no_other_cancer_within_years": 3,
            },
            covariates=["bilirubin", {"covariate": "ki67", "label": "Ki", "transformation": "log"}],
            thresholds={"receptor_positive_percent": 10, "pfs_ratio_threshold": 1.5},
            data_cut="2026-01-31",
            data_cut_final="yes",
        )
    )  # fmt: skip
    rows = rows_of(study)
    said = rows["studies"][0]
    assert (said["index_ingredient"], said["index_drug_class"]) == (None, "mtor_inhibitor")
    assert (said["index_label"], said["index_partner_modality"]) == ("an mTOR inhibitor", None)
    assert (said["required_sex"], said["requires_hr_positive"], said["requires_her2_negative"]) == (
        None, False, False,
    )  # fmt: skip
    assert (said["minimum_age_years"], said["required_menopausal_status"]) == (18, "post")
    assert (said["excludes_other_cancer"], said["other_cancer_years"]) == (True, 3)
    assert (said["receptor_positive_percent"], said["pfs_ratio_threshold"]) == (10, 1.5)
    assert [tuple(row.values())[1:] for row in rows["study_covariates"]] == [
        (1, "bilirubin", "Bilirubin (mg/dL)", "none"),
        (2, "ki67", "Ki", "log"),
    ]
    assert [tuple(row.values())[1:] for row in rows["study_strategies"]] == [
        (1, "chemotherapy", "Chemotherapy", "yes", "any", "any"),
        (2, "endocrine", "Endocrine therapy", "any", "yes", "any"),
    ]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"indx": {"drug": "everolimus"}}, "unknown key 'indx'; the nearest is index."),
        ({"index": {"clas": "adc"}}, "index: unknown key 'clas'; the nearest is class."),
        (
            {"index": {"drug": "everolimu"}},
            "index: no line-defining drug 'everolimu'; the nearest is everolimus.",
        ),
        ({"index": {"drug": "ondansetron"}}, "index: no line-defining drug 'ondansetron'; "),
        (
            {"index": {"class": "cdk4_inhibitor", "label": "one"}},
            "index: no line-defining class 'cdk4_inhibitor'; the nearest is cdk46_inhibitor.",
        ),
        ({"index": {"class": "bone_agent", "label": "one"}}, "index: no line-defining class 'bone_agent'; "),
        ({"index": {"class": "adc"}}, "index: a class needs a label, such as `a CDK4/6 inhibitor`."),
        ({"index": {"class": "adc", "drug": "everolimus"}}, "index: name either a drug or a class."),
        ({"index": {"label": "x"}}, "index: name either a drug or a class."),
        ({"covariates": ["age"]}, "covariates[1]: no covariate 'age'; "),
        ({"covariates": ["ecog", "pfs2_days"]}, "covariates[2]: no covariate 'pfs2_days'; the nearest is "),
        ({"covariates": ["ecog", "ecog"]}, "covariates: the covariate 'ecog' stands twice."),
        (
            {"covariates": [{"covariate": "visceral", "transformation": "log"}]},
            "covariates[1]: visceral is no number that has a logarithm.",
        ),
        (
            {"covariates": [{"covariate": "ecog", "transformation": "de_novo_zero"}]},
            "covariates[1]: de_novo_zero is for disease_free_months alone.",
        ),
        ({"study": "palbociclib"}, "study: palbociclib is the project's own study, which is always computed"),
        ({"study": "line_start"}, "study: line_start has a meaning of its own"),
        ({"study": "My Study"}, "study: "),
        ({"strategies": [CHEMOTHERAPY]}, "strategies: "),
        (
            {"strategies": [CHEMOTHERAPY, CHEMOTHERAPY | {"label": "Again", "chemo": "no"}]},
            "strategies: the strategy 'chemotherapy' stands twice.",
        ),
        (
            {"strategies": [CHEMOTHERAPY, CHEMOTHERAPY | {"strategy": "b", "chemo": "no"}]},
            "strategies: the label 'Chemotherapy' stands twice.",
        ),
        (
            strategies({"chemo": "yes"}, {"chemo": "yes", "endocrine": "yes"}),
            "strategies: no line can come to 's2': those before it take them all.",
        ),
        (
            strategies({"chemo": "yes"}, {"chemo": "no"}, {"endocrine": "yes"}),
            "strategies: no line can come to 's3': those before it take them all.",
        ),
        (
            strategies({}, {"chemo": "yes"}),
            "strategies: no line can come to 's2': those before it take them all.",
        ),
        (
            strategies({"chemo": "yes"}, {"strategy": "other"}),
            "strategies: no strategy may be called 'other', which the marts use.",
        ),
        (strategies({"chemo": "maybe"}, {}), "strategies[1].chemo: "),
        ({"eligibility": {"sex": "male"}}, "eligibility.sex: "),
        ({"eligibility": {"minimum_age": "eighteen"}}, "eligibility.minimum_age: "),
        ({"thresholds": {"receptor_positive_percent": 101}}, "thresholds.receptor_positive_percent: "),
        (
            {"thresholds": {"pfs1_short_months": 12}},
            "thresholds: pfs1_short_months, 12, must be less than pfs1_long_months, 12.",
        ),
        ({"thresholds": {"pfs_ratio_threshold": "nan"}}, "thresholds.pfs_ratio_threshold: "),
        ({"data_cut_final": "yes"}, "data_cut_final says something of a data_cut, and none is given."),
        ({"title": None}, "title: field required."),
    ],
)  # fmt: skip
def test_what_does_not_hold_is_one_sentence(tmp_path: Path, changes: dict[str, Any], sentence: str) -> None:
    assert refusal(tmp_path, **changes).startswith(sentence)


def test_the_documented_example_is_read_whole(tmp_path: Path) -> None:
    text = (SEEDS.parents[1] / "pipelines" / "README.md").read_text(encoding="utf-8")
    example = next(part for part in text.split("```") if part.startswith("yaml\nstudy:"))
    (tmp_path / "study.yml").write_text(example.removeprefix("yaml\n"), encoding="utf-8")
    study = load_study(tmp_path / "study.yml")
    assert study.model_fields_set == set(Study.model_fields)
    assert [c.covariate for c in study.covariates] == ["pfs1_months", "visceral", "ki67"]


def test_the_message_of_the_command_names_the_study_file(tmp_path: Path, afterline: Afterline) -> None:
    write(tmp_path / "study.yml", index={"class": "cdk4", "label": "x"})
    (tmp_path / "site.yml").write_text(f"{SITE}studies: [study.yml]\n", encoding="utf-8")
    done = afterline("build", "--site", tmp_path / "site.yml", "--warehouse", tmp_path / "warehouse")
    assert done.returncode == 2
    assert f"{tmp_path / 'study.yml'}: index: no line-defining class 'cdk4'" in "".join(
        done.stderr.split("\n")
    )
    assert not (tmp_path / "warehouse").exists()


def test_a_site_names_files_of_its_own_and_of_the_project(tmp_path: Path) -> None:
    write(tmp_path / "study.yml")
    site = site_of(tmp_path, "[study.yml, cdk46]")
    assert [study.study for study in site.study_files] == ["everolimus", "cdk46"]
    assert site.study_files[0].path == tmp_path / "study.yml"
    assert len({study.sha256 for study in site.study_files}) == 2


@pytest.mark.parametrize(
    ("named", "sentence"),
    [
        ("cdk4", "no study file 'cdk4' comes with the project; the nearest is cdk46"),
        ("../study.yml", "'../study.yml' leads out of the site file's folder"),
        ("none.yml", "the study file cannot be read"),
    ],
)
def test_a_study_file_that_is_not_there(tmp_path: Path, named: str, sentence: str) -> None:
    (tmp_path / "inside").mkdir()
    write(tmp_path / "study.yml")
    with pytest.raises(UsageError, match=sentence.replace("'", ".").replace("../", r"\.\./")):
        site_of(tmp_path / "inside", f"[{named}]")


def test_one_id_is_one_study(tmp_path: Path) -> None:
    write(tmp_path / "a.yml")
    write(tmp_path / "b.yml")
    with pytest.raises(UsageError, match="two of the files are the study 'everolimus'"):
        site_of(tmp_path, "[a.yml, b.yml]")
    write(tmp_path / "a.yml", study="cdk46")
    with pytest.raises(UsageError, match="cdk46 comes with the project"):
        site_of(tmp_path, "[a.yml]")


def test_a_warehouse_has_one_data_cut(tmp_path: Path) -> None:
    write(tmp_path / "a.yml", data_cut="2026-01-31", data_cut_final="yes")
    write(tmp_path / "b.yml", study="b")
    site = site_of(tmp_path, "[b.yml, a.yml]")
    assert str(site.data_cut) == "2026-01-31" and site.data_cut_final
    assert site_of(tmp_path, "[b.yml]").data_cut is None
    assert site_of(tmp_path, "[a.yml]", "data_cut: 2026-01-31\n").data_cut_final

    for studies, more in (
        ("[a.yml]", "data_cut: 2026-02-01\n"),
        ("[a.yml]", "data_cut_final: no\n"),
        ("[a.yml, b.yml]", ""),
    ):
        write(tmp_path / "b.yml", study="b", data_cut="2026-02-01")
        with pytest.raises(UsageError, match="a warehouse has one data cut"):
            site_of(tmp_path, studies, more)


def test_each_landing_writes_what_the_site_file_names_now(tmp_path: Path) -> None:
    hospital = Hospital(tmp_path)
    hospital.write("patients.csv", PATIENTS)
    write(tmp_path / "study.yml", title='It\'s "quoted"; drop table x')
    for studies, found in (
        ("[study.yml, cdk46]", ["cdk46", "everolimus"]),
        ("[cdk46]", ["cdk46"]),
        ("[]", []),
    ):
        hospital.configure("format: afterline", f"studies: {studies}\n")
        hospital.land()
        with closing(duckdb.connect(str(hospital.warehouse.landing), read_only=True)) as landing:
            for table in TABLES:
                ids = landing.execute(f"select distinct study_id from raw.{table} order by 1").fetchall()
                assert [name for (name,) in ids] == found


def test_a_landing_that_fails_leaves_the_studies_of_the_last_one(tmp_path: Path) -> None:
    hospital = Hospital(tmp_path, settings="studies: [cdk46]\n")
    hospital.write("patients.csv", PATIENTS)
    hospital.land()
    hospital.site_file.write_text(hospital.site_file.read_text().replace("site: test", "site: another"))
    with pytest.raises(UsageError, match="belongs to the site 'test'"):
        hospital.land()
    for table in TABLES:
        assert hospital.query(f"select distinct study_id from raw.{table}") == [("cdk46",)]


@pytest.mark.parametrize("landed", TABLES)
def test_landing_seed_and_mart_have_the_same_columns(landed: str) -> None:
    mart = landed.removeprefix("site_")
    assert TABLES[landed] == mart_columns(mart)
    assert list(seed(f"project_{mart}")[0]) == list(TABLES[landed])


def test_every_covariate_is_a_column_of_the_mart_and_no_outcome() -> None:
    columns = mart_columns("study_patients")
    assert set(COVARIATES) < set(columns)
    assert not [name for name in COVARIATES if name.startswith("pfs2") or name in ("strategy", "bor")]
    for row in seed("project_study_covariates"):
        assert row["label"] == COVARIATES[row["covariate"]].label


def test_project_studies_obey_what_is_asked_of_a_study_file() -> None:
    for row in seed("project_studies"):
        strategies = [
            {"strategy": s["strategy"], "label": s["label"]}
            | {name: s[f"has_{name}"] for name in ("chemo", "endocrine", "targeted")}
            for s in seed("project_study_strategies")
            if s["study_id"] == row["study_id"]
        ]
        Study.model_validate(STUDY | {"index": {"drug": row["index_ingredient"]}, "strategies": strategies})


def test_study_files_of_the_project_are_read_and_named_by_their_study() -> None:
    assert studies_of_project()
    for name in studies_of_project():
        assert load_study(OF_PROJECT / f"{name}.yml").study == name


def test_the_schema_is_closed_and_can_be_written() -> None:
    schema = json_schema()
    json.dumps(schema)
    assert schema["additionalProperties"] is False
    assert all(part["additionalProperties"] is False for part in schema["$defs"].values())
    assert "class" in schema["$defs"]["Index"]["properties"]
