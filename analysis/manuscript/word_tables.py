"""Tables as a Word document to work on: real tables, captions, footnotes, repeated header rows."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Sequence
from datetime import datetime

from docx import Document
from docx.document import Document as WordDocument
from docx.enum.section import WD_ORIENT
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt, RGBColor
from docx.table import Table as WordTable
from docx.table import _Cell as WordCell
from docx.text.paragraph import Paragraph

from analysis.figures.lettering import width
from analysis.manuscript.tables import Column, Line, Table

FONT = "Arial"  # on every machine that opens a manuscript
TEXT, SMALL = Pt(9), Pt(8)
PORTRAIT, LANDSCAPE = 170, 257  # millimetres of A4 between the margins
MANY_COLUMNS = 6
# a document has no clock of its own: the same tables, the same bytes
NO_TIME = datetime(2000, 1, 1)  # noqa: DTZ001 - Word's core properties carry no zone
ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
ZIP_TIME = (1980, 1, 1, 0, 0, 0)


def as_docx(title: str, tables: Sequence[Table]) -> bytes:
    """All tables in their order, each with its number, caption and footnotes."""
    document = Document()
    _set_up(document, title)
    landscape = False
    for number, table in enumerate(tables, start=1):
        wide = len(table.columns) > MANY_COLUMNS
        if wide != landscape or number == 1:
            _turn(document, wide, first=number == 1)
            landscape = wide
        _add(document, number, table, LANDSCAPE if wide else PORTRAIT)
    out = io.BytesIO()
    document.save(out)
    return _timeless(out.getvalue())


def _set_up(document: WordDocument, title: str) -> None:
    style = document.styles["Normal"]
    style.font.name, style.font.size = FONT, TEXT
    style.element.rPr.rFonts.set(qn("w:eastAsia"), FONT)
    style.paragraph_format.space_after = Pt(0)
    properties = document.core_properties
    properties.title = _legal(title)[:255]  # the longest that python-docx takes
    properties.author = properties.last_modified_by = "Afterline"
    properties.comments, properties.revision = "", 1
    properties.created = properties.modified = NO_TIME


def _turn(document: WordDocument, landscape: bool, first: bool) -> None:
    section = document.sections[0] if first else document.add_section()
    short, long = Mm(210), Mm(297)
    section.orientation = WD_ORIENT.LANDSCAPE if landscape else WD_ORIENT.PORTRAIT
    section.page_width, section.page_height = (long, short) if landscape else (short, long)
    section.left_margin = section.right_margin = section.top_margin = section.bottom_margin = Mm(20)


def _add(document: WordDocument, number: int, table: Table, room: int) -> None:
    caption = document.add_paragraph(style="Caption")
    caption.paragraph_format.space_before, caption.paragraph_format.space_after = Pt(18), Pt(4)
    caption.paragraph_format.keep_with_next = True
    _write(caption, f"Table {number}. ", bold=True)
    _write(caption, table.title)
    drawn = document.add_table(rows=1, cols=len(table.columns))
    drawn.alignment, drawn.autofit = WD_TABLE_ALIGNMENT.LEFT, False
    for cell, column in zip(drawn.rows[0].cells, table.columns, strict=True):
        _fill(cell, column.label, bold=True, left=_worded(table, column))
    _repeat(drawn)
    for line in table.lines:
        _line(drawn, line)
    _rules(drawn)
    _widths(drawn, table, room)
    for note in table.notes:
        paragraph = document.add_paragraph()
        paragraph.paragraph_format.space_before = Pt(3)
        _write(paragraph, note, size=SMALL)


def _line(drawn: WordTable, line: Line) -> None:
    row = drawn.add_row()
    row._tr.get_or_add_trPr().append(OxmlElement("w:cantSplit"))
    for place, (cell, shown) in enumerate(zip(row.cells, line.cells, strict=True)):
        _fill(cell, shown.text, left=place == 0 or shown.parts is None)
        if line.inner and place == 0:
            cell.paragraphs[0].paragraph_format.left_indent = Mm(4)


def _worded(table: Table, column: Column) -> bool:
    """Whether a column holds words, which stand to the left, rather than numbers."""
    place = table.columns.index(column)
    return place == 0 or all(line.cells[place].parts is None for line in table.lines)


def _fill(cell: WordCell, text: str, left: bool, bold: bool = False) -> None:
    paragraph = cell.paragraphs[0]
    paragraph.alignment = WD_ALIGN_PARAGRAPH.LEFT if left else WD_ALIGN_PARAGRAPH.RIGHT
    paragraph.paragraph_format.space_before = paragraph.paragraph_format.space_after = Pt(1.5)
    _write(paragraph, text, bold=bold)


def _write(paragraph: Paragraph, text: str, bold: bool = False, size: Pt = TEXT) -> None:
    run = paragraph.add_run(_legal(text))
    run.bold, run.italic, run.font.size, run.font.name = bold, False, size, FONT
    run.font.color.rgb = RGBColor(0, 0, 0)


def _legal(text: str) -> str:
    """Without what XML cannot hold."""
    return "".join(
        c
        for c in text
        if c in "\t\n" or (c >= " " and c not in "\ufffe\uffff" and not "\ud800" <= c <= "\udfff")
    )


def _repeat(drawn: WordTable) -> None:
    """The header row again on each page."""
    header = OxmlElement("w:tblHeader")
    header.set(qn("w:val"), "true")
    drawn.rows[0]._tr.get_or_add_trPr().append(header)


def _rules(drawn: WordTable) -> None:
    """A rule over and under the header and under the last row, none between columns."""
    rows = drawn.rows
    for row, edges in ((rows[0], ("top", "bottom")), (rows[len(rows) - 1], ("bottom",))):
        for cell in row.cells:
            borders = OxmlElement("w:tcBorders")
            for edge in edges:
                rule = OxmlElement(f"w:{edge}")
                for name, value in (("val", "single"), ("sz", "6"), ("space", "0"), ("color", "000000")):
                    rule.set(qn(f"w:{name}"), value)
                borders.append(rule)
            cell._tc.get_or_add_tcPr().append(borders)


def _widths(drawn: WordTable, table: Table, room: int) -> None:
    """Each column as wide as its longest text if all fit, else shrunk, never under its longest word."""
    texts = [
        [column.label, *(line.cells[place].text for line in table.lines)]
        for place, column in enumerate(table.columns)
    ]
    words = [
        max(_millimetres(word) for text in column for word in (text.split() or [""])) for column in texts
    ]
    whole = [max(_millimetres(text) for text in column[1:] or column) for column in texts]
    wanted = [max(least, most) for least, most in zip(words, whole, strict=True)]
    spare = room - sum(wanted)
    if spare > 0:
        wanted[0] += min(spare, 30)
    else:
        excess = [most - least for least, most in zip(words, wanted, strict=True)]
        keep = max(0.0, 1 + spare / (sum(excess) or 1))
        wanted = [least + keep * more for least, more in zip(words, excess, strict=True)]
    for place, column in enumerate(drawn.columns):
        column.width = Mm(round(wanted[place], 1))
        for cell in column.cells:
            cell.width = column.width


def _millimetres(text: str) -> float:
    """Room for a line in bold, wide enough for what stands in where Arial is missing, and for margins."""
    return 1.3 * width(text, TEXT.pt, strong=True) * 25.4 / 72 + 5


def _timeless(content: bytes) -> bytes:
    """The same archive with its files dated alike."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as source, zipfile.ZipFile(out, "w") as target:
        for name in source.namelist():
            entry = zipfile.ZipInfo(name, ZIP_TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED
            target.writestr(entry, source.read(name))
    return out.getvalue()
