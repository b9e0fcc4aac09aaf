"""The page: plain text of at most 100 columns where it goes into a pipe, the terminal's width otherwise."""

from __future__ import annotations

from typing import TextIO

from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from pipelines.explain.dates import Calendar
from pipelines.explain.decisions import Block
from pipelines.explain.diff import Difference, line_text
from pipelines.explain.marts import Patient, Row, Walk
from pipelines.explain.records import Records
from pipelines.explain.story import Entry, clean, with_place

_WIDTH = 100
_HOW_TO_READ = (
    "Records are named by id, file and number there. Record N is the N-th row of data: line N + 1, where one "
    "line of header stands above and no line is blank or broken inside a field."
)
# in the order they are read; the first two are computed under each profile
_ENDPOINTS = {"pfs": "PFS", "dor": "DOR", "ttnt": "TTNT", "ttd": "TTD", "os": "OS"}
_BY_PROFILE = ("pfs", "dor")


class Page:
    """Prints the parts of one patient's page, each under its heading."""

    def __init__(self, out: TextIO, calendar: Calendar) -> None:
        self._calendar = calendar
        self._out = out
        width = None if out.isatty() else _WIDTH
        self._console = Console(
            file=out, width=width, no_color=True, highlight=False, markup=False, emoji=False
        )

    def header(self, patient: Patient, what: str, notes: list[str]) -> None:
        """Who, under which rules, up to which day."""
        facts, cut = patient.facts, patient.data_cut
        self._heading(f"Patient {clean(patient.patient_id)}, {what}", first=True)
        ended = "died" if facts["death_date"] else "last contact"
        last = facts["death_date"] or facts["last_contact_date"]
        since = facts["advanced_date"]
        advanced = f"advanced from {self._calendar.text(since)}" if since else "no advanced disease on record"
        parts = [
            facts["sex"] or "sex unknown",
            *([] if self._calendar.is_relative else [f"born {facts['birth_year'] or 'unknown'}"]),
            advanced,
            f"{ended} {self._calendar.text(last)}",
        ]
        if not self._calendar.is_relative and cut:
            parts.append(f"data cut {self._calendar.text(cut['data_cut'])}")
        self._say(", ".join(parts))
        if self._calendar.origin is not None:
            self._say(f"Day 0 is {self._calendar.origin_name}.")
        for note in filter(None, notes):
            self._say(note)

    def story(self, entries: list[Entry], records: Records) -> None:
        """Dated entries in a table, what the walk made of each in the last column."""
        self._heading("Story")
        columns = ["day", "what", "record", "the walk"]
        table = self._table(columns if self._calendar.is_relative else ["date", *columns])
        for entry in entries:
            cells = [self._calendar.day(entry.when), entry.what, entry.record, entry.beside]
            if not self._calendar.is_relative:
                cells.insert(0, self._calendar.text(entry.when, entry.precision))
            table.add_row(*map(Text, cells))
        self._print(table)
        if records.places:
            self._say(_HOW_TO_READ)

    def decisions(self, blocks: list[Block]) -> None:
        """Each decision with its rule in words, its parameters, the progressions and the records."""
        self._heading("Decisions")
        if not blocks:
            self._say("None: no line-defining drug starts in advanced disease.")
        for block in blocks:
            self.block(block)

    def block(self, block: Block) -> None:
        """One decision."""
        self._print(Text(f"{self._calendar.both(block.when)}  {block.title}  {block.movement}", style="bold"))
        for ingredient, records in block.drugs:
            self._say(f"Drug {ingredient}: {records}", indent=4)
        self._say(block.why, indent=4)
        self._say(f"Parameters: {block.parameters}", indent=4)
        for progression in block.progressions:
            self._say(f"Progression {progression}", indent=4)

    def lines(self, walk: Walk) -> None:
        """The lines as they came out, with sub-lines and drugs; early therapy above them."""
        self._heading("Lines")
        for era in walk.early:
            period = f"{self._calendar.text(era['start_date'])} to {self._calendar.text(era['end_date'])}"
            self._say(f"Early therapy: {era['ingredient']}, {period}")
        if not walk.lines:
            self._say("No line for advanced disease.")
        for line in walk.lines:
            self._line(line, walk)

    def _line(self, line: Row, walk: Walk) -> None:
        period = f"{self._calendar.both(line['line_start'])} to {self._calendar.both(line['line_end'])}"
        self._print(Text(f"Line {line['line_number']}  {period}  {line['regimen_category']}", "bold"))
        self._say(line["regimen"], indent=4)
        stopped = f", stop reason {line['stop_reason']}" if line["stop_reason"] else ""
        kept = ", with maintenance" if line["has_maintenance"] else ""
        self._say(
            f"opened by {line['opened_by']} ({line['confidence']}), "
            f"ended: {line['end_reason']}{stopped}{kept}",
            indent=4,
        )
        for part in _of_line(walk.sublines, line):
            began = self._calendar.both(part["subline_start"])
            self._say(f"{part['line_label']} from {began}, {part['change_reason']}: {part['regimen']}", 4)
        for drug in _of_line(walk.drugs, line):
            covered = f"{self._calendar.text(drug['first_date'])} to {self._calendar.text(drug['last_date'])}"
            beyond = ", continued beyond progression" if drug["continued_beyond_progression"] else ""
            self._say(
                f"{drug['ingredient']}: covered {covered}, joined by {drug['joined_by']}{beyond}", indent=4
            )

    def endpoints(self, walk: Walk, records: Records, profile_id: str | None) -> None:
        """By line: every endpoint and what dates it; PFS and DOR under each profile, or the one asked for."""
        self._heading("Endpoints")
        if not walk.lines:
            self._say("None without a line.")
        for line in walk.lines:
            began = self._calendar.both(line["line_start"])
            self._print(Text(f"Line {line['line_number']}, from {began}", style="bold"))
            table = self._table(["", "profile", "days", "months", "result", "end", "dated by"])
            for row in sorted(_of_line(walk.endpoints, line), key=_reading_order):
                if profile_id in (None, row["profile_id"]) or row["endpoint"] not in _BY_PROFILE:
                    table.add_row(*map(Text, self._endpoint(row, records)))
            self._print(table)
            for row in _of_line(walk.responses, line):
                self._say(
                    f"Best response {row['bor']} (confirmed: {row['cbor']}), clinical benefit: "
                    f"{_answer(row['clinical_benefit'])}",
                    indent=1,
                )

    def _endpoint(self, row: Row, records: Records) -> list[str]:
        result = f"event: {row['event_type']}" if row["event"] else f"censored: {row['censor_reason']}"
        if row["endpoint"] == "dor":
            result += f", from {self._calendar.text(row['start_date'])}"
        if row["entry_days"]:
            result += f", enters on day {row['entry_days']}"
        return [
            _ENDPOINTS[row["endpoint"]],
            row["profile_id"] if row["endpoint"] in _BY_PROFILE else "any",
            str(row["days"]),
            f"{row['months']:.1f}",
            result,
            self._calendar.text(row["end_date"], row["end_precision"]),
            _dated_by(row, records),
        ]

    def study(self, title: str, sentences: list[str]) -> None:
        """Her place in one study."""
        self._heading(f"Study: {title}")
        for sentence in sentences:
            self._say(sentence)

    def difference(self, found: Difference, names: tuple[str, str]) -> None:
        """Parameters, lines side by side, and the first decision that differs."""
        self._heading("Parameters that differ")
        table = self._table(["parameter", *names])
        for row in found.parameters:
            table.add_row(*map(Text, row))
        self._print(table)
        self._heading("Lines")
        sides = self._table(["line", *names])
        for number, *cells in found.lines:
            sides.add_row(str(number), *(Text(line_text(line, self._calendar)) for line in cells))
        self._print(sides)
        self._heading("First decision that differs")
        if found.parted_on is None:
            self._say("None: every decision is the same under both rule sets.")
            return
        for name, decided in zip(names, (found.first, found.second), strict=True):
            self._print(Text(f"Under {name}", style="bold"))
            if not decided:
                self._say(f"nothing is decided on {self._calendar.both(found.parted_on)}", indent=4)
            for block in decided:
                self.block(block)

    def _heading(self, text: str, first: bool = False) -> None:
        if not first:
            self._print()
        self._print(Text(text, style="bold"))
        self._print(Text("=" * min(len(text), self._console.width)))

    def _say(self, text: str, indent: int = 0) -> None:
        self._print(Padding(Text(text), (0, 0, 0, indent)))

    def _print(self, part: RenderableType = "") -> None:
        with self._console.capture() as captured:
            self._console.print(part)
        # rich fills every line up with blanks, which a diff or a copy would keep
        self._out.writelines(f"{line.rstrip()}\n" for line in captured.get().splitlines())

    @staticmethod
    def _table(columns: list[str]) -> Table:
        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
        for name in columns:
            narrow = name in ("date", "day", "days", "months", "line", "profile", "end", "")
            table.add_column(
                name,
                justify="right" if name in ("day", "days", "months") else "left",
                no_wrap=narrow,
                overflow="fold",
            )
        return table


def _of_line(found: list[Row], line: Row) -> list[Row]:
    return [row for row in found if row["line_number"] == line["line_number"]]


def _reading_order(row: Row) -> tuple[int, bool, str]:
    return list(_ENDPOINTS).index(row["endpoint"]), row["profile_id"] != "primary", row["profile_id"]


def _dated_by(row: Row, records: Records) -> str:
    table, record_id = row["dated_by_table"], row["dated_by_id"]
    if record_id is None:
        return "-"
    place = records.place(table, record_id)
    # records of tables without ids of their own are named by their place alone
    has_id = table in ("medications", "assessments", "diagnoses", "procedures")
    return with_place(record_id, place) if has_id or not place else place


def _answer(value: bool | None) -> str:
    return {True: "yes", False: "no", None: "too early to say"}[value]
