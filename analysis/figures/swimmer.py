"""Swimmer plot: a bar a patient, PFS1 then PFS2, from the index date to the end of follow-up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from analysis.figures.canvas import Canvas, Size, month
from analysis.figures.marks import legend, mark

ROW, BAR, HEADING = 15.0, 8.0, 30.0
LONGEST_LABEL = 15  # letters beside the bars; the rest of a longer id is in its link


@dataclass(frozen=True)
class Swimmer:
    """One patient; all times in months from the index date.

    `progressed` says whether PFS2 ended in a progression; `href` is her page, None where there is no link.
    """

    label: str
    words: str
    href: str | None
    pfs1: float
    next_start: float
    pfs2_end: float
    end: float
    progressed: bool
    died: bool
    ongoing: bool


@dataclass(frozen=True)
class Lane:
    """A strategy: its words, its colour, the estimate_id of its number, how many it has, those drawn."""

    label: str
    colour: str
    estimate_id: str | None
    patients: int
    swimmers: Sequence[Swimmer]


def swimmer_figure(
    key: str,
    title: str,
    x_label: str,
    lanes: Sequence[Lane],
    ticks: Sequence[float],
    size: Size,
    linked: bool,
) -> str:
    """Draw the lanes under one another; without `linked` no row is a link and none is named."""
    named = linked and not size.narrow
    left = 104.0 if named else 4.0
    right = size.width - 14
    shown = sum(len(lane.swimmers) for lane in lanes)
    canvas = Canvas(f"{key}-{size.name}", title, _describe(lanes), size.width, 0)
    top = legend(canvas, LEGEND, 0, 14, 20) + 6
    bottom = top + HEADING * len(lanes) + ROW * shown + 6
    canvas.height = bottom + 46
    scale = (right - left) / ticks[-1]
    thin = 2 if size.narrow and len(ticks) > 7 else 1
    for tick in ticks[::thin]:
        canvas.line(left + tick * scale, top, left + tick * scale, bottom, "grid")
        canvas.text(left + tick * scale, bottom + 18, month(tick), "number quiet", "middle")
    canvas.line(left, bottom, right, bottom, "axis")
    canvas.text(right, bottom + 38, x_label, "quiet", "end")
    y = top
    for lane in lanes:
        count = f"{lane.patients:,}"
        canvas.text(0, y + 20, count, f"number strong halo fill-{lane.colour}", data=lane.estimate_id)
        canvas.text(8 + 7.2 * len(count), y + 20, lane.label, f"strong halo fill-{lane.colour}")
        y += HEADING
        for swimmer in lane.swimmers:
            href = swimmer.href if linked else None
            canvas.open(swimmer.words if linked else lane.label, href)
            canvas.rect(0, y, size.width, ROW, "hit", 2)
            if named:
                canvas.text(0, y + ROW / 2 + 4, _short(swimmer.label), "number small quiet")
            _swim(canvas, swimmer, lane.colour, y + ROW / 2, left, scale)
            canvas.close(href)
            y += ROW
    return canvas.svg(size.name, "group" if linked else "img")


LEGEND = [
    ("tint", "fill-all", "PFS1"),
    ("bar", "fill-all", "PFS2"),
    ("diamond", "mark", "progression"),
    ("cross", "mark", "death"),
    ("arrow", "mark", "next line ongoing"),
    ("stop", "mark-none", "last contact"),
]


def _swim(canvas: Canvas, swimmer: Swimmer, colour: str, y: float, left: float, scale: float) -> None:
    def x(months: float) -> float:
        return left + months * scale

    top = y - BAR / 2
    canvas.line(x(swimmer.pfs1), y, x(swimmer.next_start), y, "flow")
    canvas.line(x(swimmer.pfs2_end), y, x(swimmer.end), y, "flow")
    canvas.rect(x(0), top, swimmer.pfs1 * scale, BAR, f"tint fill-{colour}", 1)
    canvas.rect(
        x(swimmer.next_start),
        top,
        max(1.5, (swimmer.pfs2_end - swimmer.next_start) * scale),
        BAR,
        f"fill-{colour}",
        1,
    )
    mark(canvas, "diamond", x(swimmer.pfs1), y)
    if swimmer.progressed:
        mark(canvas, "diamond", x(swimmer.pfs2_end), y)
    if swimmer.died:
        mark(canvas, "cross", x(swimmer.end) + 1, y)
    elif swimmer.ongoing:
        mark(canvas, "arrow", x(swimmer.end), y)
    else:
        mark(canvas, "stop", x(swimmer.end), y, "mark-none")


def _short(label: str) -> str:
    return label if len(label) <= LONGEST_LABEL else label[: LONGEST_LABEL - 1] + "…"


def _describe(lanes: Sequence[Lane]) -> str:
    groups = "; ".join(f"{lane.label}: {lane.patients} patients" for lane in lanes)
    return f"One bar a patient, PFS1 then PFS2, in months from the index date. {groups}."
