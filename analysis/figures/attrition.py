"""Attrition: who is left after each step, drawn to scale, and how many each step takes out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from analysis.figures.canvas import WITHHELD, Canvas, Size


@dataclass(frozen=True)
class Part:
    """A strategy among those left at the end: its words, its patients (None: withheld), its colour."""

    label: str
    patients: int | None
    colour: str
    estimate_id: str


@dataclass(frozen=True)
class Step:
    """One step of marts.cohort_attrition: its words, the patients left after it, and those it removed.

    None is a number that is withheld: it is said, and no bar is drawn.
    """

    label: str
    left: int | None
    removed: int | None
    left_id: str
    removed_id: str


@dataclass(frozen=True)
class Columns:
    """Where things stand, in pixels: the bars' left end and room, and the height of a row."""

    bar: float
    room: float
    row: float


def attrition_figure(key: str, title: str, steps: Sequence[Step], parts: Sequence[Part], size: Size) -> str:
    """A row a step.

    Its words, a bar as long as the patients left, the numbers left and removed; last, the parts.
    """
    bar = 0.0 if size.narrow else 250.0
    columns = Columns(bar, size.width - bar - (110 if size.narrow else 150), 50.0 if size.narrow else 34.0)
    height = 30 + columns.row * len(steps) + 22 * len(parts) + (6 if parts else 0)
    canvas = Canvas(f"{key}-{size.name}", title, _describe(steps), size.width, height)
    canvas.text(bar, 14, "Patients left", "quiet small")
    canvas.text(size.width, 14, "Removed", "quiet small", "end")
    most = max((step.left or 0 for step in steps), default=0) or 1
    for number, step in enumerate(steps):
        last = number == len(steps) - 1
        width = columns.room * (step.left or 0) / most
        _step(canvas, step, 26 + columns.row * number, columns, width, size, last)
    if steps:
        total = steps[-1].left or 0
        _parts(canvas, parts, 26 + columns.row * len(steps), columns, columns.room / most, total)
    return canvas.svg(size.name)


def _step(
    canvas: Canvas, step: Step, top: float, columns: Columns, width: float, size: Size, last: bool
) -> None:
    middle = top + (35 if size.narrow else columns.row / 2)
    canvas.line(0, top, size.width, top, "grid")
    canvas.text(0, top + 18 if size.narrow else middle + 4.5, step.label, "strong" if last else "")
    if step.left is None:
        canvas.text(columns.bar, middle + 4.5, WITHHELD, "quiet", data=step.left_id)
    else:
        canvas.rect(columns.bar, middle - 6, max(1.5, width), 12, "fill-all dot", 1)
        end = columns.bar + max(1.5, width) + 8
        canvas.text(end, middle + 4.5, f"{step.left:,}", "number strong", data=step.left_id)
    if step.removed is None:
        canvas.text(size.width, middle + 4.5, WITHHELD, "quiet", "end", step.removed_id)
    elif step.removed:
        canvas.text(size.width, middle + 4.5, f"−{step.removed:,}", "number quiet", "end", step.removed_id)


def _parts(
    canvas: Canvas, parts: Sequence[Part], top: float, columns: Columns, scale: float, total: int
) -> None:
    """The strategies under the last bar, each a segment where it lies in it."""
    left = columns.bar
    end = columns.bar + max(1.5, total * scale) + 8
    for number, part in enumerate(parts):
        middle = top + 22 * number + 9
        colour = f"fill-{part.colour}"
        if part.patients is None:
            canvas.text(end, middle + 4.5, f"{WITHHELD}: {part.label}", colour, data=part.estimate_id)
            continue
        canvas.rect(left, middle - 5, max(1.5, part.patients * scale), 10, colour, 1)
        shown = f"{part.patients:,}"
        canvas.text(end, middle + 4.5, shown, f"number strong {colour}", data=part.estimate_id)
        canvas.text(end + 26, middle + 4.5, part.label, colour)
        left += part.patients * scale


def _describe(steps: Sequence[Step]) -> str:
    def said(number: int | None) -> str:
        return WITHHELD if number is None else str(number)

    return "; ".join(f"{s.label}: {said(s.left)} left, {said(s.removed)} removed" for s in steps) + "."
