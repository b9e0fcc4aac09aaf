"""What the report says for the paper: methods, limitations and checklists, for one rendering of one study."""

from __future__ import annotations

from typing import Any

from analysis.estimation.study import StudyData
from analysis.report.checklist import checklists
from analysis.report.header import ReportHeader
from analysis.report.limitations import limitations
from analysis.report.methods import methods
from analysis.report.numbers import Numbers
from analysis.report.outside_words import Outside
from analysis.report.page import sections_of
from analysis.report.parameters import Parameters


def paper(
    data: StudyData,
    numbers: Numbers,
    header: ReportHeader,
    parameters: Parameters,
    shown: Outside | None = None,
) -> dict[str, Any]:
    """What the templates of these three parts print."""
    sections = sections_of(data.study, shown)
    return {
        "methods": methods(data, numbers, header, parameters),
        "limitations": limitations(data, numbers, header, parameters, shown),
        "checklists": checklists(data, numbers, header, parameters, sections),
    }
