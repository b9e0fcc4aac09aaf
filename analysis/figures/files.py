"""Figures as files for a manuscript: SVG that needs nothing else, and PNG at 300 dpi.

Both carry the light colours as plain values: many programs that place an SVG know no CSS variables.
"""

from __future__ import annotations

import re
import struct
import zlib
from functools import cache

from resvg_py import svg_to_bytes

from analysis.figures.canvas import FONT_FOLDER, STYLE, Size, font_face

DPI = 300
# the widths journals set figures in: across the page, and in one column
MILLIMETRES = {"wide": 182, "narrow": 85}
MARGIN = 8  # of paper, in the drawing's pixels: marks may stand on its edge
SANS = '"Source Sans 3"'
INSTANCES = [str(FONT_FOLDER / f"afterline-sans-{style}.ttf") for style in ("regular", "semibold")]
HIT = re.compile(r'<rect [^>]*class="hit"/>')  # where a pointer points: a file has none
INSTANCE_NAME = '"Afterline Sans"'


def standalone(svg: str, size: Size) -> str:
    """The drawing as a file of its own: print width, light colours, font and style inside, paper behind."""
    return _file(svg, size, font_face("Source Sans 3") + "\n" + light_style())


def png(svg: str, size: Size) -> bytes:
    """The same as a PNG of 300 dpi, drawn with the fonts of this package alone."""
    style = light_style().replace(SANS, INSTANCE_NAME)
    drawn = svg_to_bytes(
        svg_string=_file(svg, size, style),
        width=pixels(size),
        dpi=DPI,
        skip_system_fonts=True,
        font_files=INSTANCES,
        sans_serif_family="Afterline Sans",
        background="#ffffff",
    )
    return _with_density(drawn)


def pixels(size: Size) -> int:
    """Width of the PNG in pixels."""
    return round(MILLIMETRES[size.name] / 25.4 * DPI)


@cache
def light_style() -> str:
    """figures.css with the light theme's values in place of its variables."""
    sheet = STYLE.read_text(encoding="utf-8")
    values = dict(re.findall(r"--([a-z0-9-]+):\s*([^;]+);", sheet[: sheet.index("@media")]))
    rules = sheet[sheet.index("svg.figure {") :]
    return re.sub(r"var\(--([a-z0-9-]+)\)", lambda found: values[found[1]], rules)


def _file(svg: str, size: Size, style: str) -> str:
    head, rest = HIT.sub("", svg).split(">", 1)
    _, _, width, height = map(float, re.findall(r'viewBox="([^"]+)"', head)[0].split())
    width, height = width + 2 * MARGIN, height + 2 * MARGIN
    across = MILLIMETRES[size.name]
    box = f'viewBox="-{MARGIN} -{MARGIN} {width:g} {height:g}"'
    head = re.sub(
        r'viewBox="[^"]+"', f'width="{across}mm" height="{across * height / width:.1f}mm" {box}', head
    )
    paper = f'<rect x="-{MARGIN}" y="-{MARGIN}" width="{width:g}" height="{height:g}" class="paper"/>'
    return f"{head}><style>{style}</style>{paper}{rest}\n"


def _with_density(drawn: bytes) -> bytes:
    """The PNG with its resolution written into it (chunk pHYs, pixels a metre), else taken for 72 dpi."""
    header_end = 8 + 25  # signature, then IHDR: length, name, 13 bytes, checksum
    body = b"pHYs" + struct.pack(">IIB", round(DPI / 0.0254), round(DPI / 0.0254), 1)
    chunk = struct.pack(">I", 9) + body + struct.pack(">I", zlib.crc32(body))
    return drawn[:header_end] + chunk + drawn[header_end:]
