"""A second reading of the rules, in plain Python, one patient at a time: records, coverage and eras.

`referee_progressions.py`, `referee_lines.py` and `referee_endpoints.py` go on with progressions, the walk
and the endpoints. Written from spec/therapy-lines.md (TL), spec/endpoints.md (EP) and spec/extracts.md (EX)
alone, so that a mistake in the SQL has to be made twice to pass unseen. Days are proleptic ordinals;
`d2 - d1` is a number of days.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from tests.end_to_end.referee_seeds import Drug, RuleSet, read_csv

Row = Mapping[str, str]
# TL 2: these statuses take no part
NOT_GIVEN = {"not_taken", "cancelled", "entered_in_error"}
# TL 4: a metastasis here is no distant one
LOCAL_SITES = {"lymph_node", "breast", "skin"}


def parse_day(text: str) -> tuple[int | None, str]:
    """EX: the day and its precision; a month is its 15th, a year its 1 July."""
    parts = [int(part) for part in text.split("-")] if text else []
    if len(parts) == 3:
        return date(*parts).toordinal(), "day"
    if len(parts) == 2:
        return date(parts[0], parts[1], 15).toordinal(), "month"
    return (date(parts[0], 7, 1).toordinal(), "year") if parts else (None, "day")


@dataclass(frozen=True)
class Record:
    """One medication record as it was written."""

    medication_id: str
    drugs: tuple[Drug, ...]
    start: int
    start_precision: str
    end: int | None
    supply: int
    ongoing: bool
    record_type: str
    status: str
    stop_reason: str


@dataclass(frozen=True)
class Reading:
    """One assessment as it was written; known to the day or the month."""

    assessment_id: str
    day: int
    response: str
    source: str


@dataclass
class Chart:
    """What the extracts hold on one patient."""

    patient_id: str
    death: int | None = None
    death_precision: str = "day"
    last_contact_date: int | None = None
    observed_from: int | None = None
    advanced_dates: list[int] = field(default_factory=list)
    distant_disease: list[int] = field(default_factory=list)
    records: list[Record] = field(default_factory=list)
    readings: list[Reading] = field(default_factory=list)
    other_dates: list[int] = field(default_factory=list)


@dataclass(frozen=True)
class Coverage:
    """TL 2: the days one record covers of one ingredient, and by which of the four cases."""

    record: Record
    drug: Drug
    covered_from: int
    covered_to: int
    case: int


@dataclass(frozen=True)
class Era:
    """TL 3: one ingredient, without a break longer than the era gap."""

    drug: Drug
    start: int
    end: int
    coverages: tuple[Coverage, ...]

    def covers(self, day: int) -> bool:
        """Whether the drug is covered on this day."""
        return self.start <= day <= self.end


@dataclass(frozen=True)
class History:
    """One patient under one rule set, as far as the lines: who, how long, which eras."""

    chart: Chart
    rules: RuleSet
    cut: int
    death: int | None
    advanced: int | None
    records: tuple[Record, ...]
    activity: tuple[int, ...]
    contacts: tuple[int, ...]
    eras: tuple[Era, ...]

    @property
    def last_contact(self) -> int:
        """EP 4: the latest of every dated record that shows her alive."""
        return max(self.contacts)

    @property
    def end_of_follow_up(self) -> int:
        """TL 2: death, else last contact."""
        return self.last_contact if self.death is None else self.death


def read_charts(folder: Path, drugs: Mapping[str, Drug]) -> dict[str, Chart]:
    """The charts of a folder of extracts."""
    charts = {row["patient_id"]: Chart(row["patient_id"]) for row in read_csv(folder / "patients.csv")}
    for row in read_csv(folder / "patients.csv"):
        chart = charts[row["patient_id"]]
        chart.death, chart.death_precision = parse_day(row.get("death_date", ""))
        chart.last_contact_date = parse_day(row.get("last_contact_date", ""))[0]
        chart.observed_from = parse_day(row.get("observed_from", ""))[0]
    for row in read_csv(folder / "diagnoses.csv"):
        _add_diagnosis(charts[row["patient_id"]], row)
    for row in read_csv(folder / "metastases.csv"):
        detected = parse_day(row["detected_date"])[0]
        if detected is not None and row["site"] not in LOCAL_SITES:
            charts[row["patient_id"]].distant_disease.append(detected)
    for row in read_csv(folder / "medications.csv"):
        _add_record(charts[row["patient_id"]], row, drugs)
    for row in read_csv(folder / "assessments.csv"):
        _add_reading(charts[row["patient_id"]], row)
    for path in sorted(folder.glob("*.csv")):
        if path.stem in ("patients", "medications"):
            continue
        for row in read_csv(path):
            found = [parse_day(text) for name, text in row.items() if name.endswith("_date")]
            charts[row["patient_id"]].other_dates += [day for day, _ in found if day is not None]
    return charts


def _add_diagnosis(chart: Chart, row: Row) -> None:
    # TL 4: of a breast cancer (icd10 C50 or empty)
    if row.get("icd10", "") and not row["icd10"].startswith("C50"):
        return
    advanced, diagnosed = parse_day(row.get("advanced_date", ""))[0], parse_day(row["diagnosis_date"])[0]
    if advanced is not None:
        chart.advanced_dates.append(advanced)
    if row.get("stage", "") == "IV" and diagnosed is not None:
        chart.distant_disease.append(diagnosed)


def _add_record(chart: Chart, row: Row, drugs: Mapping[str, Drug]) -> None:
    start, precision = parse_day(row["start_date"])
    end, end_precision = parse_day(row.get("end_date", ""))
    assert start is not None
    if end is not None and end < start:
        if end_precision == "day":
            return  # TL 2: records with an end before their start are quarantined, not swapped
        end = start  # EX: a partial end date is never before its start
    chart.records.append(
        Record(
            row["medication_id"],
            tuple(drugs[name] for name in row["drug"].split("+") if name in drugs),
            start,
            precision,
            end,
            int(row.get("days_supply", "") or 0),
            row.get("ongoing", "") == "true",
            row.get("record_type", ""),
            row.get("status", ""),
            row.get("stop_reason", ""),
        )
    )


def _add_reading(chart: Chart, row: Row) -> None:
    day, precision = parse_day(row["assessment_date"])
    # EP 1: known only to the year, it is neither event nor assessment
    if day is None or precision == "year":
        return
    response, progression = row.get("response", ""), row.get("progression", "")
    # EP 1: PD where it is a progression event; SD for NON-CR/NON-PD, and for an empty response with
    # progression = false; NE for anything else that is empty
    if response == "PD" or progression == "true":
        response = "PD"
    elif response == "NON-CR/NON-PD" or (response == "" and progression == "false"):
        response = "SD"
    source = "clinical" if row.get("assessor", "") == "clinician" else "imaging"
    chart.readings.append(Reading(row["assessment_id"], day, response or "NE", source))


def administered_ingredients(charts: Iterable[Chart], cut: int) -> set[str]:
    """TL 2: the ingredients of which the source records administrations, for any patient."""
    return {
        drug.ingredient
        for chart in charts
        for record in chart.records
        if record.record_type == "administration" and record.status not in NOT_GIVEN and record.start <= cut
        for drug in record.drugs
    }


def take_history(chart: Chart, rules: RuleSet, cut: int, administered: set[str]) -> History:
    """TL 2 to 4: which records take part, how long she is followed, what they cover, and her eras."""
    # TL 2: everything dated after the data cut is as if not yet recorded
    death = chart.death if chart.death is not None and chart.death <= cut else None
    advanced = _advanced_date(chart, rules, cut)

    def takes_part(record: Record) -> bool:
        if record.status in NOT_GIVEN or record.start > cut:
            return False
        # TL 2: an order of an injected or infused drug that the source records administrations of
        if record.record_type == "order" and any(
            drug.parenteral and drug.ingredient in administered for drug in record.drugs
        ):
            return False
        # TL 2: its start known only to the year, and that the advanced date's or later
        line_defining = any(drug.role == "line_defining" for drug in record.drugs)
        if line_defining and record.start_precision == "year" and advanced is not None:
            return date.fromordinal(record.start).year < date.fromordinal(advanced).year
        return True

    records = [record for record in chart.records if takes_part(record)]
    dates = set(chart.other_dates) | {record.start for record in records}
    dates |= {record.end for record in records if record.end is not None}
    signs = {day for day in dates | {chart.last_contact_date} if day is not None and day <= cut}
    if death is not None and chart.death_precision != "day":
        death = max(death, *signs)  # EX: never imputed before the last sign of life
    last_day = cut if death is None else death
    records = [record for record in records if record.start <= last_day]
    # EP 3: activity is any date of any table but patients, up to death and the data cut
    activity = sorted(day for day in dates if day <= last_day)
    # EP 4: last contact counts patients.last_contact_date beside them
    contacts = sorted(day for day in signs if day <= last_day)
    follow_up = death if death is not None else max(contacts, default=last_day)
    coverages = _coverages(records, rules, follow_up, last_day)
    return History(
        chart, rules, cut, death, advanced, tuple(records), tuple(activity), tuple(contacts),
        _eras(coverages, rules),
    )  # fmt: skip


def _advanced_date(chart: Chart, rules: RuleSet, cut: int) -> int | None:
    # TL 4: the earliest recorded date; a stage IV diagnosis or a distant metastasis more than
    # advanced_tolerance_days before it replaces it; where none is recorded, the earliest of those counts
    recorded = min((day for day in chart.advanced_dates if day <= cut), default=None)
    seen = min((day for day in chart.distant_disease if day <= cut), default=None)
    if recorded is None or (seen is not None and seen < recorded - rules.advanced_tolerance_days):
        return seen
    return recorded


def _coverages(
    records: Iterable[Record], rules: RuleSet, follow_up: int, last_day: int
) -> dict[Drug, list[Coverage]]:
    found: dict[Drug, list[Coverage]] = defaultdict(list)
    dispensed: dict[Drug, dict[int, list[Record]]] = defaultdict(lambda: defaultdict(list))
    for record in records:
        for drug in record.drugs:
            # TL 2, cases 1 to 4, in this order
            if record.end is not None:
                case, to = 1, record.end
            elif record.supply > 0:
                case, to = 2, record.start + record.supply - 1
            elif record.ongoing:
                case, to = 3, follow_up
            else:
                case, to = 4, record.start + drug.default_days - 1
            if case == 2 and record.record_type in ("dispense", ""):
                dispensed[drug][record.start].append(record)
            else:
                to = min(max(to, record.start), last_day)
                found[drug].append(Coverage(record, drug, record.start, to, case))
    for drug, by_date in dispensed.items():
        used_up: int | None = None
        for start in sorted(by_date):
            # TL 2: several on one date count as one, the largest supply
            supply = max(record.supply for record in by_date[start])
            left = 0 if used_up is None else max(0, used_up - start + 1)
            to = start + supply - 1 + min(left, rules.stockpile_cap_days)
            used_up = (start if used_up is None else max(start, used_up + 1)) + supply - 1
            found[drug] += [Coverage(record, drug, start, min(to, last_day), 2) for record in by_date[start]]
    return found


def _eras(coverages: Mapping[Drug, list[Coverage]], rules: RuleSet) -> tuple[Era, ...]:
    # TL 3: records merge while the next covered_from <= running covered_to + era_gap_days + 1
    eras = []
    for drug, of_drug in coverages.items():
        if drug.role != "line_defining":
            continue
        members: list[Coverage] = []
        end = 0
        for one in sorted(of_drug, key=lambda one: one.covered_from):
            if members and one.covered_from > end + rules.era_gap_days + 1:
                eras.append(Era(drug, members[0].covered_from, end, tuple(members)))
                members = []
            end = max(end, one.covered_to) if members else one.covered_to
            members.append(one)
        eras.append(Era(drug, members[0].covered_from, end, tuple(members)))
    return tuple(sorted(eras, key=lambda era: (era.start, era.drug.ingredient)))
