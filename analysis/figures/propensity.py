"""Propensity figure: how many patients of each group had which score, one group up, the other down."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.figures.canvas import Canvas, Size

BINS = 20
HALF = {True: 92.0, False: 120.0}  # pixels of a group's side: narrow, wide


@dataclass(frozen=True)
class Scores:
    """A group's propensity scores (n,)."""

    label: str
    colour: str
    score: np.ndarray


def propensity_figure(key: str, title: str, x_label: str, above: Scores, below: Scores, size: Size) -> str:
    """Mirrored histograms over 0 to 1 in twentieths, both on the same scale of patients."""
    counts = [np.histogram(group.score, bins=BINS, range=(0, 1))[0] for group in (above, below)]
    most = max(1, *(int(count.max()) for count in counts))
    left, right, half = 34.0, size.width - 14, HALF[size.narrow]
    top = 30.0
    zero = top + half
    canvas = Canvas(f"{key}-{size.name}", title, _describe(above, below), size.width, zero + half + 50)
    canvas.text(0, 14, "Patients", "quiet")
    tick = _tick(most)
    for number in range(0, most + 1, tick):
        for side in (-1, 1) if number else (1,):
            y = zero + side * half * number / most
            canvas.line(left, y, right, y, "grid")
            canvas.text(left - 8, y + 4, f"{number:,}", "number quiet", "end")
    step = (right - left) / BINS
    for side, group, count in ((-1, above, counts[0]), (1, below, counts[1])):
        for place, patients in enumerate(count.tolist()):
            if patients:
                tall = half * patients / most
                canvas.open(f"{group.label}, {place / BINS:.2f} to {(place + 1) / BINS:.2f}: {patients}")
                y = zero - tall if side < 0 else zero
                canvas.rect(left + place * step + 0.75, y, step - 1.5, tall, f"fill-{group.colour} dot")
                canvas.close()
        y = top - 6 if side < 0 else zero + half + 2
        canvas.text(right, y, group.label, f"strong halo fill-{group.colour}", "end")
    canvas.line(left, zero, right, zero, "axis")
    for share in (0, 0.25, 0.5, 0.75, 1):
        x = left + (right - left) * share
        canvas.text(x, zero + half + 22, f"{share:g}", "number quiet", "middle")
    canvas.text(right, zero + half + 42, x_label, "quiet", "end")
    return canvas.svg(size.name)


def _tick(most: int) -> int:
    return next(
        step * 10**power for power in range(9) for step in (1, 2, 5) if most / (step * 10**power) <= 4
    )


def _describe(above: Scores, below: Scores) -> str:
    parts = [
        f"{group.label}: {len(group.score)} patients, scores from {group.score.min():.2f} to "
        f"{group.score.max():.2f}"
        for group in (above, below)
        if len(group.score)
    ]
    return f"Histograms of the propensity score. {'; '.join(parts)}."
