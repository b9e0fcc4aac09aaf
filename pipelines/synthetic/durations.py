"""How long each line lasts, calibrated to the source study (Palumbo 2024).

A line's time X is that from its clock's start to its end, whether that is an event or not. Where a share q
of the lines ends in an event, X is drawn from S(t)^(1/q): with censoring of a proportional hazard (Koziol
and Green 1976) the event is independent of X, and Kaplan-Meier over the patients finds the S that was
meant.
"""

from typing import Final

import numpy as np

from pipelines.synthetic import palette
from pipelines.synthetic.draws import Bools, Floats, Ints, between, spread, weibull
from pipelines.synthetic.stories import MOST_LINES, Stories
from pipelines.synthetic.strata import Mode

MONTH: Final = 30.4375
PFS1_MEDIAN: Final = 13.0 * MONTH
PFS2_MEDIAN: Final = {"endocrine": 10.0 * MONTH, "chemotherapy": 5.0 * MONTH, "other": 6.0 * MONTH}
_PFS1_SHAPE: Final = 1.15
_PFS2_SHAPE: Final = 1.2
_PFS1_LONGEST: Final = 1700
_PFS2_LONGEST: Final = 950
# Below 1 a group's ranks move up (longer PFS1), above 1 down: chemotherapy was chosen after the shorter PFS1.
_PFS1_TILT: Final = {"endocrine": 0.70, "chemotherapy": 1.40, "other": 1.0, "": 1.0}
# Median and longest days of the other lines, by context.
_OTHER_LINES: Final = {
    "before_index": (300, 900),
    "index": (396, 1500),
    "endocrine": (304, 900),
    "chemotherapy": (152, 900),
    "other": (180, 900),
    "switch": (240, 800),
    "first": (380, 1700),
    "later": (125, 400),
    "triple negative": (150, 800),
    "her2 first": (480, 1600),
    "her2 later": (230, 800),
}
_EVENTS: Final = (Mode.NEXT, Mode.PROGRESSED, Mode.DEATH)
# Shortest days by mode: a progression is seen at a first scan of week 7 to 9, a switch must lie outside the
# regimen window.
_SHORTEST: Final = {
    Mode.NEXT: 49,
    Mode.PROGRESSED: 49,
    Mode.SWITCH: 75,
    Mode.STOPPED: 120,
    Mode.DEATH: 40,
    Mode.LOST: 30,
    Mode.ONGOING: 20,
}


def draw_durations(rng: np.random.Generator, stories: Stories) -> Ints:
    """Days of every line on its clock, shape (n, MOST_LINES); 0 where no line is."""
    days = _other_lines(rng, stories)
    _pfs1(rng, stories, days)
    for strategy in ("endocrine", "chemotherapy"):
        _pfs2(rng, stories, days, strategy)
    for mode, shortest in _SHORTEST.items():
        short = (stories.mode == mode) & (days < shortest)
        days[short] = between(rng, shortest, shortest + 13, int(short.sum()))
    return days


def _other_lines(rng: np.random.Generator, stories: Stories) -> Ints:
    days = np.zeros((stories.size, MOST_LINES), dtype=np.int64)
    for context, (median, longest) in _OTHER_LINES.items():
        chosen = stories.context == palette.CONTEXT_CODE[context]
        times = weibull(spread(rng, int(chosen.sum())), median, 1.2)
        days[chosen] = np.minimum(times, longest).astype(np.int64)
    return days


def _pfs1(rng: np.random.Generator, stories: Stories, days: Ints) -> None:
    """Times of the index lines of the study's index population, pooled over its strata."""
    who = np.flatnonzero(stories.in_index_population)
    if not who.size:
        return
    line = stories.index_line[who]
    share = float(np.isin(stories.mode[who, line], _EVENTS).mean())
    ranks = _spread_within(rng, stories.stratum[who])
    for strategy, tilt in _PFS1_TILT.items():
        tilted = stories.has(strategy=strategy)[who]
        ranks[tilted] **= tilt
    days[who, line] = _by_rank(ranks, PFS1_MEDIAN, _PFS1_SHAPE, share, _PFS1_LONGEST)


def _pfs2(rng: np.random.Generator, stories: Stories, days: Ints, strategy: str) -> None:
    """Times of the next lines of one strategy among those compared."""
    who = np.flatnonzero(stories.has(removed_at="", strategy=strategy))
    if not who.size:
        return
    line = stories.next_line[who]
    mode = stories.mode[who, line]
    events: Bools = np.isin(mode, _EVENTS)
    ranks = _spread_within(rng, events.astype(np.int64))
    days[who, line] = _by_rank(ranks, PFS2_MEDIAN[strategy], _PFS2_SHAPE, float(events.mean()), _PFS2_LONGEST)


def _spread_within(rng: np.random.Generator, group: Ints) -> Floats:
    """Evenly spaced ranks (0 to 1) in random order within each group: none is lucky as a whole."""
    ranks = np.empty(group.size)
    for code in np.unique(group):
        members = group == code
        ranks[members] = spread(rng, int(members.sum()))
    return ranks


def _by_rank(ranks: Floats, median: float, shape: float, event_share: float, longest: int) -> Ints:
    """Evenly spaced quantiles of S(t)^(1/q), handed out in the order of the ranks."""
    place = np.empty(ranks.size, dtype=np.int64)
    place[np.argsort(ranks, kind="stable")] = np.arange(ranks.size)
    observed_median = median * event_share ** (1.0 / shape)
    times = weibull((place + 0.5) / ranks.size, observed_median, shape)
    return np.minimum(np.rint(times), longest).astype(np.int64)
