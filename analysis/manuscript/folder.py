"""The folder `figures_and_tables`: what a manuscript takes from a report, as SVG, PNG, CSV and DOCX.

Figures in two widths, across the page (`NAME`) and in one column (`NAME-column`, SVG alone), as journals set
them. The same inputs give the same bytes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from analysis.figures import NARROW, WIDE, Size
from analysis.figures.files import png, standalone
from analysis.manuscript.tables import Table, as_csv
from analysis.manuscript.word_tables import as_docx
from analysis.report.pictures import Pictures

FOLDER = "figures_and_tables"
# how a file's name ends, and which drawing it holds: one made for a file goes before the page's
WIDTHS: tuple[tuple[str, Size, tuple[str, ...]], ...] = (
    ("", WIDE, ("file", "wide")),
    ("-column", NARROW, ("file-narrow", "narrow")),
)


def write_manuscript(
    site_dir: Path, prefix: str, title: str, drawn: Pictures, tables: Sequence[Table]
) -> dict[str, dict[str, str]]:
    """Write all files of one study and return the links to its figures, by figure and kind, from the page.

    `prefix` sets the files of a second study apart.
    """
    figures, sheets = site_dir / FOLDER / "figures", site_dir / FOLDER / "tables"
    for folder in (figures, sheets):
        folder.mkdir(parents=True, exist_ok=True)
    for name, sizes in drawn.items():
        for ending, size, keys in WIDTHS:
            # one after the other: the renderer does not let threads run beside it
            _write_figure(figures / f"{prefix}{name}{ending}", _chosen(sizes, keys), size)
    for table in tables:
        (sheets / f"{prefix}{table.name}.csv").write_text(as_csv(table), encoding="utf-8", newline="")
    (site_dir / FOLDER / f"{prefix}tables.docx").write_bytes(
        as_docx(title, [table for table in tables if table.in_document])
    )
    return {
        name: {kind: f"{FOLDER}/figures/{prefix}{name}.{kind}" for kind in ("svg", "png")} for name in drawn
    }


def _chosen(sizes: Mapping[str, str], keys: Sequence[str]) -> str:
    return next(sizes[key] for key in keys if key in sizes)


def _write_figure(place: Path, svg: str, size: Size) -> None:
    place.with_name(f"{place.name}.svg").write_text(standalone(svg, size), encoding="utf-8")
    if size is WIDE:
        place.with_name(f"{place.name}.png").write_bytes(png(svg, size))
