"""A study file as rows of the tables studies, study_strategies and study_covariates."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pipelines.study_covariates import COVARIATES
from pipelines.study_seeds import MODEL_STUDY, model_study, read_seed
from pipelines.studyfile import Study, StudyCovariate

Row = dict[str, Any]


def rows_of(study: Study) -> dict[str, list[Row]]:
    """The rows by table; what the file does not say is as in the palbociclib study."""
    return {
        "studies": [_study(study)],
        "study_strategies": list(_strategies(study)),
        "study_covariates": list(_covariates(study)),
    }


def _study(study: Study) -> Row:
    model, asked, years = model_study(), study.eligibility, study.eligibility.no_other_cancer_within_years
    said = study.thresholds.model_dump()
    return {
        "study_id": study.study,
        "title": study.title,
        "index_ingredient": study.index.drug,
        "index_drug_class": study.index.drug_class,
        "index_label": study.index.label or study.index.drug,
        "index_partner_modality": None if study.index.partner == "none" else study.index.partner,
        "required_sex": None if asked.sex == "any" else asked.sex,
        "requires_hr_positive": asked.hr_positive,
        "requires_her2_negative": asked.her2_negative,
        "minimum_age_years": asked.minimum_age,
        "required_menopausal_status": asked.menopausal_status,
        "excludes_other_cancer": years is not None,
        "other_cancer_years": model["other_cancer_years"] if years is None else years,
        **{name: model[name] if value is None else value for name, value in said.items()},
    }


def _strategies(study: Study) -> Iterator[Row]:
    for position, strategy in enumerate(study.strategies, start=1):
        yield {
            "study_id": study.study,
            "position": position,
            "strategy": strategy.strategy,
            "label": strategy.label,
            "has_chemo": strategy.chemo,
            "has_endocrine": strategy.endocrine,
            "has_targeted": strategy.targeted,
        }


def _covariates(study: Study) -> Iterator[Row]:
    seed = read_seed("project_study_covariates")
    usual = {row["covariate"]: row for row in seed if row["study_id"] == MODEL_STUDY}
    asked = study.covariates or tuple(StudyCovariate(covariate=name) for name in usual)
    for position, covariate in enumerate(asked, start=1):
        name = covariate.covariate
        model = usual.get(name, {})
        yield {
            "study_id": study.study,
            "position": position,
            "covariate": name,
            "label": covariate.label or model.get("label") or COVARIATES[name].label,
            "transformation": covariate.transformation or model.get("transformation") or "none",
        }
