"""What a patient's page says in words.

Days and months from day 0, never a calendar date: a few of them together can tell who she is.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from analysis.estimation.baseline_rows import COVARIATES, Covariate
from analysis.patients.histories import History
from analysis.report import words
from analysis.report.page import SHOWN_UNITS
from analysis.statistics.durations import DAYS_PER_MONTH
from pipelines.explain.marts import Row

SOURCES = {"imaging": "imaging", "clinical": "clinical", "stop_reason": "reason of a stop"}
EVENTS = {
    "progression": "progression",
    "death": "death",
    "next_line": "the next line began",
    "stop": "treatment stopped",
}
CENSORED = {
    "last_activity": "at the last activity",
    "last_assessment": "at the last assessment",
    "new_therapy": "as new therapy began",
    "no_assessment": "at the start: no assessment",
    "missed_assessments": "before missed assessments",
    "visit_gap": "before a gap between visits",
    "last_contact": "at last contact",
    "data_cut": "at the data cut",
}
OPENED = {
    "first": "the first start in advanced disease",
    "carried_over_alone": "early therapy carried over into advanced disease",
    "progression": "progression",
    "gap": "a gap",
    "escalation": "escalation to chemotherapy",
    "switch": "a switch",
}
ENDED = {"next_line": "the next line began", "death": "death", "ongoing": "ongoing", "stopped": "stopped"}
OLDEST = 90  # ages from here on are told together: so few people are older that the age alone can name one


@dataclass(frozen=True)
class Told:
    """An endpoint: its name, first and last day (days from day 0), how it ended, the record that dates it."""

    name: str
    start: int
    days: int
    how: str
    event: bool
    record: str


def months(days: float) -> str:
    """Days as months with one decimal."""
    return words.number(days / DAYS_PER_MONTH, 1)


def moment(history: History, when: date | None, precision: str | None = "day") -> str:
    """`day 319 (month 10.5)`; says where the month alone is known."""
    if when is None:
        return "an unknown day"
    day = history.day(when)
    about = "" if precision in (None, "day") else f", {precision} known"
    return f"day {words.number(day, 0)} (month {months(day)}{about})"


def lead(history: History) -> str:
    """Her way through the study in a sentence."""
    row = history.stay
    line = history.walk.line(row["index_line"])
    regimen = line["regimen"] if line else "the index line"
    strategy = words.inside(row["strategy_label"])
    compared = "" if row["compared"] else ", not compared"
    return (
        f"Line {row['index_line']}: {regimen}. Progression {months(row['pfs1_days'])} months after "
        f"{row['index_drug']} began. Line {row['next_line']}: {row['next_regimen']} ({strategy}{compared}), "
        f"{months(row['pfs2_days'])} months to {_end_in_words(history, row)}."
    )


def _end_in_words(history: History, row: Row) -> str:
    found = history.pfs(row["next_line"])
    if row["pfs2_event"]:
        return EVENTS.get(found["event_type"], "the event") if found else "the event"
    return "the end of observation, without an event"


def ended(history: History, endpoint: str) -> str:
    """How PFS1, PFS2 or PFS2 (EMA) ended, as far as the marts say."""
    row = history.stay
    if not row[f"{endpoint}_event"]:
        found = None if endpoint == "pfs1" else _dating(history, endpoint)
        reason = row.get("pfs2_censor_reason") if endpoint == "pfs2" else found and found["censor_reason"]
        return f"censored {CENSORED.get(str(reason), '')}".strip()
    found = _dating(history, endpoint)
    return EVENTS.get(str(found["event_type"]), "event") if found else "event"


def endpoints(history: History) -> list[Told]:
    """PFS1, PFS2, PFS2 (EMA), and TTNT, TTD and OS of the next line, each with what dates it."""
    row = history.stay
    index, after = history.day(row["index_date"]), history.day(row["next_line_start"])
    told = [
        Told(
            words.ENDPOINTS[name],
            index if name != "pfs2" else after,
            int(row[f"{name}_days"]),
            ended(history, name),
            bool(row[f"{name}_event"]),
            _record(_dating(history, name)),
        )
        for name in ("pfs1", "pfs2", "pfs2_ema")
    ]
    for name in ("ttnt", "ttd", "os"):
        found = history.endpoint(row["next_line"], name)
        if found:
            event = bool(found["event"])
            how = EVENTS if event else CENSORED
            said = how.get(str(found["event_type" if event else "censor_reason"]), "")
            told.append(
                Told(
                    f"{words.ENDPOINTS[name]}, line {row['next_line']}",
                    after,
                    int(found["days"]),
                    said if event else f"censored {said}".strip(),
                    event,
                    _record(found),
                )
            )
    return told


def _dating(history: History, endpoint: str) -> Row | None:
    """The row of `line_endpoints` that ends on the endpoint's day, None where none does.

    PFS1 and PFS2 (EMA) run on the clock of the index date, whose rows are no mart: the line's own row speaks
    for them where it ends on the same day with the same outcome, and nothing is said where it does not.
    """
    row = history.stay
    start = row["next_line_start" if endpoint == "pfs2" else "index_date"]
    line = row["index_line" if endpoint == "pfs1" else "next_line"]
    found = history.pfs(line, "ema" if endpoint == "pfs2_ema" else "primary")
    if found is None or found.get("end_date") is None:
        return None
    same_end = (found["end_date"] - start).days == row[f"{endpoint}_days"]
    return found if same_end and bool(found["event"]) == bool(row[f"{endpoint}_event"]) else None


def _record(row: Row | None) -> str:
    if row is None or row.get("dated_by_id") is None:
        return ""
    return f"{str(row['dated_by_table']).replace('_', ' ')} {row['dated_by_id']}"


def lines(history: History) -> list[tuple[str, list[str]]]:
    """Each line as a heading and sentences: its days, why it opened and ended, its sub-lines."""
    return [
        (f"Line {line['line_number']}: {line['regimen']}", _line(history, line))
        for line in history.walk.lines
    ]


def _line(history: History, line: Row) -> list[str]:
    days = (line["line_end"] - line["line_start"]).days
    reason = f" (recorded reason: {line['stop_reason'].replace('_', ' ')})" if line["stop_reason"] else ""
    sure = "" if line["confidence"] == "documented" else ", inferred"
    said = [
        f"From {moment(history, line['line_start'])} to {moment(history, line['line_end'])}, "
        f"{months(days)} months. Opened by {OPENED[line['opened_by']]}{sure}; ended: "
        f"{ENDED[line['end_reason']]}{reason}."
    ]
    number = line["line_number"]
    said += [
        f"{part['line_label']} from {moment(history, part['subline_start'])}: {part['regimen']} "
        f"({part['change_reason'].replace('_', ' ')})."
        for part in history.walk.sublines
        if part["line_number"] == number and part["subline_number"] > 0
    ]
    kept = [
        row["ingredient"]
        for row in history.walk.drugs
        if row["line_number"] == number and row["continued_beyond_progression"]
    ]
    if kept:
        said.append(f"{words.sentence(words.listed(kept))} went on beyond progression.")
    best = next((row for row in history.walk.responses if row["line_number"] == number), None)
    if best:
        answer = {True: "yes", False: "no", None: "too early to say"}[best["clinical_benefit"]]
        response = words.BEST_RESPONSES.get(str(best["bor"]), str(best["bor"])).lower()
        said.append(f"Best response: {response}. Clinical benefit: {answer}.")
    return said


def early(history: History) -> list[str]:
    """Early therapy, an era each."""
    return [
        f"{row['ingredient']}, {moment(history, row['start_date'])} to {moment(history, row['end_date'])}"
        for row in history.walk.early
    ]


def covariates(history: History) -> list[tuple[str, str]]:
    """Label and value of each covariate at the next line's start; calendar time is left out."""
    return [
        (covariate.label, _covariate(covariate, history.stay.get(covariate.column)))
        for covariate in COVARIATES
        if not covariate.calendar and covariate.column != "pfs1_class"
    ]


def _covariate(covariate: Covariate, value: object) -> str:
    if value is None:
        return "unknown"
    if covariate.column == "age_years" and float(str(value)) >= OLDEST:
        return f"{OLDEST} years or older"
    if covariate.numeric:
        unit = f" {covariate.unit}" if covariate.unit in SHOWN_UNITS else ""
        # whole years lived, not the nearest
        number = int(float(str(value))) if covariate.column == "age_years" else float(str(value))
        return words.number(number, covariate.decimals) + unit
    level = covariate.recode(value)
    return dict(covariate.levels).get(level, level)
