"""What happens to each patient, before any date is drawn: her lines, and how each of them ends."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from pipelines.synthetic import palette
from pipelines.synthetic.draws import Bools, Ints, allot, race
from pipelines.synthetic.strata import STRATA, Mode, Stratum

MOST_LINES: Final = 7

# Shares of the ways a line may end, in the order of these modes. The 19 and 29 of the two strategies give
# whole patients.
_LAST_MODES: Final = (Mode.NEXT, Mode.PROGRESSED, Mode.DEATH, Mode.LOST, Mode.ONGOING)
_NEXT_LINE_ENDS: Final = {
    "endocrine": (9, 6, 1, 1, 2),
    "chemotherapy": (13, 10, 3, 1, 2),
    "other": (2, 2, 1, 0, 1),
}
_SWITCH_LINE_ENDS: Final = (0, 4, 1, 1, 4)
_LATER_LINE_ENDS: Final = (0, 11, 4, 2, 3)
_ADVANCED_LINE_ENDS: Final = (0, 37, 13, 10, 40)
_LINES_BEFORE_INDEX: Final = (0.60, 0.28, 0.12)
_LINES_AFTER_NEXT: Final = (0.0, 0.55, 0.30, 0.15)
_LINES_WITHOUT_INDEX: Final = (0.0, 0.45, 0.30, 0.15, 0.10)
_FIRST_CONTEXT: Final = {
    "triple negative": "triple negative",
    "her2 enriched": "her2 first",
    "triple positive": "her2 first",
}
_LATER_CONTEXT: Final = {
    "triple negative": "triple negative",
    "her2 enriched": "her2 later",
    "triple positive": "her2 later",
}


@dataclass(frozen=True)
class Stories:
    """The stories of one chunk of n patients.

    `mode`, `context` and `regimen` have shape (n, MOST_LINES), -1 where no line is.

    `index_line` and `next_line` are places in the line axis (from 0), -1 without one.
    """

    stratum: Ints
    mode: Ints
    context: Ints
    regimen: Ints
    index_line: Ints
    next_line: Ints

    @property
    def size(self) -> int:
        """Patients in the chunk."""
        return self.stratum.size

    @property
    def lines(self) -> Ints:
        """How many advanced lines each patient has."""
        return (self.mode >= 0).sum(axis=1)

    def has(self, **wanted: object) -> Bools:
        """The patients whose stratum has these attributes, e.g. `has(course="index")`."""
        fits = [all(getattr(stratum, key) == value for key, value in wanted.items()) for stratum in STRATA]
        return np.array(fits)[self.stratum]

    @property
    def in_index_population(self) -> Bools:
        """The patients who stay in the study to its step 6."""
        return np.array([stratum.in_index_population for stratum in STRATA])[self.stratum]


def tell_stories(rng: np.random.Generator, stratum: Ints) -> Stories:
    """Fix the stories of one chunk from the strata of its patients."""
    shape = (stratum.size, MOST_LINES)
    mode = np.full(shape, int(Mode.NONE))
    context = np.full(shape, -1)
    index_line = np.full(stratum.size, -1)
    next_line = np.full(stratum.size, -1)
    for code, kind in enumerate(STRATA):
        who = np.flatnonzero(stratum == code)
        if not who.size or kind.course in ("early", "untreated"):
            continue
        if kind.course == "index":
            index_line[who], next_line[who] = _index_course(rng, kind, who, mode, context)
        else:
            _advanced_course(rng, kind, who, mode, context)
    regimen = _choose_regimens(rng, context, mode)
    return Stories(stratum, mode, context, regimen, index_line, next_line)


def _ends(rng: np.random.Generator, weights: Sequence[float], size: int) -> Ints:
    return np.array(_LAST_MODES)[allot(rng, weights, size)]


def _index_course(
    rng: np.random.Generator, kind: Stratum, who: Ints, mode: Ints, context: Ints
) -> tuple[Ints, Ints]:
    """Lines before the index line, the index line, the next line and those after it.

    Returns the places of the index and the next line, -1 without one.
    """
    index = allot(rng, _LINES_BEFORE_INDEX, who.size)
    for place in range(len(_LINES_BEFORE_INDEX) - 1):
        earlier = who[index > place]
        mode[earlier, place] = Mode.NEXT
        context[earlier, place] = palette.CONTEXT_CODE["before_index"]
    mode[who, index] = kind.index_mode
    context[who, index] = palette.CONTEXT_CODE["index"]
    if kind.index_mode not in (Mode.NEXT, Mode.SWITCH):
        return index, np.full(who.size, -1)
    following = index + 1
    switched = kind.index_mode == Mode.SWITCH
    ends = _ends(rng, _SWITCH_LINE_ENDS if switched else _NEXT_LINE_ENDS[kind.strategy], who.size)
    mode[who, following] = ends
    context[who, following] = palette.CONTEXT_CODE["switch" if switched else kind.strategy]
    goes_on = ends == Mode.NEXT
    more = allot(rng, _LINES_AFTER_NEXT, int(goes_on.sum()))
    _append_lines(rng, who[goes_on], following[goes_on] + 1, more, (_LATER_LINE_ENDS, "later"), mode, context)
    return index, following


def _advanced_course(rng: np.random.Generator, kind: Stratum, who: Ints, mode: Ints, context: Ints) -> None:
    """Lines of a patient whose story holds no palbociclib."""
    lines = allot(rng, _LINES_WITHOUT_INDEX, who.size)
    later = _LATER_CONTEXT.get(kind.receptors, "later")
    _append_lines(rng, who, np.zeros_like(who), lines, (_ADVANCED_LINE_ENDS, later), mode, context)
    context[who, 0] = palette.CONTEXT_CODE[_FIRST_CONTEXT.get(kind.receptors, "first")]


def _append_lines(
    rng: np.random.Generator,
    who: Ints,
    start: Ints,
    lines: Ints,
    kind: tuple[Sequence[float], str],
    mode: Ints,
    context: Ints,
) -> None:
    """Write `lines` lines from place `start` on.

    Each ends in the next, the last in one of the weighted modes of `kind`.
    """
    last = _ends(rng, kind[0], who.size)
    for place in range(MOST_LINES):
        within = (place >= start) & (place < start + lines)
        mode[who[within], place] = np.where(
            place == (start + lines - 1)[within], last[within], int(Mode.NEXT)
        )
        context[who[within], place] = palette.CONTEXT_CODE[kind[1]]


def _choose_regimens(rng: np.random.Generator, context: Ints, mode: Ints) -> Ints:
    """A regimen for every line, by its context's weights.

    No drug comes back in a later line of the same patient: eras of one drug at most `era_gap_days` apart
    would merge (therapy-lines.md, section 3) and the intended start would be none.
    """
    regimen = np.full(context.shape, -1)
    used = np.zeros(context.shape[0], dtype=np.int64)
    for place in range(context.shape[1]):
        who = np.flatnonzero(mode[:, place] >= 0)
        weights = palette.WEIGHTS[context[who, place]]
        free = (used[who, None] & palette.REGIMEN_BITS[None, :]) == 0
        regimen[who, place] = race(rng, weights * free)
        used[who] |= palette.REGIMEN_BITS[regimen[who, place]]
    return regimen
