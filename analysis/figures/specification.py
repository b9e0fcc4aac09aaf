"""Specification curve: hazard ratios in order, the medians behind them, and under each the choices that
made it.

After Simonsohn, Simmons and Nelson, Nat Hum Behav 2020;4:1208. Each specification is one group of elements
from top to bottom, with classes that say which choices it is: the page's filters dim the others.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

from analysis.figures.canvas import Canvas, Size
from analysis.figures.marks import mark

RATIO_TICKS = (0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0)
MONTH_STEPS = (1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0)
BEYOND = 8.0  # limits further than this from the ratios are cut at the edge of the axis
ROW, HEADING, CURVE, MEDIANS = 16.0, 26.0, 220.0, 110.0


@dataclass(frozen=True)
class Specification:
    """One specification that has a hazard ratio.

    `medians` are those of the strategies in months: infinity where not reached, None where there is none.
    `rows` are its places in the dashboard, `css` its classes, `words` what it says when pointed at, `data`
    the row it comes from. `primary` is what the report leads with, `same_rules` that adjusted.
    """

    ratio: float
    low: float | None
    high: float | None
    medians: tuple[float | None, ...]
    rows: tuple[int, ...]
    css: str
    words: str
    data: Mapping[str, str]
    primary: bool
    same_rules: bool


@dataclass(frozen=True)
class Legend:
    """What is written: blocks of the dashboard (heading, rows), strategies (label, colour), sides of 1."""

    blocks: Sequence[tuple[str, Sequence[str]]]
    strategies: Sequence[tuple[str, str]]
    above: str
    below: str


@dataclass(frozen=True)
class Frame:
    """Where everything lies, in pixels; hazard ratios from `low` to `high`, months from 0 to `months`."""

    left: float
    right: float
    count: int
    low: float
    high: float
    months: float
    top: float = 34.0

    @property
    def step(self) -> float:
        """Width of a specification."""
        return (self.right - self.left) / self.count

    @property
    def bottom(self) -> float:
        """Lower edge of the hazard ratios."""
        return self.top + CURVE

    @property
    def medians(self) -> tuple[float, float]:
        """Upper and lower edge of the medians."""
        return self.bottom + 46, self.bottom + 46 + MEDIANS

    def x(self, place: int) -> float:
        """Middle of a specification."""
        return self.left + (place + 0.5) * self.step

    def y(self, ratio: float) -> float:
        """Height of a hazard ratio, cut at the edges."""
        share = math.log(min(max(ratio, self.low), self.high) / self.low) / math.log(self.high / self.low)
        return self.bottom - CURVE * share

    def month(self, value: float) -> float:
        """Height of a median; not reached is the upper edge."""
        top, bottom = self.medians
        return top if math.isinf(value) else bottom - (bottom - top - 14) * value / self.months


def specification_figure(
    key: str, title: str, specifications: Sequence[Specification], legend: Legend, size: Size
) -> str:
    """Draw the specifications, which come in the order of their hazard ratios."""
    frame = _frame(specifications, size)
    rows = _row_places(legend, frame.medians[1] + 24)
    canvas = Canvas(f"{key}-{size.name}", title, _describe(specifications), size.width, rows[-1] + 14)
    _ratio_axis(canvas, frame)
    _month_axis(canvas, frame, specifications, legend, size)
    _dashboard(canvas, frame, legend)
    for place, one in enumerate(specifications):
        _draw(canvas, frame, one, place, rows, legend, size)
    _sides(canvas, frame, legend)
    _primary(canvas, frame, specifications, rows)
    return canvas.svg(size.name)


def _frame(specifications: Sequence[Specification], size: Size) -> Frame:
    ratios = [one.ratio for one in specifications]
    limits = [limit for one in specifications for limit in (one.low, one.high) if limit is not None]
    low = max(min([*ratios, *limits, 0.9]), min(ratios) / BEYOND)
    high = min(max([*ratios, *limits, 1.1]), max(ratios) * BEYOND)
    medians = [m for one in specifications for m in one.medians if m is not None and not math.isinf(m)]
    left = 112.0 if size.narrow else 182.0
    return Frame(
        left,
        size.width - 8,
        len(specifications),
        min(low, 0.9) / 1.05,
        max(high, 1.1) * 1.05,
        max(medians, default=1.0) or 1.0,
    )


def _row_places(legend: Legend, top: float) -> list[float]:
    places, y = [], top
    for _, labels in legend.blocks:
        y += HEADING
        places += [y + ROW * number for number in range(len(labels))]
        y += ROW * len(labels)
    return places


def _ratio_axis(canvas: Canvas, frame: Frame) -> None:
    canvas.text(0, 16, "Hazard ratio with 95 % CI, log scale", "strong small")
    for tick in RATIO_TICKS:
        if frame.low <= tick <= frame.high:
            css = "axis" if tick == 1 else "grid"
            canvas.line(frame.left, frame.y(tick), frame.right, frame.y(tick), css)
            canvas.text(frame.left - 8, frame.y(tick) + 4, f"{tick:g}", "number quiet", "end")


def _sides(canvas: Canvas, frame: Frame, legend: Legend) -> None:
    """What lies on either side of 1, over the whiskers so that it can be read."""
    one = frame.y(1.0)
    if one - frame.top > 40:
        canvas.text(frame.right - 4, one - 7, legend.above, "small halo", "end")
    if frame.bottom - one > 24:
        canvas.text(frame.right - 4, one + 17, legend.below, "small halo", "end")


def _month_axis(
    canvas: Canvas, frame: Frame, specifications: Sequence[Specification], legend: Legend, size: Size
) -> None:
    top, bottom = frame.medians
    canvas.text(0, top - 14, "Median PFS2, months", "strong small")
    step = next((s for s in MONTH_STEPS if frame.months / s <= 4), MONTH_STEPS[-1])
    for number in range(int(frame.months / step) + 1):
        y = frame.month(number * step)
        canvas.line(frame.left, y, frame.right, y, "grid")
        canvas.text(frame.left - 8, y + 4, f"{number * step:g}", "number quiet", "end")
    if any(m is not None and math.isinf(m) for one in specifications for m in one.medians):
        canvas.text(frame.left - 8, top + 4, "NR", "quiet", "end")
    heights = []
    for place in range(len(legend.strategies)):
        found = [frame.month(m) for one in specifications if (m := one.medians[place]) is not None]
        heights.append(sum(found) / len(found) if found else bottom)
    last = top - 8.0
    for place in sorted(range(len(heights)), key=lambda i: heights[i]):
        label, colour = legend.strategies[place]
        if size.narrow:  # beside the numbers of the axis there is no room: over the curve
            canvas.text(frame.left + 2, heights[place] - 8, label, f"small strong halo fill-{colour}")
            continue
        last = max(min(heights[place] + 4, bottom), last + 16)
        canvas.text(0, last, label, f"small strong fill-{colour}")


def _dashboard(canvas: Canvas, frame: Frame, legend: Legend) -> None:
    y = frame.medians[1] + 24
    for heading, labels in legend.blocks:
        canvas.text(0, y + 8, heading, "strong small")
        y += HEADING
        for number, label in enumerate(labels):
            canvas.text(0, y + 4, label, "quiet small")
            if number % 2 == 0:
                canvas.rect(frame.left, y - ROW / 2, frame.right - frame.left, ROW, "bar")
            y += ROW


def _draw(
    canvas: Canvas,
    frame: Frame,
    one: Specification,
    place: int,
    rows: Sequence[float],
    legend: Legend,
    size: Size,
) -> None:
    x, half = frame.x(place), max(0.7, min(frame.step * 0.42, 9.0))
    if size.narrow:  # a phone has nothing to point with: the words are in the table under the picture
        canvas.parts.append(f'<g class="spec {escape(one.css)}">')
    else:
        data = "".join(f' data-{name}="{escape(value)}"' for name, value in one.data.items())
        canvas.parts.append(f'<g class="spec {escape(one.css)}"{data}><title>{escape(one.words)}</title>')
        canvas.rect(frame.left + place * frame.step, frame.top, frame.step, rows[-1] + 8 - frame.top, "hit")
    low = frame.low if one.low is None else one.low
    high = frame.high if one.high is None else one.high
    canvas.line(x, frame.y(low), x, frame.y(high), "whisker" if frame.step > 1 else "whisker thin")
    canvas.circle(x, frame.y(one.ratio), max(1.3, min(half, 3.6)), "point")
    for number, median in enumerate(one.medians):
        if median is not None:
            colour = legend.strategies[number][1]
            canvas.circle(x, frame.month(median), max(1.2, min(half, 3.2)), f"fill-{colour}")
    cells = "".join(f"M{x - half:.1f} {rows[row]:.1f}h{2 * half:.1f}" for row in one.rows)
    canvas.parts.append(f'<path d="{cells}" class="cell"/></g>')


def _primary(
    canvas: Canvas, frame: Frame, specifications: Sequence[Specification], rows: Sequence[float]
) -> None:
    """What the report leads with, by a line, a diamond and its name; an open diamond is that adjusted."""
    for place, one in enumerate(specifications):
        if one.same_rules and not one.primary:
            mark(canvas, "hollow", frame.x(place), frame.y(one.ratio), "mark-none", 5.5)
    for place, one in enumerate(specifications):
        if not one.primary:
            continue
        x = frame.x(place)
        canvas.line(x, frame.top - 4, x, rows[-1] + 8, "half")
        mark(canvas, "diamond", x, frame.y(one.ratio), "mark", 7)
        # on the side on which there is more room
        end = x > (frame.left + frame.right) / 2
        words = f"The report's own: {one.ratio:.2f}"
        canvas.text(
            x + (-7 if end else 7),
            frame.top + 2,
            words,
            "strong halo",
            "end" if end else "start",
            one.data.get("estimate"),
        )


def _describe(specifications: Sequence[Specification]) -> str:
    ratios = [one.ratio for one in specifications]
    own = next((f"{one.ratio:.2f}" for one in specifications if one.primary), "not estimated")
    return (
        f"{len(ratios)} specifications in the order of their hazard ratios, from {min(ratios):.2f} to "
        f"{max(ratios):.2f}, each with its 95 % confidence interval; the report's own is {own}. "
        "Below, the median PFS2 of each strategy and the adjustment, endpoint profile and rule set."
    )
