"""Courses of drugs: who takes what, from when, until when, and how its end is written down."""

from dataclasses import dataclass, fields
from typing import Final

import numpy as np

from pipelines.synthetic import palette
from pipelines.synthetic.draws import Bools, Ints, between, chance
from pipelines.synthetic.palette import CODE
from pipelines.synthetic.scans import SEEN_BY_STOP
from pipelines.synthetic.stories import MOST_LINES, Stories
from pipelines.synthetic.strata import Mode
from pipelines.synthetic.timelines import CUT_CHEMO, Timelines
from pipelines.synthetic.traits import Traits

NO_REASON, PROGRESSION, TOXICITY, COMPLETED, PATIENT_CHOICE, DEATH, OTHER = range(7)
NO_INTENT, NEOADJUVANT, ADJUVANT, PALLIATIVE = range(4)
_MODE_REASON: Final = {
    Mode.NEXT: PROGRESSION,
    Mode.PROGRESSED: PROGRESSION,
    Mode.SWITCH: TOXICITY,
    Mode.STOPPED: TOXICITY,
}


@dataclass(frozen=True)
class Courses:
    """One element per course.

    `until` is the first day without a new fill or visit; `close` the recorded end date, -1 for none;
    `open_record` 1 for a single record flagged ongoing, 2 for one that nobody closed. `line` counts from 1, 0
    outside the lines; `patient` is the place in the chunk; `steady` courses have no holds and no hoards.
    """

    patient: Ints
    drug: Ints
    start: Ints
    until: Ints
    close: Ints
    reason: Ints
    line: Ints
    intent: Ints
    open_record: Ints
    steady: Ints


class _Book:
    """Collects courses group by group."""

    def __init__(self) -> None:
        self.parts: dict[str, list[Ints]] = {field.name: [] for field in fields(Courses)}

    def add(self, patient: Ints, drug: Ints | int, start: Ints, until: Ints, **other: Ints | int) -> None:
        given: dict[str, Ints | int] = {"patient": patient, "drug": drug, "start": start, "until": until}
        defaults = {"close": -1, "reason": 0, "line": 0, "intent": 0, "open_record": 0, "steady": 0}
        for name, value in {**defaults, **given, **other}.items():
            self.parts[name].append(np.broadcast_to(np.asarray(value, dtype=np.int64), patient.shape))

    def courses(self) -> Courses:
        return Courses(**{name: np.concatenate(parts) for name, parts in self.parts.items()})


def plan_courses(
    rng: np.random.Generator, stories: Stories, times: Timelines, traits: Traits, seen: Ints
) -> Courses:
    """All drug courses of a chunk; `seen` says how each line's progression came to light (scans.py)."""
    book = _Book()
    for line in range(MOST_LINES):
        for place in range(palette.MOST_DRUGS):
            _line_drug(rng, book, (stories, times, seen), line, place)
        _joining_drug(rng, book, (stories, times, seen), line)
    _early_courses(rng, book, times, traits)
    _background(rng, book, stories, times, traits)
    courses = book.courses()
    last = times.last_activity[courses.patient]
    courses.until[:] = np.minimum(courses.until, last + 1)
    kept = courses.start <= last
    return Courses(**{field.name: getattr(courses, field.name)[kept] for field in fields(Courses)})


_Plan = tuple[Stories, Timelines, Ints]


def _line_drug(rng: np.random.Generator, book: _Book, plan: _Plan, line: int, place: int) -> None:
    """The drug in one place of one line's regimen, for every patient who has it."""
    stories, times, _ = plan
    regimen = stories.regimen[:, line]
    drug = np.where(regimen >= 0, palette.REGIMEN_DRUGS[regimen, place], -1)
    who = np.flatnonzero(drug >= 0)
    drug = drug[who]
    start = times.start[who, line] + _delay(rng, plan, who, line, place, drug)
    cut = times.cut_drug[who, line]
    leaves = (cut == drug) | ((cut == CUT_CHEMO) & (palette.KIND[drug] == "chemo"))
    stop = np.where(
        leaves, times.extra_start[who, line] - between(rng, 2, 12, who.size), times.stop[who, line]
    )
    beyond = np.zeros(who.size, dtype=np.bool_)
    if line + 1 < MOST_LINES:
        beyond = (drug == CODE["palbociclib"]) & (
            stories.regimen[who, line + 1] == palette.REGIMEN_CODE[palette.BEYOND]
        )
        stop = np.where(beyond, times.stop[who, line + 1], stop)
    last = np.where(beyond, line + 1, line)
    _add(rng, book, plan, who, drug, start, stop, last, leaves)


def _delay(rng: np.random.Generator, plan: _Plan, who: Ints, line: int, place: int, drug: Ints) -> Ints:
    """Days from the line's start to the drug's.

    Palbociclib's is the clock's, other second drugs wait up to 10 days.
    """
    stories, times, _ = plan
    clock = times.clock[who, line] - times.start[who, line]
    waits = np.where(chance(rng, 0.25, who.size), between(rng, 1, 10, who.size), 0)
    second = waits if place else np.zeros_like(waits)
    in_index = stories.index_line[who] == line
    return np.where(in_index, np.where(drug == CODE["palbociclib"], clock, 0), second)


def _joining_drug(rng: np.random.Generator, book: _Book, plan: _Plan, line: int) -> None:
    """The drug that joins one line late, by substitution or as maintenance."""
    _, times, _ = plan
    who = np.flatnonzero(times.extra[:, line] >= 0)
    last = np.full(who.size, line)
    drug = times.extra[who, line]
    _add(
        rng,
        book,
        plan,
        who,
        drug,
        times.extra_start[who, line],
        times.stop[who, line],
        last,
        np.zeros(who.size, dtype=np.bool_),
    )


def _add(
    rng: np.random.Generator,
    book: _Book,
    plan: _Plan,
    who: Ints,
    drug: Ints,
    start: Ints,
    stop: Ints,
    line: Ints,
    leaves: Bools,
) -> None:
    """Add the courses of one drug; decides which stops are written down.

    A course whose stop is not recorded might go on over the next line's start by its supply alone, and
    would be kept. So the stop stays unrecorded only where the next line replaces the drug
    (therapy-lines.md, section 5), or where none comes.
    """
    stories, times, seen = plan
    mode = stories.mode[who, line]
    open_ended = times.open_ended[who, line] & ~leaves
    following = np.where(
        line + 1 < MOST_LINES, stories.regimen[who, np.minimum(line + 1, MOST_LINES - 1)], -1
    )
    kind = palette.KIND[drug]
    to_chemo = (following >= 0) & palette.HAS_CHEMO[following]
    to_endocrine = (following >= 0) & palette.HAS_ENDOCRINE[following]
    # Chemotherapy is replaced by its own substitution group alone, so its stop is always known.
    replaced = (to_chemo & np.isin(kind, ("endocrine", "targeted"))) | (to_endocrine & (kind == "endocrine"))
    by_stop = seen[who, line] == SEEN_BY_STOP
    may_stay_open = (replaced | (following < 0)) & ~leaves & ~by_stop
    closed = ~open_ended & (~may_stay_open | chance(rng, 0.75, who.size))
    reason = np.zeros(who.size, dtype=np.int64)
    for ending, code in _MODE_REASON.items():
        reason = np.where(mode == ending, code, reason)
    reason = np.where(chance(rng, 0.72, who.size) | by_stop, reason, NO_REASON)
    reason = np.where(leaves, np.where(kind == "chemo", COMPLETED, TOXICITY), reason)
    forgotten = ~open_ended & ~closed & (following >= 0) & chance(rng, 0.15, who.size)
    book.add(
        who,
        drug,
        start,
        np.where(open_ended, times.last_activity[who] + 1, stop),
        close=np.where(closed, stop, -1),
        reason=np.where(closed, reason, NO_REASON),
        line=line + 1,
        intent=np.where(chance(rng, 0.8, who.size), PALLIATIVE, NO_INTENT),
        open_record=np.where(open_ended, 1, np.where(forgotten, 2, 0)),
        # No holds and no hoards where a drug has to be seen to go on, or to have ended, on the day.
        steady=(times.extra[who, line] >= 0)
        | (mode == Mode.SWITCH)
        | (times.open_ended[who, line] & (mode == Mode.PROGRESSED)),
    )


def _early_courses(rng: np.random.Generator, book: _Book, times: Timelines, traits: Traits) -> None:
    """Neoadjuvant and adjuvant chemotherapy, trastuzumab and endocrine therapy."""
    who = np.flatnonzero(traits.chemo_start >= 0)
    begin = traits.chemo_start[who]
    intent = np.where(traits.neoadjuvant[who], NEOADJUVANT, ADJUVANT)
    for name in ("epirubicin", "cyclophosphamide"):
        book.add(who, CODE[name], begin, begin + 70, intent=intent)
    book.add(who, traits.chemo_taxane[who], begin + 84, begin + 84 + 78, intent=intent)
    her2 = who[traits.trastuzumab[who]]
    begin = traits.chemo_start[her2] + 84
    book.add(her2, CODE["trastuzumab"], begin, begin + 365, intent=ADJUVANT)
    who = np.flatnonzero(traits.endocrine_start >= 0)
    last = times.last_activity[who]
    goes_on = traits.endocrine_stop[who] > last
    close = np.where(goes_on, -1, traits.endocrine_stop[who])
    reason = np.where(traits.endocrine_stop[who] - traits.endocrine_start[who] > 1600, COMPLETED, NO_REASON)
    book.add(
        who,
        traits.endocrine[who],
        traits.endocrine_start[who],
        np.where(goes_on, last + 1, traits.endocrine_stop[who]),
        close=close,
        reason=np.where(goes_on, NO_REASON, reason),
        intent=np.where(chance(rng, 0.85, who.size), ADJUVANT, NO_INTENT),
        open_record=np.where(goes_on, 1, 0),
    )


def _background(
    rng: np.random.Generator, book: _Book, stories: Stories, times: Timelines, traits: Traits
) -> None:
    """Ovarian suppression, bone agents and supportive drugs: no rule of the lines looks at them."""
    n = stories.size
    treated = stories.lines > 0
    last = times.last_activity
    luminal = ~np.isin(traits.profile, (1, 2))
    who = np.flatnonzero(treated & traits.premenopausal & luminal & chance(rng, 0.9, n))
    gnrh = np.where(chance(rng, 0.6, who.size), CODE["goserelin"], CODE["leuprorelin"])
    begin = times.start[who, 0] - between(rng, 0, 7, who.size)
    book.add(who, gnrh, begin, np.minimum(begin + 900, last[who] + 1), intent=NO_INTENT)
    who = np.flatnonzero(treated & traits.sites[:, 0] & chance(rng, 0.7, n))
    bone = np.where(chance(rng, 0.6, who.size), CODE["denosumab"], CODE["zoledronic acid"])
    begin = times.start[who, 0] + between(rng, 5, 60, who.size)
    book.add(who, bone, begin, np.minimum(begin + 730, last[who] + 1))
    for line in range(MOST_LINES):
        regimen = stories.regimen[:, line]
        chemo = (regimen >= 0) & palette.HAS_CHEMO[regimen]
        for name, share in (("ondansetron", 0.4), ("filgrastim", 0.12)):
            who = np.flatnonzero(chemo & chance(rng, share, n))
            begin = times.start[who, line]
            book.add(who, CODE[name], begin, np.minimum(begin + 40, last[who] + 1))
