"""The gate's verdict: how five statuses and three severities become open or held, and its place on disk."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal, get_args

from expectations.catalogue import Severity

Status = Literal["pass", "fail", "error", "not_applicable", "not_evaluated"]
Gate = Literal["open", "banner", "held"]
STATUSES: tuple[Status, ...] = get_args(Status)
SEVERITIES: tuple[Severity, ...] = get_args(Severity)

VERDICT_FILE = "verdict.json"
# A check that could not run has shown nothing: it counts as the fault it looks for (quality.md, section 2).
AGAINST: frozenset[Status] = frozenset({"fail", "error"})


@dataclass(frozen=True)
class CheckResult:
    """One check in one run: a row of `audit.check_results` (the columns, in order)."""

    run_id: str
    check_id: str
    table_name: str
    category: str
    severity: Severity
    status: Status
    numerator: int | None
    denominator: int | None
    share: float | None
    threshold: float
    threshold_version: str
    query_sha256: str
    message: str
    seconds: float


@dataclass(frozen=True)
class Failure:
    """A check that speaks against the run, with one sentence that says why; never a value of the data."""

    check_id: str
    table_name: str
    severity: Severity
    status: Status
    sentence: str


@dataclass(frozen=True)
class Verdict:
    """What the checks of one run amount to.

    `status` decides on publication; `gate` is what the report's header shows, where `banner` is an open gate
    with conventions broken. `counts` has every status and severity, zeros included: {status: {severity: n}}.
    `gx_seconds` and `sql_seconds` are what Great Expectations and our own queries took.
    """

    run_id: str
    status: Literal["open", "held"]
    gate: Gate
    counts: dict[str, dict[str, int]]
    failing: tuple[Failure, ...]
    gx_seconds: float
    sql_seconds: float

    @property
    def failing_fatal(self) -> tuple[Failure, ...]:
        """The checks that hold the publication back."""
        return tuple(failure for failure in self.failing if failure.severity == "fatal")

    @property
    def totals(self) -> dict[str, int]:
        """Number of checks by status."""
        return {status: sum(by_severity.values()) for status, by_severity in self.counts.items()}

    def write(self, out_dir: Path) -> None:
        """Write `verdict.json`: last of all files, so that its presence means the run is complete."""
        text = json.dumps(asdict(self), indent=2, ensure_ascii=False) + "\n"
        (out_dir / VERDICT_FILE).write_text(text, encoding="utf-8")

    @classmethod
    def read(cls, out_dir: Path) -> Verdict:
        """Read `verdict.json` back. Raises OSError, ValueError or KeyError where it is not a verdict."""
        record = json.loads((out_dir / VERDICT_FILE).read_text(encoding="utf-8"))
        failing = tuple(Failure(**failure) for failure in record.pop("failing"))
        return cls(failing=failing, **record)


def decide(results: list[CheckResult], run_id: str, gx_seconds: float = 0.0) -> Verdict:
    """The verdict over all results: a fatal check against the run holds it, a convention puts up a banner."""
    counts: dict[str, dict[str, int]] = {
        status: dict[str, int].fromkeys(SEVERITIES, 0) for status in STATUSES
    }
    for result in results:
        counts[result.status][result.severity] += 1
    against = sorted(
        (result for result in results if result.status in AGAINST),
        key=lambda result: (SEVERITIES.index(result.severity), result.check_id),
    )
    severities = {result.severity for result in against}
    gate: Gate = "held" if "fatal" in severities else "banner" if "convention" in severities else "open"
    return Verdict(
        run_id=run_id,
        status="held" if gate == "held" else "open",
        gate=gate,
        counts=counts,
        failing=tuple(
            Failure(result.check_id, result.table_name, result.severity, result.status, result.message)
            for result in against
        ),
        gx_seconds=round(gx_seconds, 3),
        sql_seconds=round(sum(result.seconds for result in results), 3),
    )
