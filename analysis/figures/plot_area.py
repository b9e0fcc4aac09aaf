"""What every curve over time is drawn on: the area, its axes, step curves in pixels, numbers at risk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from analysis.figures.canvas import Canvas, Size, month
from analysis.figures.lettering import shortened, width

FINE = 1500  # steps from which on those closer than half a pixel are drawn as one
Risk = Mapping[float, tuple[int, str]]  # tick to (number at risk, estimate_id)


@dataclass(frozen=True)
class Frame:
    """The plot area in pixels, and what its axes span."""

    left: float
    top: float
    right: float
    bottom: float
    last: float

    def x(self, time: float) -> float:
        """Pixels of a time in months, or of a ratio."""
        return self.left + (self.right - self.left) * time / self.last

    def y(self, share: float) -> float:
        """Pixels of a share from 0 to 1."""
        return self.bottom - (self.bottom - self.top) * share


def frame_of(size: Size, last: float) -> Frame:
    """The area of a drawing whose axis ends at `last`."""
    left = 44.0 if size.narrow else 140.0
    return Frame(left, 30, size.width - 14, 30 + (230.0 if size.narrow else 340.0), last)


def height_of(frame: Frame, labels: Sequence[str], size: Size) -> float:
    """Height of a drawing with numbers at risk for groups of these names."""
    return frame.bottom + 52 + 18 + (36 if _names_above(frame, labels, size) else 20) * len(labels) + 6


def _names_above(frame: Frame, labels: Sequence[str], size: Size) -> bool:
    """Whether each group's name stands above its numbers: on a phone, and where one does not fit beside."""
    return size.narrow or any(width(label, 13, strong=True) > frame.left - 26 for label in labels)


def axes(canvas: Canvas, frame: Frame, ticks: Sequence[float], y_label: str, x_label: str) -> None:
    """Both axes with light rules at the quarters; their names stand at their ends."""
    for share in (0.25, 0.75, 1.0):
        canvas.line(frame.left, frame.y(share), frame.right, frame.y(share), "grid")
    canvas.line(frame.left, frame.y(0.5), frame.right, frame.y(0.5), "half")
    for share in (0, 0.25, 0.5, 0.75, 1.0):
        canvas.text(frame.left - 9, frame.y(share) + 4, f"{share * 100:g}", "number quiet", "end")
    canvas.line(frame.left, frame.bottom, frame.right, frame.bottom, "axis")
    for tick in ticks:
        canvas.line(frame.x(tick), frame.bottom, frame.x(tick), frame.bottom + 5, "axis")
        canvas.text(frame.x(tick), frame.bottom + 20, month(tick), "number quiet", "middle")
    canvas.text(frame.left - 31 if frame.left < 60 else frame.left - 34, frame.top - 14, y_label, "quiet")
    canvas.text(frame.right, frame.bottom + 40, x_label, "quiet", "end")


def risk_table(
    canvas: Canvas,
    frame: Frame,
    groups: Sequence[tuple[str, str, Risk]],
    ticks: Sequence[float],
    size: Size,
) -> None:
    """Numbers at risk, each under its tick, for groups of (words, colour, numbers)."""
    y = frame.bottom + 62
    canvas.text(0, y, "Number at risk", "quiet small")
    above = _names_above(frame, [label for label, _, _ in groups], size)
    for label, colour, at_risk in groups:
        y += 20
        canvas.text(0, y, shortened(label, size.width, 13, strong=True), f"small strong fill-{colour}")
        if above:
            y += 16
        for tick in ticks:
            if tick in at_risk:
                number, key = at_risk[tick]
                canvas.text(frame.x(tick), y, f"{number:,}", "number", "middle", key)


def steps(frame: Frame, time: np.ndarray, share: np.ndarray) -> list[tuple[float, float]]:
    """The corners of a step curve in pixels; of very many steps, one for each half pixel."""
    if len(time) > FINE:
        column = np.round(2 * (frame.left + (frame.right - frame.left) * time / frame.last))
        keep = np.append(column[1:] != column[:-1], True)
        keep[0] = True
        time, share = time[keep], share[keep]
    points: list[tuple[float, float]] = []
    for i, (t, s) in enumerate(zip(time, share, strict=True)):
        if i:
            points.append((frame.x(t), frame.y(share[i - 1])))
        points.append((frame.x(t), frame.y(s)))
    return points


def thinned(ticks: Sequence[float], most: int) -> list[float]:
    """Ticks at even distances, at most so many steps apart from the first."""
    every = max(1, -(-(len(ticks) - 1) // most))
    return list(ticks)[::every]
