"""Who is in the synthetic hospital: one stratum per kind of story, counted for every 400 patients.

The counts come first, so that each step of the study's attrition removes a believable and known number,
and 48 of 400 are compared, 19 on endocrine therapy and 29 on chemotherapy (Palumbo 2024), whatever the
seed.
"""

from dataclasses import dataclass
from enum import IntEnum
from functools import cache
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from pipelines.synthetic.draws import largest_remainder

PER: Final = 400

Course = Literal["early", "untreated", "advanced", "index"]
Strategy = Literal["", "endocrine", "chemotherapy", "other"]


class Mode(IntEnum):
    """How a line of therapy comes to its end."""

    NONE = -1
    NEXT = 0  # progression, then the next line
    PROGRESSED = 1  # progression, and no next line in the records
    SWITCH = 2  # the next line without a progression
    STOPPED = 3  # stopped for toxicity, observed without treatment
    DEATH = 4  # death without progression
    LOST = 5  # not seen again
    ONGOING = 6  # still on it at the data cut


@dataclass(frozen=True)
class Stratum:
    """One kind of story.

    `removed_at` is the attrition step of endpoints.md, section 5, at which these patients leave the study;
    empty for those compared. `receptors` names the receptor profile of `receptors.py`; `strategy` is that
    of the line after the index line.
    """

    name: str
    count: int
    removed_at: str
    receptors: str
    course: Course
    male: bool = False
    index_mode: Mode = Mode.NONE
    strategy: Strategy = ""

    @property
    def in_index_population(self) -> bool:
        """Whether she counts among the study's index patients (attrition step 6)."""
        return self.removed_at in ("progression_on_index", "next_line", "strategy_compared", "")


def _index(name: str, count: int, removed_at: str, mode: Mode, strategy: Strategy = "") -> Stratum:
    return Stratum(name, count, removed_at, "luminal", "index", index_mode=mode, strategy=strategy)


STRATA: Final[tuple[Stratum, ...]] = (
    Stratum("male, early", 3, "female", "luminal", "early", male=True),
    Stratum("male, advanced", 1, "female", "luminal", "advanced", male=True),
    Stratum("male, palbociclib", 1, "female", "luminal", "index", True, Mode.NEXT, "endocrine"),
    Stratum("triple negative, early", 15, "hr_positive", "triple negative", "early"),
    Stratum("triple negative, advanced", 11, "hr_positive", "triple negative", "advanced"),
    Stratum("HER2 positive and HR negative, early", 6, "hr_positive", "her2 enriched", "early"),
    Stratum("HER2 positive and HR negative, advanced", 6, "hr_positive", "her2 enriched", "advanced"),
    Stratum("hormone receptors unknown", 4, "hr_positive", "hr unknown", "advanced"),
    Stratum("HER2 positive and HR positive, early", 22, "her2_negative", "triple positive", "early"),
    Stratum("HER2 positive and HR positive, advanced", 20, "her2_negative", "triple positive", "advanced"),
    Stratum("HER2 unknown, early", 8, "her2_negative", "her2 unknown", "early"),
    Stratum("HER2 unknown, advanced", 4, "her2_negative", "her2 unknown", "advanced"),
    Stratum(
        "HER2 unknown, palbociclib",
        4,
        "her2_negative",
        "her2 unknown",
        "index",
        False,
        Mode.NEXT,
        "endocrine",
    ),
    Stratum("luminal, early", 108, "advanced_disease", "luminal", "early"),
    Stratum("luminal, advanced, not yet treated", 5, "index_line", "luminal", "untreated"),
    Stratum("luminal, advanced, no palbociclib", 72, "index_line", "luminal", "advanced"),
    _index("still on the index line", 21, "progression_on_index", Mode.ONGOING),
    _index("lost on the index line", 6, "progression_on_index", Mode.LOST),
    _index("switched for toxicity", 7, "progression_on_index", Mode.SWITCH),
    _index("stopped for toxicity", 3, "progression_on_index", Mode.STOPPED),
    _index("died on the index line", 4, "progression_on_index", Mode.DEATH),
    _index("progression, no next line", 15, "next_line", Mode.PROGRESSED),
    _index("next line: other", 6, "strategy_compared", Mode.NEXT, "other"),
    _index("next line: endocrine", 19, "", Mode.NEXT, "endocrine"),
    _index("next line: chemotherapy", 29, "", Mode.NEXT, "chemotherapy"),
)


@cache
def stratum_counts(patients: int) -> tuple[int, ...]:
    """Patients of each stratum in a hospital of `patients`, in the order of `STRATA`."""
    return tuple(int(count) for count in largest_remainder([stratum.count for stratum in STRATA], patients))


def assign_strata(patients: int, seed: int) -> npt.NDArray[np.int8]:
    """The stratum of every patient, in random order; shape (patients,), one byte each.

    The one array that is as long as the hospital: it fixes who is who before the first chunk is drawn.
    """
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(0,)))
    strata = np.repeat(np.arange(len(STRATA), dtype=np.int8), stratum_counts(patients))
    return rng.permutation(strata)
