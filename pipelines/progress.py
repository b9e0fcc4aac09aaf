"""What a run shows while it works: live steps for a person at a terminal, plain log lines for cron.

Lines carry files, tables, columns and counts, never a value of an identifier (quality.md, section 5):
whatever comes from a database engine goes through `scrub` first.
"""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from rich.progress import TaskID

# engines put the offending value in single quotes, the key of a broken constraint in double ones with a colon
_VALUES = re.compile(r"'[^']*'|\"[^\":]*: [^\"]*\"")


def scrub(text: str) -> str:
    """Blank quoted values out of an engine's message: a cell it quotes may be an identifier."""
    return _VALUES.sub("'...'", text)


class Progress:
    """Steps with counts and seconds, written as log lines; `seconds` keeps each finished step's duration."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream
        self._log_file: Path | None = None
        self._step = ""
        self._detail = ""
        self.seconds: dict[str, float] = {}

    def __enter__(self) -> Progress:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None

    def log_to(self, path: Path) -> None:
        """Keep every line in this file too, from now on; the file begins anew."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("", encoding="utf-8")
        self._log_file = path

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """One step of the run; an error leaves it as it is, with the time it took."""
        self._step, self._detail = name, ""
        began = time.monotonic()
        self._begin()
        try:
            yield
        except BaseException:
            self._end(time.monotonic() - began, ok=False)
            raise
        self.seconds[name] = time.monotonic() - began
        self._end(self.seconds[name], ok=True)

    def count(self, done: int, unit: str, total: int | None = None) -> None:
        """How far the current step is: `done` of `total` of what `unit` names (`files`, `models`)."""
        self._detail = f"{done:,} {unit}" if total is None else f"{done:,} of {total:,} {unit}"
        self._show()

    def note(self, message: str) -> None:
        """One line worth keeping, whatever the display."""
        self.record(message)
        self._say(message)

    def record(self, message: str) -> None:
        """One line for the log file only."""
        if self._log_file is None:
            return
        # a full disk must end the run at the step it hits, not at the line that was to report it
        with suppress(OSError), self._log_file.open("a", encoding="utf-8") as log:
            log.write(f"{_now()} {message}\n")

    def _begin(self) -> None:
        self.note(f"{self._step} ...")

    def _end(self, seconds: float, ok: bool) -> None:
        detail = f"{self._detail}, " if self._detail else ""
        self.note(f"{self._step}: {detail}{seconds:.1f} s{'' if ok else ', FAILED'}")

    def _show(self) -> None:
        """Counts reach a log once, at the step's end: a line per file would bury the rest."""

    def _say(self, message: str) -> None:
        print(f"{_now()} {message}", file=self._stream or sys.stderr, flush=True)


class TerminalProgress(Progress):
    """The same steps, live: one row a step with its counts and seconds."""

    def __init__(self) -> None:
        super().__init__()
        from rich.console import Console
        from rich.progress import Progress as Rows
        from rich.progress import SpinnerColumn, TextColumn, TimeElapsedColumn

        self._rows = Rows(
            SpinnerColumn(finished_text="[green]✓"),
            TextColumn("{task.description:<12}"),
            TimeElapsedColumn(),
            TextColumn("{task.fields[detail]}"),
            console=Console(stderr=True),
        )
        self._task: TaskID | None = None

    def __enter__(self) -> Progress:
        self._rows.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._rows.stop()

    def _begin(self) -> None:
        self.record(f"{self._step} ...")
        self._task = self._rows.add_task(self._step, total=1, detail="")

    def _end(self, seconds: float, ok: bool) -> None:
        self.record(f"{self._step}: {self._detail or 'done'}, {seconds:.1f} s{'' if ok else ', FAILED'}")
        if self._task is None:
            return
        if ok:
            self._rows.update(self._task, completed=1)
        else:
            self._rows.update(self._task, detail=f"[red]failed[/] {self._detail}")
            self._rows.stop_task(self._task)

    def _show(self) -> None:
        if self._task is not None:
            self._rows.update(self._task, detail=self._detail)

    def _say(self, message: str) -> None:
        from rich.markup import escape

        self._rows.console.print(escape(message), style="dim", highlight=False)


def for_this_terminal() -> Progress:
    """Live steps where a person watches, log lines otherwise."""
    return TerminalProgress() if sys.stderr.isatty() else Progress()


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
