"""The untidiness of real records: what was never given, what cannot be read, what was delivered twice.

None of it changes an intended line: records that were never given take no part (therapy-lines.md, section
2), records that landing must quarantine are extra ones of patients outside the study, and exact duplicates
are dropped at landing.
"""

from typing import Final

import numpy as np

from pipelines.synthetic import medications as rx
from pipelines.synthetic.draws import Ints, between, chance
from pipelines.synthetic.palette import CODE
from pipelines.synthetic.scans import Columns
from pipelines.synthetic.stories import Stories
from pipelines.synthetic.timelines import Timelines

# What landing must quarantine: a date that is none, a patient nobody knows, an end before its start.
NO_FAULT, NOT_A_DATE, UNKNOWN_PATIENT, END_BEFORE_START = range(4)
_ONE_IN: Final = 130


def never_given(rng: np.random.Generator, stories: Stories, times: Timelines) -> Columns:
    """Orders cancelled, fills not taken and entries in error, and texts that no dictionary knows."""
    ordinary = np.flatnonzero((stories.lines > 0) & chance(rng, 0.06, stories.size))
    unknown = np.flatnonzero(chance(rng, 0.02, stories.size))
    patient = np.concatenate([ordinary, unknown])
    start = between(rng, times.anchor[patient], times.last_activity[patient], patient.size)
    rows = _rows(patient, start)
    drug = np.array([CODE["capecitabine"], CODE["everolimus"], CODE["docetaxel"]])[
        rng.integers(0, 3, patient.size)
    ]
    known = np.arange(patient.size) < ordinary.size
    rows["drug"] = np.where(known, drug, -1)
    own = rx.TEXT_FIRST[drug] + rng.integers(0, 2, patient.size)
    unknown_text = rx.FIRST_UNKNOWN + rng.integers(0, len(rx.UNKNOWN_TEXTS), patient.size)
    rows["text"] = np.where(known, own, unknown_text)
    lot = rng.integers(0, 3, patient.size)
    rows["status"] = np.where(known, np.array([rx.NOT_TAKEN, rx.CANCELLED, rx.ENTERED_IN_ERROR])[lot], -1)
    rows["record_type"] = np.where(known & (lot == 0), rx.DISPENSE, rx.ORDER)
    return rows


def unreadable(rng: np.random.Generator, stories: Stories, times: Timelines) -> Columns:
    """Medication records that landing must quarantine, about one of each kind in 130 patients."""
    outside = np.flatnonzero(stories.index_line < 0)
    each = min(outside.size, -(-stories.size // _ONE_IN))
    patient = rng.choice(outside, size=3 * each) if each else np.zeros(0, dtype=np.int64)
    rows = _rows(patient, between(rng, times.anchor[patient], times.last_activity[patient], patient.size))
    rows["fault"] = np.repeat([NOT_A_DATE, UNKNOWN_PATIENT, END_BEFORE_START], each)
    rows["drug"] = np.full(patient.size, CODE["ondansetron"])
    rows["text"] = np.full(patient.size, rx.TEXT_FIRST[CODE["ondansetron"]])
    rows["end_date"] = np.where(
        rows["fault"] == END_BEFORE_START, rows["start_date"] - between(rng, 1, 300, patient.size), -1
    )
    return rows


def _rows(patient: Ints, start: Ints) -> Columns:
    """Medication records with nothing but a patient and a date."""
    empty = np.full(patient.size, -1)
    zero = np.zeros(patient.size, dtype=np.int64)
    names = (
        "course",
        "end_date",
        "days_supply",
        "ongoing",
        "dose",
        "dose_unit",
        "route",
        "record_type",
        "status",
        "line_recorded",
    )
    zeros = ("start_precision", "intent", "stop_reason", "fault", "text_style")
    return (
        {"patient": patient, "start_date": start} | dict.fromkeys(names, empty) | dict.fromkeys(zeros, zero)
    )


def in_order(rng: np.random.Generator, rows: Columns, date: str, duplicates: float = 0.0) -> Columns:
    """Rows by patient and date, each numbered within its patient (`seq`).

    A share of them stands twice, as if delivered twice.
    """
    order = np.lexsort((rows[date], rows["patient"]))
    ordered = {name: values[order] for name, values in rows.items()}
    patient = ordered["patient"]
    first = np.searchsorted(patient, patient, side="left")
    ordered["seq"] = np.arange(patient.size) - first + 1
    if not duplicates:
        return ordered
    copies = np.where(chance(rng, duplicates, patient.size), 2, 1)
    return {name: np.repeat(values, copies) for name, values in ordered.items()}
