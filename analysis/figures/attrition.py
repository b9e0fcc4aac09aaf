"""Attrition: who is left after each step, drawn to scale, and how many each step takes out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from analysis.figures.canvas import Canvas, Size, wrap

ROW = 34.0


@dataclass(frozen=True)
class Step:
    """One step of marts.cohort_attrition: its words, the patients left after it, and those it removed."""

    label: str
    left: int
    removed: int
    left_id: str
    removed_id: str


def attrition_figure(key: str, title: str, steps: Sequence[Step], size: Size) -> str:
    """A row a step: what it asks, a bar as long as the patients left, the number left and the number removed."""
    most = max((step.left for step in steps), default=0) or 1
    label_width = size.width if size.narrow else 300.0
    bar_left = 0.0 if size.narrow else label_width
    removed_width = 74.0 if size.narrow else 120.0
    bar_room = size.width - bar_left - removed_width - 46
    row = 50.0 if size.narrow else ROW
    canvas = Canvas(f"{key}-{size.name}", title, _describe(steps), size.width, 30 + row * len(steps))
    canvas.text(bar_left, 14, "Patients left", "quiet small")
    canvas.text(size.width, 14, "Removed", "quiet small", "end")
    for number, step in enumerate(steps):
        top = 26 + row * number
        canvas.line(0, top, size.width, top, "grid")
        middle = top + (35 if size.narrow else row / 2)
        last = number == len(steps) - 1
        words = wrap(step.label, 46 if not size.narrow else 52)[0] if size.narrow else step.label
        canvas.text(0, top + 17 if size.narrow else middle + 4.5, words, "strong" if last else "")
        width = max(1.5, bar_room * step.left / most)
        canvas.rect(bar_left, middle - 6, width, 12, "fill-0" if last else "fill-all dot", 1)
        canvas.text(bar_left + width + 8, middle + 4.5, str(step.left), "number strong", data=step.left_id)
        if step.removed:
            canvas.text(size.width, middle + 4.5, f"−{step.removed}", "number quiet", "end", step.removed_id)
    return canvas.svg(size.name)


def _describe(steps: Sequence[Step]) -> str:
    return "; ".join(f"{step.label}: {step.left} left, {step.removed} removed" for step in steps) + "."
