"""`python -m expectations BUILD_DB LANDING_DB OUT_DIR RUN_ID`: validate one build; logs only, no output."""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path

import duckdb

from expectations.catalogue import CatalogueError

log = logging.getLogger("expectations")


def main(arguments: list[str]) -> int:
    """Exit code 0 where the checks ran, whatever the verdict; 1 where they could not; 2 for wrong usage."""
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stderr)
    log.setLevel(logging.INFO)
    if len(arguments) != 4:
        log.error("usage: python -m expectations BUILD_DB LANDING_DB OUT_DIR RUN_ID")
        return 2
    build_db, landing_db, out_dir = (Path(argument) for argument in arguments[:3])
    # here, not above: wrong usage need not wait three seconds for Great Expectations
    from expectations.runner import run_checks

    try:
        verdict, results = run_checks(build_db, landing_db, out_dir, arguments[3])
    except (CatalogueError, duckdb.Error, OSError) as error:
        log.error("The checks could not run: %s", str(error).split("\n")[0])
        return 1
    for result in results:
        log.info("%-14s %-16s %s: %s", result.status, result.severity, result.check_id, result.message)
    log.info("gate %s, great expectations %.2f s", verdict.gate, verdict.gx_seconds)
    return 0


if __name__ == "__main__":
    exit_code = main(sys.argv[1:])
    logging.shutdown()
    # Great Expectations keeps references into DuckDB's module, which then reports dozens of leaks while the
    # interpreter shuts down. Everything is closed and written: end here, and the log ends with the verdict.
    os._exit(exit_code)
