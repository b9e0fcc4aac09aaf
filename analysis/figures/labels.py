"""Where to write a curve's name: beside the curve, clear of the other curves and names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from analysis.figures.lettering import width

HEIGHT, CLEAR = 15.0, 7.0  # pixels: height of a line, distance from a curve
LIFTS = (0.0, 10.0, 20.0, 35.0, 50.0, 75.0)  # how much further away a label may stand, the nearest first
APART = 60.0  # a label nearer than this to another curve could be taken for its name
FAR = 1.5  # a pixel of it weighs more than one by which another curve is nearer
Line = Sequence[tuple[float, float]]


@dataclass(frozen=True)
class Box:
    """A rectangle in pixels; y grows downwards."""

    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: Box) -> bool:
        """Whether the two overlap."""
        apart = (
            self.right < other.left
            or other.right < self.left
            or self.bottom < other.top
            or other.bottom < self.top
        )
        return not apart

    def within(self, area: Box) -> bool:
        """Whether it lies inside the area."""
        across = area.left <= self.left and self.right <= area.right
        return across and area.top <= self.top and self.bottom <= area.bottom


def place_labels(
    labels: Sequence[str], lines: Sequence[Line], area: Box, rules: Sequence[Line] = ()
) -> list[tuple[float, float]]:
    """Baseline positions (x, y) of the labels: the free place nearest its own curve, else a corner.

    `rules` are other lines that no label may touch, if that can be had.
    """
    taken: list[Box] = []
    places: list[tuple[float, float]] = []
    for i, label in enumerate(labels):
        room = width(label, strong=True)
        others = [line for j, line in enumerate(lines) if j != i]
        free = [
            (cost + _ambiguity(box, others), box)
            for cost, box in _candidates(lines[i], room, area)
            if box.within(area)
            and not any(box.meets(other) for other in taken)
            and not any(_crosses(box, line) for line in lines)
        ]
        clear = [item for item in free if not any(_crosses(item[1], rule) for rule in rules)]
        free = clear or free
        corner = Box(area.right - room, area.top + i * 20, area.right, area.top + i * 20 + HEIGHT)
        box = min(free, key=lambda item: item[0])[1] if free else corner
        taken.append(box)
        places.append((box.left, box.bottom - 3))
    return places


def _candidates(line: Line, room: float, area: Box) -> list[tuple[float, Box]]:
    """Boxes above and below the curve, with how far their far end is from it."""
    found = []
    end = line[-1][0]
    for step in range(80):
        left = area.left + 8 + step * (area.right - area.left) / 80
        if left > end:
            break
        right = left + room
        here, there = _height(line, left), _height(line, min(right, end))
        overhang = max(0.0, right - end)
        upper, lower = min(here, there), max(here, there)
        gap = lower - upper + 0.6 * overhang
        for lift in LIFTS:
            above, below, cost = upper - CLEAR - lift, lower + CLEAR + lift, gap + FAR * lift
            found.append((cost, Box(left, above - HEIGHT, right, above)))
            found.append((cost + 1, Box(left, below, right, below + HEIGHT)))
    return found


def _ambiguity(box: Box, others: Sequence[Line]) -> float:
    """How much nearer than `APART` pixels another curve comes to the box."""
    middle = (box.left + box.right) / 2
    near = [
        min(abs(_height(line, x) - y) for y in (box.top, box.bottom))
        for line in others
        for x in (box.left, middle, box.right)
        if x <= line[-1][0]
    ]
    return max(0.0, APART - min(near, default=APART))


def _height(line: Line, x: float) -> float:
    """The curve's y at x; on a vertical step, its lower end."""
    return next((y for px, y in reversed(line) if px <= x), line[0][1])


def _crosses(box: Box, line: Line) -> bool:
    """Whether a step curve runs through the box, with a little air."""
    for (x1, y1), (x2, y2) in pairwise(line):
        if (
            x2 >= box.left - 2
            and x1 <= box.right + 2
            and max(y1, y2) >= box.top - 3
            and min(y1, y2) <= box.bottom + 3
        ):
            return True
    return False
