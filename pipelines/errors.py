"""The errors that end a command, each with the exit code scripts may rely on.

A message is one sentence for the person at the terminal: it may name a file, a line, a column or a table,
never a value of an identifier, because it ends up in logs and mails.
"""

from __future__ import annotations

from typing import ClassVar


class AfterlineError(Exception):
    """A reason to stop that a person can act on; `message` is one sentence without a traceback."""

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class RunFailed(AfterlineError):
    """The run failed: nothing was published, what was published before is untouched."""

    exit_code = 1


class UsageError(AfterlineError):
    """Wrong usage, or a site file that does not hold: nothing was run."""

    exit_code = 2


class GateHeld(AfterlineError):
    """The quality gate held the publication back: a refused file or a failed fatal check."""

    exit_code = 3


class LockHeld(AfterlineError):
    """Another run works on this warehouse; the message names who holds the lock."""

    exit_code = 4
