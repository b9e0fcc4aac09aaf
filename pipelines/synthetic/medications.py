"""Medication records from courses: fills, visits, orders, and the ways in which their writers differ."""

from typing import Final

import numpy as np

from pipelines.synthetic import courses as plan
from pipelines.synthetic import palette
from pipelines.synthetic.courses import Courses
from pipelines.synthetic.draws import Bools, Ints, between, chance, ragged
from pipelines.synthetic.palette import CODE
from pipelines.synthetic.scans import Columns

RECORD_TYPES: Final = ("order", "dispense", "administration")
ORDER, DISPENSE, ADMINISTRATION = range(3)
STATUSES: Final = ("active", "completed", "stopped", "on_hold", "not_taken", "cancelled", "entered_in_error")
ACTIVE, COMPLETED, STOPPED, _, NOT_TAKEN, CANCELLED, ENTERED_IN_ERROR = range(7)
ROUTES: Final = ("oral", "iv", "im", "sc")
DAY, MONTH, YEAR = range(3)

# Drug texts of all drugs in one list; a drug's own begin at TEXT_FIRST. Texts no dictionary knows stand at
# the end.
UNKNOWN_TEXTS: Final = (
    "terapia c/o altro centro",
    "integratore alimentare",
    "vedi lettera",
    "preparazione galenica",
    "n.s. XR-7",
)
TEXTS: Final = tuple(text for drug in palette.DRUGS for text in drug.texts) + UNKNOWN_TEXTS
TEXT_COUNT: Final[Ints] = np.array([len(drug.texts) for drug in palette.DRUGS])
TEXT_FIRST: Final[Ints] = np.cumsum(TEXT_COUNT) - TEXT_COUNT
FIRST_UNKNOWN: Final = int(TEXT_COUNT.sum())
AS_IS, UPPER, LOWER, TRAILING_BLANK, LEADING_BLANK = range(5)

_DOSE: Final = np.array([drug.dose for drug in palette.DRUGS])
_UNITS: Final = np.array([0 if drug.unit == "mg" else 1 for drug in palette.DRUGS])
UNITS: Final = ("mg", "mg/m2")
_IN_MUSCLE: Final = (CODE["fulvestrant"], CODE["leuprorelin"])
_UNDER_SKIN: Final = (CODE["goserelin"], CODE["denosumab"], CODE["filgrastim"])
_FULVESTRANT_LOADING: Final = 14


def medication_rows(rng: np.random.Generator, courses: Courses) -> Columns:
    """Every record of the courses, unordered; codes are places in the lists above, -1 is "empty"."""
    home = palette.AT_HOME[courses.drug]
    intent = courses.intent
    early = (intent == plan.ADJUVANT) | (intent == plan.NEOADJUVANT)
    forgotten = courses.open_record == 2
    unsaid_end = (courses.close < 0) & (courses.open_record == 0)
    # One order for the whole course says how long it lasted only where its end is recorded or it is still
    # open.
    one_record = (
        home
        & ~unsaid_end
        & (forgotten | chance(rng, np.where(early | (courses.line == 0), 0.9, 0.3), home.size))
    )
    order_beside = ~one_record & chance(rng, np.where(home, 0.3, 0.12), home.size)
    parts = [
        _spans(rng, courses, np.flatnonzero(one_record)),
        _orders(courses, np.flatnonzero(order_beside)),
        _fills(rng, courses, np.flatnonzero(home & ~one_record)),
        _visits(rng, courses, np.flatnonzero(~home)),
    ]
    rows = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    _write_names(rng, courses, rows)
    return rows


def _base(courses: Courses, course: Ints, start: Ints) -> Columns:
    """The columns every record shares; `course` names each record's course."""
    drug = courses.drug[course]
    route = np.where(palette.AT_HOME[drug], 0, 1)
    route = np.where(np.isin(drug, _IN_MUSCLE), 2, np.where(np.isin(drug, _UNDER_SKIN), 3, route))
    empty = np.full(course.size, -1)
    return {
        "course": course,
        "patient": courses.patient[course],
        "drug": drug,
        "start_date": start,
        "start_precision": np.zeros_like(empty),
        "end_date": empty,
        "days_supply": empty,
        "ongoing": empty,
        "dose": np.rint(_DOSE[drug] * 100).astype(np.int64),
        "dose_unit": _UNITS[drug],
        "route": route,
        "intent": courses.intent[course],
        "record_type": empty,
        "status": empty,
        "stop_reason": np.zeros_like(empty),
        "line_recorded": courses.line[course],
        "fault": np.zeros_like(empty),
    }


def _spans(rng: np.random.Generator, courses: Courses, course: Ints) -> Columns:
    """One order from the first day to the stop, or flagged ongoing.

    Some starts of early therapy are known to the month or year.
    """
    rows = _base(courses, course, courses.start[course])
    close = courses.close[course]
    rows["end_date"] = close
    rows["ongoing"] = np.where(
        courses.open_record[course] > 0, 1, np.where(chance(rng, 0.3, course.size), 0, -1)
    )
    rows["record_type"] = np.where(chance(rng, 0.2, course.size), -1, ORDER)
    rows["status"] = np.where(close < 0, ACTIVE, STOPPED)
    rows["stop_reason"] = courses.reason[course]
    early = np.isin(courses.intent[course], (plan.ADJUVANT, plan.NEOADJUVANT)) & (
        courses.until[course] - courses.start[course] > 400
    )
    lot = rng.random(course.size)
    rows["start_precision"] = np.where(early & (lot < 0.12), MONTH, np.where(early & (lot > 0.97), YEAR, DAY))
    return rows


def _orders(courses: Courses, course: Ints) -> Columns:
    """The order beside the fills or visits: same first day, no end, no supply."""
    rows = _base(courses, course, courses.start[course])
    rows["record_type"] = np.full(course.size, ORDER)
    rows["status"] = np.full(course.size, ACTIVE)
    return rows


def _fills(rng: np.random.Generator, courses: Courses, course: Ints) -> Columns:
    """Fills about every cycle, a few days early or late.

    Doses are held, and here and there somebody hoards before a holiday.
    """
    start, until = courses.start[course], courses.until[course]
    drug, steady = courses.drug[course], courses.steady[course] > 0
    kind = palette.KIND[drug]
    three_months = (kind == "endocrine") & chance(rng, 0.3, course.size)
    cycle = np.where(three_months, 3 * palette.CYCLE[drug], palette.CYCLE[drug])
    row, place = ragged(np.maximum(1, -(-(until - start) // cycle)))
    jitter = np.where(place > 0, between(rng, -4, 4, row.size), 0)
    date = start[row] + place * cycle[row] + jitter
    # A hold of two to four weeks from one fill on: less than `era_gap_days`, so the era goes on.
    held = ~steady & np.isin(kind, ("targeted", "chemo")) & chance(rng, 0.4, course.size)
    hold_at = rng.integers(2, 9, course.size)
    hold = np.where(held, between(rng, 10, 28, course.size), 0)
    date += np.where(place >= hold_at[row], hold[row], 0)
    hoards = ~steady & ~held & (cycle < 40) & chance(rng, 0.06, course.size)
    early = hoards[row] & (place == hold_at[row])
    date = np.where(early, date - jitter - cycle[row] + 6, date)
    kept = (place == 0) | (date < until[row])
    row, place, date = row[kept], place[kept], date[kept]
    rows = _base(courses, course[row], date)
    rows["days_supply"] = cycle[row]
    rows["record_type"] = np.where(chance(rng, 0.05, row.size), -1, DISPENSE)
    rows["status"] = np.where(chance(rng, 0.6, row.size), COMPLETED, -1)
    rows["dose"] = _reduced(rng, drug, row, place, rows["dose"])
    _close_last(courses, course, row, rows)
    return rows


def _reduced(rng: np.random.Generator, drug: Ints, row: Ints, place: Ints, dose: Ints) -> Ints:
    """Palbociclib 125, 100, 75 mg; other targeted drugs and capecitabine go down by a quarter."""
    lot = rng.random(drug.size)
    first = np.where(lot < 0.42, rng.integers(1, 6, drug.size), 10_000)
    second = np.where(lot < 0.15, first + rng.integers(2, 6, drug.size), 10_000)
    steps = (place >= first[row]).astype(np.int64) + (place >= second[row])
    by_step = np.array([12500, 10000, 7500])[steps]
    adjustable = np.isin(palette.KIND[drug], ("targeted", "chemo"))[row]
    other = np.where(adjustable & (steps > 0), dose * 3 // 4, dose)
    return np.where(drug[row] == CODE["palbociclib"], by_step, other)


def _close_last(courses: Courses, course: Ints, row: Ints, rows: Columns) -> None:
    """The recorded end and its reason stand on the last record of a course."""
    last = np.append(row[1:] != row[:-1], True) if row.size else np.zeros(0, dtype=np.bool_)
    owner = course[row]
    close: Bools = last & (courses.close[owner] >= 0)
    rows["end_date"] = np.where(close, courses.close[owner], -1)
    rows["stop_reason"] = np.where(close, courses.reason[owner], 0)
    rows["status"] = np.where(close, STOPPED, rows["status"])


def _visits(rng: np.random.Generator, courses: Courses, course: Ints) -> Columns:
    """Administrations on the days of each cycle, a few days late.

    Delays of up to two weeks; fulvestrant with its loading dose.
    """
    start, until, drug = courses.start[course], courses.until[course], courses.drug[course]
    visits, cycle = palette.VISITS[drug], palette.CYCLE[drug]
    cycles = np.minimum(-(-(until - start) // cycle), palette.MOST_CYCLES[drug])
    loading = drug == CODE["fulvestrant"]
    row, place = ragged(np.maximum(1, cycles) * visits + loading)
    offset = cycle[row] * (place // visits[row]) + palette.VISIT_DAYS[drug[row], place % visits[row]]
    loaded = np.where(place == 1, _FULVESTRANT_LOADING, np.maximum(place - 1, 0) * cycle[row])
    offset = np.where(loading[row], loaded, offset)
    delayed = chance(rng, 0.3, course.size) & (courses.steady[course] == 0)
    delay_at = rng.integers(2, 12, course.size)
    delay = np.where(delayed, between(rng, 7, 14, course.size), 0)
    jitter = np.where(place > 0, between(rng, -1, 2, row.size), 0)
    date = start[row] + offset + jitter + np.where(place >= delay_at[row], delay[row], 0)
    kept = (place == 0) | (date < until[row])
    rows = _base(courses, course[row[kept]], date[kept])
    rows["record_type"] = np.full(int(kept.sum()), ADMINISTRATION)
    rows["status"] = np.full(int(kept.sum()), COMPLETED)
    return rows


def _write_names(rng: np.random.Generator, courses: Courses, rows: Columns) -> None:
    """Each course keeps to one spelling, with slips; a share of what is optional is left out."""
    size = rows["drug"].size
    own = rng.random(courses.drug.size)[rows["course"]] ** 2
    own = np.where(chance(rng, 0.08, size), rng.random(size) ** 2, own)
    drug = rows["drug"]
    rows["text"] = TEXT_FIRST[drug] + (own * TEXT_COUNT[drug]).astype(np.int64)
    rows["text_style"] = rng.choice(5, size=size, p=[0.86, 0.05, 0.03, 0.04, 0.02])
    said = chance(rng, 0.8, courses.drug.size)[rows["course"]]
    rows["dose"] = np.where(said, rows["dose"], -1)
    rows["dose_unit"] = np.where(said, rows["dose_unit"], -1)
    numbered = chance(rng, 0.55, courses.drug.size)[rows["course"]] & (rows["line_recorded"] > 0)
    slip = np.where(chance(rng, 0.06, courses.drug.size), 1, 0)[rows["course"]]
    rows["line_recorded"] = np.where(numbered, rows["line_recorded"] + slip, -1)
