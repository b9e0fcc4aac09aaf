"""One run at a time on a warehouse: a file lock that names its holder.

The lock is the kernel's (`flock`), so it ends with the process that holds it, however that process ended: a
lock file left behind by a killed run never blocks the next night.
"""

from __future__ import annotations

import fcntl
import getpass
import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from io import TextIOWrapper

from pipelines.errors import LockHeld, RunFailed
from pipelines.warehouse import Warehouse


def user_name() -> str:
    """Who runs this; a numeric id where the account has no name (containers)."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())


@contextmanager
def exclusive(warehouse: Warehouse) -> Iterator[None]:
    """Hold the warehouse for one run; raises LockHeld, with the holder's name, if another run works on it."""
    try:
        file = warehouse.lock.open("a+", encoding="utf-8")
    except OSError as error:
        raise RunFailed(f"{warehouse.lock} cannot be written: {error.strerror}.") from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise LockHeld(_held_message(file)) from None
        _write(file, _holder())
        try:
            yield
        finally:
            # emptied, not removed: removing would let a third run lock a file that a second one has open
            _write(file, "")


def _holder() -> str:
    holder = {
        "pid": os.getpid(),
        "host": socket.gethostname(),
        "user": user_name(),
        "started_at": datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S UTC"),
    }
    return json.dumps(holder)


def _write(file: TextIOWrapper, text: str) -> None:
    file.seek(0)
    file.truncate()
    file.write(text)
    file.flush()


def _held_message(file: TextIOWrapper) -> str:
    file.seek(0)
    try:
        holder = json.loads(file.read())
        who = "process {pid} of {user} on {host}, since {started_at}".format(**holder)
    except (json.JSONDecodeError, KeyError, TypeError):
        who = "a process that has not written its name yet"
    return f"Another run works on this warehouse: {who}."
