"""Table 1 as rows.

Each covariate at the next line's start, by strategy, with standardised mean differences.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from analysis.estimation.rows import Place, Row, from_estimate
from analysis.estimation.study import StudyData
from analysis.statistics.balance import METHOD, REFERENCE, smd_categories, smd_continuous, spread

UNKNOWN = "unknown"


@dataclass(frozen=True)
class Covariate:
    """A line of Table 1.

    `levels` maps values to labels in the order shown; a number has none and a `unit` instead.
    """

    column: str
    label: str
    unit: str | None = None
    levels: tuple[tuple[str, str], ...] = ()
    decimals: int = 0
    recode: Callable[[object], str] = str
    calendar: bool = False  # shows calendar time: left out where dates are relative

    @property
    def numeric(self) -> bool:
        """Whether it is summarised by quartiles rather than counted by level."""
        return self.unit is not None


def _ecog(value: object) -> str:
    return "2+" if float(str(value)) >= 2 else str(int(float(str(value))))


def _yes_no(value: object) -> str:
    return "yes" if bool(value) else "no"


def _flag(column: str, label: str) -> Covariate:
    return Covariate(column, label, levels=(("yes", "Yes"), ("no", "No")), recode=_yes_no)


def _mutation(column: str, gene: str) -> Covariate:
    return Covariate(column, f"{gene} mutation", levels=(("positive", "Found"), ("negative", "Not found")))


COVARIATES = (
    Covariate("age_years", "Age", "years"),
    Covariate(
        "ecog", "ECOG performance status", levels=(("0", "0"), ("1", "1"), ("2+", "2 or more")), recode=_ecog
    ),
    Covariate(
        "menopausal_status",
        "Menopausal status",
        levels=(("pre", "Pre"), ("peri", "Peri"), ("post", "Post")),
    ),
    _flag("de_novo", "De novo metastatic"),
    Covariate("disease_free_months", "Disease-free interval", "months"),
    Covariate(
        "endocrine_sensitivity",
        "Endocrine sensitivity",
        levels=(
            ("primary_resistance", "Primary resistance"),
            ("secondary_resistance", "Secondary resistance"),
            ("sensitive", "Sensitive"),
        ),
    ),
    Covariate("lines_before_index", "Lines before the index line", levels=(), unit="lines"),
    _flag("prior_chemo_advanced", "Chemotherapy for advanced disease before"),
    Covariate(
        "partner",
        "Endocrine partner",
        levels=(
            ("aromatase_inhibitor", "Aromatase inhibitor"),
            ("fulvestrant", "Fulvestrant"),
            ("other", "Other"),
        ),
    ),
    Covariate("pfs1_months", "PFS1", "months", decimals=1),
    Covariate(
        "pfs1_class", "PFS1, classes", levels=(("<6", "Under 6"), ("6-12", "6 to 12"), (">12", "Over 12"))
    ),
    Covariate("progression_to_next_days", "Progression to next line", "days"),
    _flag("visceral", "Visceral metastases"),
    _flag("liver", "Liver metastases"),
    _flag("cns", "CNS metastases"),
    _flag("bone_only", "Bone only"),
    Covariate("n_sites", "Metastatic sites", "sites"),
    Covariate("histology", "Histology"),
    Covariate("er_percent", "ER", "%"),
    Covariate("pr_percent", "PR", "%"),
    Covariate("ki67", "Ki-67", "%"),
    _flag("her2_low", "HER2-low"),
    _mutation("esr1", "ESR1"),
    _mutation("pik3ca", "PIK3CA"),
    _mutation("brca", "BRCA1/2"),
    Covariate("bilirubin", "Bilirubin", "mg/dL", decimals=1),
    Covariate("alkaline_phosphatase", "Alkaline phosphatase", "U/L"),
    Covariate("calendar_year", "Year of the next line", levels=(), unit="year", calendar=True),
)


def covariates_of(data: StudyData) -> list[Covariate]:
    """The covariates that the mart carries and that may be shown."""
    shown = [c for c in COVARIATES if c.column in data.patients]
    return [c for c in shown if not (c.calendar and data.relative_dates)]


def baseline_rows(data: StudyData) -> list[Row]:
    """Quartiles, mean and range of numbers, counts and shares of levels, missing counts, and SMDs."""
    rows: list[Row] = []
    groups = {name: data.group(name) for name in data.study.strategies}
    for covariate in covariates_of(data):
        for name, frame in {"all": data.compared, **groups}.items():
            summarise = _numbers if covariate.numeric else _levels
            rows += summarise(covariate, name, frame, levels_of(covariate, data.compared))
        rows += [_smd(covariate, pair.strategy, pair.reference, groups) for pair in data.study.pairs]
    return rows


def levels_of(covariate: Covariate, frame: pd.DataFrame) -> list[tuple[str, str]]:
    """Level and label in the order shown.

    The declared ones, then what else the data hold, then unknown if it occurs.
    """
    if covariate.numeric:
        return []
    found = coded(covariate, frame)
    declared = dict(covariate.levels)
    others = sorted(set(found) - set(declared) - {UNKNOWN})
    unknown = [(UNKNOWN, "Unknown")] if (found == UNKNOWN).any() else []
    return [*declared.items(), *((level, _as_label(level)) for level in others), *unknown]


def _as_label(level: str) -> str:
    text = level.replace("_", " ")
    return text[:1].upper() + text[1:]


def coded(covariate: Covariate, frame: pd.DataFrame) -> pd.Series:
    """The covariate's levels as text; null is `unknown`, a level of its own."""
    values = frame[covariate.column]
    return pd.Series(
        [UNKNOWN if pd.isna(v) else covariate.recode(v) for v in values], index=values.index, dtype=object
    )


def _place(covariate: Covariate, group: str, statistic: str, unit: str, level: str | None = None) -> Place:
    term = covariate.column if level is None else f"{covariate.column}={level}"
    return Place("baseline", group, "compared", statistic, unit, term)


def _numbers(covariate: Covariate, group: str, frame: pd.DataFrame, _: list[tuple[str, str]]) -> list[Row]:
    found = spread(frame[covariate.column])
    values = {
        "median": found.median, "q1": found.q1, "q3": found.q3, "minimum": found.smallest,
        "maximum": found.largest, "mean": found.mean, "sd": found.sd,
    }  # fmt: skip
    unit = covariate.unit or ""
    rows = [
        Row(
            _place(covariate, group, statistic, unit), value, found.n, None, "sample quantile, R's type 7"
            if statistic in ("median", "q1", "q3") else "sample value",
            note=None if value is not None else "too few known values",
        )
        for statistic, value in values.items()
    ]  # fmt: skip
    missing = _place(covariate, group, "count", "patients", UNKNOWN)
    return [*rows, Row(missing, float(found.missing), len(frame), None, "count")]


def _levels(
    covariate: Covariate, group: str, frame: pd.DataFrame, levels: list[tuple[str, str]]
) -> list[Row]:
    found = coded(covariate, frame)
    rows: list[Row] = []
    for level, _ in levels:
        patients = int((found == level).sum())
        rows.append(
            Row(
                _place(covariate, group, "count", "patients", level),
                float(patients),
                len(frame),
                None,
                "count",
            )
        )
        share = patients / len(frame) if len(frame) else None
        place = _place(covariate, group, "proportion", "proportion", level)
        note = None if share is not None else "no patients"
        rows.append(Row(place, share, len(frame), patients, "share of the group", note=note))
    return rows


def _smd(covariate: Covariate, name: str, reference: str, groups: dict[str, pd.DataFrame]) -> Row:
    place = _place(covariate, f"{name} vs {reference}", "smd", "sd")
    reference_values, values = groups[reference][covariate.column], groups[name][covariate.column]
    if pd.concat([reference_values, values]).isna().all():
        return Row(place, None, 0, None, METHOD, reference=REFERENCE, note="unknown in everybody")
    if covariate.numeric:
        return from_estimate(place, smd_continuous(reference_values, values))
    return from_estimate(
        place, smd_categories(coded(covariate, groups[reference]), coded(covariate, groups[name]))
    )
