"""Forest plot: hazard ratios with their limits on a log axis, words and numbers in columns beside them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log

from analysis.figures.canvas import Canvas, Size
from analysis.figures.lettering import shortened

TICKS = (0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0)
SQUARE = 4.5


@dataclass(frozen=True)
class Ratio:
    """A line: its words, the numbers as they are printed, and what is drawn.

    `estimate` is None where there is none, `printed` says why. A limit that is None is not reached.
    `strong` is the line that leads.
    """

    label: str
    events: str
    printed: str
    estimate: float | None
    low: float | None
    high: float | None
    estimate_id: str | None
    strong: bool = False


@dataclass(frozen=True)
class Block:
    """Lines under a heading."""

    heading: str
    ratios: Sequence[Ratio]


@dataclass(frozen=True)
class _Scale:
    left: float
    right: float
    low: float
    high: float

    def x(self, value: float) -> float:
        inside = min(max(value, self.low), self.high)
        return self.left + (self.right - self.left) * log(inside / self.low) / log(self.high / self.low)


def forest_figure(key: str, title: str, group: str, blocks: Sequence[Block], size: Size) -> str:
    """Draw the blocks under one another; `group` is the strategy whose hazard is above or below 1."""
    narrow = size.narrow
    row, lead = (40.0, 30.0) if narrow else (24.0, 32.0)
    low, high = _reach(blocks)
    scale = _Scale(12.0 if narrow else 380.0, size.width - (14 if narrow else 170), low, high)
    lines = sum(len(block.ratios) for block in blocks)
    top = 8.0 if narrow else 26.0
    bottom = top + lead * len(blocks) + row * lines + 4
    canvas = Canvas(f"{key}-{size.name}", title, _describe(group, blocks), size.width, bottom + 64)
    if not narrow:
        canvas.text(360, 14, "Events/patients", "quiet small", "end")
        canvas.text(size.width, 14, "Hazard ratio (95 % CI)", "quiet small", "end")
    if not narrow:
        canvas.line(scale.x(1), top, scale.x(1), bottom, "rule")
    y = top
    for block in blocks:
        canvas.text(0, y + lead - 10, block.heading, "quiet small")
        y += lead
        for ratio in block.ratios:
            _line(canvas, ratio, y, row, scale, size)
            y += row
    _axis(canvas, scale, bottom, group)
    return canvas.svg(size.name)


def _line(canvas: Canvas, ratio: Ratio, top: float, row: float, scale: _Scale, size: Size) -> None:
    text, middle = (top + 14, top + 27) if size.narrow else (top + row / 2 + 4.5, top + row / 2)
    strong = " strong" if ratio.strong else ""
    canvas.open(f"{ratio.label}: {ratio.printed}, {ratio.events} events/patients")
    canvas.rect(0, top, size.width, row, "hit")
    if size.narrow:  # the rule of no difference, not through the words between the lines
        canvas.line(scale.x(1), middle - 9, scale.x(1), middle + 9, "rule")
    room = size.width - 128 if size.narrow else 250
    canvas.text(0, text, shortened(ratio.label, room, 14, bool(strong)), strong.strip())
    if not size.narrow:
        canvas.text(360, text, ratio.events, "number", "end")
    if ratio.estimate is None:
        reason = shortened(ratio.printed, size.width - scale.left if not size.narrow else size.width, 13)
        canvas.text(scale.left if not size.narrow else 0, middle + 4.5, reason, "quiet small halo")
    else:
        canvas.text(size.width, text, ratio.printed, f"number{strong}", "end", ratio.estimate_id)
        _whisker(canvas, ratio, ratio.estimate, middle, scale)
    canvas.close()


def _whisker(canvas: Canvas, ratio: Ratio, estimate: float, y: float, scale: _Scale) -> None:
    """The limits, with an arrow where one lies beyond the axis or is not reached; the estimate on them."""
    if ratio.low is not None or ratio.high is not None:
        low = scale.low / 2 if ratio.low is None else ratio.low
        high = scale.high * 2 if ratio.high is None else ratio.high
        canvas.line(scale.x(low), y, scale.x(high), y, "limits")
        for limit, side in ((low, -1), (high, 1)):
            x = scale.x(limit)
            if scale.low <= limit <= scale.high:
                canvas.line(x, y - 3.5, x, y + 3.5, "limits")
            else:
                canvas.path([(x - 5 * side, y - 4), (x, y), (x - 5 * side, y + 4)], "limits")
    if scale.low <= estimate <= scale.high:
        x = scale.x(estimate)
        canvas.rect(x - SQUARE, y - SQUARE, 2 * SQUARE, 2 * SQUARE, "ink" if ratio.strong else "fill-all")


def _axis(canvas: Canvas, scale: _Scale, bottom: float, group: str) -> None:
    canvas.line(scale.left, bottom, scale.right, bottom, "axis")
    for tick in TICKS:
        if scale.low <= tick <= scale.high:
            canvas.line(scale.x(tick), bottom, scale.x(tick), bottom + 5, "axis")
            canvas.text(scale.x(tick), bottom + 20, f"{tick:g}", "number quiet", "middle")
    middle = (scale.left + scale.right) / 2
    canvas.text(middle, bottom + 40, "Hazard ratio, log scale", "quiet small", "middle")
    canvas.text(middle, bottom + 58, f"above 1: higher hazard with {group}", "quiet small", "middle")


def _reach(blocks: Sequence[Block]) -> tuple[float, float]:
    """Ends of the axis at ticks: all estimates, and limits as far as 10 times the estimates."""
    shown = [ratio for block in blocks for ratio in block.ratios if ratio.estimate]
    estimates = [ratio.estimate for ratio in shown if ratio.estimate]
    least, most = min([*estimates, 0.5]) / 5, max([*estimates, 2.0]) * 5
    lows = [max(ratio.low, least) for ratio in shown if ratio.low]
    highs = [min(ratio.high, most) for ratio in shown if ratio.high]
    low, high = min([*estimates, *lows, 0.5]), max([*estimates, *highs, 2.0])
    return (
        max([tick for tick in TICKS if tick <= low * 1.0001], default=TICKS[0]),
        min([tick for tick in TICKS if tick >= high * 0.9999], default=TICKS[-1]),
    )


def _describe(group: str, blocks: Sequence[Block]) -> str:
    found = [f"{ratio.label}: {ratio.printed}" for block in blocks for ratio in block.ratios]
    return f"Hazard ratios with 95 % limits; above 1 the hazard is higher with {group}. {'; '.join(found)}."
