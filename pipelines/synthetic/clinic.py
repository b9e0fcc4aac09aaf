"""What surrounds treatment: diagnoses, metastases, visits, laboratory, procedures, other diseases."""

from typing import Final

import numpy as np

from pipelines.synthetic import palette
from pipelines.synthetic.draws import Bools, Ints, allot, between, chance, ragged
from pipelines.synthetic.medications import DAY, MONTH, YEAR
from pipelines.synthetic.palette import CODE
from pipelines.synthetic.scans import Columns
from pipelines.synthetic.stories import Stories
from pipelines.synthetic.timelines import Timelines
from pipelines.synthetic.traits import DE_NOVO, SITES, VISCERAL_SITES, Traits

BREAST_CODES: Final = ("C50.9", "C50.4", "C50.1", "C50.2", "C50.5", "C50.8")
HISTOLOGIES: Final = ("ductal", "lobular", "other", "")
STAGES: Final = ("I", "II", "III", "IV", "")
ENCOUNTERS: Final = ("outpatient", "day_hospital", "inpatient", "phone", "")
PROCEDURES: Final = ("surgery", "radiotherapy", "ablation", "oophorectomy")
COMORBIDITIES: Final = ("I10", "E11.9", "E78.5", "M81.0", "F32.9", "I48.9", "J44.9", "N18.3")
_COMORBIDITY_SHARES: Final = (0.33, 0.12, 0.2, 0.12, 0.1, 0.06, 0.05, 0.03)
OTHER_CANCERS: Final = ("C44.9", "C18.9", "C73", "C54.1", "C34.9", "C43.9")
ANALYTES: Final = ("bilirubin", "alkaline_phosphatase", "ca15_3")
LAB_UNITS: Final = ("mg/dL", "U/L", "U/mL")
_ADVANCED_VISIT_DAYS: Final = 28
_EARLY_VISIT_DAYS: Final = 176


def patient_rows(rng: np.random.Generator, stories: Stories, times: Timelines, traits: Traits) -> Columns:
    """One row per patient; menopausal status 0 pre, 1 peri, 2 post, -1 unknown."""
    n = stories.size
    meno = np.where(traits.premenopausal, np.where(chance(rng, 0.15, n), 1, 0), 2)
    known = ~traits.male & chance(rng, 0.93, n)
    return {
        "patient": np.arange(n),
        "male": traits.male.astype(np.int64),
        "birth_date": traits.birth,
        "birth_precision": np.where(chance(rng, 0.03, n), YEAR, DAY),
        "death_date": times.death,
        "last_contact_date": np.where((times.death >= 0) & chance(rng, 0.5, n), -1, times.last_contact),
        "menopausal_status": np.where(known, meno, -1),
        "observed_from": np.where(chance(rng, 0.12, n), traits.diagnosis, -1),
        "centre": rng.choice(3, size=n, p=[0.6, 0.25, 0.15]),
    }


def diagnosis_rows(rng: np.random.Generator, times: Timelines, traits: Traits) -> Columns:
    """One breast cancer each.

    Some advanced dates are not recorded: the metastasis of that very day stands for it.
    """
    n = times.anchor.size
    old = times.anchor - traits.diagnosis > 400
    recorded = traits.advanced & ~(old & chance(rng, 0.08, n))
    stage = allot(rng, (40, 42, 18), n)
    lot = rng.random(n)
    return {
        "patient": np.arange(n),
        "diagnosis_date": traits.diagnosis,
        "diagnosis_precision": np.where(old & (lot < 0.08), MONTH, np.where(old & (lot > 0.97), YEAR, DAY)),
        "icd10": rng.choice(6, size=n, p=[0.4, 0.25, 0.1, 0.1, 0.1, 0.05]),
        "histology": rng.choice(4, size=n, p=[0.72, 0.16, 0.06, 0.06]),
        "stage": np.where(traits.history == DE_NOVO, 3, np.where(chance(rng, 0.06, n), 4, stage)),
        "advanced_date": np.where(recorded, times.anchor, -1),
    }


def metastasis_rows(rng: np.random.Generator, stories: Stories, times: Timelines, traits: Traits) -> Columns:
    """One row a site: those at the advanced date and new ones at progressions.

    Visceral sites only where the story says so.
    """
    who, site = np.nonzero(traits.sites)
    counts = np.isin(site, (0, *VISCERAL_SITES))
    first = counts & (np.append(True, who[1:] != who[:-1]) | ~_seen_before(who, counts))
    date = times.anchor[who] + np.where(first, 0, between(rng, 0, 10, who.size))
    patient, line = np.nonzero(
        np.isin(stories.mode, (0, 1)) & chance(rng, 0.35, stories.mode.size).reshape(stories.mode.shape)
    )
    anywhere, elsewhere = np.array([0, 1, 2, 3, 6, 7]), np.array([0, 6, 6, 7, 0, 0])
    lot = rng.integers(0, 6, patient.size)
    new = np.where(traits.visceral[patient], anywhere[lot], elsewhere[lot])
    patient, site = np.concatenate([who, patient]), np.concatenate([site, new])
    date = np.concatenate([date, times.end[patient[who.size :], line]])
    order = np.lexsort((date, site, patient))
    patient, site, date = patient[order], site[order], date[order]
    _, once = np.unique(patient * len(SITES) + site, return_index=True)
    return {
        "patient": patient[once],
        "site": site[once],
        "detected_date": np.minimum(date[once], times.last_activity[patient[once]]),
    }


def _seen_before(who: Ints, counts: Bools) -> Bools:
    """Whether an earlier row of the same patient counts already; rows are ordered by patient."""
    running: Ints = np.cumsum(counts, dtype=np.int64) - counts
    start = np.searchsorted(who, who, side="left")
    return running > running[start]


def visit_rows(rng: np.random.Generator, stories: Stories, times: Timelines, traits: Traits) -> Columns:
    """Encounters every four weeks or so, every half year without advanced disease.

    The last is on the last day she was seen.
    """
    cycle = np.where(traits.advanced, _ADVANCED_VISIT_DAYS, _EARLY_VISIT_DAYS)
    span = times.last_activity - times.anchor
    who, place = ragged(np.maximum(span // cycle, 1))
    date = times.anchor[who] + place * cycle[who] + between(rng, -4, 4, who.size)
    kept = chance(rng, 0.93, who.size) & (date < times.last_activity[who])
    last = np.arange(stories.size)
    patient = np.concatenate([who[kept], last])
    return {
        "patient": patient,
        "encounter_date": np.concatenate([date[kept], times.last_activity]),
        "encounter_type": rng.choice(5, size=patient.size, p=[0.7, 0.18, 0.05, 0.04, 0.03]),
    }


def _checkups(rng: np.random.Generator, times: Timelines, visits: Columns, share: float) -> tuple[Ints, Ints]:
    """Patient and day of what is measured at a share of the visits of advanced disease."""
    chosen = chance(rng, share, visits["patient"].size)
    return visits["patient"][chosen], visits["encounter_date"][chosen]


def _at_line_starts(
    rng: np.random.Generator, stories: Stories, times: Timelines, share: float
) -> tuple[Ints, Ints]:
    who, line = np.nonzero(
        (stories.mode >= 0) & chance(rng, share, stories.mode.size).reshape(stories.mode.shape)
    )
    return who, times.start[who, line] - between(rng, 0, 6, who.size)


def ecog_rows(rng: np.random.Generator, stories: Stories, times: Timelines, visits: Columns) -> Columns:
    """ECOG at most line starts and some visits; worse in later lines."""
    at_start, visit = _at_line_starts(rng, stories, times, 0.85), _checkups(rng, times, visits, 0.25)
    patient, date = (np.concatenate(pair) for pair in zip(at_start, visit, strict=True))
    lines_begun = (times.start[patient] <= date[:, None]) & (stories.mode[patient] >= 0)
    load = rng.random(patient.size) + 0.12 * lines_begun.sum(axis=1)
    return {"patient": patient, "observed_date": date, "ecog": np.digitize(load, (0.62, 1.05, 1.45, 1.75))}


def lab_rows(
    rng: np.random.Generator, stories: Stories, times: Timelines, traits: Traits, visits: Columns
) -> Columns:
    """Bilirubin, alkaline phosphatase and CA 15-3, in tenths of their unit (hundredths for bilirubin)."""
    at_start, visit = _at_line_starts(rng, stories, times, 0.9), _checkups(rng, times, visits, 0.3)
    patient, date = (np.concatenate(pair) for pair in zip(at_start, visit, strict=True))
    row = np.repeat(np.arange(patient.size), len(ANALYTES))
    analyte = np.tile(np.arange(len(ANALYTES)), patient.size)
    liver, bone = traits.sites[patient, 1], traits.sites[patient, 0]
    noise = np.exp(0.4 * rng.standard_normal((patient.size, len(ANALYTES))))
    centre = np.stack(
        [
            np.where(liver, 85, 55),
            np.where(liver | bone, 1150, 760),
            np.where(traits.advanced[patient], 520, 190),
        ],
        axis=1,
    )
    value = np.clip(np.rint(centre * noise).astype(np.int64), 10, 50_000).ravel()
    return {"patient": patient[row], "sample_date": date[row], "analyte": analyte, "value": value}


def procedure_rows(rng: np.random.Generator, stories: Stories, times: Timelines, traits: Traits) -> Columns:
    """Surgery and radiotherapy of early disease, and palliative radiotherapy of bone.

    Intent 0 is curative, 1 palliative.
    """
    parts = []
    for kind, dates in ((0, traits.surgery), (1, traits.radiotherapy)):
        who = np.flatnonzero(dates >= 0)
        parts.append((who, dates[who], kind, 0))
    who, line = np.nonzero(
        (stories.mode >= 0) & chance(rng, 0.1, stories.mode.size).reshape(stories.mode.shape)
    )
    who, line = who[traits.sites[who, 0]], line[traits.sites[who, 0]]
    parts.append((who, times.start[who, line] + between(rng, -5, 20, who.size), 1, 1))
    columns = {
        "patient": np.concatenate([who for who, _, _, _ in parts]),
        "procedure_date": np.concatenate([date for _, date, _, _ in parts]),
        "type": np.concatenate([np.full(who.size, kind) for who, _, kind, _ in parts]),
        "intent": np.concatenate([np.full(who.size, intent) for who, _, _, intent in parts]),
    }
    return seen_alive(columns, "procedure_date", times)


def comorbidity_rows(rng: np.random.Generator, times: Timelines, traits: Traits) -> Columns:
    """Other diseases, recorded some time before the anchor, a few known to the month or the year."""
    who, code = np.nonzero(rng.random((traits.birth.size, len(COMORBIDITIES))) < _COMORBIDITY_SHARES)
    date = np.maximum(times.anchor[who] - between(rng, 0, 3000, who.size), traits.birth[who] + 9000)
    lot = rng.random(who.size)
    old = date < times.anchor[who] - 400
    precision = np.where(old & (lot < 0.1), MONTH, np.where(old & (lot > 0.88), YEAR, DAY))
    return {"patient": who, "recorded_date": date, "recorded_precision": precision, "icd10": code}


def other_cancer_rows(rng: np.random.Generator, times: Timelines, traits: Traits) -> Columns:
    """Another cancer in one patient of 25."""
    who = np.flatnonzero(chance(rng, 0.04, traits.birth.size))
    date = np.maximum(times.anchor[who] - between(rng, 200, 4000, who.size), traits.birth[who] + 7000)
    return {"patient": who, "diagnosis_date": date, "icd10": rng.integers(0, len(OTHER_CANCERS), who.size)}


def seen_alive(columns: Columns, date: str, times: Timelines) -> Columns:
    """Only what happened up to the last day she was seen."""
    kept = columns[date] <= times.last_activity[columns["patient"]]
    return {name: values[kept] for name, values in columns.items()}


def bone_only(traits: Traits) -> Bools:
    """The patients whose only site at the advanced date is bone."""
    return traits.sites[:, 0] & (traits.sites.sum(axis=1) == 1)


def takes(stories: Stories, *names: str) -> Bools:
    """The patients who are given one of these drugs in some line."""
    codes = [CODE[name] for name in names]
    drugs = np.where(stories.regimen[..., None] >= 0, palette.REGIMEN_DRUGS[stories.regimen], -1)
    return np.logical_or.reduce(np.isin(drugs, codes), axis=(1, 2))
