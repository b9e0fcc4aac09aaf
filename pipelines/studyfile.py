"""The study file: a question as data. Which drug comes first, who is eligible, which strategies are compared.

A site names its study files in its site file; the palbociclib study is the project's own and always computed.
What a study file leaves out is as in that study, whose values are read from its seeds (spec: endpoints.md,
section 5).
"""

from __future__ import annotations

import hashlib
from collections import Counter
from datetime import date
from itertools import product
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, PrivateAttr, ValidationError, field_validator, model_validator

from pipelines.errors import UsageError
from pipelines.site_sources import SiteModel
from pipelines.site_yaml import nearest, read_yaml, sentence
from pipelines.study_covariates import COVARIATES, Kind
from pipelines.study_seeds import line_defining_drugs, model_study, read_seed

# study files that come with the project, each named by its study
OF_PROJECT = Path(__file__).resolve().parent / "studies"
# groups of the estimates that no strategy may be called; a clock and a page that no study may be called
_NO_STRATEGIES = ("other", "all")
_NO_STUDIES = ("line_start", "index")

Answer = Literal["yes", "no", "any"]


class Index(SiteModel):
    """What the next line follows: one drug, or any drug of a class, with a partner."""

    drug: str | None = Field(default=None, description="Index drug, an ingredient of the drug dictionary.")
    drug_class: str | None = Field(
        default=None, alias="class", description="In place of a drug: a class, any drug of which will do."
    )
    label: str | None = Field(
        default=None,
        min_length=1,
        description="The index as a sentence has it, `a CDK4/6 inhibitor`; the drug itself where not said.",
    )
    partner: Literal["endocrine", "targeted", "chemo", "other", "none"] = Field(
        default="endocrine", description="Modality of the drug that must be given with it."
    )

    @model_validator(mode="after")
    def _one_known_index(self) -> Self:
        if (self.drug is None) == (self.drug_class is None):
            raise ValueError("name either a drug or a class")
        drugs = line_defining_drugs()
        for what, name, known in (
            ("drug", self.drug, list(drugs)),
            ("class", self.drug_class, sorted(set(drugs.values()))),
        ):
            if name is not None and name not in known:
                raise ValueError(f"no line-defining {what} '{name}'; {nearest(name, known)}")
        if self.drug_class is not None and self.label is None:
            raise ValueError("a class needs a label, such as `a CDK4/6 inhibitor`")
        return self


class Eligibility(SiteModel):
    """Who is studied. Each condition is a step of the attrition; what is not asked for is none."""

    sex: Literal["female", "any"] = Field(default="female", description="`any` asks nothing.")
    hr_positive: bool = Field(default=True, description="A hormone receptor is positive.")
    her2_negative: bool = Field(default=True, description="HER2 is negative.")
    minimum_age: int | None = Field(default=None, ge=1, le=120, description="Least age on the index date.")
    menopausal_status: Literal["pre", "peri", "post"] | None = Field(
        default=None, description="Menopausal status asked for."
    )
    no_other_cancer_within_years: int | None = Field(
        default=None, ge=1, le=100, description="Another cancer so many years before the index date excludes."
    )


class Strategy(SiteModel):
    """A kind of next line: which drugs it has."""

    strategy: str = Field(pattern=r"^[a-z][a-z0-9_]{0,39}$", description="Its name in the marts.")
    label: str = Field(min_length=1, description="Its name in the report.")
    chemo: Answer = Field(default="any", description="Whether any drug of the line is chemotherapy.")
    endocrine: Answer = Field(default="any", description="Whether any drug of the line is endocrine.")
    targeted: Answer = Field(default="any", description="Whether a drug there at its beginning is targeted.")

    def admits(self, line: tuple[str, ...]) -> bool:
        """Whether a line with these answers (chemo, endocrine, targeted) meets the conditions."""
        return all(
            asked in ("any", found)
            for asked, found in zip((self.chemo, self.endocrine, self.targeted), line, strict=True)
        )


class StudyCovariate(SiteModel):
    """A column of study_patients to adjust for; label and transformation are usual ones where not said."""

    covariate: str = Field(description="Column of the mart study_patients.")
    label: str | None = Field(default=None, min_length=1, description="The covariate in words.")
    transformation: Literal["none", "log", "de_novo_zero"] | None = Field(
        default=None, description="log of a number; de_novo_zero: de novo disease counts as no interval."
    )

    @model_validator(mode="after")
    def _column_and_transformation_fit(self) -> Self:
        known = COVARIATES.get(self.covariate)
        if known is None:
            raise ValueError(f"no covariate '{self.covariate}'; {nearest(self.covariate, COVARIATES)}")
        if self.transformation == "log" and known.kind is not Kind.NUMBER:
            raise ValueError(f"{self.covariate} is no number that has a logarithm")
        if self.transformation == "de_novo_zero" and self.covariate != "disease_free_months":
            raise ValueError("de_novo_zero is for disease_free_months alone")
        return self


class Thresholds(SiteModel):
    """Bounds of the study's rules; those not said are the palbociclib study's."""

    receptor_positive_percent: int | None = Field(default=None, ge=0, le=100)
    her2_pairing_days: int | None = Field(default=None, ge=0)
    measure_days_before: int | None = Field(default=None, ge=0)
    measure_days_after: int | None = Field(default=None, ge=0)
    de_novo_days: int | None = Field(default=None, ge=0)
    adjuvant_primary_resistance_days: int | None = Field(default=None, ge=0)
    adjuvant_secondary_resistance_days: int | None = Field(default=None, ge=0)
    advanced_primary_resistance_days: int | None = Field(default=None, ge=0)
    pfs1_short_months: int | None = Field(default=None, ge=1)
    pfs1_long_months: int | None = Field(default=None, ge=1)
    pfs_ratio_threshold: float | None = Field(default=None, gt=0, allow_inf_nan=False)

    @model_validator(mode="after")
    def _classes_of_pfs1_in_order(self) -> Self:
        model = model_study()
        short, long = (
            int(model[name]) if (said := getattr(self, name)) is None else said
            for name in ("pfs1_short_months", "pfs1_long_months")
        )
        if short >= long:
            raise ValueError(f"pfs1_short_months, {short}, must be less than pfs1_long_months, {long}")
        return self


class Study(SiteModel):
    """A whole study file."""

    study: str = Field(pattern=r"^[a-z][a-z0-9_-]{0,39}$", description="The study's id.")
    title: str = Field(min_length=1, max_length=200, description="The title of its report.")
    index: Index
    eligibility: Eligibility = Eligibility()
    strategies: tuple[Strategy, ...] = Field(
        min_length=2, description="In order: the first is the reference of every comparison."
    )
    covariates: tuple[StudyCovariate, ...] = Field(
        default=(),
        description="In the order in which they are taken; else those of the palbociclib study.",
    )
    thresholds: Thresholds = Thresholds()
    data_cut: date | None = Field(
        default=None,
        description="Last day that counts in the whole warehouse, where the site file says none.",
    )
    data_cut_final: bool | None = Field(default=None, description="Whether it is the final one.")

    _path: Path = PrivateAttr(default=Path("study.yml"))
    _sha256: str = PrivateAttr(default="")

    @field_validator("study")
    @classmethod
    def _id_is_free(cls, value: str) -> str:
        taken = [row["study_id"] for row in read_seed("project_studies")]
        if value in taken:
            raise ValueError(f"{value} is the project's own study, which is always computed: use another id")
        if value in _NO_STUDIES:
            raise ValueError(f"{value} has a meaning of its own: use another id")
        return value

    @field_validator("strategies")
    @classmethod
    def _strategies_can_be_told_apart(cls, value: tuple[Strategy, ...]) -> tuple[Strategy, ...]:
        for what, names in (("strategy", [s.strategy for s in value]), ("label", [s.label for s in value])):
            twice = [name for name, times in Counter(names).items() if times > 1]
            if twice:
                raise ValueError(f"the {what} '{twice[0]}' stands twice")
        left = set(product(("yes", "no"), repeat=3))
        for strategy in value:
            if strategy.strategy in _NO_STRATEGIES:
                raise ValueError(f"no strategy may be called '{strategy.strategy}', which the marts use")
            met = {line for line in left if strategy.admits(line)}
            if not met:
                raise ValueError(f"no line can come to '{strategy.strategy}': those before it take them all")
            left -= met
        return value

    @field_validator("covariates", mode="before")
    @classmethod
    def _name_alone_will_do(cls, value: Any) -> Any:
        listed = isinstance(value, (list, tuple))
        return [{"covariate": item} if isinstance(item, str) else item for item in value] if listed else value

    @field_validator("covariates")
    @classmethod
    def _each_covariate_once(cls, value: tuple[StudyCovariate, ...]) -> tuple[StudyCovariate, ...]:
        twice = [name for name, times in Counter(c.covariate for c in value).items() if times > 1]
        if twice:
            raise ValueError(f"the covariate '{twice[0]}' stands twice")
        return value

    @model_validator(mode="after")
    def _final_is_a_data_cut(self) -> Self:
        if self.data_cut_final is not None and self.data_cut is None:
            raise ValueError("data_cut_final says something of a data_cut, and none is given")
        return self

    @property
    def path(self) -> Path:
        """The study file itself."""
        return self._path

    @property
    def sha256(self) -> str:
        """Hash of the file as it was read."""
        return self._sha256


def load_study(path: Path) -> Study:
    """The study file at this path. Raises UsageError with one sentence: what is wrong, and where."""
    content = read_yaml(path, kind="study")
    try:
        study = Study.model_validate(content)
    except ValidationError as error:
        raise UsageError(sentence(path, error)) from error
    study._path = path.resolve()
    study._sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    shipped = study_of_project(study.study)
    if shipped.exists() and shipped != study._path:
        raise UsageError(
            f"{path}: study: {study.study} comes with the project; name it `{study.study}` in the site file, "
            "or use another id."
        )
    return study


def study_of_project(name: str) -> Path:
    """Where the project keeps the study file of this name, if it has one."""
    return OF_PROJECT / f"{name}.yml"


def studies_of_project() -> list[str]:
    """The names of the study files that come with the project."""
    return sorted(path.stem for path in OF_PROJECT.glob("*.yml"))


def json_schema() -> dict[str, Any]:
    """JSON Schema of the study file, for editors and for the documentation."""
    return Study.model_json_schema()
