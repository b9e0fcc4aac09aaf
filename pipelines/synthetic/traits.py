"""What each patient brings with her: age, receptors, early disease, and where the disease is."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from pipelines.synthetic import palette
from pipelines.synthetic.draws import Bools, Floats, Ints, allot, between, chance, race
from pipelines.synthetic.palette import CODE
from pipelines.synthetic.stories import Stories
from pipelines.synthetic.timelines import Timelines

YEAR: Final = 365.25
# How the advanced disease relates to adjuvant endocrine therapy (ESO-ESMO ABC): share of hormone-receptor
# positive patients.
DE_NOVO, PRIMARY, SECONDARY_ON, SECONDARY_AFTER, SENSITIVE, NO_ENDOCRINE = range(6)
_HISTORIES: Final = (30, 12, 26, 8, 18, 6)
_HISTORIES_WITHOUT_RECEPTORS: Final = (35, 0, 0, 0, 0, 65)
_ENDOCRINE_OF_EARLY: Final = ("letrozole", "anastrozole", "exemestane", "tamoxifen")
# Share with visceral disease: more where chemotherapy was chosen.
_VISCERAL: Final = {"chemotherapy": 0.76, "endocrine": 0.42, "other": 0.5, "": 0.5}
SITES: Final = (
    "bone",
    "liver",
    "lung",
    "pleura",
    "peritoneum",
    "cns",
    "lymph_node",
    "skin",
    "breast",
    "other",
)
VISCERAL_SITES: Final = (1, 2, 3, 4, 5)
_NOT_VISCERAL: Final = (0, 6, 7, 8)


@dataclass(frozen=True)
class Traits:
    """Traits of the n patients of a chunk. Dates are days from 1970-01-01; -1 is "none".

    `history` is one of the codes above for advanced disease, -1 for early disease. `sites` has shape (n,
    len(SITES)): present at the advanced date. Endocrine therapy of early disease runs from
    `endocrine_start` to `endocrine_stop`.
    """

    male: Bools
    advanced: Bools
    birth: Ints
    premenopausal: Bools
    receptors: tuple[str, ...]
    profile: Ints
    history: Ints
    diagnosis: Ints
    surgery: Ints
    neoadjuvant: Bools
    chemo_start: Ints
    chemo_taxane: Ints
    trastuzumab: Bools
    radiotherapy: Ints
    endocrine: Ints
    endocrine_start: Ints
    endocrine_stop: Ints
    visceral: Bools
    sites: Bools


PROFILES: Final = (
    "luminal",
    "triple negative",
    "her2 enriched",
    "triple positive",
    "her2 unknown",
    "hr unknown",
)


def draw_traits(rng: np.random.Generator, stories: Stories, times: Timelines) -> Traits:
    """Draw the traits of one chunk, in accord with its stories and their dates."""
    n = stories.size
    advanced = ~stories.has(course="early")
    profile = np.zeros(n, dtype=np.int64)
    for code, name in enumerate(PROFILES):
        profile[stories.has(receptors=name)] = code
    luminal = ~np.isin(profile, (1, 2))
    her2 = np.isin(profile, (2, 3))
    history = np.full(n, -1)
    for shares, group in (
        (_HISTORIES, luminal & advanced),
        (_HISTORIES_WITHOUT_RECEPTORS, ~luminal & advanced),
    ):
        history[group] = allot(rng, shares, int(group.sum()))
    chemo = chance(rng, np.where(luminal & ~her2, 0.5, 0.92), n) & (history != DE_NOVO)
    offset = np.where(chemo, 212, 60) + between(rng, 0, 20, n)
    start, stop, diagnosis = _endocrine_course(rng, times, history, offset, her2, luminal)
    neoadjuvant = chemo & chance(rng, np.where(her2 | ~luminal, 0.5, 0.2), n)
    had_surgery = (history != DE_NOVO) & chance(rng, 0.97, n)
    surgery = np.where(had_surgery, diagnosis + np.where(neoadjuvant, 188, between(rng, 20, 42, n)), -1)
    radio = had_surgery & chance(rng, 0.65, n)
    visceral = _visceral(rng, stories)
    birth, premenopausal, male = _ages(rng, stories, times, diagnosis, luminal)
    return Traits(
        male=male,
        advanced=advanced,
        birth=birth,
        premenopausal=premenopausal,
        receptors=PROFILES,
        profile=profile,
        history=history,
        diagnosis=diagnosis,
        surgery=surgery,
        neoadjuvant=neoadjuvant,
        chemo_start=np.where(chemo, diagnosis + np.where(neoadjuvant, 20, 62), -1),
        chemo_taxane=np.where(chance(rng, 0.7, n), CODE["paclitaxel"], CODE["docetaxel"]),
        trastuzumab=her2 & chemo,
        radiotherapy=np.where(radio, diagnosis + np.where(chemo, 225, 75) + between(rng, 0, 25, n), -1),
        endocrine=_early_endocrine(rng, stories, premenopausal | male),
        endocrine_start=start,
        endocrine_stop=stop,
        visceral=visceral,
        sites=_sites(rng, visceral, advanced),
    )


def _endocrine_course(
    rng: np.random.Generator, times: Timelines, history: Ints, offset: Ints, her2: Bools, luminal: Bools
) -> tuple[Ints, Ints, Ints]:
    """Start and stop of early endocrine therapy and the first diagnosis.

    Therapy at relapse stops from 5 days before to 7 after the advanced date: it reaches the advanced
    setting, yet is never kept when line 1 opens (therapy-lines.md, section 5).
    """
    n = history.size
    shortest = np.where(her2, 560, 200)
    spans = {
        PRIMARY: (between(rng, -7, 5, n), between(rng, shortest, 690, n)),
        SECONDARY_ON: (between(rng, -7, 5, n), between(rng, 760, 1790, n)),
        SECONDARY_AFTER: (between(rng, 40, 350, n), between(rng, 1500, 1825, n)),
        SENSITIVE: (between(rng, 380, 2500, n), between(rng, 1700, 1826, n)),
    }
    start, stop = np.full(n, -1), np.full(n, -1)
    diagnosis = times.anchor - np.where(history == DE_NOVO, between(rng, 0, 9, n), 0)
    diagnosis = np.where(
        history == NO_ENDOCRINE, times.anchor - between(rng, np.where(her2, 760, 430), 2500, n), diagnosis
    )
    for code, (before, duration) in spans.items():
        group = history == code
        stop = np.where(group, times.anchor - before, stop)
        start = np.where(group, stop - duration, start)
        diagnosis = np.where(group, start - offset, diagnosis)
    early = (history < 0) & luminal & chance(rng, 0.93, n)
    start = np.where(early, times.anchor + offset, start)
    stop = np.where(early, start + between(rng, 1500, 1826, n), stop)
    return start, stop, diagnosis


def _early_endocrine(rng: np.random.Generator, stories: Stories, tamoxifen_first: Bools) -> Ints:
    """The drug of early endocrine therapy: none of line 1's, whose era it would swallow."""
    codes = np.array([CODE[name] for name in _ENDOCRINE_OF_EARLY])
    weights: Floats = np.where(tamoxifen_first[:, None], (1.0, 1.0, 1.0, 20.0), (4.0, 3.0, 2.0, 3.0))
    first = stories.regimen[:, 0]
    bits = np.where(first >= 0, palette.REGIMEN_BITS[first], 0)
    return codes[race(rng, weights * ((bits[:, None] >> codes & 1) == 0))]


def _ages(
    rng: np.random.Generator, stories: Stories, times: Timelines, diagnosis: Ints, luminal: Bools
) -> tuple[Ints, Bools, Bools]:
    n = stories.size
    male = stories.has(male=True)
    age = np.clip(np.where(luminal, 62.0, 55.0) + 12.0 * rng.standard_normal(n), 29.0, 91.0)
    known_for = (times.anchor - diagnosis) / YEAR
    age = np.maximum(age, 27.0 + known_for)
    birth = times.anchor - (age * YEAR).astype(np.int64)
    return birth, ~male & (age < 50.0), male


def _visceral(rng: np.random.Generator, stories: Stories) -> Bools:
    visceral = np.zeros(stories.size, dtype=np.bool_)
    for strategy, share in _VISCERAL.items():
        group = stories.has(strategy=strategy)
        visceral[group] = allot(rng, (1 - share, share), int(group.sum())) == 1
    return visceral


def _sites(rng: np.random.Generator, visceral: Bools, advanced: Bools) -> Bools:
    """Sites at the advanced date; at least one, and none of the viscera where the disease is not visceral."""
    n = visceral.size
    sites = np.zeros((n, len(SITES)), dtype=np.bool_)
    for site, share in zip(_NOT_VISCERAL, (0.62, 0.4, 0.08, 0.06), strict=True):
        sites[:, site] = chance(rng, share, n)
    for site, share in zip(VISCERAL_SITES, (0.5, 0.45, 0.2, 0.06, 0.05), strict=True):
        sites[:, site] = visceral & chance(rng, share, n)
    lacking = visceral & ~sites[:, VISCERAL_SITES].any(axis=1)
    sites[lacking, 1] = True
    sites[~sites.any(axis=1), 0] = True
    # A first site outside lymph node, skin and breast, so that the advanced date rests on a metastasis, too.
    sites[~(sites[:, 0] | visceral), 0] = True
    sites &= advanced[:, None]
    return sites
