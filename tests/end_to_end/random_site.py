"""Random patients in the extract format: plausible enough to reach every rule, odd enough for its edges."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path
from random import Random

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
    progression: str = ""


@dataclass(frozen=True)
class Patient:
    """One patient; `zero` is the calendar date of her day 0, the advanced date."""

    medications: tuple[Medication, ...]
    assessments: tuple[Assessment, ...]
    visits: tuple[int, ...]
    death: int | None
    last_contact: int | None = None
    observed_from: int | None = None
    # day 0 is the recorded advanced date, or is only shown by what was found then
    advanced_recorded: bool = True
    metastases: tuple[tuple[str, int], ...] = ()
    stage_four: int | None = None
    zero: date = ADVANCED
    name: str = ""

    def on(self, day: int | None) -> str:
        """Day `day` as an ISO date; nothing where there is none."""
        return "" if day is None else (self.zero + timedelta(days=day)).isoformat()


def near_the_cut(patient: Patient, days: int) -> Patient:
    """The same patient with her day 0 so many days before the data cut, and little recorded after it.

    What lies a year and more after the cut goes: nothing may be dated after the day it is landed.
    """
    last = days + 365
    return replace(
        patient,
        medications=tuple(one for one in patient.medications if max(one.start, one.end or 0) <= last),
        assessments=tuple(one for one in patient.assessments if one.day <= last),
        visits=tuple(day for day in patient.visits if day <= last),
        death=patient.death if patient.death is not None and patient.death <= last else None,
        last_contact=None if patient.last_contact is None else min(patient.last_contact, last),
        observed_from=None if patient.observed_from is None else min(patient.observed_from, last),
        zero=DATA_CUT - timedelta(days=days),
    )


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
def scattered_patients(draw: st.DrawFn) -> Patient:
    """A patient of a dozen records at most, anywhere in time, some of them dead."""
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


REGIMENS = (
    ("letrozole", "palbociclib"), ("fulvestrant", "palbociclib"), ("fulvestrant", "ribociclib"),
    ("anastrozole", "ribociclib"), ("exemestane", "everolimus"), ("fulvestrant", "alpelisib"),
    ("letrozole",), ("exemestane",), ("fulvestrant",), ("tamoxifen", "goserelin"), ("palbociclib",),
    ("everolimus",), ("olaparib",), ("capecitabine",), ("capecitabine", "vinorelbine"), ("fluorouracil",),
    ("paclitaxel",), ("docetaxel", "carboplatin"), ("nab-paclitaxel", "pembrolizumab"), ("eribulin",),
    ("paclitaxel", "bevacizumab"), ("doxorubicin",), ("trastuzumab deruxtecan",), ("cisplatin",),
    ("letrozole", "abemaciclib", "goserelin"), ("capecitabine", "letrozole"), ("megestrol",),
)  # fmt: skip


# what one drug is exchanged for while the others go on
MATES = {
    "letrozole": ("exemestane", "anastrozole", "fulvestrant", "tamoxifen"), "anastrozole": ("letrozole",),
    "exemestane": ("letrozole", "fulvestrant"), "fulvestrant": ("letrozole", "exemestane"),
    "palbociclib": ("ribociclib", "abemaciclib"), "ribociclib": ("palbociclib",),
    "abemaciclib": ("palbociclib", "ribociclib"), "paclitaxel": ("nab-paclitaxel", "docetaxel"),
    "docetaxel": ("paclitaxel",), "capecitabine": ("fluorouracil",), "carboplatin": ("cisplatin",),
}  # fmt: skip
ADDITIONS = (
    "palbociclib", "ribociclib", "everolimus", "alpelisib", "letrozole", "fulvestrant", "capecitabine",
    "olaparib", "pembrolizumab", "trastuzumab deruxtecan", "tamoxifen",
)  # fmt: skip


@dataclass
class Course:
    """A course of treatment on its way into records: drugs come and go, and each stay is written down."""

    rng: Random
    day: int
    since: dict[str, int] = field(default_factory=dict)
    given: list[str] = field(default_factory=list)
    records: list[Medication] = field(default_factory=list)
    switches: list[int] = field(default_factory=list)

    def start(self, drugs: Iterable[str]) -> None:
        """Start drugs about today, most of them together."""
        for drug in drugs:
            if drug not in self.since:
                self.since[drug] = self.day + self.rng.choice([0] * 8 + [7, 21, 28, 29, 42, 60, 61, 90, 91])
                self.given.append(drug)
        self.switches.append(self.day)

    def stop(self, drugs: Iterable[str], reason: str = "") -> None:
        """Stop drugs about today; some only on paper, and some stops written down later."""
        for drug in list(drugs):
            first = self.since.pop(drug)
            over = self.rng.choice([-60, -15, -1, 0, 0, 0, 0, 1, 14, 27, 28, 29, 30, 31, 60, 120])
            self.records += self._written(drug, first, max(first, self.day + over), reason)

    def _written(self, drug: str, first: int, last: int, reason: str) -> list[Medication]:
        kind = self.rng.choice(["end"] * 6 + ["fills"] * 3 + ["ongoing", "nothing", "all"])
        if kind == "fills":
            return self._fills(drug, first, last)
        ends = kind in ("end", "all")
        return [
            Medication(
                drug,
                first,
                end=last if ends else None,
                supply=self.rng.choice([0, 30, 90]) if kind == "all" else None,
                ongoing=kind in ("ongoing", "all"),
                status=self.rng.choice(["", "", "", "completed", "stopped", "on_hold", "not_taken"]),
                stop_reason=reason if ends else self.rng.choice(["", "", "progression"]),
            )
        ]

    def _fills(self, drug: str, first: int, last: int) -> list[Medication]:
        """Supplies, administrations or orders one after the other: early, in time or late, some hoarded."""
        kind = self.rng.choice(["", "dispense", "dispense", "administration", "order"])
        supply = self.rng.choice([21, 28, 30, 30, 84, 90, None])
        step = max(14, (supply or 28) + self.rng.choice([-30, -7, -1, 0, 0, 5, 20, 59, 60, 61]))
        found = [
            Medication(drug, day, supply=supply, record_type=kind) for day in range(first, last + 1, step)
        ]
        # two strengths on one day
        return found[:12] + ([replace(found[0], supply=7)] if self.rng.random() < 0.1 else [])

    def change(self) -> None:
        """One decision: exchange, add, drop, pause, go back to a former drug, or turn to something else."""
        reason = self.rng.choice(["", "progression", "progression", "toxicity", "completed", "other"])
        what = self.rng.choice(
            ["other", "other", "other", "mate", "mate", "add", "drop", "rest", "rest mate", "back"]
        )
        if what in ("rest", "rest mate", "other") or not self.since:
            before = list(self.since)
            self.stop(before, reason)
            self.day += self.rng.choice([-30, 0, 1, 1, 7, 14, 29, 30, 45, 60, 61, 62, 90, 91, 92, 150])
            after = list(self.rng.choice(REGIMENS)) if what == "other" or not before else before
            self.start(map(self._mate, after) if what == "rest mate" else after)
        elif what in ("mate", "back"):
            old = self.rng.choice(list(self.since))
            new = self._mate(old) if what == "mate" else self.rng.choice(self.given)
            if new not in self.since:
                self.stop([old], reason)
                self.start([new] if self.rng.random() < 0.9 else [new, self.rng.choice(ADDITIONS)])
        elif what == "add":
            self.start(self.rng.sample(ADDITIONS, self.rng.choice([1, 1, 1, 2])))
        else:
            self.stop([self.rng.choice(list(self.since))], reason)

    def _mate(self, drug: str) -> str:
        return self.rng.choice(MATES.get(drug, (drug,)))


def _readings(rng: Random, first: int, last: int) -> list[Assessment]:
    """Scans in a rhythm of their own between two decisions, and a progression about the second."""
    found = []
    step = rng.choice([14, 28, 41, 42, 56, 84, 84, 161, 168, 183])
    usual = rng.choice(
        [["SD", "SD", "PR", "NE", "NON-CR/NON-PD", ""], ["PR", "PR", "CR", "NE"], ["CR", "PR", "SD"]]
    )
    if rng.random() < 0.8:
        for day in list(range(first + step, last, step))[:8]:
            assessor = rng.choice(["radiology", "radiology", "", "clinician"])
            found.append(Assessment(day, rng.choice(usual), assessor, rng.choice(["", "", "", "false"])))
    if rng.random() < 0.7:
        day = last + rng.choice([-90, -61, -31, -30, -14, -5, -1, 0, 0, 1, 13, 14, 15, 29, 30, 31, 45])
        assessor = rng.choice(["radiology", "clinician", "clinician", ""])
        response, progression = rng.choice(
            [("PD", ""), ("PD", ""), ("SD", "true"), ("", "true"), ("NE", "true")]
        )
        found.append(Assessment(day, response, assessor, progression))
        # the note is copied forward, every week or two, and scans go on meanwhile
        every = rng.choice([7, 7, 14, 15])
        copies = range(1, rng.choice([0, 0, 0, 1, 3, 20]) + 1)
        found += [Assessment(day + every * copy, "PD", "clinician") for copy in copies]
    return found


def treated_patient(rng: Random) -> Patient:
    """A patient treated as patients are, one decision after another, the edges of the rules sought out."""
    course = Course(rng, rng.choice([-200, -91, -30, -15, -14, -13, 0, 0, 0, 5, 20]))
    course.start(rng.choice(REGIMENS))
    readings: list[Assessment] = []
    for _ in range(rng.randint(1, 7)):
        before = course.day
        course.day += rng.choice([15, 28, 29, 40, 60, 90, 91, 120, 200, 300])
        readings += _readings(rng, before, course.day)
        course.change()
    course.day += rng.choice([10, 60, 200])
    course.stop(course.since)
    end = max(1, course.day)
    late = rng.choice([-1, 0, 0, 1, 10, 29, 30, 31, 90, 182, 183, 184, 400])
    death = rng.choice([None, None, max(1, rng.choice(course.switches) + late), end + late])
    last_contact = rng.choice([None, None, end, end + 60, end + 61])
    if last_contact is not None and death is not None:
        last_contact = min(last_contact, death)
    found = rng.choice([None, None, None, -31, -30, -15, -14, -1, 0, 30])
    visits = rng.sample(range(end + 200), 3) + list(range(0, end, rng.choice([60, 90, 91, 2000])))
    return Patient(
        medications=tuple(course.records),
        assessments=tuple(readings),
        visits=tuple(visits),
        death=death,
        last_contact=last_contact,
        observed_from=rng.choice([None, None, None, -300, 0, 30, 200, 1000]),
        advanced_recorded=rng.random() < 0.9,
        metastases=() if found is None else ((rng.choice(["bone", "liver", "lymph_node", "skin"]), found),),
        stage_four=rng.choice([None] * 8 + [-31, -15, -14, 0]),
    )


@st.composite
def patients(draw: st.DrawFn) -> Patient:
    """Patients treated one decision after another, and among them some with records anywhere."""
    # Hypothesis varies each scattered patient several times over, so that these still are a third
    rng = draw(st.randoms(use_true_random=True))
    return treated_patient(rng) if rng.random() < 0.9 else draw(scattered_patients())


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
            "patients": [("patient_id", "sex", "death_date", "last_contact_date", "observed_from")],
            "diagnoses": [
                ("diagnosis_id", "patient_id", "diagnosis_date", "icd10", "stage", "advanced_date"),
            ],
            "metastases": [("patient_id", "site", "detected_date")],
            "medications": [
                ("medication_id", "patient_id", "drug", "start_date", "end_date", "days_supply", "ongoing",
                 "record_type", "status", "stop_reason"),
            ],
            "assessments": [
                ("assessment_id", "patient_id", "assessment_date", "response", "progression", "assessor"),
            ],
            "encounters": [("patient_id", "encounter_date", "encounter_type")],
        }  # fmt: skip
        for one in self.patients:
            tables["patients"].append((
                one.name, "female", one.on(one.death), one.on(one.last_contact), one.on(one.observed_from),
            ))  # fmt: skip
            recorded = one.on(0) if one.advanced_recorded else ""
            tables["diagnoses"].append((f"{one.name}-d", one.name, one.on(-400), "C50.9", "", recorded))
            if one.stage_four is not None:
                tables["diagnoses"].append(
                    (f"{one.name}-e", one.name, one.on(one.stage_four), "C50.9", "IV", "")
                )
            tables["metastases"] += [(one.name, site, one.on(day)) for site, day in one.metastases]
            tables["medications"] += [
                (f"{one.name}-m{i:02}", one.name, m.drug, one.on(m.start), one.on(m.end),
                 "" if m.supply is None else m.supply,
                 "true" if m.ongoing else "", m.record_type, m.status, m.stop_reason)
                for i, m in enumerate(one.medications)
            ]  # fmt: skip
            tables["assessments"] += [
                (f"{one.name}-a{i:02}", one.name, one.on(a.day), a.response, a.progression, a.assessor)
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
