"""The gate as the nightly run calls it: Great Expectations in a process of its own, the verdict read back."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from expectations.verdict import VERDICT_FILE, Verdict
from pipelines.errors import RunFailed

LOG_FILE = "validate.log"


def validate(build_db: Path, landing_db: Path, out_dir: Path, run_id: str) -> Verdict:
    """Run all checks on one build and return the verdict; `out_dir` holds everything that was written.

    A process of its own keeps Great Expectations' memory out of the run, and lets DuckDB open the build
    read-only here: the caller must have closed it. Raises RunFailed where the checks could not run at all.
    """
    out_dir.mkdir(parents=True, exist_ok=True)
    # an older verdict must never be taken for this run's
    (out_dir / VERDICT_FILE).unlink(missing_ok=True)
    arguments = [str(path.resolve()) for path in (build_db, landing_db, out_dir)]
    command = [sys.executable, "-m", "expectations", *arguments, run_id]
    environment = {**os.environ, "GX_ANALYTICS_ENABLED": "false"}
    with (out_dir / LOG_FILE).open("w", encoding="utf-8") as log:
        code = subprocess.run(command, stdout=log, stderr=log, env=environment, check=False).returncode
    if code != 0:
        raise RunFailed(f"The checks could not run (exit {code}); {out_dir / LOG_FILE} says why.")
    try:
        return Verdict.read(out_dir)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RunFailed(f"The checks left no readable verdict in {out_dir}.") from error
