"""Which figures the report has.

From a study's data and its numbers to SVG, once wide and once for a phone.
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from analysis.estimation.run import compared_endpoints, index_endpoints
from analysis.estimation.study import StudyData
from analysis.estimation.survival_rows import axis_ticks
from analysis.figures import NARROW, WIDE, Curve, attrition_figure, strip_figure, survival_figure
from analysis.figures.attrition import Part, Step
from analysis.figures.strip import Strip
from analysis.report import words
from analysis.report.comparison_pictures import comparison_pictures
from analysis.report.numbers import Numbers
from analysis.report.sequence_picture import sequence_picture
from analysis.report.time_pictures import incidence_picture, ratio_picture, risk
from analysis.report.weighted_picture import weighted_pictures
from analysis.statistics.durations import Durations
from analysis.statistics.kaplan_meier import kaplan_meier

CLOCKS = {
    "pfs2": "Months since the start of the next line",
    "ttnt": "Months since the start of the next line",
    "ttd": "Months since the start of the next line",
    "os": "Months since the start of the next line",
    "pfs1": "Months since the start of {drug}",
    "pfs2_ema": "Months since the start of {drug}",
}
SHARES = {
    "pfs2": "Alive and free of progression, %",
    "ttnt": "Alive and without a next treatment, %",
    "ttd": "Alive and still on treatment, %",
    "os": "Alive, %",
    "pfs1": "Alive and free of progression, %",
    "pfs2_ema": "Alive and free of second progression, %",
}

Pictures = dict[str, dict[str, str]]  # figure -> size -> svg


def pictures(data: StudyData, numbers: Numbers, others: Numbers) -> Pictures:
    """Every figure that has patients in it, by name and size; `others` are the primary reanalyses."""
    drawn: Pictures = {"attrition": attrition(data, numbers)}
    for endpoint, groups in compared_endpoints(data).items():
        filled = {name: durations for name, durations in groups.items() if durations.n}
        if filled:
            drawn[endpoint] = _survival(endpoint, filled, data, numbers)
    for endpoint, durations in index_endpoints(data).items():
        if durations.n:
            drawn[endpoint] = _survival(endpoint, {"all": durations}, data, numbers)
    if len(data.compared):
        drawn["pfs1_by_strategy"] = _strips(data, numbers)
    more = {
        "incidence": incidence_picture(data, numbers, CLOCKS["ttnt"]),
        "ratio": ratio_picture(data, numbers),
        "sankey": sequence_picture(data, numbers),
        **dict(comparison_pictures(data, numbers, others)),
        **weighted_pictures(data, numbers, SHARES["pfs2"], CLOCKS["pfs2"]),
    }
    return drawn | {name: sizes for name, sizes in more.items() if sizes}


def _survival(
    endpoint: str, groups: Mapping[str, Durations], data: StudyData, numbers: Numbers
) -> dict[str, str]:
    ticks = axis_ticks(max(float(d.time.max()) for d in groups.values()))
    strategies = data.study.strategies
    curves = []
    for name, durations in groups.items():
        colour = str(strategies.index(name)) if name in strategies else "all"
        median = numbers.value(f"{endpoint}.{name}.median")
        curves.append(
            Curve(
                data.study.label(name),
                colour,
                kaplan_meier(durations),
                median,
                risk(numbers, endpoint, name, ticks),
            )
        )
    clock = CLOCKS[endpoint].format(drug=data.study.index_drug)
    title = f"{words.ENDPOINTS[endpoint]} by strategy" if len(groups) > 1 else words.ENDPOINTS[endpoint]
    return {
        size.name: survival_figure(endpoint, title, SHARES[endpoint], clock, curves, ticks, size)
        for size in (WIDE, NARROW)
    }


def attrition(data: StudyData, numbers: Numbers) -> dict[str, str]:
    """Who is left after each step, from numbers of which some may be withheld."""
    steps = [
        Step(
            words.step(str(row["step"]), data.study.index_drug, data.study.parameters),
            _patients(numbers, f"attrition.all.count.{row['step']}.left"),
            _patients(numbers, f"attrition.all.count.{row['step']}.removed"),
            f"attrition.all.count.{row['step']}.left",
            f"attrition.all.count.{row['step']}.removed",
        )
        for row in data.attrition.to_dict("records")
    ]
    parts = [
        Part(
            data.study.label(name),
            _patients(numbers, f"strategy.{name}.count"),
            str(place),
            f"strategy.{name}.count",
        )
        for place, name in enumerate(data.study.strategies)
        if len(data.group(name))
    ]
    title = "From all patients to those compared"
    return {size.name: attrition_figure("attrition", title, steps, parts, size) for size in (WIDE, NARROW)}


def _patients(numbers: Numbers, key: str) -> int | None:
    return None if numbers.withheld(key) else int(numbers.value(key) or 0)


def _strips(data: StudyData, numbers: Numbers) -> dict[str, str]:
    strips = []
    for place, name in enumerate(data.study.strategies):
        values = pd.to_numeric(data.group(name)["pfs1_months"]).dropna().astype(float).tolist()
        found = [numbers.value(f"baseline.{name}.{s}.pfs1_months") for s in ("q1", "median", "q3")]
        q1, median, q3 = found
        quartiles = None if q1 is None or median is None or q3 is None else (q1, median, q3)
        strips.append(Strip(data.study.label(name), str(place), values, quartiles))
    longest = max((value for strip in strips for value in strip.months), default=0.0)
    title, label = "PFS1 of the patients compared, by strategy", "PFS1, months"
    ticks = axis_ticks(longest or 1.0)
    return {
        size.name: strip_figure("pfs1_by_strategy", title, label, strips, ticks, size)
        for size in (WIDE, NARROW)
    }
