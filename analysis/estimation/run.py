"""`estimate`: from the marts of a build to marts.study_estimates, every number of the report a row."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from analysis.estimation.adjustment_rows import adjustment_rows
from analysis.estimation.baseline_rows import baseline_rows
from analysis.estimation.benchmarks import benchmark_rows
from analysis.estimation.choice_rows import choice_rows
from analysis.estimation.incidence_rows import incidence_rows, scan_rows
from analysis.estimation.ratio_rows import ratio_rows
from analysis.estimation.response_rows import response_rows
from analysis.estimation.rows import Place, Row, count, records, write_tables
from analysis.estimation.sensitivity import sensitivity_records
from analysis.estimation.sequences import sequence_rows
from analysis.estimation.study import NEXT_LINE_ENDPOINTS, StudyData, connect, months, read_studies
from analysis.estimation.survival_rows import comparison_rows, group_rows, mean_rows
from analysis.statistics.durations import Durations, together


def estimate(build_db: Path) -> None:
    """Estimate every study of marts.studies and replace study_estimates and sensitivity_estimates in marts.

    Raises StatisticsError where durations or events cannot be used; nothing is written then.
    """
    with connect(build_db, read_only=False) as connection:
        studies = read_studies(connection)
        estimates = [r for data in studies for r in records(data.study.study_id, study_rows(data))]
        specified = [r for data in studies for r in sensitivity_records(connection, data)]
        write_tables(connection, {"study_estimates": estimates, "sensitivity_estimates": specified})


def study_rows(data: StudyData) -> list[Row]:
    """All rows of one study, in the order of the report."""
    rows = [*_attrition_rows(data), *sequence_rows(data), *baseline_rows(data), *scan_rows(data)]
    for endpoint, groups in compared_endpoints(data).items():
        rows += _endpoint_rows(endpoint, groups, data)
    rows += incidence_rows(data)
    for endpoint, durations in index_endpoints(data).items():
        rows += group_rows(endpoint, "all", "index_patients", durations, _last([durations]))
    rows += [*response_rows(data), *choice_rows(data), *adjustment_rows(data), *ratio_rows(data)]
    return [*rows, *benchmark_rows(data.study.study_id)]


def compared_endpoints(data: StudyData) -> dict[str, dict[str, Durations]]:
    """Endpoint to strategy to months since the next line's start.

    PFS2, then TTNT, TTD and OS of that line.
    """
    sources = {"pfs2": (data.compared, "pfs2_days", "pfs2_event", "pfs2_entry_days")}
    for endpoint in NEXT_LINE_ENDPOINTS:
        lines = data.next_lines[data.next_lines["endpoint"] == endpoint]
        sources[endpoint] = (lines, "days", "event", "entry_days")
    return {
        endpoint: {
            name: months(frame[frame["strategy"] == name], endpoint, days, event, entry)
            for name in data.study.strategies
        }
        for endpoint, (frame, days, event, entry) in sources.items()
    }


def index_endpoints(data: StudyData) -> dict[str, Durations]:
    """PFS1 and PFS2 (EMA) over all patients with an index line, in months since the index date.

    Never by strategy.
    """
    columns = {"pfs1": ("pfs1_days", "pfs1_event"), "pfs2_ema": ("pfs2_ema_days", "pfs2_ema_event")}
    return {
        endpoint: months(data.index_patients, endpoint, days, event, "pfs1_entry_days")
        for endpoint, (days, event) in columns.items()
    }


def _endpoint_rows(endpoint: str, groups: dict[str, Durations], data: StudyData) -> list[Row]:
    last = _last(groups.values())
    rows = group_rows(endpoint, "all", "compared", together(groups.values()), last)
    for name, durations in groups.items():
        rows += group_rows(endpoint, name, "compared", durations, last)
    rows += mean_rows(endpoint, "compared", groups)
    return [*rows, *comparison_rows(endpoint, "compared", groups, data.study.reference)]


def _attrition_rows(data: StudyData) -> list[Row]:
    rows: list[Row] = []
    for step in data.attrition.to_dict("records"):
        for term, column in (("left", "patients_left"), ("removed", "patients_removed")):
            place = Place("attrition", "all", "all_patients", "count", "patients", f"{step['step']}.{term}")
            rows.append(count(place, int(step[column])))
    found = data.patients["strategy"].dropna().astype(str)
    for name in (*data.study.strategies, *sorted(set(found) - set(data.study.strategies))):
        place = Place("strategy", name, "study_patients", "count", "patients")
        rows.append(count(place, int((found == name).sum()), len(data.patients)))
    return rows


def _last(groups: Iterable[Durations]) -> float:
    return max((float(d.time.max()) for d in groups if d.n), default=0.0)
