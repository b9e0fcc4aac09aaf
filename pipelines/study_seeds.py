"""What a study file is checked against and filled up from: the project's own seeds."""

from __future__ import annotations

import csv
from functools import cache

from pipelines.manifest import CHECKOUT

SEEDS = CHECKOUT / "dbt_project" / "seeds"
# the study whose values hold where a study file says none
MODEL_STUDY = "palbociclib"


@cache
def read_seed(name: str) -> list[dict[str, str]]:
    """The rows of a seed, all values as text."""
    with (SEEDS / f"{name}.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def model_study() -> dict[str, str]:
    """The parameters of the model study."""
    return next(row for row in read_seed("project_studies") if row["study_id"] == MODEL_STUDY)


@cache
def line_defining_drugs() -> dict[str, str]:
    """The line-defining drugs of the dictionary, and the class of each."""
    return {
        row["ingredient"]: row["drug_class"] for row in read_seed("drugs") if row["role"] == "line_defining"
    }
