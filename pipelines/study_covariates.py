"""The columns of the mart study_patients that a study may adjust for: known when the next line starts."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """How the values of a covariate are to be read."""

    NUMBER = "number"
    YES_NO = "yes or no"
    LEVEL = "one of a few words"


@dataclass(frozen=True)
class CovariateColumn:
    """The usual label of a covariate, and what its values are."""

    label: str
    kind: Kind


def _columns(kind: Kind, **labels: str) -> dict[str, CovariateColumn]:
    return {name: CovariateColumn(label, kind) for name, label in labels.items()}


# nothing of how the next line went: an outcome is no covariate
COVARIATES: dict[str, CovariateColumn] = {
    **_columns(
        Kind.NUMBER,
        pfs1_months="PFS1 (months)",
        age_years="Age (years)",
        ecog="ECOG performance status",
        lines_before_index="Lines before the index line",
        calendar_year="Calendar year",
        disease_free_months="Disease-free interval (months)",
        progression_to_next_days="Days from progression to the next line",
        n_sites="Number of metastatic sites",
        bilirubin="Bilirubin (mg/dL)",
        alkaline_phosphatase="Alkaline phosphatase (U/L)",
        ki67="Ki-67 (%)",
        er_percent="Oestrogen receptor (%)",
        pr_percent="Progesterone receptor (%)",
    ),
    **_columns(
        Kind.YES_NO,
        visceral="Visceral metastasis",
        liver="Liver metastasis",
        cns="CNS metastasis",
        bone_only="Metastasis in bone only",
        de_novo="De novo advanced disease",
        prior_chemo_advanced="Chemotherapy for advanced disease before",
        liver_tests_raised="Bilirubin or alkaline phosphatase above normal",
        her2_low="HER2-low",
    ),
    **_columns(
        Kind.LEVEL,
        esr1="ESR1 mutation",
        pik3ca="PIK3CA mutation",
        brca="BRCA mutation",
        menopausal_status="Menopausal status",
        endocrine_sensitivity="Endocrine sensitivity",
        histology="Histology",
        pfs1_class="PFS1 (classes)",
        partner="Partner of the index drug",
    ),
}
