"""The extract format, declared once: tables, columns, types, allowed values (spec: extracts.md).

Readers, the site file, the synthetic site and the documentation take it from here. Every column is kept as
text in `raw`; the type says which text is accepted and in which spelling it is kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["text", "measure", "number", "integer", "boolean", "date", "enum"]
# `measure` is a number in the declared decimal mark, or else a text (a lab result may be "positive" or "<5")


@dataclass(frozen=True)
class Column:
    """One column of an extract table.

    `values` are the allowed values of an enum, `low` and `high` the bounds of an integer (both included).
    `may_be_future` marks a date that may be a plan or a sentinel. `check` names the value-set check it fails.
    """

    name: str
    kind: Kind = "text"
    required: bool = False
    values: tuple[str, ...] = ()
    low: int | None = None
    high: int | None = None
    may_be_future: bool = False
    check: str = ""

    @property
    def value_check(self) -> str:
        """Name of the value-set check in the catalogue of quality.md."""
        return self.check or f"valueset_{self.name}"


@dataclass(frozen=True)
class Table:
    """One extract table.

    `made_id` is the id column that is made from content where a row has none; `interval` names the two dates
    of which the second must not be before the first.
    """

    name: str
    columns: tuple[Column, ...]
    made_id: str | None = None
    interval: tuple[str, str] | None = None

    def __getitem__(self, name: str) -> Column:
        """The column of this name; KeyError if the table has none."""
        return {column.name: column for column in self.columns}[name]

    @property
    def names(self) -> tuple[str, ...]:
        """Column names in the format's order."""
        return tuple(column.name for column in self.columns)

    @property
    def required(self) -> tuple[str, ...]:
        """Names of the columns every row must fill."""
        return tuple(column.name for column in self.columns if column.required)


def _text(name: str, required: bool = False) -> Column:
    return Column(name, required=required)


def _date(name: str, required: bool = False, may_be_future: bool = False) -> Column:
    return Column(name, "date", required=required, may_be_future=may_be_future)


def _enum(name: str, *values: str, required: bool = False, check: str = "") -> Column:
    return Column(name, "enum", required=required, values=values, check=check)


_PATIENT = _text("patient_id", required=True)
# AJCC writes sub-stages; IV is what the rules ask for, the others are kept as written
_STAGES = ("0", "I", "IA", "IB", "II", "IIA", "IIB", "III", "IIIA", "IIIB", "IIIC", "IV")
_STOP_REASONS = ("progression", "toxicity", "completed", "patient_choice", "death", "other")
_SITES = ("bone", "liver", "lung", "pleura", "peritoneum", "cns", "lymph_node", "skin", "breast", "other")
_MARKERS = (
    *("ER", "PR", "HER2_IHC", "HER2_ISH", "KI67", "ESR1"),
    *("PIK3CA", "AKT1", "PTEN", "BRCA1", "BRCA2", "PALB2"),
)
_STATUSES = ("active", "completed", "stopped", "on_hold", "not_taken", "cancelled", "entered_in_error")

TABLES: dict[str, Table] = {
    table.name: table
    for table in (
        Table(
            "patients",
            (
                _PATIENT,
                _enum("sex", "female", "male", "unknown", required=True, check="sex_valid"),
                _date("birth_date"),
                _date("death_date"),
                _date("last_contact_date"),
                _enum("menopausal_status", "pre", "peri", "post"),
                _date("observed_from"),
                _text("centre"),
            ),
        ),
        Table(
            "diagnoses",
            (
                _PATIENT,
                _date("diagnosis_date", required=True),
                _text("icd10"),
                _enum("histology", "ductal", "lobular", "other"),
                _enum("stage", *_STAGES),
                _date("advanced_date"),
                _text("diagnosis_id"),
            ),
            made_id="diagnosis_id",
        ),
        Table(
            "biomarkers",
            (
                _PATIENT,
                _enum("marker", *_MARKERS, required=True),
                Column("value", "measure", required=True),
                _date("sample_date"),
                _enum("specimen", "primary", "metastasis", "plasma", "germline"),
                _text("specimen_id"),
                _text("diagnosis_id"),
            ),
        ),
        Table("metastases", (_PATIENT, _enum("site", *_SITES, required=True), _date("detected_date"))),
        Table(
            "medications",
            (
                _PATIENT,
                _text("drug", required=True),
                _date("start_date", required=True),
                _text("medication_id"),
                _text("drug_code"),
                _enum("code_system", "atc", "rxnorm", "local"),
                _date("end_date", may_be_future=True),
                Column("days_supply", "integer"),
                Column("ongoing", "boolean"),
                Column("dose", "number"),
                _text("dose_unit"),
                _text("route"),
                _enum("intent", "neoadjuvant", "adjuvant", "palliative"),
                _enum("record_type", "order", "dispense", "administration"),
                _enum("status", *_STATUSES),
                _enum("stop_reason", *_STOP_REASONS),
                _text("line_recorded"),
            ),
            made_id="medication_id",
            interval=("start_date", "end_date"),
        ),
        Table(
            "assessments",
            (
                _PATIENT,
                _date("assessment_date", required=True),
                _enum("response", "CR", "PR", "SD", "NON-CR/NON-PD", "PD", "NE"),
                Column("progression", "boolean"),
                _enum("assessor", "radiology", "clinician"),
                _text("method"),
                _text("assessment_id"),
            ),
            made_id="assessment_id",
        ),
        Table(
            "performance_status",
            (
                _PATIENT,
                _date("observed_date", required=True),
                Column("ecog", "integer", required=True, low=0, high=5),
            ),
        ),
        Table("encounters", (_PATIENT, _date("encounter_date", required=True), _text("encounter_type"))),
        Table(
            "labs",
            (
                _PATIENT,
                _date("sample_date", required=True),
                _text("analyte", required=True),
                Column("value", "measure", required=True),
                _text("unit"),
            ),
        ),
        Table(
            "procedures",
            (
                _PATIENT,
                _date("procedure_date", required=True),
                _enum("type", "surgery", "radiotherapy", "ablation", "oophorectomy", required=True),
                _text("procedure_id"),
                _text("site"),
                _enum("intent", "curative", "palliative"),
                _text("code"),
                _text("code_system"),
            ),
            made_id="procedure_id",
        ),
        Table(
            "comorbidities",
            (_PATIENT, _date("recorded_date", required=True), _text("icd10", required=True)),
        ),
        Table(
            "other_cancers",
            (_PATIENT, _date("diagnosis_date", required=True), _text("icd10", required=True)),
        ),
    )
}

# ids that get a pseudonym: the patient's, and the records a mart names
ID_TABLES: dict[str, str] = {"patients": "patient_id"} | {
    table.name: table.made_id for table in TABLES.values() if table.made_id
}
