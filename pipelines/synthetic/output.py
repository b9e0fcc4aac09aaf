"""The folder that is written: numbers go into a scratch database chunk by chunk, and leave it as the text of the extracts.

Memory stays bounded by the chunk and by DuckDB's own limit; the scratch file is deleted at the end.
"""

import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, Literal, Self

import duckdb

from pipelines.synthetic import clinic, medications, receptors, scans, truth
from pipelines.synthetic.scans import Columns
from pipelines.synthetic.strata import STRATA
from pipelines.synthetic.traits import SITES
from pipelines.synthetic.untidy import NOT_A_DATE, UNKNOWN_PATIENT

Format = Literal["csv", "csv.gz", "parquet"]
_MEMORY_LIMIT: Final = "1GB"
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
    return f"case when {column} = -1 then null else left({text}, [10, 7, 4][{precision} + 1]) end"


_PATIENT: Final = "printf('P%07d', patient) as patient_id"
_UNIT: Final = medications.UNITS
_STATED: Final = "[null, 'false', 'true']"
_TEXT_STYLES: Final = "[{0}, upper({0}), lower({0}), {0} || '  ', ' ' || {0}]"


def _drug_text() -> str:
    text = f"{_list(medications.TEXTS)}[text + 1]"
    return _TEXT_STYLES.format(text) + "[text_style + 1]"


QUERIES: Final[dict[str, str]] = {
    "patients": f"""
        select {_PATIENT}, if(male = 1, 'male', 'female') as sex, {_date("birth_date", "birth_precision")} as birth_date,
            {_date("death_date")} as death_date, {_date("last_contact_date")} as last_contact_date,
            {_code("menopausal_status", ("pre", "peri", "post"))} as menopausal_status, {_date("observed_from")} as observed_from,
            {_code("centre", ("main", "north", "hills"))} as centre""",
    "diagnoses": f"""
        select {_id("D")} as diagnosis_id, {_PATIENT}, {_date("diagnosis_date", "diagnosis_precision")} as diagnosis_date,
            {_code("icd10", clinic.BREAST_CODES)} as icd10, {_code("histology", clinic.HISTOLOGIES)} as histology,
            {_code("stage", clinic.STAGES)} as stage, {_date("advanced_date")} as advanced_date""",
    "biomarkers": f"""
        select {_PATIENT}, {_code("marker", receptors.MARKERS)} as marker,
            if(value < {receptors.WORDS_FROM}, value::varchar, {_list(receptors.WORDS)}[value - {receptors.WORDS_FROM} + 1]) as value,
            {_date("sample_date", "sample_precision")} as sample_date, {_code("specimen", receptors.SPECIMENS)} as specimen,
            if(specimen_number < 0, null, {_id("S", "specimen_number")}) as specimen_id""",
    "metastases": f"select {_PATIENT}, {_code('site', SITES)} as site, {_date('detected_date')} as detected_date",
    "medications": f"""
        select {_id("M")} as medication_id,
            printf(if(fault = {UNKNOWN_PATIENT}, 'X%07d', 'P%07d'), patient) as patient_id,
            {_drug_text()} as drug,
            if(fault = {NOT_A_DATE}, 'n.d.', {_date("start_date", "start_precision")}) as start_date,
            {_date("end_date")} as end_date, nullif(days_supply, -1) as days_supply, {_STATED}[ongoing + 2] as ongoing,
            if(dose < 0, null, trim(trim((dose / 100)::decimal(10, 2)::varchar, '0'), '.')) as dose,
            {_code("dose_unit", _UNIT)} as dose_unit, {_code("route", medications.ROUTES)} as route,
            {_code("intent", _INTENTS)} as intent, {_code("record_type", medications.RECORD_TYPES)} as record_type,
            {_code("status", medications.STATUSES)} as status, {_code("stop_reason", _REASONS)} as stop_reason,
            nullif(line_recorded, -1) as line_recorded""",
    "assessments": f"""
        select {_id("A")} as assessment_id, {_PATIENT}, {_date("date")} as assessment_date,
            {_code("response", scans.RESPONSES)} as response, {_STATED}[progression + 2] as progression,
            {_code("assessor", ("radiology", "clinician"))} as assessor, {_code("method", ("CT", "PET", "MRI", "visit"))} as method""",
    "performance_status": f"select {_PATIENT}, {_date('observed_date')} as observed_date, ecog",
    "encounters": f"""
        select {_PATIENT}, {_date("encounter_date")} as encounter_date,
            {_code("encounter_type", clinic.ENCOUNTERS)} as encounter_type""",
    "labs": f"""
        select {_PATIENT}, {_date("sample_date")} as sample_date, {_code("analyte", clinic.ANALYTES)} as analyte,
            if(analyte = 0, (value / 100)::decimal(10, 2), (value / 10)::decimal(10, 1))::varchar as value,
            {_code("analyte", clinic.LAB_UNITS)} as unit""",
    "procedures": f"""
        select {_id("R")} as procedure_id, {_PATIENT}, {_date("procedure_date")} as procedure_date,
            {_code("type", clinic.PROCEDURES)} as type, {_code("intent", ("curative", "palliative"))} as intent""",
    "comorbidities": f"""
        select {_PATIENT}, {_date("recorded_date", "recorded_precision")} as recorded_date,
            {_code("icd10", clinic.COMORBIDITIES)} as icd10""",
    "other_cancers": f"""
        select {_PATIENT}, {_date("diagnosis_date")} as diagnosis_date, {_code("icd10", clinic.OTHER_CANCERS)} as icd10""",
}
TRUTH: Final = f"""
    select {_code("kind", truth.KINDS)} as kind, {_PATIENT}, {_list([stratum.name for stratum in STRATA])}[stratum + 1] as stratum,
        {_code("stratum", [stratum.removed_at for stratum in STRATA])} as removed_at, nullif(line_number, -1) as line_number,
        {_date("start_date")} as start_date, {_list(truth.REGIMEN_TEXTS)}[regimen + 1] as regimen,
        {_code("strategy", truth.STRATEGIES)} as strategy, {_date("progression_date")} as progression_date,
        nullif(days, -1) as days, nullif(event, -1) as event"""

_COPY: Final[dict[Format, str]] = {
    "csv": "format csv, header true",
    "csv.gz": "format csv, header true, compression gzip",
    "parquet": "format parquet, compression zstd",
}


class SiteWriter:
    """Collects the chunks of a synthetic site and writes its files; use as a context manager."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.scratch = Path(tempfile.mkdtemp(prefix=".writing-", dir=folder))
        self.database = duckdb.connect(str(self.scratch / "scratch.duckdb"))
        self.database.execute("set autoinstall_known_extensions = false")
        self.database.execute(f"set memory_limit = '{_MEMORY_LIMIT}'")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.database.close()
        shutil.rmtree(self.scratch, ignore_errors=True)

    def append(self, table: str, columns: Columns, first_patient: int) -> None:
        """Add the rows of one chunk; `patient` becomes the number in the hospital, from 1."""
        rows = dict(columns)
        rows["patient"] = rows["patient"] + first_patient + 1
        self.database.register("chunk", rows)
        casts = ", ".join(f"{name}::integer as {name}" for name in rows)
        self.database.execute(f"create table if not exists {table} as select {casts} from chunk limit 0")
        self.database.execute(f"insert into {table} select {casts} from chunk")
        self.database.unregister("chunk")

    def finish(self, file_format: Format) -> None:
        """Write all extract tables and the truth, and put them in place."""
        extracts = self.folder / "extracts"
        extracts.mkdir(exist_ok=True)
        for table, select in QUERIES.items():
            name = f"{table}.{file_format}"
            written = self._copy(f"{select} from {table}", name, _COPY[file_format])
            for other in _COPY:
                (extracts / f"{table}.{other}").unlink(missing_ok=True)
            written.replace(extracts / name)
        self._copy(f"{TRUTH} from truth", "truth.csv", _COPY["csv"]).replace(self.folder / "truth.csv")

    def _copy(self, query: str, name: str, options: str) -> Path:
        written = self.scratch / name
        target = str(written).replace("'", "''")
        self.database.execute(f"copy ({query}) to '{target}' ({options})")
        return written
