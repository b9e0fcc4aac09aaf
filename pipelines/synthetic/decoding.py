"""From the numbers of the scratch database to the text of the extracts: one SQL expression per column."""

from collections.abc import Sequence
from typing import Final

from pipelines.synthetic import clinic, medications, receptors, scans, truth
from pipelines.synthetic.strata import STRATA
from pipelines.synthetic.traits import SITES
from pipelines.synthetic.untidy import NOT_A_DATE, UNKNOWN_PATIENT

_REASONS: Final = ("", "progression", "toxicity", "completed", "patient_choice", "death", "other")
_INTENTS: Final = ("", "neoadjuvant", "adjuvant", "palliative")


def _list(texts: Sequence[str]) -> str:
    quoted = ", ".join("'" + text.replace("'", "''") + "'" for text in texts)
    return f"[{quoted}]"


def _code(column: str, texts: Sequence[str]) -> str:
    """The text of a code; an empty text and -1 are null."""
    return f"nullif({_list(texts)}[{column} + 1], '')"


def _id(letter: str, column: str = "seq") -> str:
    return f"printf('{letter}%07d-%03d', patient, {column})"


def _date(column: str, precision: str = "0") -> str:
    """ISO date of a day number, cut to its month or year where no more is known; null for -1."""
    text = f"(date '1970-01-01' + {column}::integer)::varchar"
    return f"if({column} = -1, null, left({text}, [10, 7, 4][{precision} + 1]))"


def _stated(column: str) -> str:
    """`true`, `false` or, for -1, nothing."""
    return f"[null, 'false', 'true'][{column} + 2]"


def _number(column: str) -> str:
    return f"nullif({column}, -1)"


def _drug_text() -> str:
    text = f"{_list(medications.TEXTS)}[text + 1]"
    return f"[{text}, upper({text}), lower({text}), {text} || '  ', ' ' || {text}][text_style + 1]"


def _marker_value() -> str:
    words = f"{_list(receptors.WORDS)}[value - {receptors.WORDS_FROM} + 1]"
    return f"if(value < {receptors.WORDS_FROM}, value::varchar, {words})"


_PATIENT: Final = "printf('P%07d', patient)"
_DOSE: Final = "trim(trim((dose / 100)::decimal(10, 2)::varchar, '0'), '.')"
_LAB_VALUE: Final = "if(analyte = 0, (value / 100)::decimal(10, 2), (value / 10)::decimal(10, 1))::varchar"

COLUMNS: Final[dict[str, dict[str, str]]] = {
    "patients": {
        "patient_id": _PATIENT,
        "sex": "if(male = 1, 'male', 'female')",
        "birth_date": _date("birth_date", "birth_precision"),
        "death_date": _date("death_date"),
        "last_contact_date": _date("last_contact_date"),
        "menopausal_status": _code("menopausal_status", ("pre", "peri", "post")),
        "observed_from": _date("observed_from"),
        "centre": _code("centre", ("main", "north", "hills")),
    },
    "diagnoses": {
        "diagnosis_id": _id("D"),
        "patient_id": _PATIENT,
        "diagnosis_date": _date("diagnosis_date", "diagnosis_precision"),
        "icd10": _code("icd10", clinic.BREAST_CODES),
        "histology": _code("histology", clinic.HISTOLOGIES),
        "stage": _code("stage", clinic.STAGES),
        "advanced_date": _date("advanced_date"),
    },
    "biomarkers": {
        "patient_id": _PATIENT,
        "marker": _code("marker", receptors.MARKERS),
        "value": _marker_value(),
        "sample_date": _date("sample_date", "sample_precision"),
        "specimen": _code("specimen", receptors.SPECIMENS),
        "specimen_id": f"if(specimen_number < 0, null, {_id('S', 'specimen_number')})",
    },
    "metastases": {
        "patient_id": _PATIENT,
        "site": _code("site", SITES),
        "detected_date": _date("detected_date"),
    },
    "medications": {
        "medication_id": _id("M"),
        "patient_id": f"printf(if(fault = {UNKNOWN_PATIENT}, 'X%07d', 'P%07d'), patient)",
        "drug": _drug_text(),
        "start_date": f"if(fault = {NOT_A_DATE}, 'n.d.', {_date('start_date', 'start_precision')})",
        "end_date": _date("end_date"),
        "days_supply": _number("days_supply"),
        "ongoing": _stated("ongoing"),
        "dose": f"if(dose < 0, null, {_DOSE})",
        "dose_unit": _code("dose_unit", medications.UNITS),
        "route": _code("route", medications.ROUTES),
        "intent": _code("intent", _INTENTS),
        "record_type": _code("record_type", medications.RECORD_TYPES),
        "status": _code("status", medications.STATUSES),
        "stop_reason": _code("stop_reason", _REASONS),
        "line_recorded": _number("line_recorded"),
    },
    "assessments": {
        "assessment_id": _id("A"),
        "patient_id": _PATIENT,
        "assessment_date": _date("date"),
        "response": _code("response", scans.RESPONSES),
        "progression": _stated("progression"),
        "assessor": _code("assessor", ("radiology", "clinician")),
        "method": _code("method", ("CT", "PET", "MRI", "visit")),
    },
    "performance_status": {"patient_id": _PATIENT, "observed_date": _date("observed_date"), "ecog": "ecog"},
    "encounters": {
        "patient_id": _PATIENT,
        "encounter_date": _date("encounter_date"),
        "encounter_type": _code("encounter_type", clinic.ENCOUNTERS),
    },
    "labs": {
        "patient_id": _PATIENT,
        "sample_date": _date("sample_date"),
        "analyte": _code("analyte", clinic.ANALYTES),
        "value": _LAB_VALUE,
        "unit": _code("analyte", clinic.LAB_UNITS),
    },
    "procedures": {
        "procedure_id": _id("R"),
        "patient_id": _PATIENT,
        "procedure_date": _date("procedure_date"),
        "type": _code("type", clinic.PROCEDURES),
        "intent": _code("intent", ("curative", "palliative")),
    },
    "comorbidities": {
        "patient_id": _PATIENT,
        "recorded_date": _date("recorded_date", "recorded_precision"),
        "icd10": _code("icd10", clinic.COMORBIDITIES),
    },
    "other_cancers": {
        "patient_id": _PATIENT,
        "diagnosis_date": _date("diagnosis_date"),
        "icd10": _code("icd10", clinic.OTHER_CANCERS),
    },
    "truth": {
        "kind": _code("kind", truth.KINDS),
        "patient_id": _PATIENT,
        "stratum": _code("stratum", [stratum.name for stratum in STRATA]),
        "removed_at": _code("stratum", [stratum.removed_at for stratum in STRATA]),
        "line_number": _number("line_number"),
        "start_date": _date("start_date"),
        "regimen": _code("regimen", truth.REGIMEN_TEXTS),
        "strategy": _code("strategy", truth.STRATEGIES),
        "progression_date": _date("progression_date"),
        "days": _number("days"),
        "event": _number("event"),
    },
}


def select(table: str) -> str:
    """The query that reads a scratch table as text, in the order in which its rows were added."""
    columns = ", ".join(f"{expression} as {name}" for name, expression in COLUMNS[table].items())
    return f"select {columns} from {table}"
