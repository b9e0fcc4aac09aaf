"""A patient's history as the parts of her timeline: months from day 0, words for what is pointed at."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from itertools import groupby

from analysis.estimation.survival_rows import axis_ticks
from analysis.figures import NARROW, WIDE
from analysis.figures.marks import RESPONSES
from analysis.figures.timeline import Boundary, Point, Span, Timeline, Track, timeline_figure
from analysis.patients.histories import History
from analysis.patients.patient_words import SOURCES, ended, moment, months
from analysis.report import words
from analysis.statistics.durations import DAYS_PER_MONTH
from pipelines.explain.marts import Row

EARLIEST = -3.0  # months: what lies further back is in the page's lists, and would only squeeze the picture
MODALITIES = {
    "endocrine": ("fill-0", "endocrine"),
    "targeted": ("fill-2", "targeted"),
    "chemo": ("fill-1", "chemotherapy"),
    "other": ("fill-all", "other"),
}


def timeline_drawings(history: History) -> dict[str, str]:
    """Her timeline by size."""
    made, label = timeline(history), f"Months from {day_zero(history)}"
    title = f"Timeline of patient {history.patient_id}"
    return {size.name: timeline_figure("timeline", title, made, label, size) for size in (WIDE, NARROW)}


def day_zero(history: History) -> str:
    """What day 0 is."""
    return "the date of advanced disease" if history.facts["advanced_date"] else "the index date"


def timeline(history: History) -> Timeline:
    """What is drawn of her."""
    tracks = [*_drugs(history), *_seen(history), _followed(history)]
    intervals = _intervals(history)
    spans = [span for track in [*tracks, *intervals] for span in track.spans]
    points = [point.at for track in tracks for point in track.points]
    first = max(EARLIEST, min([0.0, *(span.start for span in spans), *points]))
    used = {row["modality"] for row in [*history.walk.drugs, *_reaching_in(history)]}
    lines = "; ".join(f"line {line['line_number']}: {line['regimen']}" for line in history.walk.lines)
    return Timeline(
        tracks,
        intervals,
        _boundaries(history),
        axis_ticks(max([span.end for span in spans] + points + [1.0])),
        first,
        f"Drugs by ingredient, assessments and progressions over months from {day_zero(history)}. {lines}.",
        [entry for name, entry in MODALITIES.items() if name in used],
    )


def _reaching_in(history: History) -> list[Row]:
    """Early therapy that goes on into advanced disease and joins no line."""
    return [row for row in history.walk.early if row["end_date"] >= history.origin]


def _drugs(history: History) -> list[Track]:
    """A row an ingredient, in the order of their first days; a bar for each line that has the drug."""
    spans: defaultdict[str, list[Span]] = defaultdict(list)
    last = history.facts["end_of_follow_up"]
    for row in history.walk.drugs:
        line = history.walk.line(row["line_number"])
        goes_on = line is not None and line["end_reason"] == "ongoing" and row["last_date"] == last
        period = _period(history, row, "first_date", "last_date")
        said = f"{row['ingredient']} in line {row['line_number']}, {period}"
        beyond = ", continued beyond progression" if row["continued_beyond_progression"] else ""
        spans[row["ingredient"]].append(
            Span(
                history.month(row["first_date"]),
                history.month(row["last_date"]),
                MODALITIES.get(row["modality"], MODALITIES["other"])[0],
                f"{said}, joined by {row['joined_by'].replace('_', ' ')}{beyond}",
                open_right=goes_on,
            )
        )
    for row in _reaching_in(history):
        start = history.month(row["start_date"])
        spans[row["ingredient"]].append(
            Span(
                start,
                history.month(row["end_date"]),
                f"{MODALITIES.get(row['modality'], MODALITIES['other'])[0]} tint",
                f"{row['ingredient']}, early therapy, {_period(history, row, 'start_date', 'end_date')}",
                open_left=start < EARLIEST,
            )
        )
    order = sorted(spans, key=lambda name: (min(span.start for span in spans[name]), name))
    return [Track(name, spans[name]) for name in order]


def _period(history: History, row: Row, start: str, end: str) -> str:
    return f"{moment(history, row[start])} to {moment(history, row[end])}"


def _seen(history: History) -> list[Track]:
    """Assessments by response, and progressions by episode."""
    tracks = []
    if history.assessments is not None:
        points = [
            Point(
                history.month(row["assessment_date"]),
                *RESPONSES.get(row["response"], RESPONSES["NE"]),
                f"{row['response']}, {SOURCES.get(row['source'], row['source'])}, "
                f"{moment(history, row['assessment_date'], row['date_precision'])}",
            )
            for row in history.assessments
        ]
        tracks.append(Track("Assessments", points=points))
    episodes = []
    by_date = sorted(history.walk.progressions, key=lambda row: (row["episode_date"], row["episode_id"]))
    for (when, _), events in groupby(by_date, key=lambda row: (row["episode_date"], row["episode_id"])):
        found = list(events)
        sources = words.listed(sorted({SOURCES.get(str(row["source"]), str(row["source"])) for row in found}))
        line = found[0]["line_number"]
        belongs = f"belongs to line {line}" if line is not None else "belongs to no line"
        said = f"Progression, {sources}, {moment(history, when)}, {belongs}"
        episodes.append(Point(history.month(when), "diamond", "mark", said))
    return [*tracks, Track("Progressions", points=episodes)]


def _followed(history: History) -> Track:
    """From day 0 to death, or to the last contact."""
    death: date | None = history.facts["death_date"]
    last: date | None = death or history.facts["last_contact_date"]
    if last is None:
        return Track("Follow-up")
    said = f"{'Death' if death else 'Last contact'}, {moment(history, last)}"
    shape = ("cross", "mark") if death else ("stop", "mark-none")
    return Track(
        "Follow-up",
        [Span(0.0, history.month(last), "follow", said)],
        [Point(history.month(last), *shape, said)],
        "death" if death else "last contact",
    )


def _boundaries(history: History) -> list[Boundary]:
    """Lines with their sub-lines, in order of time."""
    found = []
    for line in history.walk.lines:
        number = line["line_number"]
        said = f"Line {number}, {line['regimen']}, {_period(history, line, 'line_start', 'line_end')}"
        start, end = history.month(line["line_start"]), history.month(line["line_end"])
        found.append(Boundary(start, str(number), said, end))
        for part in history.walk.sublines:
            if part["line_number"] == number and part["subline_number"] > 0:
                began = moment(history, part["subline_start"])
                said = f"Line {part['line_label']}, {part['regimen']}, from {began}"
                found.append(Boundary(history.month(part["subline_start"]), part["line_label"], said))
    return found


def _intervals(history: History) -> list[Track]:
    """PFS1, PFS2 and PFS2 (EMA) of the first study that has her."""
    row = history.stay
    index, after = history.month(row["index_date"]), history.month(row["next_line_start"])
    found = (
        ("pfs1", index, row["pfs1_days"], row["pfs1_event"]),
        ("pfs2", after, row["pfs2_days"], row["pfs2_event"]),
        ("pfs2_ema", index, row["pfs2_ema_days"], row["pfs2_ema_event"]),
    )
    tracks = []
    for endpoint, start, days, event in found:
        name, end = words.ENDPOINTS[endpoint], start + days / DAYS_PER_MONTH
        note = f"{months(days)} months" + ("" if event else ", censored")
        said = f"{name}: {note}, {ended(history, endpoint)}"
        point = Point(end, *(("diamond", "mark") if event else ("ring", "mark-none")), said)
        shown = f"{months(days)} months"
        tracks.append(Track(name, [Span(start, end, "interval", said)], [point], shown, strong=True))
    return tracks
