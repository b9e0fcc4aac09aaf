"""Assessments: scans every 8 to 12 weeks with jitter, progression at a scan, and the notes that follow it."""

from typing import Final

import numpy as np

from pipelines.synthetic import palette
from pipelines.synthetic.draws import Bools, Ints, between, chance, ragged, spread
from pipelines.synthetic.stories import Stories
from pipelines.synthetic.strata import Mode
from pipelines.synthetic.timelines import Timelines

SEEN_BY_SCAN, SEEN_BY_CLINICIAN, SEEN_BY_STOP = range(3)
RESPONSES: Final = ("", "CR", "PR", "SD", "NON-CR/NON-PD", "PD", "NE")
EMPTY, CR, PR, SD, NON_CR_NON_PD, PD, NE = range(7)
_RESPONSE_SHARE: Final = 0.48
_PROGRESSES: Final = (Mode.NEXT, Mode.PROGRESSED)

Columns = dict[str, Ints]


def how_progression_is_seen(rng: np.random.Generator, stories: Stories, times: Timelines) -> Ints:
    """How each line's progression comes to light: a scan, the clinician's note alone, or the stop alone.

    The last needs a drug taken at home whose end is recorded; `stop` is then moved to the progression.
    Shape (n, MOST_LINES).
    """
    shape = stories.mode.shape
    lot = rng.random(shape)
    drugs = np.where(stories.regimen[..., None] >= 0, palette.REGIMEN_DRUGS[stories.regimen], -1)
    at_home = ((drugs >= 0) & palette.AT_HOME[drugs]).any(axis=2)
    can_stop = at_home & (times.extra < 0) & ~times.open_ended
    seen = np.where(lot < 0.06, SEEN_BY_CLINICIAN, SEEN_BY_SCAN)
    seen = np.where((lot > 0.97) & can_stop, SEEN_BY_STOP, seen)
    progresses = np.isin(stories.mode, _PROGRESSES)
    seen = np.where(progresses, seen, SEEN_BY_SCAN)
    times.stop[seen == SEEN_BY_STOP] = times.end[seen == SEEN_BY_STOP]
    return seen


def assessment_rows(
    rng: np.random.Generator, stories: Stories, times: Timelines, bone_only: Bools, seen: Ints
) -> Columns:
    """Assessments of all lines, unordered.

    Columns: patient, date, response, progression (-1 empty, 0, 1), assessor, method.
    """
    who, line = np.nonzero(stories.mode >= 0)
    start, end = times.start[who, line], times.end[who, line]
    progresses = np.isin(stories.mode[who, line], _PROGRESSES)
    interval = rng.integers(56, 85, who.size)
    length = end - start
    scans = np.where(progresses, np.maximum(1, np.rint(length / interval)), length // interval).astype(
        np.int64
    )
    row, place = ragged(scans)
    step = np.where(progresses[row], length[row] / np.maximum(scans[row], 1), interval[row])
    final = progresses[row] & (place == scans[row] - 1)
    date = (
        start[row]
        + np.rint(step * (place + 1)).astype(np.int64)
        + np.where(final, 0, between(rng, -5, 5, row.size))
    )
    response = _responses(rng, place, scans, row, final, bone_only[who][row])
    how = seen[who, line][row]
    by_stop = final & (how == SEEN_BY_STOP)
    missing = ~final & chance(rng, 0.05, row.size)
    kept = ~by_stop & ~missing & (date <= times.last_activity[who][row])
    by_note = final & (how == SEEN_BY_CLINICIAN)
    flagged = chance(rng, 0.3, row.size)
    columns = {
        "patient": who[row],
        "date": date,
        "response": np.where(by_note, EMPTY, response),
        "progression": np.where(by_note | (final & flagged), 1, np.where(response == EMPTY, 0, -1)),
        "assessor": np.where(by_note, 1, np.where(chance(rng, 0.05, row.size), -1, 0)),
        "method": np.where(by_note, 3, rng.choice(4, size=row.size, p=[0.7, 0.18, 0.12, 0.0])),
    }
    columns = {name: values[kept] for name, values in columns.items()}
    notes = _notes(rng, who, end, progresses & (seen[who, line] == SEEN_BY_SCAN), times)
    return {name: np.concatenate([columns[name], notes[name]]) for name in columns}


def _responses(
    rng: np.random.Generator, place: Ints, scans: Ints, row: Ints, final: Bools, bone_only: Bools
) -> Ints:
    """Stable disease, in some lines a response from the first or second scan on, PD at the end."""
    responder = (spread(rng, scans.size) < _RESPONSE_SHARE) & (scans >= 2)
    first = rng.integers(0, 2, scans.size)
    complete = responder & chance(rng, 0.08, scans.size)
    response = np.where(responder[row] & (place >= first[row]), PR, SD)
    response = np.where(complete[row] & (place >= first[row] + 2), CR, response)
    response = np.where((response == SD) & bone_only & chance(rng, 0.5, row.size), NON_CR_NON_PD, response)
    response = np.where((response == SD) & chance(rng, 0.04, row.size), EMPTY, response)
    response = np.where(chance(rng, 0.03, row.size), NE, response)
    return np.where(final, PD, response)


def _notes(rng: np.random.Generator, who: Ints, end: Ints, progresses: Bools, times: Timelines) -> Columns:
    """The clinician's note of a progression, up to 12 days after the scan.

    The same episode: endpoints.md, section 1.
    """
    chosen = progresses & chance(rng, 0.35, who.size)
    patient = who[chosen]
    date = end[chosen] + between(rng, 1, 12, patient.size)
    kept = date <= times.last_activity[patient]
    size = int(kept.sum())
    return {
        "patient": patient[kept],
        "date": date[kept],
        "response": np.where(chance(rng, 0.5, size), PD, EMPTY),
        "progression": np.ones(size, dtype=np.int64),
        "assessor": np.ones(size, dtype=np.int64),
        "method": np.full(size, 3),
    }
