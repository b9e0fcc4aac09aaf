"""The PFS ratio as rows: PFS2 over PFS1 of the same patient, who is her own control.

Von Hoff, Clin Cancer Res 1998;4:1079; a ratio at or above the study's threshold counts as a success. Where
PFS2 is censored the ratio is censored: it is a success if it has come to the threshold, else it is not
known yet (endpoints.md, section 5).
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.estimation.rows import Place, Row, count, from_estimate
from analysis.estimation.study import StudyData, months, observed
from analysis.estimation.survival_rows import axis_ticks
from analysis.statistics.association import kendall_tau
from analysis.statistics.durations import Durations, durations
from analysis.statistics.kaplan_meier import kaplan_meier, median_survival, number_at_risk, survival_at
from analysis.statistics.proportions import proportion

COMPARED, NOT_KNOWN = "compared", "no patient whose PFS1 ended in an event"


def ratio_threshold(data: StudyData) -> float:
    """The ratio from which on the next line counts as a success."""
    return float(data.study.parameters["pfs_ratio_threshold"])


def pfs_ratios(data: StudyData) -> dict[str, Durations]:
    """The ratios of all compared patients and of each strategy, on a scale without unit."""
    known = _known(data)
    groups = {"all": known} | {name: known[known["strategy"] == name] for name in data.study.strategies}
    return {name: _ratios(frame) for name, frame in groups.items()}


def ratio_rows(data: StudyData) -> list[Row]:
    """Median and share of ratios, and Kendall's tau of PFS1 and PFS2: everybody, then each strategy."""
    ratios, known, threshold = pfs_ratios(data), _known(data), ratio_threshold(data)
    last = max((float(r.time.max()) for r in ratios.values() if r.n), default=0.0)
    rows: list[Row] = []
    for name, group in ratios.items():
        frame = known if name == "all" else known[known["strategy"] == name]
        rows += _group_rows(name, group, frame, threshold, last)
    return rows


def _group_rows(
    name: str, ratios: Durations, frame: pd.DataFrame, threshold: float, last: float
) -> list[Row]:
    if not ratios.n:
        return [Row(_place(name, "median", None, "ratio"), None, 0, 0, "Kaplan-Meier", note=NOT_KNOWN)]
    curve = kaplan_meier(ratios)
    seen = observed(frame, "pfs2_days", "pfs2_entry_days")
    reached, failed = (int((seen["pfs_ratio_outcome"] == one).sum()) for one in ("success", "failure"))
    share = proportion(reached, reached + failed)
    pfs2 = months(frame, "pfs2", "pfs2_days", "pfs2_event", "pfs2_entry_days")
    # at the threshold itself a ratio is a success: the curve just before it
    at_threshold = survival_at(curve, float(np.nextafter(threshold, 0)))
    rows = [
        from_estimate(_place(name, "median", None, "ratio"), median_survival(curve)),
        count(_place(name, "count", "events", "patients"), ratios.events, ratios.n),
        count(_place(name, "count", "reached", "patients"), reached, ratios.n),
        count(_place(name, "count", "indeterminate", "patients"), ratios.n - reached - failed, ratios.n),
        from_estimate(_place(name, "proportion", "reached", "proportion"), share),
        from_estimate(_place(name, "survival", "threshold", "proportion"), at_threshold),
        from_estimate(_place(name, "kendall_tau", None, "tau"), kendall_tau(seen["pfs1_months"], pfs2)),
    ]
    ticks = axis_ticks(last or 1.0)
    for tick in ticks:
        place = Place("pfs_ratio", name, COMPARED, "at_risk", "patients", f"{tick:g}")
        rows.append(count(place, number_at_risk(ratios, tick), ratios.n))
    return rows


def _known(data: StudyData) -> pd.DataFrame:
    """The compared patients whose PFS1 is an event: those whose ratio the mart gives."""
    return data.compared[data.compared["pfs_ratio"].notna()]


def _ratios(frame: pd.DataFrame) -> Durations:
    entry = frame["pfs2_entry_days"] / frame["pfs1_days"] if "pfs2_entry_days" in frame else None
    return durations(frame["pfs_ratio"], frame["pfs2_event"], entry)


def _place(group: str, statistic: str, term: str | None, unit: str) -> Place:
    return Place("pfs_ratio", group, COMPARED, statistic, unit, term)
