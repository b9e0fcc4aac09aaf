"""Love plot: how far the groups stand apart in each characteristic, before and after weighting."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analysis.figures.canvas import Canvas, Size
from analysis.figures.lettering import shortened
from analysis.figures.marks import legend, mark

GUIDES = (0.1, 0.25)
STEPS = (0.1, 0.2, 0.25, 0.5, 1.0, 2.0, 5.0)
MOST_TICKS = 6
FARTHEST = 2.0  # the end of the axis at most: what lies beyond is an arrow at it
BEFORE, AFTER = ("ring", "mark-same"), ("disc", "mark")


@dataclass(frozen=True)
class Balance:
    """A characteristic's standardised mean differences; `modelled` if the propensity model holds it."""

    label: str
    before: float | None
    after: float | None
    modelled: bool


def love_figure(key: str, title: str, after: str, rows: Sequence[Balance], size: Size) -> str:
    """Draw the rows in their order; `after` names the weights. Sizes are shown without their sign."""
    row = 34.0 if size.narrow else 22.0
    left, right = (6.0 if size.narrow else 290.0), size.width - 14
    last, ticks = _ticks(max((abs(v) for r in rows for v in (r.before, r.after) if v is not None), default=0))
    scale = (right - left) / last
    canvas = Canvas(f"{key}-{size.name}", title, _describe(after, rows), size.width, 0)
    entries = [(*BEFORE, "before weighting"), (*AFTER, after)]
    top = legend(canvas, entries, 0, 14, 20) + 10
    bottom = top + row * len(rows) + 4
    for tick in ticks:
        canvas.line(left + tick * scale, bottom, left + tick * scale, bottom + 5, "axis")
        canvas.text(left + tick * scale, bottom + 20, f"{tick:g}", "number quiet", "middle")
    for guide in GUIDES:
        x = left + guide * scale
        canvas.text(x, top - 8, f"{guide:g}", "number quiet small", "middle")
        for middle in [top + row * number + 25 for number in range(len(rows))] if size.narrow else []:
            canvas.line(x, middle - 8, x, middle + 8, "half")  # not through the words between the rows
        if not size.narrow:
            canvas.line(x, top - 4, x, bottom, "half")
    canvas.line(left, bottom, right, bottom, "axis")
    canvas.text(right, bottom + 40, "Standardised mean difference, absolute", "quiet", "end")
    for number, balance in enumerate(rows):
        _row(canvas, balance, top + row * number, row, left, scale, size)
    if any(balance.modelled for balance in rows):
        canvas.text(right, bottom + 60, "In bold: held by the propensity model", "quiet small", "end")
    canvas.height = bottom + 66
    return canvas.svg(size.name)


def _row(
    canvas: Canvas, balance: Balance, top: float, row: float, left: float, scale: float, size: Size
) -> None:
    middle = top + (25 if size.narrow else row / 2)
    css = "small strong" if balance.modelled else "small"
    room = size.width - 10 if size.narrow else left - 16
    canvas.open(f"{balance.label}: {_said(balance)}")
    canvas.rect(0, top, size.width, row, "hit")
    label = shortened(balance.label, room, 13, strong=balance.modelled)
    canvas.text(0, top + 14 if size.narrow else middle + 4.5, label, css)
    canvas.line(left, middle, size.width - 14, middle, "grid")
    ends = [
        min(left + abs(v) * scale, size.width - 14.0)
        for v in (balance.before, balance.after)
        if v is not None
    ]
    if len(ends) == 2:
        canvas.line(ends[0], middle, ends[1], middle, "flow")
    for value, (shape, tone) in ((balance.before, BEFORE), (balance.after, AFTER)):
        if value is not None:
            x, edge = left + abs(value) * scale, size.width - 14.0
            beyond = x > edge + 0.5
            mark(canvas, "arrow" if beyond else shape, min(x, edge), middle, tone)
    canvas.close()


def _ticks(largest: float) -> tuple[float, list[float]]:
    """The end of the axis, past the largest difference and the last guide, and its ticks."""
    reach = min(max(largest * 1.03, GUIDES[-1] * 1.2), FARTHEST)
    step = next((s for s in STEPS if reach / s <= MOST_TICKS), float(np.ceil(reach / MOST_TICKS)))
    count = int(np.ceil(reach / step - 1e-9))
    return count * step, [round(i * step, 6) for i in range(count + 1)]


def _said(balance: Balance) -> str:
    before, after = ("unknown" if v is None else f"{v:.2f}" for v in (balance.before, balance.after))
    return f"{before} before weighting, {after} after"


def _describe(after: str, rows: Sequence[Balance]) -> str:
    far = [row.label for row in rows if row.after is not None and abs(row.after) > GUIDES[-1]]
    left = f"Above {GUIDES[-1]:g} {after}: {', '.join(far) or 'none'}."
    return f"{len(rows)} characteristics, those the model holds in bold. {left}"
