"""From the declarations to a Great Expectations suite, and from its run to one count for each check."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any, ClassVar, cast

# before the import: GX reads the switch once, and a hospital's night run reports to nobody
os.environ["GX_ANALYTICS_ENABLED"] = "false"

import great_expectations as gx
from great_expectations.compatibility import pydantic
from great_expectations.core import ExpectationSuite
from great_expectations.core.batch import Batch
from great_expectations.core.batch_spec import RuntimeQueryBatchSpec
from great_expectations.data_context.types.base import (
    DataContextConfig,
    InMemoryStoreBackendDefaults,
    ProgressBarsConfig,
)
from great_expectations.expectations import UnexpectedRowsExpectation
from great_expectations.expectations.metadata_types import FailureSeverity
from great_expectations.validator.validator import Validator

from expectations.catalogue import Check, Severity
from expectations.engine import DuckDBExecutionEngine

GX_SEVERITY: dict[Severity, FailureSeverity] = {
    "fatal": FailureSeverity.CRITICAL,
    "convention": FailureSeverity.WARNING,
    "characterization": FailureSeverity.INFO,
}


class ViolatingRows(UnexpectedRowsExpectation):
    """GX's UnexpectedRowsExpectation with our threshold, and without the rows.

    The stock expectation fails at the first row and fetches 200 of them into its result, which is written
    down: here GX counts, compares with `max_rows`, and no row ever leaves the database through it.
    """

    max_rows: int = 0
    metric_dependencies: ClassVar[tuple[str, ...]] = ("unexpected_rows_query.row_count",)
    success_keys: ClassVar[tuple[str, ...]] = ("unexpected_rows_query", "max_rows")

    @pydantic.validator("unexpected_rows_query")
    def _validate_query(cls, query: str) -> str:  # noqa: N805
        """Replaces GX's own, which prints a warning for every query that does not name its batch."""
        return query

    def _validate(
        self,
        metrics: dict[str, Any],
        runtime_configuration: dict[str, Any] | None = None,
        execution_engine: Any = None,
    ) -> dict[str, Any]:
        count = metrics["unexpected_rows_query.row_count"]
        return {"success": count <= self.max_rows, "result": {"observed_value": count}}


@dataclass(frozen=True)
class Counted:
    """What GX found for one check: violating rows and its verdict, or what kept it from counting."""

    count: int | None
    success: bool
    error: str | None = None


def expectation(check: Check, denominator: int) -> ViolatingRows:
    """The check as an expectation; how many rows are allowed follows from the denominator."""
    return ViolatingRows(
        unexpected_rows_query=_escaped(check.violations_sql),
        max_rows=check.threshold.allowed(denominator),
        severity=GX_SEVERITY[check.severity],
        meta={
            "check_id": check.id,
            "table": check.table,
            "category": check.category,
            "severity": check.severity,
            "threshold": check.threshold.bound,
            "threshold_version": check.threshold.version,
            "denominator": denominator,
        },
    )


def build_suite(checks: list[tuple[Check, int]]) -> ExpectationSuite:
    """One suite from (check, denominator) pairs."""
    return ExpectationSuite(
        name="afterline", expectations=[expectation(check, denominator) for check, denominator in checks]
    )


def run_suite(
    suite: ExpectationSuite, engine: DuckDBExecutionEngine
) -> tuple[dict[str, Counted], dict[str, Any]]:
    """Validate `suite` on `engine`: what was found by check id, and GX's own result without any error text.

    GX writes the database's message and a traceback into its result; a conversion error quotes the value it
    choked on, so both are cut there and only the error's first words are kept.
    """
    context = gx.get_context(mode="ephemeral", project_config=_in_memory())
    data, markers = engine.get_batch_data_and_markers(RuntimeQueryBatchSpec(query="select 1 as warehouse"))
    validator = Validator(
        execution_engine=engine,
        batches=[Batch(data=cast(Any, data), batch_markers=markers)],
        data_context=context,
    )
    outcome = validator.validate(expectation_suite=suite, result_format="BASIC", catch_exceptions=True)
    report: dict[str, Any] = outcome.to_json_dict()
    found: dict[str, Counted] = {}
    for result in report["results"]:
        errors = _errors(result.pop("exception_info", {}))
        result["exception_info"] = errors
        check_id = result["expectation_config"]["meta"]["check_id"]
        count = result["result"].get("observed_value")
        found[check_id] = Counted(count, bool(result["success"]), "; ".join(errors) or None)
    return found, report


def _in_memory() -> DataContextConfig:
    """A context that keeps everything in memory: the default one makes a folder for pages in the system's."""
    return DataContextConfig(
        store_backend_defaults=InMemoryStoreBackendDefaults(),
        progress_bars=ProgressBarsConfig(globally=False),
        analytics_enabled=False,
    )


def _errors(info: dict[str, Any]) -> list[str]:
    """The kinds of error in GX's exception_info, which is one record or one for each metric."""
    records = [info] if "raised_exception" in info else list(info.values())
    raised = [str(record["exception_message"]) for record in records if record.get("raised_exception")]
    return sorted({message.split(":")[0].split("\n")[0] for message in raised})


def _escaped(sql: str) -> str:
    """GX fills the text with str.format and SQLAlchemy reads `:name` as a parameter: both are told not to.

    A line of its own for the end: GX puts a bracket behind it, which a last comment would swallow.
    """
    return sql.replace("{", "{{").replace("}", "}}").replace(":", r"\:") + "\n"
