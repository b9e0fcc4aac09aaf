"""Made-up study patients with a known truth, by the mechanism of the demo site.

As in `pipelines.synthetic`: 19 of 48 go on to endocrine therapy and 29 to chemotherapy; PFS2 is Weibull of
shape 1.2 with medians of 10 and 5 months; 42 of 48 end in an event, censored by a hazard proportional to the
event's (Koziol and Green 1976); chemotherapy follows the shorter PFS1 and visceral disease. In the demo the
outcome depends on the strategy alone, so the truth of every marginal estimand is in closed form. The hard
cases are `BY_PFS1` and `CHANNELLED`: no effect of the strategy at all, while PFS1, or PFS1 and visceral
disease, drive both the choice and the outcome.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.integrate import quad
from scipy.special import expit

from analysis import DAYS_PER_MONTH

Floats = npt.NDArray[np.float64]
REFERENCE, OTHER = "endocrine", "chemotherapy"
STUDY = "palbociclib"
SHAPE, EVENT_SHARE = 1.2, 42 / 48
MEDIANS = {REFERENCE: 10.0, OTHER: 5.0}  # months
PFS1_MEDIAN, PFS1_SHAPE = 13.0, 1.15


@dataclass(frozen=True)
class Mechanism:
    """How strategy and outcome come about.

    `medians` of PFS2 in months by strategy at average covariates; `prognosis` multiplies the log hazard of
    PFS2 by the standardised short PFS1 and by visceral disease; `channelling` does so with the log odds of
    chemotherapy.
    """

    medians: tuple[float, float] = (MEDIANS[REFERENCE], MEDIANS[OTHER])
    prognosis: tuple[float, float] = (0.0, 0.0)
    channelling: tuple[float, float] = (0.7, 1.5)

    @property
    def log_hazard_ratio(self) -> float:
        """Of chemotherapy against endocrine therapy: proportional, from the two medians."""
        return SHAPE * math.log(self.medians[0] / self.medians[1])

    def median(self, strategy: str) -> float:
        """The median of PFS2 in months, where the covariates do not bear on the outcome."""
        return self.medians[0 if strategy == REFERENCE else 1]

    def survival(self, strategy: str, when: float) -> float:
        """S(when) in months, where the covariates do not bear on the outcome."""
        return math.exp(-math.log(2) * (when / self.median(strategy)) ** SHAPE)

    def restricted_mean(self, strategy: str, tau: float) -> float:
        """The area under S up to tau."""
        return float(quad(lambda t: self.survival(strategy, t), 0, tau)[0])


DEMO = Mechanism()
EQUAL = Mechanism(medians=(7.0, 7.0))
BY_PFS1 = Mechanism(medians=(7.0, 7.0), prognosis=(0.6, 0.0), channelling=(1.4, 0.0))
CHANNELLED = Mechanism(medians=(7.0, 7.0), prognosis=(0.5, 0.6), channelling=(1.0, 1.8))


def draw(rng: np.random.Generator, n: int, mechanism: Mechanism) -> pd.DataFrame:
    """One study of n compared patients, with the columns of marts.study_patients that the estimates read."""
    pfs1 = (-np.log(rng.random(n)) / math.log(2)) ** (1 / PFS1_SHAPE) * PFS1_MEDIAN + 1.0
    visceral = rng.random(n) < 0.6
    short = -(np.log(pfs1) - np.log(PFS1_MEDIAN)) / 0.9
    other = _chosen(rng, expit(_sum(mechanism.channelling, short, visceral)))
    hazard = np.exp(_sum(mechanism.prognosis, short, visceral))
    median = np.where(other, mechanism.medians[1], mechanism.medians[0])
    scale = (median / math.log(2) ** (1 / SHAPE)) * hazard ** (-1 / SHAPE)
    time = scale * rng.weibull(SHAPE, n)
    # a censoring hazard proportional to the event's: S_C = S^b with b the odds of being censored
    odds = (1 - EVENT_SHARE) / EVENT_SHARE
    censor = scale * rng.weibull(SHAPE, n) * odds ** (-1 / SHAPE)
    days = np.maximum(1.0, np.rint(np.minimum(time, censor) * DAYS_PER_MONTH)).astype(int)
    event = (time <= censor).astype(int)
    return pd.DataFrame(
        {
            "study_id": STUDY,
            "patient_id": [f"p{i:05d}" for i in range(n)],
            "strategy": np.where(other, OTHER, REFERENCE),
            "pfs1_days": np.rint(pfs1 * DAYS_PER_MONTH).astype(int),
            "pfs1_event": 1,
            "pfs1_months": np.rint(pfs1 * DAYS_PER_MONTH) / DAYS_PER_MONTH,
            "pfs2_days": days,
            "pfs2_event": event,
            "pfs2_entry_days": 0,
            "visceral": visceral,
            "age_years": rng.normal(62, 11, n),
            "clinical_benefit": time * DAYS_PER_MONTH >= 168,
        }
    )


def _sum(weights: tuple[float, float], short: Floats, visceral: npt.NDArray[np.bool_]) -> Floats:
    return weights[0] * short + weights[1] * (visceral - 0.6)


def _chosen(rng: np.random.Generator, probability: Floats) -> npt.NDArray[np.bool_]:
    """29 of every 48 by the odds given: so many go on to chemotherapy in every draw, as in the demo."""
    wanted = round(len(probability) * 29 / 48)
    # Gumbel keys: a weighted draw without replacement
    keys = np.log(probability / (1 - probability)) + rng.gumbel(size=len(probability))
    other = np.zeros(len(probability), dtype=bool)
    other[np.argsort(-keys, kind="stable")[:wanted]] = True
    return other


def scans(rng: np.random.Generator, frame: pd.DataFrame) -> tuple[Floats, Floats]:
    """What scans every 12 weeks, give or take two, see of each patient: (left, right] in days, right infinite
    where no event was seen."""
    gaps = 84 + rng.integers(-14, 15, (len(frame), 60))
    dates = np.concatenate([np.zeros((len(frame), 1), dtype=int), gaps.cumsum(axis=1)], axis=1)
    days = frame["pfs2_days"].to_numpy()[:, None]
    event = frame["pfs2_event"].to_numpy() == 1
    last_clear = np.where(dates < days, dates, 0).max(axis=1).astype(float)
    first_after = np.where(dates >= days, dates, np.iinfo(int).max).min(axis=1).astype(float)
    return last_clear, np.where(event, first_after, np.inf)
