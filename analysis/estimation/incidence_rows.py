"""What the scans and the competing deaths say, as rows.

The cumulative incidence of a line after the next one, where death without it is a competing event; and how
far apart the scans of each strategy stand, since a progression can only be seen at one.
"""

from __future__ import annotations

import pandas as pd

from analysis.estimation.rows import Place, Row, count, from_estimate
from analysis.estimation.study import StudyData, observed
from analysis.estimation.survival_rows import TIMES
from analysis.statistics.balance import spread
from analysis.statistics.competing import CumulativeIncidence, cumulative_incidence
from analysis.statistics.durations import DAYS_PER_MONTH

COMPARED = "compared"
STATES = {"next_line": 1, "death": 2}
SCANS = (("scan_interval", "scan_interval_days", "days"), ("scans", "pfs2_scans", "scans"))


def next_line_incidence(data: StudyData) -> dict[str, CumulativeIncidence]:
    """A further line after the next one, in months from its start: everybody, then each strategy."""
    lines = data.next_lines[data.next_lines["endpoint"] == "ttnt"]
    lines = lines[lines["strategy"].isin(data.study.strategies)]
    groups = {"all": lines} | {name: lines[lines["strategy"] == name] for name in data.study.strategies}
    return {
        name: _incidence(frame)
        for name, frame in groups.items()
        if len(observed(frame, "days", "entry_days"))
    }


def incidence_rows(data: StudyData) -> list[Row]:
    """Cumulative incidence at 3, 6, 12 and 24 months, with the further lines and the deaths counted."""
    rows: list[Row] = []
    for name, curve in next_line_incidence(data).items():
        rows.append(count(_place(name, "count", "patients", "events"), curve.data.events, curve.data.n))
        rows.append(count(_place(name, "count", "patients", "deaths"), curve.competing_events, curve.data.n))
        rows += [
            from_estimate(_place(name, "cumulative_incidence", "proportion", None, time), curve.at(time))
            for time in TIMES
        ]
    return rows


def scan_rows(data: StudyData) -> list[Row]:
    """Median and quartiles of the scan interval (days) and of the scans during PFS2: of all, by strategy."""
    rows: list[Row] = []
    for name in ("all", *data.study.strategies):
        frame = data.compared if name == "all" else data.group(name)
        for endpoint, column, unit in SCANS:
            if column not in frame:
                continue
            found = spread(frame[column])
            for statistic in ("median", "q1", "q3"):
                place = Place(endpoint, name, COMPARED, statistic, unit)
                value, note = getattr(found, statistic), None
                if value is None:
                    note = "no patient" if not len(frame) else "no patient in whom it is known"
                method = "sample quantile, R's type 7"
                rows.append(Row(place, value, found.n, None, method, note=note))
    return rows


def _incidence(frame: pd.DataFrame) -> CumulativeIncidence:
    state = frame["event_type"].map(STATES).fillna(0).where(frame["event"] == 1, 0)
    entry = frame["entry_days"] / DAYS_PER_MONTH
    return cumulative_incidence(frame["days"] / DAYS_PER_MONTH, state, entry)


def _place(group: str, statistic: str, unit: str, term: str | None, time: float | None = None) -> Place:
    return Place("further_line", group, COMPARED, statistic, unit, term, time)
