"""A page for each study patient: her timeline, lines, the walk's decisions, endpoints, baseline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from jinja2 import Environment

from analysis.estimation.study import StudyData
from analysis.patients import patient_words
from analysis.patients.histories import History
from analysis.patients.swimmers import FOLDER
from analysis.patients.timelines import EARLIEST, day_zero, timeline_drawings
from analysis.report import words
from analysis.report.header import ReportHeader
from analysis.report.page import gate_sentence
from pipelines.explain.dates import Calendar
from pipelines.explain.decisions import Block, blocks
from pipelines.explain.records import Records

MARKER = '<meta name="generator" content="Afterline patient page">'
FONTS_FILE = "fonts.css"


@dataclass(frozen=True)
class Neighbour:
    """Another patient's page: her id and its file name."""

    patient_id: str
    page: str


def write_patients(
    site_dir: Path,
    environment: Environment,
    style: str,
    fonts: str,
    histories: Mapping[str, History],
    reports: Sequence[tuple[StudyData, str]],
    header: ReportHeader,
) -> None:
    """Write `patients/` under the site; pages of patients who are no longer studied are removed.

    `reports` are the studies with their pages' names. The fonts lie in a file of their own, which all pages
    share: inside each they would be 100 kB a patient. A page without it falls back to the system's fonts.
    """
    folder = site_dir / FOLDER
    _remove_old(folder)
    if not histories:
        return
    folder.mkdir(exist_ok=True)
    (folder / FONTS_FILE).write_text(fonts, encoding="utf-8")
    template = environment.get_template("patient.html.j2")
    everybody = list(histories.values())
    names = {data.study.study_id: (data.study.title, page) for data, page in reports}
    for place, history in enumerate(everybody):
        before = _neighbour(everybody, place - 1) if place else None
        after = _neighbour(everybody, place + 1) if place + 1 < len(everybody) else None
        title, report = names[next(iter(history.stays))]
        page = template.render(
            **_context(history),
            header=header,
            gate=gate_sentence(header),
            style=style,
            fonts=FONTS_FILE,
            marker=MARKER,
            before=before,
            after=after,
            place=place + 1,
            total=len(everybody),
            study_title=title,
            report=report,
        )
        (folder / history.page).write_text(page, encoding="utf-8")


def _context(history: History) -> dict[str, Any]:
    row = history.stay
    calendar = Calendar(history.origin, day_zero(history), is_relative=True)
    assessed = history.assessments
    return {
        "patient": history.patient_id,
        "lead": patient_words.lead(history),
        "tone": f"tone-{row['tone']}",
        "key": [
            (
                words.ENDPOINTS[name],
                patient_words.months(row[f"{name}_days"]),
                patient_words.ended(history, name),
            )
            for name in ("pfs1", "pfs2", "pfs2_ema")
        ],
        "figures": {"timeline": timeline_drawings(history)},
        "day_zero": day_zero(history),
        "lines": patient_words.lines(history),
        "early": patient_words.early(history),
        "decisions": _decisions(history, calendar),
        "rules": history.walk.rules,
        "endpoints": patient_words.endpoints(history),
        "covariates": patient_words.covariates(history),
        "next_line": row["next_line"],
        "pfs_ratio": row["pfs_ratio"],
        "months": patient_words.months,
        "day": lambda value: words.number(value, 0),
        "assessments": None if assessed is None else [_assessment(history, a) for a in assessed],
        "not_drawn": sum(history.month(a["assessment_date"]) < EARLIEST for a in assessed or []),
    }


def _decisions(history: History, calendar: Calendar) -> list[dict[str, Any]]:
    """The walk's decisions as `afterline explain` words them; the records as the mart lists them."""
    behind = {
        (row["decision_date"], row["ingredient"]): row["medication_ids"] for row in history.walk.decisions
    }
    return [_decision(block, history, behind) for block in blocks(history.walk, Records(), calendar)]


def _decision(block: Block, history: History, behind: Mapping[tuple[date, str], list[str]]) -> dict[str, Any]:
    day = history.day(block.when)
    rule = block.title.split(" ", 1)[0]
    return {
        "day": day,
        "months": patient_words.months(day),
        "rule": rule,
        "title": block.title.replace("_", " "),
        "movement": block.movement.replace("->", "→"),
        "drugs": [(name, behind[block.when, name]) for name, _ in block.drugs],
        "why": block.why,
        "parameters": block.parameters,
        "progressions": block.progressions,
    }


def _assessment(history: History, row: Mapping[str, Any]) -> tuple[str, str, str, str]:
    """Her assessment as moment, response, source and record."""
    return (
        patient_words.moment(history, row["assessment_date"], row["date_precision"]),
        str(row["response"]),
        patient_words.SOURCES.get(row["source"], str(row["source"])),
        str(row["assessment_id"]),
    )


def _neighbour(everybody: Sequence[History], place: int) -> Neighbour:
    return Neighbour(everybody[place].patient_id, everybody[place].page)


def _remove_old(folder: Path) -> None:
    """Remove pages that an earlier rendering wrote here, and nothing else."""
    for page in sorted(folder.glob("*.html")) if folder.is_dir() else []:
        with page.open(encoding="utf-8", errors="replace") as text:
            if MARKER in text.read(600):
                page.unlink()
