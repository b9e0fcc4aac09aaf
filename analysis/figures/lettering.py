"""How much room words take: Source Sans 3's own letter widths, so that labels are placed and not guessed."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

ADVANCES = Path(__file__).parent.parent / "fonts" / "advances.json"
UNKNOWN = 600  # thousandths of the type size; a letter outside the subset comes from another font


def width(words: str, size: float = 14, strong: bool = False) -> float:
    """Pixels that a line of text takes at a type size in pixels; kerning, under 1 %, is left out."""
    advances = _advances()["semibold" if strong else "regular"]
    return size * sum(advances.get(letter, UNKNOWN) for letter in words) / 1000


def shortened(words: str, room: float, size: float = 14, strong: bool = False) -> str:
    """The words, or as many of their letters as fit into the room in pixels, with an ellipsis."""
    if width(words, size, strong) <= room:
        return words
    while words and width(words + "…", size, strong) > room:
        words = words[:-1].rstrip()
    return words + "…"


def wrapped(words: str, room: float, size: float = 14, strong: bool = False) -> list[str]:
    """The words in lines of at most `room` pixels, broken at spaces; too long a word is cut."""
    lines: list[str] = []
    for word in words.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and width(longer, size, strong) <= room:
            lines[-1] = longer
        else:
            lines.append(shortened(word, room, size, strong))
    return lines


@cache
def _advances() -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = json.loads(ADVANCES.read_text(encoding="utf-8"))
    return found
