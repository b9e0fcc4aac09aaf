"""Receptors and genes: what was found in the primary, a metastasis, plasma and the germline."""

from typing import Final

import numpy as np
import numpy.typing as npt

from pipelines.synthetic.clinic import seen_alive, takes
from pipelines.synthetic.draws import Bools, Ints, between, chance
from pipelines.synthetic.medications import DAY, MONTH
from pipelines.synthetic.scans import Columns
from pipelines.synthetic.stories import Stories
from pipelines.synthetic.timelines import Timelines
from pipelines.synthetic.traits import DE_NOVO, Traits

MARKERS: Final = ("ER", "PR", "HER2_IHC", "HER2_ISH", "KI67", "ESR1", "PIK3CA", "BRCA1", "BRCA2")
ER, PR, IHC, ISH, KI67, ESR1, PIK3CA, BRCA1, BRCA2 = range(9)
SPECIMENS: Final = ("primary", "metastasis", "plasma", "germline")
PRIMARY, METASTASIS, PLASMA, GERMLINE = range(4)
# Values from 0 to 100 are percentages; the others are places in this list, counted from WORDS_FROM.
WORDS: Final = ("positive", "negative", "0", "1+", "2+", "3+")
WORDS_FROM: Final = 1000
POSITIVE, NEGATIVE, ZERO, ONE, TWO, THREE = range(WORDS_FROM, WORDS_FROM + len(WORDS))


def biomarker_rows(rng: np.random.Generator, stories: Stories, times: Timelines, traits: Traits) -> Columns:
    """All biomarker rows of a chunk, unordered."""
    n = stories.size
    de_novo = traits.history == DE_NOVO
    sampled = traits.diagnosis + between(rng, 0, 7, n)
    rough = ~de_novo & (times.anchor - traits.diagnosis > 400) & chance(rng, 0.08, n)
    primary = _specimen(rng, np.arange(n), traits, sampled, PRIMARY, np.where(rough, MONTH, DAY))
    biopsied = np.flatnonzero(traits.advanced & ~de_novo & chance(rng, 0.55, n))
    biopsy = times.anchor[biopsied] - between(rng, 0, 10, biopsied.size)
    metastasis = _specimen(rng, biopsied, traits, biopsy, METASTASIS, np.full(biopsied.size, DAY))
    parts = [*primary, *metastasis, *_genes(rng, stories, times, traits)]
    rows = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    with_ids = chance(rng, 0.7, n)[rows["patient"]] & np.isin(rows["specimen"], (PRIMARY, METASTASIS))
    rows["specimen_number"] = np.where(with_ids, rows["specimen"] + 1, -1)
    return seen_alive(rows, "sample_date", times)


def _row(patient: Ints, marker: int, value: Ints, date: Ints, specimen: int, precision: Ints) -> Columns:
    return {
        "patient": patient,
        "marker": np.full(patient.size, marker),
        "value": value,
        "sample_date": date,
        "sample_precision": precision,
        "specimen": np.full(patient.size, specimen),
    }


def _specimen(
    rng: np.random.Generator, who: Ints, traits: Traits, date: Ints, specimen: int, precision: Ints
) -> list[Columns]:
    """ER, PR, HER2 and Ki-67 of one specimen of each of these patients, as her receptor profile says."""
    profile = np.array(traits.receptors)[traits.profile[who]]
    reported = [*_hormone_receptors(rng, profile), *_her2(rng, profile)]
    ki67 = np.clip(np.exp(rng.normal(3.1, 0.6, who.size)), 1, 95).astype(np.int64)
    reported.append((KI67, chance(rng, 0.85, who.size), ki67))
    return [
        _row(who[chosen], marker, value[chosen], date[chosen], specimen, precision[chosen])
        for marker, chosen, value in reported
    ]


_Reported = tuple[int, Bools, Ints]


def _hormone_receptors(rng: np.random.Generator, profile: npt.NDArray[np.str_]) -> list[_Reported]:
    """ER in percent, some low positive, some in words; PR may be 0 where ER is positive."""
    lot = rng.random(profile.size)
    positive = np.isin(profile, ("luminal", "triple positive", "her2 unknown"))
    strong = np.rint(20 * rng.beta(5, 0.8, profile.size)).astype(np.int64) * 5
    strong = np.where(lot < 0.04, between(rng, 1, 9, profile.size), np.maximum(strong, 10))
    er = np.where(positive, np.where(lot > 0.95, POSITIVE, strong), np.where(lot > 0.9, NEGATIVE, 0))
    pr = np.rint(20 * rng.beta(0.7, 1.0, profile.size)).astype(np.int64) * 5
    pr = np.where(positive, pr, 0)
    known = profile != "hr unknown"
    return [(ER, known, er), (PR, known & chance(rng, 0.97, profile.size), pr)]


def _her2(rng: np.random.Generator, profile: npt.NDArray[np.str_]) -> list[_Reported]:
    """IHC, and ISH where IHC is 2+. Unknown means no result at all, or 2+ that nobody followed up."""
    lot = rng.random(profile.size)
    positive = np.isin(profile, ("her2 enriched", "triple positive"))
    unknown = profile == "her2 unknown"
    negative_ihc = np.where(lot < 0.40, ZERO, np.where(lot < 0.78, ONE, TWO))
    ihc = np.where(positive, np.where(lot < 0.75, THREE, TWO), np.where(unknown, TWO, negative_ihc))
    ish = np.where(positive, POSITIVE, NEGATIVE)
    return [(IHC, ~(unknown & (lot < 0.5)), ihc), (ISH, (ihc == TWO) & ~unknown, ish)]


def _genes(rng: np.random.Generator, stories: Stories, times: Timelines, traits: Traits) -> list[Columns]:
    """ESR1 and PIK3CA in plasma at the index line's end, BRCA in the germline.

    PIK3CA is mutated where alpelisib is given, BRCA2 where a PARP inhibitor is.
    """
    n = stories.size
    place = np.arange(n)
    line = np.maximum(stories.index_line, 0)
    alpelisib, parp = takes(stories, "alpelisib"), takes(stories, "olaparib", "talazoparib")
    found = np.where(alpelisib & (stories.index_line < 0), times.anchor, times.end[place, line])
    treated = stories.lines > 0
    day = np.full(n, DAY)
    parts = []
    for marker, share, mutated in ((ESR1, 0.5, 0.32), (PIK3CA, 0.5, 0.36)):
        forced = alpelisib & (marker == PIK3CA)
        tested = (stories.index_line >= 0) & chance(rng, share, n) | forced
        value = np.where(forced | chance(rng, mutated, n), POSITIVE, NEGATIVE)
        parts.append(_row(place[tested], marker, value[tested], found[tested], PLASMA, day[tested]))
    germline = parp | (treated & chance(rng, 0.25, n))
    date = times.anchor + between(rng, 0, 5, n)
    for marker, mutated in ((BRCA1, 0.03), (BRCA2, 0.05)):
        value = np.where((parp & (marker == BRCA2)) | chance(rng, mutated, n), POSITIVE, NEGATIVE)
        parts.append(_row(place[germline], marker, value[germline], date[germline], GERMLINE, day[germline]))
    return parts
