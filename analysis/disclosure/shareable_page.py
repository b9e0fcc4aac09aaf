"""The shareable rendering of a study: the same templates, with what may leave the house and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jinja2 import Environment

from analysis.disclosure.control import Shareable, shareable
from analysis.disclosure.shareable_pictures import shareable_pictures
from analysis.estimation.run import compared_endpoints, index_endpoints
from analysis.estimation.study import StudyData
from analysis.report.header import ReportHeader
from analysis.report.numbers import Numbers
from analysis.report.page import context
from analysis.statistics.durations import together

FOLDER = "shareable"
ABSENT = {"absent": {"why": "Withheld in the shareable rendering."}}


def shareable_numbers(data: StudyData, numbers: Numbers, min_count: int) -> Shareable:
    """What may be shown of a study's rows, curves included."""
    curves = {
        endpoint: {"all": together(groups.values()), **groups}
        for endpoint, groups in compared_endpoints(data).items()
    }
    everybody = {endpoint: {"all": durations} for endpoint, durations in index_endpoints(data).items()}
    return shareable(numbers, data, curves | everybody, min_count)


def write_shareable(
    data: StudyData,
    shown: Shareable,
    site_dir: Path,
    header: ReportHeader,
    environment: Environment,
    **further: Any,
) -> None:
    """Write `shareable/index.html` under the site; `further` is what else is printed, cleared for outside.

    Pages of other studies that an earlier run left there go: nothing is to be subtracted from this one.
    """
    figures = shareable_pictures(data, shown) | ABSENT
    page = environment.get_template("report.html.j2").render(
        **context(data, shown.numbers, figures, header, shown), tables=None, swimmers=None, **further
    )
    folder = site_dir / FOLDER
    folder.mkdir(exist_ok=True)
    for earlier in folder.glob("*.html"):
        earlier.unlink()
    (folder / "index.html").write_text(page, encoding="utf-8")
