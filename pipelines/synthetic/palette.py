"""The drugs and regimens of the synthetic hospital: how each is given, since when, and how people write it.

`drugs.csv` has one row per drug: the days of a cycle, the visits in it (empty: taken at home), the most
cycles given (empty: until something stops it), since when it is used (empty: always), and the texts it goes
by, the commonest first.
`choices.csv` says how often each regimen is chosen in each situation.
"""

import csv
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

import numpy as np

from pipelines.synthetic.draws import Bools, Floats, Ints

EPOCH: Final = date(1970, 1, 1)
_FOLDER: Final = Path(__file__).parent
_ALWAYS: Final = "2000-01-01"
_UNLIMITED: Final = 10_000
# While palbociclib goes on over the progression, the aromatase inhibitor becomes fulvestrant.
BEYOND: Final = "fulvestrant + palbociclib beyond progression"


def day(text: str) -> int:
    """Days from 1970-01-01 to an ISO date."""
    return (date.fromisoformat(text) - EPOCH).days


@dataclass(frozen=True)
class Drug:
    """How a drug is given: a row of `drugs.csv`."""

    name: str
    kind: str
    cycle: int
    visits: tuple[int, ...]
    most_cycles: int
    dose: float
    unit: str
    since: int
    texts: tuple[str, ...]


def _rows(name: str) -> list[dict[str, str]]:
    with (_FOLDER / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _drug(row: dict[str, str]) -> Drug:
    return Drug(
        name=row["name"],
        kind=row["kind"],
        cycle=int(row["cycle_days"]),
        visits=tuple(int(visit) for visit in row["visit_days"].split("|") if visit),
        most_cycles=int(row["most_cycles"] or _UNLIMITED),
        dose=float(row["dose"]),
        unit=row["dose_unit"],
        since=day(row["since"] or _ALWAYS),
        texts=tuple(row["texts"].split("|")),
    )


DRUGS: Final = tuple(_drug(row) for row in _rows("drugs.csv"))
NAMES: Final = tuple(drug.name for drug in DRUGS)
CODE: Final = {name: code for code, name in enumerate(NAMES)}

# One element per drug, for vectorised use; VISIT_DAYS has shape (drugs, most visits of a cycle).
CYCLE: Final[Ints] = np.array([drug.cycle for drug in DRUGS])
VISITS: Final[Ints] = np.array([max(len(drug.visits), 1) for drug in DRUGS])
VISIT_DAYS: Final[Ints] = np.array(
    [(*drug.visits, *[0] * (VISITS.max() - len(drug.visits))) for drug in DRUGS]
)
MOST_CYCLES: Final[Ints] = np.array([drug.most_cycles for drug in DRUGS])
AT_HOME: Final[Bools] = np.array([not drug.visits for drug in DRUGS])
SINCE: Final[Ints] = np.array([drug.since for drug in DRUGS])
KIND: Final = np.array([drug.kind for drug in DRUGS])

_CHOICES: Final = _rows("choices.csv")
CONTEXTS: Final = tuple(dict.fromkeys(row["situation"] for row in _CHOICES))
REGIMENS: Final = tuple(dict.fromkeys(row["regimen"] for row in _CHOICES))
CONTEXT_CODE: Final = {name: code for code, name in enumerate(CONTEXTS)}
REGIMEN_CODE: Final = {name: code for code, name in enumerate(REGIMENS)}
MOST_DRUGS: Final = 3


def _drugs_begun(regimen: str) -> tuple[str, ...]:
    """The drugs that begin with the regimen; beyond progression, palbociclib is that of the line before."""
    return ("fulvestrant",) if regimen == BEYOND else tuple(regimen.split(" + "))


def _weights() -> Floats:
    """How often each regimen is chosen in each situation; shape (contexts, regimens)."""
    table = np.zeros((len(CONTEXTS), len(REGIMENS)))
    for row in _CHOICES:
        table[CONTEXT_CODE[row["situation"]], REGIMEN_CODE[row["regimen"]]] = float(row["weight"])
    return table


WEIGHTS: Final = _weights()
_BEGUN: Final = [[CODE[name] for name in _drugs_begun(regimen)] for regimen in REGIMENS]
# The drugs of each regimen, -1 where it has fewer; shape (regimens, MOST_DRUGS). Then the same as bits.
REGIMEN_DRUGS: Final[Ints] = np.array([(codes + [-1] * MOST_DRUGS)[:MOST_DRUGS] for codes in _BEGUN])
REGIMEN_BITS: Final[Ints] = np.array([sum(1 << code for code in codes) for codes in _BEGUN])
REGIMEN_SINCE: Final[Ints] = np.array([max(SINCE[codes]) for codes in _BEGUN])
HAS_CHEMO: Final[Bools] = np.array([any(KIND[codes] == "chemo") for codes in _BEGUN])
HAS_ENDOCRINE: Final[Bools] = np.array([any(KIND[codes] == "endocrine") for codes in _BEGUN])
