"""The Sankey figure of a study: what followed the index line, from the rows that count it."""

from __future__ import annotations

from analysis.estimation.sequences import ENDS, Stop, counted, flow_id
from analysis.estimation.study import Study, StudyData
from analysis.figures import NARROW, WIDE
from analysis.figures.sankey import SankeyFlow, SankeyStop, sankey_figure
from analysis.report import words
from analysis.report.numbers import Numbers

HEADINGS = ("{drug} line", "Next line", "Second line after", "Third line after")
REGIMENS = {
    "endocrine": "Endocrine alone",
    "endocrine + cdk46": "Endocrine + CDK4/6",
    "endocrine + mtor": "Endocrine + mTOR",
    "endocrine + pi3k_akt": "Endocrine + PI3K/AKT",
    "other": "Other",
    "chemo": "Chemotherapy",
    "on treatment": "On treatment",
    "no further line": "Alive, no further line",
    "died": "Died",
}


def sequence_picture(data: StudyData, numbers: Numbers) -> dict[str, str]:
    """The figure by size; empty where no study patient has a line."""
    stops, flows = counted(data.lines)
    places = {stop: number for number, stop in enumerate(stops)}
    if not places:
        return {}
    bars = [
        SankeyStop(
            stop.place,
            REGIMENS.get(stop.name, stop.name),
            int(numbers.value(stop.estimate_id) or 0),
            _colour(stop, data.study),
            stop.estimate_id,
        )
        for stop in stops
    ]
    bands = [
        SankeyFlow(places[flow[0]], places[flow[1]], int(numbers.value(flow_id(flow)) or 0), flow_id(flow))
        for flow in flows
    ]
    columns = max(stop.place for stop in stops) + 1
    drug = data.study.index_drug
    headings = [heading.format(drug=drug[:1].upper() + drug[1:]) for heading in HEADINGS[:columns]]
    title = f"Regimens from the {words.inside(drug)} line on"
    return {size.name: sankey_figure("sankey", title, headings, bars, bands, size) for size in (WIDE, NARROW)}


def _colour(stop: Stop, study: Study) -> str:
    """That of the strategy a regimen belongs to, where the study compares one of that name."""
    if stop.name in ENDS:
        return "end"
    strategy = "chemotherapy" if stop.name == "chemo" else stop.name.split(" ")[0]
    return str(study.strategies.index(strategy)) if strategy in study.strategies else "all"
