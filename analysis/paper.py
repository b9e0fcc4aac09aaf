"""What the report says for the paper: methods, limitations and checklists, for one rendering of one study."""

from __future__ import annotations

from typing import Any

from analysis.checklist import checklists
from analysis.disclosure import Shareable
from analysis.header import ReportHeader
from analysis.limitations import limitations
from analysis.methods import methods
from analysis.numbers import Numbers
from analysis.page import sections_of
from analysis.parameters import Parameters
from analysis.study import StudyData


def paper(
    data: StudyData,
    numbers: Numbers,
    header: ReportHeader,
    parameters: Parameters,
    shown: Shareable | None = None,
) -> dict[str, Any]:
    """What the templates of these three parts print."""
    sections = sections_of(data.study, shown)
    return {
        "methods": methods(data, numbers, header, parameters),
        "limitations": limitations(data, numbers, header, parameters, shown),
        "checklists": checklists(data, numbers, header, parameters, sections),
    }
