"""Kaplan-Meier figure.

Curves with limits and censoring marks, labels on the curves, numbers at risk under the axis.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from analysis.figures.canvas import Canvas, Size, month
from analysis.figures.labels import Box, place_labels
from analysis.kaplan_meier import KaplanMeier


@dataclass(frozen=True)
class Curve:
    """A group to draw.

    `colour` is 0, 1, 2 or 'all'; `at_risk` maps a tick in months to (number, estimate_id). `said` describes
    the curve to those who cannot see it, where its patients and events are not to be told.
    """

    label: str
    colour: str
    fit: KaplanMeier
    median: float | None
    at_risk: Mapping[float, tuple[int, str]]
    said: str | None = None


@dataclass(frozen=True)
class Frame:
    """The plot area in pixels, and what its axes span."""

    left: float
    top: float
    right: float
    bottom: float
    last: float

    def x(self, time: float) -> float:
        """Pixels of a time in months."""
        return self.left + (self.right - self.left) * time / self.last

    def y(self, survival: float) -> float:
        """Pixels of a share from 0 to 1."""
        return self.bottom - (self.bottom - self.top) * survival


def survival_figure(
    key: str,
    title: str,
    y_label: str,
    x_label: str,
    curves: Sequence[Curve],
    ticks: Sequence[float],
    size: Size,
) -> str:
    """Draw the curves over the ticks (months, from 0); the last tick is the end of the axis."""
    left = 44.0 if size.narrow else 140.0
    height = 230.0 if size.narrow else 340.0
    frame = Frame(left, 30, size.width - 14, 30 + height, ticks[-1])
    # a phone writes each group's name above its numbers; the page writes it beside them
    row_height = 36 if size.narrow else 20
    bottom = frame.bottom + 52 + 18 + row_height * len(curves) + 6
    canvas = Canvas(f"{key}-{size.name}", title, _describe(curves), size.width, bottom)
    shown = _thinned(ticks, 5) if size.narrow else list(ticks)
    _axes(canvas, frame, shown, y_label, x_label)
    for curve in curves:
        _band(canvas, frame, curve)
    for curve in curves:
        _curve(canvas, frame, curve)
    _labels(canvas, frame, curves)
    _risk_table(canvas, frame, curves, shown, size)
    return canvas.svg(size.name)


def _axes(canvas: Canvas, frame: Frame, ticks: Sequence[float], y_label: str, x_label: str) -> None:
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


def _band(canvas: Canvas, frame: Frame, curve: Curve) -> None:
    """The pointwise limits, from the first event to the last that leaves anybody: S = 0 has none."""
    fit = curve.fit
    known = np.flatnonzero(~np.isnan(fit.lower))
    if not len(known):
        return
    until = min(known[-1] + 1, len(fit.time) - 1)
    time = np.append(fit.time[known], fit.time[until])
    lower, upper = (np.append(limit[known], limit[known[-1]]) for limit in (fit.lower, fit.upper))
    top = _steps(frame, time, upper)
    low = _steps(frame, time, lower)
    canvas.path([*top, *reversed(low)], f"band fill-{curve.colour}", closed=True)


def _curve(canvas: Canvas, frame: Frame, curve: Curve) -> None:
    fit = curve.fit
    times, survival = np.concatenate([[0.0], fit.time]), np.concatenate([[1.0], fit.survival])
    canvas.path(_steps(frame, times, survival), f"curve stroke-{curve.colour}")
    for time, share, censored in zip(fit.time, fit.survival, fit.censored, strict=True):
        if censored:
            x, y = frame.x(time), frame.y(share)
            canvas.line(x, y - 5, x, y + 5, f"tick stroke-{curve.colour}")
    if curve.median is not None:
        x = frame.x(curve.median)
        canvas.line(x, frame.y(0.5), x, frame.bottom, f"drop stroke-{curve.colour}")


def _labels(canvas: Canvas, frame: Frame, curves: Sequence[Curve]) -> None:
    if len(curves) < 2:
        return
    area = Box(frame.left, frame.top, frame.right, frame.bottom - 4)
    lines = [_points(frame, curve) for curve in curves]
    for curve, (x, y) in zip(curves, place_labels([c.label for c in curves], lines, area), strict=True):
        canvas.text(x, y, curve.label, f"strong halo fill-{curve.colour}")


def _risk_table(
    canvas: Canvas, frame: Frame, curves: Sequence[Curve], ticks: Sequence[float], size: Size
) -> None:
    y = frame.bottom + 62
    canvas.text(0, y, "Number at risk", "quiet small")
    for curve in curves:
        y += 20
        label = curve.label if len(curves) > 1 else "Patients"
        if size.narrow:
            canvas.text(0, y, label, f"small strong fill-{curve.colour}")
            y += 16
        else:
            canvas.text(0, y, label, f"small strong fill-{curve.colour}")
        for tick in ticks:
            if tick in curve.at_risk:
                number, key = curve.at_risk[tick]
                canvas.text(frame.x(tick), y, f"{number:,}", "number", "middle", key)


def _steps(frame: Frame, time: np.ndarray, share: np.ndarray) -> list[tuple[float, float]]:
    points: list[tuple[float, float]] = []
    for i, (t, s) in enumerate(zip(time, share, strict=True)):
        if i:
            points.append((frame.x(t), frame.y(share[i - 1])))
        points.append((frame.x(t), frame.y(s)))
    return points


def _points(frame: Frame, curve: Curve) -> list[tuple[float, float]]:
    times = np.concatenate([[0.0], curve.fit.time])
    return _steps(frame, times, np.concatenate([[1.0], curve.fit.survival]))


def _thinned(ticks: Sequence[float], most: int) -> list[float]:
    every = -(-(len(ticks) - 1) // most)
    return list(ticks)[::every]


def _describe(curves: Sequence[Curve]) -> str:
    medians = [
        c.said
        or f"{c.label}: {c.fit.data.n} patients, {c.fit.data.events} events, median "
        + ("not reached" if c.median is None else f"{c.median:.1f} months")
        for c in curves
    ]
    return (
        "Kaplan-Meier curves with 95 % limits, censoring marks and numbers at risk. "
        + "; ".join(medians)
        + "."
    )
