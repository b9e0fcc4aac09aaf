"""What was meant, and what the warehouse has to find in the synthetic site.

`truth.csv` has four kinds of rows. `patient`: stratum and the attrition step at which she leaves the
study. `line`: an advanced line with its start, regimen, progression and PFS under profile `primary`.
`index` and `next`: the index line on the clock of palbociclib and the line after it, for the study's index
population and those with a progression and a next line.
"""

from typing import Final

import numpy as np

from pipelines.synthetic import palette
from pipelines.synthetic.draws import Bools, Ints
from pipelines.synthetic.scans import Columns
from pipelines.synthetic.stories import Stories
from pipelines.synthetic.strata import STRATA, Mode
from pipelines.synthetic.timelines import Timelines

KINDS: Final = ("patient", "line", "index", "next")
PATIENT, LINE, INDEX, NEXT = range(4)
STRATEGIES: Final = ("endocrine", "chemotherapy", "other")
_JOINED: Final = len(palette.NAMES) + 1


def _names() -> tuple[str, ...]:
    """The regimen of every planned regimen and drug that joined it late, none first.

    Named as therapy-lines.md, section 7, names it.
    """
    names = []
    for regimen in palette.REGIMENS:
        planned = {"fulvestrant", "palbociclib"} if regimen == palette.BEYOND else set(regimen.split(" + "))
        names += [
            " + ".join(sorted(planned | extra)) for extra in (set(), *({name} for name in palette.NAMES))
        ]
    return tuple(names)


REGIMEN_TEXTS: Final = _names()


def truth_rows(stories: Stories, times: Timelines) -> Columns:
    """The rows of `truth.csv` of one chunk; codes are places in the lists of this module and of strata.py."""
    n = stories.size
    everyone = np.arange(n)
    none = np.full(n, -1)
    patient = _rows(PATIENT, everyone, none, stories, {})
    who, line = np.nonzero(stories.mode >= 0)
    lines = _rows(LINE, who, line, stories, _results(stories, times, who, line, times.start))
    who = np.flatnonzero(stories.in_index_population)
    line = stories.index_line[who]
    index = _rows(INDEX, who, line, stories, _results(stories, times, who, line, times.clock))
    who = np.flatnonzero(
        stories.in_index_population & (stories.next_line >= 0) & (stories.has(index_mode=Mode.NEXT))
    )
    line = stories.next_line[who]
    following = _rows(NEXT, who, line, stories, _results(stories, times, who, line, times.start))
    parts = (patient, lines, index, following)
    return {name: np.concatenate([part[name] for part in parts]) for name in patient}


def _rows(kind: int, who: Ints, line: Ints, stories: Stories, results: Columns) -> Columns:
    empty = np.full(who.size, -1)
    strategy = np.array(
        [STRATEGIES.index(stratum.strategy) if stratum.strategy else -1 for stratum in STRATA]
    )
    return {
        "kind": np.full(who.size, kind),
        "patient": who,
        "stratum": stories.stratum[who].astype(np.int64) if kind == PATIENT else empty,
        "line_number": np.where(line >= 0, line + 1, -1),
        "strategy": strategy[stories.stratum[who]] if kind == NEXT else empty,
        **{
            name: results.get(name, empty)
            for name in ("start_date", "regimen", "progression_date", "days", "event")
        },
    }


def _results(stories: Stories, times: Timelines, who: Ints, line: Ints, clock: Ints) -> Columns:
    """Start, regimen, progression and PFS of the lines on the given clock (line start or palbociclib's)."""
    mode = stories.mode[who, line]
    progressed: Bools = np.isin(mode, (Mode.NEXT, Mode.PROGRESSED))
    start, end = clock[who, line], times.end[who, line]
    extra = times.extra[who, line]
    return {
        "start_date": start,
        "regimen": stories.regimen[who, line] * _JOINED + np.where(extra >= 0, extra + 1, 0),
        "progression_date": np.where(progressed, end, -1),
        "days": end - start,
        "event": (progressed | (mode == Mode.DEATH)).astype(np.int64),
    }
