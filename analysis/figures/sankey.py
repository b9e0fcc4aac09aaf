"""Sankey figure: patients flowing from regimen to regimen, line by line.

A stop is a bar as high as its patients with its words above it, so that no label can meet another; what is
too small to see is drawn at the least width that can be.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from analysis.figures.canvas import Canvas, Size
from analysis.figures.lettering import wrapped

BAR, GAP, LEAST = 9.0, 13.0, 1.6
HEAD, UNDER_HEAD = 16.0, 12.0


@dataclass(frozen=True)
class SankeyStop:
    """A bar: its column, its words, its patients, its colour (0, 1, 2, all, or `end`), its estimate_id."""

    column: int
    label: str
    patients: int
    colour: str
    estimate_id: str


@dataclass(frozen=True)
class SankeyFlow:
    """Patients from one stop to another, both by their place among the stops."""

    source: int
    target: int
    patients: int
    estimate_id: str


@dataclass
class _Bar:
    """Where a stop is drawn; `out` and `into` move down as flows leave and arrive."""

    stop: SankeyStop
    lines: list[str]
    height: float
    left: float = 0.0
    top: float = 0.0
    out: float = 0.0
    into: float = 0.0


def sankey_figure(
    key: str,
    title: str,
    headings: Sequence[str],
    stops: Sequence[SankeyStop],
    flows: Sequence[SankeyFlow],
    size: Size,
) -> str:
    """Draw the stops in their order from the top of each column, the flows between them."""
    letter = 12.0 if size.narrow else 14.0
    line = letter + 3
    last = 84.0 if size.narrow else 170.0
    step = (size.width - last) / max(1, len(headings) - 1)
    room = min(step, last) - 4
    most = max((sum(s.patients for s in stops if s.column == c) for c in range(len(headings))), default=1)
    scale = (250.0 if size.narrow else 260.0) / max(1, most)
    widths = [max(LEAST, flow.patients * scale) for flow in flows]
    bars = [
        _Bar(stop, _label(stop, room, letter), _height(place, stop, flows, widths, scale))
        for place, stop in enumerate(stops)
    ]
    heads = [wrapped(heading, room, letter) for heading in headings]
    top = HEAD + line * (max(len(head) for head in heads) - 1) + UNDER_HEAD
    columns = [[bar for bar in bars if bar.stop.column == c] for c in range(len(headings))]
    tall = max(sum(bar.height + line * len(bar.lines) + GAP for bar in column) for column in columns)
    canvas = Canvas(f"{key}-{size.name}", title, _describe(headings, stops), size.width, top + tall)
    for place, (head, column) in enumerate(zip(heads, columns, strict=True)):
        for row, words in enumerate(head):
            canvas.text(place * step, HEAD + row * line - 2, words, "quiet small")
        _set(column, place * step, top, line)
    for flow, width in zip(flows, widths, strict=True):
        _flow(canvas, bars[flow.source], bars[flow.target], flow, width)
    for bar in bars:
        _bar(canvas, bar, line)
    return canvas.svg(size.name)


def _label(stop: SankeyStop, room: float, letter: float) -> list[str]:
    return wrapped(f"{stop.patients:,} {stop.label}", room, letter, strong=True)


def _height(
    place: int, stop: SankeyStop, flows: Sequence[SankeyFlow], widths: Sequence[float], scale: float
) -> float:
    """As high as its patients, and as the flows that leave and arrive, which may have been widened."""
    out = sum(width for flow, width in zip(flows, widths, strict=True) if flow.source == place)
    into = sum(width for flow, width in zip(flows, widths, strict=True) if flow.target == place)
    return max(stop.patients * scale, out, into, LEAST)


def _set(column: Sequence[_Bar], left: float, top: float, line: float) -> None:
    """Stack a column from the top, with equal gaps; what is left of the height stays under it."""
    y = top
    for bar in column:
        y += line * len(bar.lines)
        bar.left, bar.top, bar.out, bar.into = left, y, y, y
        y += bar.height + GAP


def _flow(canvas: Canvas, source: _Bar, target: _Bar, flow: SankeyFlow, width: float) -> None:
    words = f"{source.stop.label} to {target.stop.label}: {flow.patients:,}"
    colour = source.stop.colour if target.stop.colour == "end" else target.stop.colour
    canvas.open(words, data=flow.estimate_id)
    ends = (source.left + BAR, source.out), (target.left, target.into)
    canvas.ribbon(*ends, width, f"ribbon fill-{colour}")
    canvas.close()
    source.out += width
    target.into += width


def _bar(canvas: Canvas, bar: _Bar, line: float) -> None:
    stop = bar.stop
    css = "bar-end" if stop.colour == "end" else f"fill-{stop.colour}"
    canvas.rect(bar.left, bar.top, BAR, bar.height, css)
    tone = "quiet" if stop.colour == "end" else f"fill-{stop.colour}"
    for place, words in enumerate(bar.lines):
        y = bar.top - 5 - line * (len(bar.lines) - 1 - place)
        number = stop.estimate_id if place == 0 else None
        canvas.text(bar.left, y, words, f"small strong halo {tone}", data=number)


def _describe(headings: Sequence[str], stops: Sequence[SankeyStop]) -> str:
    parts = []
    for column, heading in enumerate(headings):
        found = ", ".join(f"{stop.label} {stop.patients}" for stop in stops if stop.column == column)
        parts.append(f"{heading}: {found}")
    return "Patients by regimen and line. " + "; ".join(parts) + "."
