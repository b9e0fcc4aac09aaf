"""One run at a time: the lock names its holder, and dies with it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.errors import LockHeld, RunFailed
from pipelines.lock import exclusive
from pipelines.warehouse import Warehouse

HOLD = """
import sys, time
from pathlib import Path
from pipelines.lock import exclusive
from pipelines.warehouse import Warehouse
with exclusive(Warehouse(Path(sys.argv[1]))):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    return Warehouse(tmp_path)


def hold_in_another_process(warehouse: Warehouse) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(warehouse.root)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_a_second_run_is_told_who_holds_the_lock(warehouse: Warehouse) -> None:
    holder = hold_in_another_process(warehouse)
    try:
        with pytest.raises(LockHeld) as told, exclusive(warehouse):
            pytest.fail("two runs at once")
    finally:
        holder.kill()
        holder.wait()

    assert told.value.exit_code == 4
    assert f"process {holder.pid}" in told.value.message
    assert " on " in told.value.message


def test_the_lock_of_a_killed_run_is_taken_over(warehouse: Warehouse) -> None:
    holder = hold_in_another_process(warehouse)
    holder.kill()
    holder.wait()
    assert json.loads(warehouse.lock.read_text())["pid"] == holder.pid

    with exclusive(warehouse):
        assert json.loads(warehouse.lock.read_text())["pid"] == os.getpid()


def test_the_lock_names_nobody_once_released(warehouse: Warehouse) -> None:
    with exclusive(warehouse):
        pass
    assert warehouse.lock.read_text() == ""
    with exclusive(warehouse):
        pass


def test_a_lock_that_cannot_be_written_is_one_sentence(warehouse: Warehouse) -> None:
    warehouse.lock.mkdir()
    with pytest.raises(RunFailed, match="cannot be written"), exclusive(warehouse):
        pytest.fail("no lock, no run")
