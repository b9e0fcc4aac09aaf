"""The primary choice analysed in three other ways, each beside the plain one.

Interval-censored: a progression is known to lie after the last assessment without one and no later than the
day it was recorded, (clear, day]. A death is known to the day. Who is censored was without progression at
her last clear assessment and of what came after nobody knows: she is right-censored there, not at her last
visit. A progression before a death that no assessment saw stays unseen, here as in the plain estimate.

Without early progression: without those whose PFS1 was under 6 months, who are held to be resistant to
endocrine therapy and seldom offered it again.

Landmark: of those under observation and without event 3 months into the next line, on a clock that starts
there (Anderson, Cain and Gelber, J Clin Oncol 1983;1:710). It sets aside early progressions, and whoever was
too ill to reach the landmark.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.estimation.rows import Place, Row, from_estimate
from analysis.estimation.specification_rows import median_row, pfs2_groups, ratio_row
from analysis.estimation.study import Study, months
from analysis.statistics.durations import DAYS_PER_MONTH, Durations
from analysis.statistics.honesty import suspicious_interval
from analysis.statistics.interval_censoring import METHOD, interval_censored_median

INTERVAL, NO_EARLY, LANDMARK = "interval_censored", "early_progression_excluded", "landmark"
EARLY = "<"  # how the shortest class of pfs1_class begins; its bound is the study's
LANDMARK_MONTHS = 3.0
SEED = 1976  # of the bootstrap; Turnbull's year
REPLICATES = 200


def reanalysis_rows(patients: pd.DataFrame, study: Study) -> list[Row]:
    """Rows of the compared patients of the primary choice; a strategy without patients says so."""
    rows = [_interval_row(patients[patients["strategy"] == name], name) for name in study.strategies]
    late = pfs2_groups(patients[~patients["pfs1_class"].astype(str).str.startswith(EARLY)], study)
    rows += [median_row(late[name], name, NO_EARLY) for name in study.strategies]
    rows += [ratio_row(late, pair, NO_EARLY) for pair in study.pairs]
    after = {name: after_landmark(data) for name, data in pfs2_groups(patients, study).items()}
    rows += [median_row(after[name], name, LANDMARK, LANDMARK_MONTHS) for name in study.strategies]
    rows += [ratio_row(after, pair, LANDMARK, LANDMARK_MONTHS) for pair in study.pairs]
    return rows


def after_landmark(data: Durations, landmark: float = LANDMARK_MONTHS) -> Durations:
    """Who is at risk just after the landmark (months), with time counted from it."""
    there = (data.time > landmark) & (data.entry <= landmark)
    return Durations(data.time[there] - landmark, data.event[there], np.zeros(int(there.sum())))


def intervals(patients: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Left and right limits (n,) of PFS2 in months: (clear, day], the day itself for a death, and infinity.

    Without a clear assessment the last one is the start of the line.
    """
    day = patients["pfs2_days"].to_numpy(dtype=float)
    clear = pd.to_numeric(patients["pfs2_clear_days"]).fillna(0).to_numpy(dtype=float)
    clear = np.minimum(clear, day)
    event = patients["pfs2_event"].to_numpy(dtype=float) == 1
    exact = event & (patients["pfs2_event_type"] == "death").to_numpy()
    left = np.where(exact, day, clear)
    right = np.where(event, day, np.inf)
    return left / DAYS_PER_MONTH, right / DAYS_PER_MONTH


def _interval_row(patients: pd.DataFrame, strategy: str) -> Row:
    place = Place("pfs2", strategy, "compared", "median", "months", INTERVAL)
    events = int(patients["pfs2_event"].sum())
    if not len(patients):
        return Row(place, None, 0, 0, METHOD, note="no patients")
    if (patients["pfs2_entry_days"] > 0).any():
        note = "patients came under observation late, which this estimate cannot take into account"
        return Row(place, None, len(patients), events, METHOD, note=note)
    if not events:
        return Row(place, None, len(patients), 0, METHOD, note="no event")
    median = interval_censored_median(*intervals(patients), SEED, REPLICATES)
    data = months(patients, "pfs2", "pfs2_days", "pfs2_event", "pfs2_entry_days")
    return from_estimate(place, median, suspicious_interval(median, data))
