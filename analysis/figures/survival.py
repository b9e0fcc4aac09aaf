"""Kaplan-Meier figure.

Curves with limits and censoring marks, labels on the curves, numbers at risk under the axis.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from analysis.figures.canvas import Canvas, Size
from analysis.figures.labels import Box, place_labels
from analysis.figures.lettering import width
from analysis.figures.plot_area import Frame, axes, frame_of, height_of, risk_table, steps, thinned
from analysis.statistics.kaplan_meier import KaplanMeier

MOST_MARKS = 150  # censoring marks of a curve


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
class Threshold:
    """A value of the axis that means something: a rule with its words beside it."""

    at: float
    label: str


def survival_figure(
    key: str,
    title: str,
    y_label: str,
    x_label: str,
    curves: Sequence[Curve],
    ticks: Sequence[float],
    size: Size,
    threshold: Threshold | None = None,
) -> str:
    """Draw the curves over the ticks (months or ratios, from 0); the last tick is the end of the axis."""
    frame = frame_of(size, ticks[-1])
    groups = [(c.label if len(curves) > 1 else "Patients", c.colour, c.at_risk) for c in curves]
    height = height_of(frame, [label for label, _, _ in groups], size)
    canvas = Canvas(f"{key}-{size.name}", title, _describe(curves), size.width, height)
    shown = thinned(ticks, 5) if size.narrow else list(ticks)
    axes(canvas, frame, shown, y_label, x_label)
    for curve in curves:
        _band(canvas, frame, curve)
    if threshold:
        _threshold(canvas, frame, threshold)
    for curve in curves:
        _curve(canvas, frame, curve)
    _labels(canvas, frame, curves, threshold)
    risk_table(canvas, frame, groups, shown, size)
    every = _fewest(curves)
    if every > 1:
        note = f"At least 1 in {every} censoring marks is drawn"
        canvas.text(frame.right, frame.bottom + 62, note, "quiet small", "end")
    return canvas.svg(size.name)


def _threshold(canvas: Canvas, frame: Frame, threshold: Threshold) -> None:
    x = frame.x(threshold.at)
    canvas.line(x, frame.top - 8, x, frame.bottom, "rule")
    canvas.text(x + 6, frame.top + 5, threshold.label, "small halo")


def _band(canvas: Canvas, frame: Frame, curve: Curve) -> None:
    """The pointwise limits, from the first event to the last that leaves anybody: S = 0 has none."""
    fit = curve.fit
    known = np.flatnonzero(~np.isnan(fit.lower))
    if not len(known):
        return
    until = min(known[-1] + 1, len(fit.time) - 1)
    time = np.append(fit.time[known], fit.time[until])
    lower, upper = (np.append(limit[known], limit[known[-1]]) for limit in (fit.lower, fit.upper))
    top = steps(frame, time, upper)
    low = steps(frame, time, lower)
    canvas.path([*top, *reversed(low)], f"band fill-{curve.colour}", closed=True)


def _curve(canvas: Canvas, frame: Frame, curve: Curve) -> None:
    fit = curve.fit
    times, survival = np.concatenate([[0.0], fit.time]), np.concatenate([[1.0], fit.survival])
    canvas.path(steps(frame, times, survival), f"curve stroke-{curve.colour}")
    censored = np.flatnonzero(fit.censored)
    for place in censored[:: _every(len(censored))]:
        x, y = frame.x(fit.time[place]), frame.y(fit.survival[place])
        canvas.line(x, y - 5, x, y + 5, f"tick stroke-{curve.colour}")
    if curve.median is not None:
        x = frame.x(curve.median)
        canvas.line(x, frame.y(0.5), x, frame.bottom, f"drop stroke-{curve.colour}")


def _every(marks: int) -> int:
    """One mark in so many is drawn: more than `MOST_MARKS` on a curve are a band and a very large file."""
    return max(1, -(-marks // MOST_MARKS))


def _fewest(curves: Sequence[Curve]) -> int:
    """One mark in so many is drawn on the curve that leaves out most."""
    return max((_every(int((curve.fit.censored > 0).sum())) for curve in curves), default=1)


def _labels(canvas: Canvas, frame: Frame, curves: Sequence[Curve], threshold: Threshold | None) -> None:
    if len(curves) < 2:
        return
    area = Box(frame.left, frame.top, frame.right, frame.bottom - 4)
    lines = [_points(frame, curve) for curve in curves]
    rules = [
        [(frame.x(c.median), frame.y(0.5)), (frame.x(c.median), frame.bottom)] for c in curves if c.median
    ]
    if threshold:
        end = frame.x(threshold.at) + 6 + width(threshold.label, 13)
        rules.append([(frame.x(threshold.at), frame.top), (frame.x(threshold.at), frame.bottom)])
        rules.append([(frame.x(threshold.at), frame.top), (end, frame.top)])
    places = place_labels([c.label for c in curves], lines, area, rules)
    for curve, (x, y) in zip(curves, places, strict=True):
        canvas.text(x, y, curve.label, f"strong halo fill-{curve.colour}")


def _points(frame: Frame, curve: Curve) -> list[tuple[float, float]]:
    times = np.concatenate([[0.0], curve.fit.time])
    return steps(frame, times, np.concatenate([[1.0], curve.fit.survival]))


def _describe(curves: Sequence[Curve]) -> str:
    medians = [
        c.said
        or f"{c.label}: {c.fit.data.n} patients, {c.fit.data.events} events, median "
        + ("not reached" if c.median is None else f"{c.median:.1f} months")
        for c in curves
    ]
    marks = "" if any(c.said for c in curves) else ", censoring marks"
    every = _fewest(curves)
    if marks and every > 1:
        marks += f" (at least one in {every})"
    return f"Kaplan-Meier curves with 95 % limits{marks} and numbers at risk. " + "; ".join(medians) + "."
