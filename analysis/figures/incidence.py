"""Cumulative incidence figure: the event of interest as full curves with limits, the competing one dashed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analysis.figures.canvas import Canvas, Size
from analysis.figures.labels import Box, place_labels
from analysis.figures.lettering import width
from analysis.figures.plot_area import Frame, Risk, axes, frame_of, height_of, risk_table, steps, thinned
from analysis.statistics.competing import CumulativeIncidence


@dataclass(frozen=True)
class Incidence:
    """A group to draw; `at_risk` maps a tick in months to (number, estimate_id)."""

    label: str
    colour: str
    fit: CumulativeIncidence
    at_risk: Risk


def incidence_figure(
    key: str,
    title: str,
    names: tuple[str, str],
    x_label: str,
    groups: Sequence[Incidence],
    ticks: Sequence[float],
    size: Size,
) -> str:
    """Draw each group twice; `names` are the words of the event and of the competing one."""
    frame = frame_of(size, ticks[-1])
    height = height_of(frame, [group.label for group in groups], size)
    canvas = Canvas(f"{key}-{size.name}", title, _describe(names, groups), size.width, height)
    shown = thinned(ticks, 5) if size.narrow else list(ticks)
    axes(canvas, frame, shown, "Patients, %", x_label)
    lines = []
    for group in groups:
        fit, colour = group.fit, group.colour
        known = ~np.isnan(fit.lower)
        if known.any():
            top, low = (steps(frame, fit.time[known], part[known]) for part in (fit.upper, fit.lower))
            canvas.path([*top, *reversed(low)], f"band fill-{colour}", closed=True)
    for group in groups:
        for share, css in ((group.fit.competing, "curve dashed"), (group.fit.incidence, "curve")):
            line = _line(frame, group.fit.time, share)
            canvas.path(line, f"{css} stroke-{group.colour}")
            lines.append(line)
    _labels(canvas, frame, names, groups, lines)
    risk_table(canvas, frame, [(g.label, g.colour, g.at_risk) for g in groups], shown, size)
    return canvas.svg(size.name)


def _line(frame: Frame, time: np.ndarray, share: np.ndarray) -> list[tuple[float, float]]:
    return steps(frame, np.append(0.0, time), np.append(0.0, share))


def _labels(
    canvas: Canvas,
    frame: Frame,
    names: tuple[str, str],
    groups: Sequence[Incidence],
    lines: Sequence[list[tuple[float, float]]],
) -> None:
    """Each group's name on its full curve; what full and dashed mean stands once, above the area."""
    area = Box(frame.left, frame.top, frame.right, frame.bottom - 4)
    full = list(lines[1::2])
    places = place_labels([group.label for group in groups], full, area, list(lines[::2]))
    for group, (x, y) in zip(groups, places, strict=True):
        canvas.text(x, y, group.label, f"strong halo fill-{group.colour}")
    x = frame.right
    for name, css in ((names[1], "curve dashed"), (names[0], "curve")):
        canvas.text(x, frame.top - 14, name, "quiet small", "end")
        x -= 7 + width(name, 13)
        canvas.line(x - 20, frame.top - 18, x, frame.top - 18, f"{css} stroke-all")
        x -= 38


def _describe(names: tuple[str, str], groups: Sequence[Incidence]) -> str:
    found = [
        f"{g.label}: {g.fit.data.n} patients, {g.fit.data.events} {names[0].lower()}, "
        f"{g.fit.competing_events} {names[1].lower()}"
        for g in groups
    ]
    return f"Cumulative incidence curves with 95 % limits and numbers at risk. {'; '.join(found)}."
