"""Strip figure: every patient's value as a dot, by group, with the quartiles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from analysis.figures.canvas import Canvas, Size, month

DOT, ROW = 3.6, 92.0
MOST_DOTS = 300  # of a group


@dataclass(frozen=True)
class Strip:
    """A group's values in months, and its quartiles where it has any."""

    label: str
    colour: str
    months: Sequence[float]
    quartiles: tuple[float, float, float] | None

    @property
    def dots(self) -> list[float]:
        """The values that are drawn: all, or so many evenly over their order that dots stay dots."""
        ordered = sorted(self.months)
        every = max(1, -(-len(ordered) // MOST_DOTS))
        return ordered[every // 2 :: every]


def strip_figure(
    key: str, title: str, x_label: str, strips: Sequence[Strip], ticks: Sequence[float], size: Size
) -> str:
    """Draw the groups under one another over a common axis in months."""
    left = 8.0 if size.narrow else 160.0
    right, bottom = size.width - 14, 16 + ROW * len(strips)
    scale = (right - left) / ticks[-1]
    words = "Each dot is a patient; the line is the median and the bar the quartiles."
    fewer = [strip for strip in strips if len(strip.dots) < len(strip.months)]
    if fewer:
        words += "".join(f" {s.label}: {len(s.dots)} of {len(s.months):,} patients are drawn." for s in fewer)
    canvas = Canvas(f"{key}-{size.name}", title, words, size.width, bottom + 46)
    for tick in ticks:
        canvas.line(left + tick * scale, 10, left + tick * scale, bottom, "grid")
        if not size.narrow or ticks.index(tick) % 2 == 0:
            canvas.text(left + tick * scale, bottom + 18, month(tick), "number quiet", "middle")
    canvas.line(left, bottom, right, bottom, "axis")
    canvas.text(right, bottom + 38, x_label, "quiet", "end")
    if fewer:
        note = "Of large groups patients are drawn evenly over their order"
        canvas.height += 20
        canvas.text(size.width - 14, bottom + 58, note, "quiet small", "end")
    for number, strip in enumerate(strips):
        base = 10 + ROW * number + (22 if size.narrow else 8)
        centre = base + 34
        canvas.text(0, base if size.narrow else centre + 4, strip.label, f"strong fill-{strip.colour}")
        if strip.quartiles:
            q1, median, q3 = (left + value * scale for value in strip.quartiles)
            canvas.rect(q1, centre - 26, q3 - q1, 52, f"band fill-{strip.colour}", 2)
            canvas.line(median, centre - 28, median, centre + 28, f"curve stroke-{strip.colour}")
        for x, lift in _swarm([left + value * scale for value in strip.dots]):
            canvas.circle(x, centre + lift, DOT, f"dot fill-{strip.colour}")
    return canvas.svg(size.name)


def _swarm(positions: Sequence[float]) -> list[tuple[float, float]]:
    """Positions with the smallest lift, up or down, at which no two dots touch."""
    placed: list[tuple[float, float]] = []
    first = 0
    lifts = [0.0] + [sign * step * DOT * 1.1 for step in range(1, 7) for sign in (-1, 1)]
    for x in sorted(positions):
        # dots further left cannot touch: without this, thousands of patients take minutes
        while first < len(placed) and x - placed[first][0] >= 2 * DOT:
            first += 1
        free = (
            lift
            for lift in lifts
            if all((x - px) ** 2 + (lift - py) ** 2 >= (2 * DOT) ** 2 for px, py in placed[first:])
        )
        placed.append((x, next(free, 0.0)))
    return placed
