"""The drugs and regimens of the synthetic hospital: how each is given, since when, and how its people
write it.
"""

from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

import numpy as np

from pipelines.synthetic.choices import BEYOND, CHOICES
from pipelines.synthetic.draws import Floats, Ints

Kind = Literal["endocrine", "targeted", "chemo", "other", "background", "supportive"]

EPOCH: Final = date(1970, 1, 1)


def day(text: str) -> int:
    """Days from 1970-01-01 to an ISO date."""
    return (date.fromisoformat(text) - EPOCH).days


@dataclass(frozen=True)
class Drug:
    """How a drug is given. `cycle` in days; `days` are the visits of one cycle, empty for a drug taken at
    home.

    `cycles` is the most that is given (0: until something stops it). `since` is the first day the
    synthetic hospital has it.
    """

    name: str
    kind: Kind
    cycle: int
    days: tuple[int, ...]
    cycles: int
    dose: float
    unit: str
    since: str
    texts: tuple[str, ...]


def _home(name: str, kind: Kind, cycle: int, dose: float, since: str, *texts: str) -> Drug:
    return Drug(name, kind, cycle, (), 0, dose, "mg", since, (name, *texts))


def _visit(
    name: str,
    kind: Kind,
    cycle: int,
    days: tuple[int, ...],
    cycles: int,
    dose: float,
    since: str,
    *texts: str,
) -> Drug:
    unit = "mg" if kind in ("endocrine", "background") else "mg/m2"
    return Drug(name, kind, cycle, days, cycles, dose, unit, since, (name, *texts))


_OLD = "2000-01-01"

DRUGS: Final[tuple[Drug, ...]] = (
    _home(
        "letrozole",
        "endocrine",
        30,
        2.5,
        _OLD,
        "letrozolo",
        "FEMARA",
        "Femara 2,5 mg",
        "Letrozolo 2.5 mg cpr",
    ),
    _home("anastrozole", "endocrine", 28, 1, _OLD, "anastrozolo", "Arimidex", "ARIMIDEX 1 mg"),
    _home("exemestane", "endocrine", 30, 25, _OLD, "Aromasin", "exemestane 25 mg cpr"),
    _home("tamoxifen", "endocrine", 30, 20, _OLD, "tamoxifene", "Nolvadex", "Tamoxifene 20 mg"),
    _visit(
        "fulvestrant",
        "endocrine",
        28,
        (0,),
        0,
        500,
        "2010-06-01",
        "FASLODEX",
        "Faslodex 500 mg",
        "Fulvestrant 250 mg x 2",
    ),
    _home(
        "palbociclib",
        "targeted",
        28,
        125,
        "2016-12-01",
        "Ibrance",
        "IBRANCE",
        "Ibrance 125 mg cps",
        "palbociclib 125 mg",
    ),
    _home("ribociclib", "targeted", 28, 600, "2017-11-01", "Kisqali", "KISQALI 200 mg"),
    _home("abemaciclib", "targeted", 28, 300, "2018-10-01", "Verzenios", "VERZENIOS 150 mg"),
    _home(
        "everolimus", "targeted", 30, 10, "2012-08-01", "Afinitor", "AFINITOR 10 mg", "everolimus 10 mg cpr"
    ),
    _home("alpelisib", "targeted", 28, 300, "2020-08-01", "Piqray", "PIQRAY 300 mg"),
    _home("olaparib", "targeted", 28, 600, "2019-04-01", "Lynparza", "LYNPARZA 150 mg"),
    _home("talazoparib", "targeted", 30, 1, "2019-06-01", "Talzenna"),
    _home(
        "capecitabine",
        "chemo",
        21,
        2000,
        _OLD,
        "Xeloda",
        "XELODA 500 mg",
        "capecitabina",
        "Capecitabina 500 mg cpr",
    ),
    _visit("paclitaxel", "chemo", 28, (0, 7, 14), 8, 80, _OLD, "Taxol", "PACLITAXEL", "paclitaxel 80 mg/m2"),
    _visit("docetaxel", "chemo", 21, (0,), 8, 75, _OLD, "Taxotere", "DOCETAXEL", "docetaxel 75 mg/m2"),
    _visit("nab-paclitaxel", "chemo", 28, (0, 7, 14), 8, 125, "2010-01-01", "Abraxane", "nab-paclitaxel"),
    _visit("vinorelbine", "chemo", 21, (0, 7), 0, 25, _OLD, "Navelbine", "vinorelbina"),
    _visit("eribulin", "chemo", 21, (0, 7), 0, 1.23, "2011-06-01", "Halaven", "eribulina"),
    _visit("gemcitabine", "chemo", 21, (0, 7), 8, 1000, _OLD, "Gemzar", "gemcitabina"),
    _visit("carboplatin", "chemo", 21, (0,), 8, 400, _OLD, "carboplatino", "CARBOPLATIN"),
    _visit("pegylated liposomal doxorubicin", "chemo", 28, (0,), 0, 40, _OLD, "Caelyx", "CAELYX 40 mg/m2"),
    _visit("epirubicin", "chemo", 21, (0,), 4, 90, _OLD, "epirubicina", "Farmorubicina"),
    _visit("cyclophosphamide", "chemo", 21, (0,), 4, 600, _OLD, "ciclofosfamide", "Endoxan"),
    _visit("trastuzumab deruxtecan", "chemo", 21, (0,), 0, 5.4, "2021-09-01", "Enhertu", "ENHERTU"),
    _visit("sacituzumab govitecan", "chemo", 21, (0, 7), 0, 10, "2021-12-01", "Trodelvy", "TRODELVY"),
    _visit("trastuzumab emtansine", "chemo", 21, (0,), 0, 3.6, "2013-11-01", "Kadcyla", "T-DM1"),
    _visit("trastuzumab", "other", 21, (0,), 0, 6, _OLD, "Herceptin", "HERCEPTIN", "trastuzumab ev"),
    _visit("pertuzumab", "other", 21, (0,), 0, 420, "2013-06-01", "Perjeta"),
    _home("lapatinib", "other", 30, 1250, "2008-06-01", "Tyverb"),
    _visit("bevacizumab", "other", 14, (0,), 0, 10, _OLD, "Avastin"),
    _home("investigational agent", "other", 28, 1, _OLD, "study drug", "Study drug", "STUDY DRUG"),
    _visit("goserelin", "background", 28, (0,), 0, 3.6, _OLD, "Zoladex", "ZOLADEX 3,6 mg", "goserelina"),
    _visit("leuprorelin", "background", 28, (0,), 0, 3.75, _OLD, "Enantone", "leuprorelina"),
    _visit("denosumab", "background", 28, (0,), 0, 120, "2011-10-01", "Xgeva", "XGEVA 120 mg"),
    _visit("zoledronic acid", "background", 84, (0,), 0, 4, _OLD, "Zometa", "acido zoledronico"),
    _home("ondansetron", "supportive", 21, 8, _OLD, "Zofran"),
    _visit("filgrastim", "supportive", 21, (2,), 6, 30, _OLD, "Zarzio"),
)

NAMES: Final = tuple(drug.name for drug in DRUGS)
CODE: Final = {name: code for code, name in enumerate(NAMES)}
MOST_VISITS: Final = 3

# One row per drug, for vectorised use.
CYCLE: Final[Ints] = np.array([drug.cycle for drug in DRUGS])
VISITS: Final[Ints] = np.array([max(len(drug.days), 1) for drug in DRUGS])
VISIT_DAYS: Final[Ints] = np.array([(*drug.days, 0, 0, 0)[:MOST_VISITS] for drug in DRUGS])
MOST_CYCLES: Final[Ints] = np.array([drug.cycles or 10_000 for drug in DRUGS])
AT_HOME: Final = np.array([not drug.days for drug in DRUGS])
SINCE: Final[Ints] = np.array([day(drug.since) for drug in DRUGS])
KIND: Final = np.array([drug.kind for drug in DRUGS])

CONTEXTS: Final = tuple(CHOICES)
REGIMENS: Final = tuple(dict.fromkeys(name for weights in CHOICES.values() for name in weights))
REGIMEN_CODE: Final = {name: code for code, name in enumerate(REGIMENS)}
CONTEXT_CODE: Final = {name: code for code, name in enumerate(CONTEXTS)}
MOST_DRUGS: Final = 3


def _drugs_of(regimen: str) -> tuple[str, ...]:
    return ("fulvestrant",) if regimen == BEYOND else tuple(regimen.split(" + "))


def _weights() -> Floats:
    table = np.zeros((len(CONTEXTS), len(REGIMENS)))
    for context, weights in CHOICES.items():
        for name, weight in weights.items():
            table[CONTEXT_CODE[context], REGIMEN_CODE[name]] = weight
    return table


WEIGHTS: Final = _weights()
REGIMEN_DRUGS: Final[Ints] = np.array(
    [([CODE[name] for name in _drugs_of(regimen)] + [-1] * MOST_DRUGS)[:MOST_DRUGS] for regimen in REGIMENS]
)
REGIMEN_BITS: Final[Ints] = np.array(
    [sum(1 << CODE[name] for name in _drugs_of(regimen)) for regimen in REGIMENS]
)
HAS_CHEMO: Final = np.array(
    [any(KIND[CODE[name]] == "chemo" for name in _drugs_of(regimen)) for regimen in REGIMENS]
)
HAS_ENDOCRINE: Final = np.array(
    [any(KIND[CODE[name]] == "endocrine" for name in _drugs_of(regimen)) for regimen in REGIMENS]
)
REGIMEN_SINCE: Final[Ints] = np.array(
    [max(SINCE[CODE[name]] for name in _drugs_of(regimen)) for regimen in REGIMENS]
)
