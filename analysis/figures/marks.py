"""Marks on a time axis: each has a shape of its own, so that none rests on colour alone."""

from __future__ import annotations

from analysis.figures.canvas import Canvas

# assessments by response: shape and class of its colour
RESPONSES = {
    "CR": ("disc", "mark-good"),
    "PR": ("ring", "mark-good"),
    "SD": ("square", "mark-same"),
    "PD": ("down", "mark-bad"),
    "NE": ("hollow", "mark-none"),
}


def mark(canvas: Canvas, shape: str, x: float, y: float, css: str = "mark", size: float = 4.6) -> None:
    """A mark centred on (x, y).

    Shapes: disc, ring, square, hollow (a small open diamond), diamond, down (a triangle), cross, arrow, stop.
    """
    s = size
    if shape in ("disc", "ring"):
        canvas.circle(x, y, s if shape == "disc" else s - 0.8, f"{css} {shape}")
    elif shape == "square":
        canvas.rect(x - s + 0.6, y - s + 0.6, 2 * s - 1.2, 2 * s - 1.2, css)
    elif shape in ("hollow", "diamond"):
        canvas.path([(x, y - s), (x + s, y), (x, y + s), (x - s, y)], f"{css} {shape}", closed=True)
    elif shape == "down":
        canvas.path([(x - s, y - s + 0.6), (x + s, y - s + 0.6), (x, y + s)], css, closed=True)
    elif shape == "cross":
        canvas.line(x - s + 1, y - s + 1, x + s - 1, y + s - 1, f"{css} stroke")
        canvas.line(x - s + 1, y + s - 1, x + s - 1, y - s + 1, f"{css} stroke")
    elif shape == "arrow":
        canvas.path([(x, y - s), (x + s + 2.5, y), (x, y + s)], css, closed=True)
    else:
        canvas.line(x, y - s + 0.6, x, y + s - 0.6, f"{css} stroke")


def legend(canvas: Canvas, entries: list[tuple[str, str, str]], x: float, y: float, step: float) -> float:
    """Marks with their words, (shape, class, words), in rows of what fits; returns the y under the last row.

    Shapes `bar` and `tint` stand for a bar, full or light.
    """
    left = x
    for shape, css, words in entries:
        room = 22 + 6.1 * len(words)
        if x > left and x + room > canvas.width:
            x, y = left, y + step
        if shape in ("bar", "tint"):
            canvas.rect(x, y - 9, 14, 8, f"{css} {shape}", 1)
        else:
            mark(canvas, shape, x + 6, y - 4.5, css)
        canvas.text(x + 19, y, words, "quiet small")
        x += room + 14
    return y + step
