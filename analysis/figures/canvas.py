"""The few SVG elements the figures need; all text is escaped here, and coordinates are rounded to a tenth."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from dataclasses import dataclass, field
from html import escape
from pathlib import Path

FONT_FOLDER = Path(__file__).parent.parent / "fonts"
FONTS = {
    "Source Sans 3": "source-sans-3-latin-wght-normal.woff2",
    "Source Serif 4": "source-serif-4-latin-wght-normal.woff2",
}
WITHHELD = "withheld"  # stands where a number may not be shown
STYLE = Path(__file__).with_name("figures.css")


@dataclass(frozen=True)
class Size:
    """A drawing's width in CSS pixels, and whether it is the narrow one that a phone shows."""

    name: str
    width: float
    narrow: bool


WIDE = Size("wide", 860, False)
NARROW = Size("narrow", 343, True)


@dataclass
class Canvas:
    """Collects elements; `key` makes the ids of title and description unique on the page."""

    key: str
    title: str
    description: str
    width: float
    height: float
    parts: list[str] = field(default_factory=list)

    def text(
        self, x: float, y: float, words: str, css: str = "", anchor: str = "start", data: str | None = None
    ) -> None:
        """One line of text; `data` is the estimate_id of the number it shows."""
        place = f'x="{_n(x)}" y="{_n(y)}" class="{css}" text-anchor="{anchor}"'
        number = f' data-estimate="{escape(data)}"' if data else ""
        self.parts.append(f"<text {place}{number}>{escape(words)}</text>")

    def line(self, x1: float, y1: float, x2: float, y2: float, css: str) -> None:
        """A straight line."""
        self.parts.append(f'<line x1="{_n(x1)}" y1="{_n(y1)}" x2="{_n(x2)}" y2="{_n(y2)}" class="{css}"/>')

    def path(self, points: Iterable[tuple[float, float]], css: str, closed: bool = False) -> None:
        """A polyline through the points (x, y)."""
        steps = " ".join(f"{'M' if i == 0 else 'L'}{_n(x)} {_n(y)}" for i, (x, y) in enumerate(points))
        self.parts.append(f'<path d="{steps}{" Z" if closed else ""}" class="{css}"/>')

    def rect(self, x: float, y: float, width: float, height: float, css: str, radius: float = 0) -> None:
        """A rectangle."""
        size = f'width="{_n(width)}" height="{_n(height)}"'
        self.parts.append(f'<rect x="{_n(x)}" y="{_n(y)}" {size} rx="{_n(radius)}" class="{css}"/>')

    def circle(self, x: float, y: float, radius: float, css: str) -> None:
        """A dot."""
        self.parts.append(f'<circle cx="{_n(x)}" cy="{_n(y)}" r="{_n(radius)}" class="{css}"/>')

    def ribbon(self, start: tuple[float, float], end: tuple[float, float], width: float, css: str) -> None:
        """A band of constant width between the upper corners (x, y) of its ends, leaving both level."""
        (x1, y1), (x2, y2) = start, end
        half = (x1 + x2) / 2
        over = f"M{_n(x1)} {_n(y1)}C{_n(half)} {_n(y1)} {_n(half)} {_n(y2)} {_n(x2)} {_n(y2)}"
        low1, low2 = _n(y1 + width), _n(y2 + width)
        under = f"V{low2}C{_n(half)} {low2} {_n(half)} {low1} {_n(x1)} {low1}Z"
        self.parts.append(f'<path d="{over}{under}" class="{css}"/>')

    def open(self, words: str, href: str | None = None, data: str | None = None) -> None:
        """Begin a group that says what it is when pointed at; with `href` it is a link.

        `data` is the estimate_id of the number it stands for.
        """
        number = f' data-estimate="{escape(data)}"' if data else ""
        link = f'<a href="{escape(href)}" aria-label="{escape(words)}">' if href else f"<g{number}>"
        self.parts.append(f"{link}<title>{escape(words)}</title>")

    def close(self, href: str | None = None) -> None:
        """End the group."""
        self.parts.append("</a>" if href else "</g>")

    def svg(self, css: str, role: str = "img") -> str:
        """The drawing, with its title and description for those who cannot see it.

        Links inside need another role than img, which hides its content.
        """
        head = (
            f'<svg xmlns="http://www.w3.org/2000/svg" class="figure {css}" role="{role}" '
            f'viewBox="0 0 {_n(self.width)} {_n(self.height)}" '
            f'aria-labelledby="{escape(self.key)}-title {escape(self.key)}-desc">'
        )
        words = (
            f'<title id="{escape(self.key)}-title">{escape(self.title)}</title>'
            f'<desc id="{escape(self.key)}-desc">{escape(self.description)}</desc>'
        )
        return "\n".join([head + words, *self.parts, "</svg>"])


def font_face(family: str) -> str:
    """The @font-face rule of an embedded family."""
    encoded = base64.b64encode((FONT_FOLDER / FONTS[family]).read_bytes()).decode("ascii")
    source = f"url(data:font/woff2;base64,{encoded}) format('woff2')"
    return (
        f'@font-face {{ font-family: "{family}"; font-weight: 200 900; font-display: swap; src: {source}; }}'
    )


def month(value: float) -> str:
    """A tick's label: 3, 12, 4.5."""
    return f"{value:g}"


def _n(value: float) -> str:
    return f"{round(float(value), 1) + 0.0:g}"
