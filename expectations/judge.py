"""From what was counted to one of five statuses, with the sentence that goes with it."""

from __future__ import annotations

from dataclasses import dataclass

from expectations.catalogue import Check
from expectations.suite import Counted
from expectations.verdict import CheckResult, Status


@dataclass
class Evidence:
    """What is known about one check in one run; `None` is what could not be found out."""

    missing: tuple[str, ...] = ()
    denominator: int | None = None
    stored: int | None = None
    found: Counted | None = None
    error: str | None = None
    seconds: float = 0.0


def judge(check: Check, evidence: Evidence, run_id: str) -> CheckResult:
    """The result of `check`: every doubt is an error, and only what was looked at can pass."""
    status, message = _status(check, evidence)
    counted = status in ("pass", "fail")
    numerator = evidence.stored if counted or status == "not_applicable" else None
    denominator = evidence.denominator
    return CheckResult(
        run_id=run_id,
        check_id=check.id,
        table_name=check.table,
        category=check.category,
        severity=check.severity,
        status=status,
        numerator=numerator,
        denominator=denominator,
        share=numerator / denominator if counted and numerator is not None and denominator else None,
        threshold=check.threshold.value,
        threshold_version=str(check.threshold.version),
        query_sha256=check.query_sha256,
        message=message,
        seconds=round(evidence.seconds, 6),
    )


def _status(check: Check, evidence: Evidence) -> tuple[Status, str]:
    if evidence.missing:
        return "not_evaluated", f"{', '.join(evidence.missing)} is not part of this run."
    if fault := _doubt(check, evidence):
        return "error", fault
    stored, denominator = evidence.stored or 0, evidence.denominator or 0
    if check.is_floor:
        status: Status = "fail" if stored else "pass"
        return status, f"{check.table} has {_number(denominator)} rows ({check.threshold.bound})."
    if not denominator:
        return "not_applicable", f"There are no {check.unit} to look at."
    passed = stored <= check.threshold.allowed(denominator)
    sentence = (
        f"{_number(stored)} of {_number(denominator)} {check.unit} {check.fault} ({check.threshold.bound})."
    )
    return ("pass" if passed else "fail"), sentence


def _doubt(check: Check, evidence: Evidence) -> str | None:
    """Why the counts cannot be believed, or None."""
    found = evidence.found
    if evidence.error or (found and found.error):
        return f"It could not run: {evidence.error or (found.error if found else '')}."
    if found is None or evidence.stored is None or evidence.denominator is None:
        return "It could not run: nothing was counted."
    if found.count != evidence.stored:
        return f"Great Expectations counts {found.count} violating rows, {evidence.stored} keys are stored."
    if check.is_floor:
        return None
    if evidence.stored > evidence.denominator:
        return f"{evidence.stored} violating rows among {evidence.denominator} {check.unit}."
    if found.success != (evidence.stored <= check.threshold.allowed(evidence.denominator)):
        return "Great Expectations and the threshold disagree."
    return None


def _number(value: int) -> str:
    return f"{value:,}"
