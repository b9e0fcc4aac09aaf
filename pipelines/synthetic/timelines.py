"""The dates of each story: when its lines begin and end, when she was last seen, when it all was."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from pipelines.synthetic import palette
from pipelines.synthetic.draws import Bools, Ints, allot, between, chance
from pipelines.synthetic.palette import CODE, day
from pipelines.synthetic.stories import MOST_LINES, Stories
from pipelines.synthetic.strata import Mode

DATA_CUT: Final = day("2025-09-30")
_FIRST_DAY: Final = day("2008-01-01")
_FIRST_ADVANCED_DAY: Final = day("2012-01-01")
_NEVER: Final = -1

# How palbociclib begins beside its partner: share, first and last day after the line's start
# (therapy-lines.md, rules 1, 3, 4).
_LATE_STARTS: Final = ((0.60, 0, 0), (0.20, 1, 10), (0.10, 11, 25), (0.08, 32, 85), (0.02, 95, 150))
_MOST_DAYS_FROM_INDEX: Final = 3050


@dataclass(frozen=True)
class Timelines:
    """Dates as days from 1970-01-01. Arrays of shape (n, MOST_LINES) where a line is meant, else (n,).

    `anchor` is the advanced date, or the diagnosis date of early disease; `clock` the start of the clock
    of a line's days (palbociclib in the index line); `end` what ended it; `stop` the last treatment day
    recorded, `end + 1` or later where treatment was never stopped. `extra` is a drug that joins late
    (substitution or maintenance, see `Change`). -1 is "none".
    """

    anchor: Ints
    start: Ints
    clock: Ints
    end: Ints
    stop: Ints
    open_ended: Bools
    extra: Ints
    extra_start: Ints
    cut_drug: Ints
    last_activity: Ints
    last_contact: Ints
    death: Ints


@dataclass(frozen=True)
class _Change:
    """A drug that joins a line without ending it; `cut` is the drug that leaves, -2 for all chemotherapy."""

    drug: Ints
    start: Ints
    cut: Ints


CUT_CHEMO: Final = -2


def set_dates(rng: np.random.Generator, stories: Stories, days: Ints) -> Timelines:
    """Place the stories in time.

    `days` are the lines' durations on their clocks (durations.py); shape (n, MOST_LINES).
    """
    start, clock, end = _lay_lines(rng, stories, days)
    stop, open_ended = _stops(rng, stories, start, end)
    change = _changes(rng, stories, start, clock, end)
    last, death, near_cut = _ends(rng, stories, end)
    final = np.maximum(last, death)
    floor = _earliest_anchor(stories, start, change)
    anchor = _anchors(rng, final, floor, near_cut)
    shift = anchor[:, None]
    contact = np.minimum(
        last + anchor + np.where(chance(rng, 0.3, last.size), between(rng, 1, 30, last.size), 0), DATA_CUT
    )
    return Timelines(
        anchor=anchor,
        start=start + shift,
        clock=clock + shift,
        end=end + shift,
        stop=stop + shift,
        open_ended=open_ended,
        extra=change.drug,
        extra_start=change.start + shift,
        cut_drug=change.cut,
        last_activity=last + anchor,
        last_contact=np.where(death >= 0, last + anchor, contact),
        death=np.where(death >= 0, death + anchor, _NEVER),
    )


def _lay_lines(rng: np.random.Generator, stories: Stories, days: Ints) -> tuple[Ints, Ints, Ints]:
    """Start, clock start and end of every line, in days from the advanced date."""
    n = stories.size
    start = np.zeros((n, MOST_LINES), dtype=np.int64)
    clock, end = start.copy(), start.copy()
    days = _fit_to_the_drug_s_age(stories, days)
    following = between(rng, 8, 45, n)
    late = _palbociclib_delay(rng, n)
    for line in range(MOST_LINES):
        mode = stories.mode[:, line]
        start[:, line] = following
        clock[:, line] = following + np.where(stories.index_line == line, late, 0)
        end[:, line] = clock[:, line] + days[:, line]
        gap = np.clip(21.0 * np.exp(0.6 * rng.standard_normal(n)), 6, 75).astype(np.int64)
        following = end[:, line] + np.where(mode == Mode.NEXT, gap, 0)
    return start, clock, end


def _fit_to_the_drug_s_age(stories: Stories, days: Ints) -> Ints:
    """Shorten the longest index lines so that all fits between the drug's arrival and the data cut."""
    places = np.arange(MOST_LINES)
    from_index = (places >= stories.index_line[:, None]) & (stories.index_line[:, None] >= 0)
    total = np.where(from_index & (stories.mode >= 0), days + 90, 0).sum(axis=1)
    excess = np.maximum(total - _MOST_DAYS_FROM_INDEX, 0)
    fitted = days.copy()
    who = np.flatnonzero(excess)
    fitted[who, stories.index_line[who]] -= excess[who]
    return fitted


def _palbociclib_delay(rng: np.random.Generator, n: int) -> Ints:
    kinds = allot(rng, [share for share, _, _ in _LATE_STARTS], n)
    low = np.array([first for _, first, _ in _LATE_STARTS])[kinds]
    high = np.array([last for _, _, last in _LATE_STARTS])[kinds]
    return between(rng, low, high, n)


def _stops(rng: np.random.Generator, stories: Stories, start: Ints, end: Ints) -> tuple[Ints, Bools]:
    """When treatment stopped, and whether it never did.

    A stop after progression comes before the next line's start.
    """
    shape = end.shape
    size = end.size
    following = np.roll(start, -1, axis=1)
    progressed = np.isin(stories.mode, (Mode.NEXT, Mode.PROGRESSED))
    late = end + between(rng, 0, 10, size).reshape(shape)
    stop = np.where(stories.mode == Mode.NEXT, np.minimum(late, following - 1), late)
    before_switch = end - between(rng, 3, 25, size).reshape(shape)
    stop = np.where(stories.mode == Mode.SWITCH, before_switch, stop)
    part = (end - start) * (0.4 + 0.4 * rng.random(shape))
    stop = np.where(stories.mode == Mode.STOPPED, start + part.astype(np.int64), stop)
    beyond = (stories.mode == Mode.PROGRESSED) & chance(rng, 0.25, size).reshape(shape)
    open_ended = (stories.mode >= 0) & (
        beyond | ~(progressed | np.isin(stories.mode, (Mode.SWITCH, Mode.STOPPED)))
    )
    return stop, open_ended


def _changes(rng: np.random.Generator, stories: Stories, start: Ints, clock: Ints, end: Ints) -> _Change:
    """Substitutions in index lines and maintenance after taxanes, far from any progression.

    Therapy-lines.md, rules 5 and 6.
    """
    shape = stories.mode.shape
    change = _Change(np.full(shape, _NEVER), np.zeros(shape, dtype=np.int64), np.full(shape, _NEVER))
    used = _drugs_used(stories)
    who = np.flatnonzero(stories.index_line >= 0)
    line = stories.index_line[who]
    steady = np.isin(stories.mode[who, line], (Mode.NEXT, Mode.PROGRESSED, Mode.ONGOING))
    long_enough = steady & ((end - clock)[who, line] >= 230)
    # A patient whose palbociclib goes on beyond progression keeps it; she is no candidate.
    following = np.where(stories.next_line[who] >= 0, stories.regimen[who, stories.next_line[who]], -1)
    free = long_enough & (following != palette.REGIMEN_CODE[palette.BEYOND])
    partner = palette.REGIMEN_DRUGS[stories.regimen[who, line], 0]
    days = ((end - clock)[who, line] * (0.35 + 0.25 * rng.random(who.size))).astype(np.int64)
    lot = rng.random(who.size)
    for drug, low, high in (
        ("ribociclib", 0.0, 0.04),
        ("abemaciclib", 0.04, 0.08),
        ("fulvestrant", 0.08, 0.11),
        ("exemestane", 0.11, 0.14),
    ):
        new = CODE[drug]
        chosen = free & (lot >= low) & (lot < high) & (used[who] >> new & 1 == 0)
        rows, places = who[chosen], line[chosen]
        change.drug[rows, places] = new
        change.start[rows, places] = clock[rows, places] + days[chosen]
        targeted = drug in ("ribociclib", "abemaciclib")
        change.cut[rows, places] = CODE["palbociclib"] if targeted else partner[chosen]
    _maintenance(rng, stories, start, end, used, change)
    return change


def _maintenance(
    rng: np.random.Generator, stories: Stories, start: Ints, end: Ints, used: Ints, change: _Change
) -> None:
    contexts = [palette.CONTEXT_CODE["first"], palette.CONTEXT_CODE["before_index"]]
    taxanes = [palette.REGIMEN_CODE["paclitaxel"], palette.REGIMEN_CODE["docetaxel"]]
    fits = np.isin(stories.context, contexts) & np.isin(stories.regimen, taxanes) & (end - start >= 230)
    fits &= np.isin(stories.mode, (Mode.NEXT, Mode.PROGRESSED, Mode.ONGOING))
    new = CODE["letrozole"]
    fits &= ((used >> new & 1) == 0)[:, None] & chance(rng, 0.6, fits.size).reshape(fits.shape)
    change.drug[fits] = new
    change.start[fits] = start[fits] + between(rng, 110, 155, int(fits.sum()))
    change.cut[fits] = CUT_CHEMO


def _drugs_used(stories: Stories) -> Ints:
    """Every drug of her lines as bits, shape (n,)."""
    bits = np.where(stories.regimen >= 0, palette.REGIMEN_BITS[stories.regimen], 0)
    return np.bitwise_or.reduce(bits, axis=1)


def _ends(rng: np.random.Generator, stories: Stories, end: Ints) -> tuple[Ints, Ints, Bools]:
    """Last activity and death in days from the anchor, and who is seen up to the data cut."""
    n = stories.size
    lines = stories.lines
    last_line = np.maximum(lines - 1, 0)
    final_mode = np.where(lines > 0, stories.mode[np.arange(n), last_line], int(Mode.NONE))
    final = end[np.arange(n), last_line]
    last, death = final.copy(), np.full(n, _NEVER)
    near_cut = final_mode == Mode.ONGOING
    dies = final_mode == Mode.DEATH
    death[dies] = final[dies]
    last[dies] -= between(rng, 1, 25, int(dies.sum()))
    stopped = np.flatnonzero(final_mode == Mode.STOPPED)
    near_cut[stopped] = chance(rng, 0.7, stopped.size)
    # After a last progression: dead, lost, or waiting for the next line at the data cut.
    progressed = np.flatnonzero(final_mode == Mode.PROGRESSED)
    fate = allot(rng, (11, 3, 6), progressed.size)
    died = progressed[fate == 0]
    death[died] = final[died] + between(rng, 42, 200, died.size)
    last[died] = np.maximum(final[died] + 15, death[died] - between(rng, 2, 25, died.size))
    alive = progressed[fate > 0]
    last[alive] = final[alive] + between(rng, 15, 70, alive.size)
    near_cut[progressed[fate == 2]] = True
    _ends_without_lines(rng, stories, last, death, near_cut)
    return last, death, near_cut


def _ends_without_lines(
    rng: np.random.Generator, stories: Stories, last: Ints, death: Ints, near_cut: Bools
) -> None:
    untreated = np.flatnonzero(stories.has(course="untreated"))
    last[untreated] = between(rng, 5, 40, untreated.size)
    near_cut[untreated] = True
    early = np.flatnonzero(stories.has(course="early"))
    fate = allot(rng, (80, 10, 10), early.size)
    last[early] = between(rng, 120, DATA_CUT - _FIRST_DAY - 60, early.size)
    near_cut[early[fate == 0]] = True
    dead = early[fate == 1]
    death[dead] = last[dead] + between(rng, 1, 25, dead.size)


def _earliest_anchor(stories: Stories, start: Ints, change: _Change) -> Ints:
    """The first day on which her lines could have begun, given when their drugs arrived."""
    since = np.where(stories.regimen >= 0, palette.REGIMEN_SINCE[stories.regimen] - start, 0)
    joined = np.where(change.drug >= 0, palette.SINCE[change.drug] - change.start, 0)
    first = np.where(stories.has(course="early"), _FIRST_DAY, _FIRST_ADVANCED_DAY)
    return np.maximum(first, np.maximum(since.max(axis=1), joined.max(axis=1)))


def _anchors(rng: np.random.Generator, final: Ints, floor: Ints, near_cut: Bools) -> Ints:
    """The anchor day of every patient: last seen shortly before the cut, or anywhere it fits."""
    latest = DATA_CUT - final
    offset = (45 * rng.random(final.size) ** 2).astype(np.int64)
    # Somebody is seen on the day of the cut: it is the latest date of the extracts (extracts.md).
    offset[np.flatnonzero(near_cut)[:1]] = 0
    anywhere = floor + (rng.random(final.size) * np.maximum(latest - floor - 60, 0)).astype(np.int64)
    return np.where(near_cut, latest - offset, np.minimum(anywhere, latest))
