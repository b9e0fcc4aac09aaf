"""One patient's timeline: drugs by ingredient, lines, assessments, progressions, follow-up, endpoints."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from analysis.figures.canvas import Canvas, Size, month
from analysis.figures.marks import RESPONSES, legend, mark

LABEL = 200.0  # room for the longest ingredient of the dictionary
HEAD, BAR = 26.0, 11.0
LONGEST_LABEL = 31


@dataclass(frozen=True)
class Span:
    """A bar from one month to another, with the words shown when it is pointed at.

    `open_left` and `open_right`: it goes on beyond what is known or drawn.
    """

    start: float
    end: float
    css: str
    words: str
    open_left: bool = False
    open_right: bool = False


@dataclass(frozen=True)
class Point:
    """A mark at a month."""

    at: float
    shape: str
    css: str
    words: str


@dataclass(frozen=True)
class Track:
    """A row of the drawing: its name, its bars, its marks, words beside its name."""

    label: str
    spans: Sequence[Span] = ()
    points: Sequence[Point] = ()
    note: str = ""
    strong: bool = False


@dataclass(frozen=True)
class Boundary:
    """A line of therapy begins (`line`, with the month it ends), or a sub-line."""

    at: float
    label: str
    words: str
    end: float | None = None


@dataclass(frozen=True)
class Timeline:
    """What is drawn, in months from day 0: tracks above the axis, intervals under it, ticks of the axis.

    `first` is the left edge, which may lie before 0.
    """

    tracks: Sequence[Track]
    intervals: Sequence[Track]
    boundaries: Sequence[Boundary]
    ticks: Sequence[float]
    first: float
    description: str
    modalities: Sequence[tuple[str, str]] = field(default_factory=tuple)


@dataclass(frozen=True)
class Area:
    """Where the tracks are: pixels of the left and right edge, the months at them, the height of a row."""

    left: float
    right: float
    first: float
    last: float
    row: float
    narrow: bool

    def x(self, months: float) -> float:
        """Pixels of a month, kept inside the edges."""
        inside = min(max(months, self.first), self.last)
        return self.left + (self.right - self.left) * (inside - self.first) / (self.last - self.first)


def timeline_figure(key: str, title: str, timeline: Timeline, x_label: str, size: Size) -> str:
    """Draw it: names beside the rows, on a phone above them."""
    left = 2.0 if size.narrow else LABEL
    area = Area(
        left, size.width - 14, timeline.first, timeline.ticks[-1], 37.0 if size.narrow else 25.0, size.narrow
    )
    canvas = Canvas(f"{key}-{size.name}", title, timeline.description, size.width, 0)
    top = legend(canvas, _legend(timeline), 0, 14, 20) + 4
    bottom = top + HEAD + area.row * len(timeline.tracks) + 6
    _axis(canvas, area, timeline, top + HEAD, bottom, x_label)
    _boundaries(canvas, area, timeline.boundaries, top, bottom)
    y = _tracks(canvas, area, timeline.tracks, top + HEAD)
    y = _tracks(canvas, area, timeline.intervals, bottom + (50 if timeline.intervals else 44))
    canvas.height = y + 4
    return canvas.svg(size.name)


def _legend(timeline: Timeline) -> list[tuple[str, str, str]]:
    """Only what is drawn, in a fixed order."""
    shown = {(point.shape, point.css) for track in timeline.tracks for point in track.points}
    names = {
        "CR": "complete response",
        "PR": "partial response",
        "SD": "stable",
        "PD": "progression on a scan",
    }
    found = [("bar", css, words) for css, words in timeline.modalities]
    found += [(*RESPONSES[r], names.get(r, "not evaluable")) for r in RESPONSES if RESPONSES[r] in shown]
    ends = [("diamond", "mark", "progression"), ("cross", "mark", "death")]
    return found + [entry for entry in ends if entry[:2] in shown]


def _axis(canvas: Canvas, area: Area, timeline: Timeline, top: float, bottom: float, x_label: str) -> None:
    thin = 2 if area.narrow and len(timeline.ticks) > 7 else 1
    for tick in timeline.ticks[::thin]:
        canvas.line(area.x(tick), top, area.x(tick), bottom, "grid")
        canvas.text(area.x(tick), bottom + 18, month(tick), "number quiet", "middle")
    canvas.line(area.left, bottom, area.right, bottom, "axis")
    canvas.text(area.right, bottom + 36, x_label, "quiet", "end")


def _boundaries(
    canvas: Canvas, area: Area, boundaries: Sequence[Boundary], top: float, bottom: float
) -> None:
    """Lines as labelled segments over the rows with a rule at each start; sub-lines as dotted rules."""
    starts = [area.x(boundary.at) for boundary in boundaries]
    for place, boundary in enumerate(boundaries):
        x = starts[place]
        room = (starts[place + 1] if place + 1 < len(starts) else area.right) - x
        canvas.open(boundary.words)
        if boundary.end is not None:
            canvas.rect(x, top, max(2.0, area.x(boundary.end) - x), 19, "bar")
            canvas.line(x, top, x, bottom, "rule")
            label = f"Line {boundary.label}"
            if boundary is boundaries[-1] or room > 7 * len(label) + 6:
                canvas.text(x + 5, top + 14, label, "strong small")
            elif room > 12:
                canvas.text(x + 4, top + 14, boundary.label, "strong small")
        else:
            canvas.line(x, top + 4, x, bottom, "half")
            if room > 24:
                canvas.text(x + 4, top + 14, boundary.label, "small quiet")
        canvas.close()


def _tracks(canvas: Canvas, area: Area, tracks: Sequence[Track], y: float) -> float:
    """Draw rows from y down; returns where they end."""
    for track in tracks:
        middle = y + (26 if area.narrow else area.row / 2)
        css = "strong" if track.strong else ""
        label = _short(track.label)
        if area.narrow:  # the name stands in the rules' way
            canvas.rect(0, y + 3, 6.2 * len(label) + 5, 15, "paper")
        canvas.text(0, y + 15 if area.narrow else middle + 4.5, label, f"{css} small")
        for span in track.spans:
            _span(canvas, area, span, middle)
        for point in track.points:
            if area.first <= point.at <= area.last:
                canvas.open(point.words)
                mark(canvas, point.shape, area.x(point.at), middle, point.css)
                canvas.close()
        if track.note:
            _note(canvas, area, track, y, middle)
        y += area.row
    return y


def _span(canvas: Canvas, area: Area, span: Span, middle: float) -> None:
    left, right = area.x(span.start), area.x(span.end)
    canvas.open(span.words)
    if span.css == "follow":
        canvas.line(left, middle, right, middle, "flow")
    elif span.css == "interval":
        canvas.line(left, middle, right, middle, "interval")
        canvas.line(left, middle - 5, left, middle + 5, "axis")
    else:
        canvas.rect(left, middle - BAR / 2, max(2.0, right - left), BAR, span.css, 1.5)
    room = right - left > 14
    if span.open_left and room:
        canvas.path([(left + 7, middle - 4), (left + 1, middle), (left + 7, middle + 4)], "edge")
    if span.open_right and room:
        canvas.path([(right - 7, middle - 4), (right - 1, middle), (right - 7, middle + 4)], "edge")
    canvas.close()


def _note(canvas: Canvas, area: Area, track: Track, y: float, middle: float) -> None:
    """Beside the row's name, clear of every bar."""
    if area.narrow:
        room = 6.2 * len(track.note) + 5
        canvas.rect(area.right - room, y + 3, room, 15, "paper")
        canvas.text(area.right, y + 15, track.note, "number small quiet", "end")
    else:
        canvas.text(area.left - 14, middle + 4.5, track.note, "number small quiet", "end")


def _short(label: str) -> str:
    return label if len(label) <= LONGEST_LABEL else label[: LONGEST_LABEL - 1] + "…"
