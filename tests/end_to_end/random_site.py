"""Random patients in the extract format: plausible enough to reach every rule, odd enough for its edges."""

from __future__ import annotations

import csv
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path

from hypothesis import strategies as st

ADVANCED = date(2018, 1, 1)
# far beyond every date of a patient, so that moving hers moves nothing else
DATA_CUT = date(2024, 6, 30)
DRUGS = (
    "letrozole", "anastrozole", "exemestane", "fulvestrant", "tamoxifen", "palbociclib", "ribociclib",
    "everolimus", "alpelisib", "capecitabine", "paclitaxel", "nab-paclitaxel", "eribulin",
    "trastuzumab deruxtecan", "olaparib", "pembrolizumab", "goserelin", "zoledronic acid",
)  # fmt: skip


@dataclass(frozen=True)
class Medication:
    """One record; days count from the patient's day 0."""

    drug: str
    start: int
    end: int | None = None
    supply: int | None = None
    ongoing: bool = False
    record_type: str = ""
    status: str = ""
    stop_reason: str = ""


@dataclass(frozen=True)
class Assessment:
    """One reading; days count from the patient's day 0."""

    day: int
    response: str
    assessor: str


@dataclass(frozen=True)
class Patient:
    """One patient; `zero` is the calendar date of her day 0, the advanced date."""

    medications: tuple[Medication, ...]
    assessments: tuple[Assessment, ...]
    visits: tuple[int, ...]
    death: int | None
    zero: date = ADVANCED
    name: str = ""

    def on(self, day: int | None) -> str:
        """Day `day` as an ISO date; nothing where there is none."""
        return "" if day is None else (self.zero + timedelta(days=day)).isoformat()


days = st.one_of(st.integers(-60, 900), st.sampled_from([-15, -14, 0, 28, 29, 60, 61, 90, 91, 180, 200]))


@st.composite
def medications(draw: st.DrawFn) -> Medication:
    """A record with an end, a supply, an open flag or nothing of these."""
    start = draw(days)
    kind = draw(st.sampled_from(["end", "supply", "supply", "ongoing", "nothing"]))
    return Medication(
        drug=draw(st.sampled_from(DRUGS)),
        start=start,
        end=start + draw(st.integers(0, 300)) if kind == "end" else None,
        supply=draw(st.integers(7, 120)) if kind == "supply" else None,
        ongoing=kind == "ongoing",
        record_type=draw(st.sampled_from(["", "", "dispense", "order", "administration"])),
        status=draw(st.sampled_from(["", "", "", "completed", "cancelled"])),
        stop_reason=draw(st.sampled_from(["", "progression", "toxicity"])) if kind == "end" else "",
    )


@st.composite
def patients(draw: st.DrawFn) -> Patient:
    """A patient of a dozen records at most, some of them dead."""
    response = st.sampled_from(["CR", "PR", "SD", "SD", "PD", "PD", "NE", "NON-CR/NON-PD"])
    return Patient(
        medications=tuple(draw(st.lists(medications(), min_size=1, max_size=10))),
        assessments=tuple(
            Assessment(day, draw(response), draw(st.sampled_from(["radiology", "clinician", ""])))
            for day in draw(st.lists(days, max_size=8))
        ),
        visits=tuple(draw(st.lists(st.integers(0, 1200), max_size=4))),
        death=draw(st.one_of(st.none(), st.integers(300, 1300))),
    )


@dataclass
class Site:
    """Patients on their way into extract files."""

    patients: list[Patient] = field(default_factory=list)

    def add(self, patient: Patient, name: str) -> None:
        """Add a patient under a name of her own."""
        self.patients.append(replace(patient, name=name))

    def write(self, folder: Path, *, backwards: bool = False) -> Path:
        """Write the extracts and the site file, rows in order or backwards; returns the site file."""
        extracts = folder / "extracts"
        extracts.mkdir(parents=True)
        for table, rows in self._tables().items():
            with (extracts / f"{table}.csv").open("w", newline="", encoding="utf-8") as file:
                writer = csv.writer(file, lineterminator="\n")
                writer.writerow(rows[0])
                writer.writerows(reversed(rows[1:]) if backwards else rows[1:])
        site_file = folder / "site.yml"
        site_file.write_text(
            f"site: random\ndata_cut: {DATA_CUT}\npseudonyms: none\n"
            "sources:\n  - {format: afterline, path: extracts/}\n"
        )
        return site_file

    def _tables(self) -> dict[str, list[tuple[object, ...]]]:
        tables: dict[str, list[tuple[object, ...]]] = {
            "patients": [("patient_id", "sex", "death_date")],
            "diagnoses": [("diagnosis_id", "patient_id", "diagnosis_date", "icd10", "advanced_date")],
            "medications": [
                ("medication_id", "patient_id", "drug", "start_date", "end_date", "days_supply", "ongoing",
                 "record_type", "status", "stop_reason"),
            ],
            "assessments": [("assessment_id", "patient_id", "assessment_date", "response", "assessor")],
            "encounters": [("patient_id", "encounter_date", "encounter_type")],
        }  # fmt: skip
        for one in self.patients:
            tables["patients"].append((one.name, "female", one.on(one.death)))
            tables["diagnoses"].append((f"{one.name}-d", one.name, one.on(-400), "C50.9", one.on(0)))
            tables["medications"] += [
                (f"{one.name}-m{i:02}", one.name, m.drug, one.on(m.start), one.on(m.end), m.supply or "",
                 "true" if m.ongoing else "", m.record_type, m.status, m.stop_reason)
                for i, m in enumerate(one.medications)
            ]  # fmt: skip
            tables["assessments"] += [
                (f"{one.name}-a{i:02}", one.name, one.on(a.day), a.response, a.assessor)
                for i, a in enumerate(one.assessments)
            ]
            tables["encounters"] += [(one.name, one.on(day), "outpatient") for day in one.visits]
        return tables


def split(patient: Patient) -> Patient | None:
    """The same patient with one of her ended records written as two adjacent ones, if she has such a record.

    Only a record that says how long it lasted can be split without changing what it says. One with a
    reason for its stop cannot: whether a stop for progression is dated at a switch depends on the
    record's own start (endpoints.md, section 1).
    """
    for place, one in enumerate(patient.medications):
        if one.end is not None and one.end - one.start > 1 and not one.stop_reason:
            middle = one.start + (one.end - one.start) // 2
            parts = (replace(one, end=middle), replace(one, start=middle + 1))
            rest = patient.medications[:place] + patient.medications[place + 1 :]
            return replace(patient, medications=rest + parts)
    return None
