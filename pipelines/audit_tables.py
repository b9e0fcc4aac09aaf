"""The tables of the `audit` schema: every column with its type and what it says, declared once.

The run history in landing and the published schema are both made from these declarations, so they cannot
drift apart; the descriptions become the database comments that an analyst sees.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Column:
    """One column: DuckDB type, and the description that becomes its comment."""

    name: str
    type: str
    comment: str


@dataclass(frozen=True)
class Table:
    """One audit table with its grain in the comment."""

    name: str
    comment: str
    columns: tuple[Column, ...]

    @property
    def column_list(self) -> str:
        """Quoted column names, for a select or an insert."""
        return ", ".join(f'"{column.name}"' for column in self.columns)

    @property
    def definition(self) -> str:
        """The part of `create table` between the brackets."""
        return ", ".join(f'"{column.name}" {column.type}' for column in self.columns)


RUNS = Table(
    "runs",
    "Every run of the pipeline, published or not; one row a run.",
    (
        Column("run_id", "VARCHAR", "UTC start of the run and six random hexadecimal digits."),
        Column("started_at", "TIMESTAMP", "Start, UTC."),
        Column("ended_at", "TIMESTAMP", "End, UTC; empty for a run that was cut off."),
        Column(
            "status", "VARCHAR", "published, held, failed, running, or interrupted (killed before its end)."
        ),
        Column("exit_code", "INTEGER", "0 published, 1 failed, 2 wrong usage, 3 held by the quality gate."),
        Column("last_step", "VARCHAR", "The step the run ended in."),
        Column("site_id", "VARCHAR", "The site, as the site file names it."),
        Column("data_cut", "DATE", "The last day that counts."),
        Column(
            "code_version", "VARCHAR", "Code commit; `+changes` where the checkout had uncommitted changes."
        ),
        Column(
            "inputs_sha256", "VARCHAR", "Hash over the current inputs' hashes: equal hashes, equal inputs."
        ),
        Column("files_landed", "INTEGER", "Files landed by this run."),
        Column("files_unchanged", "INTEGER", "Files that were known already."),
        Column("files_refused", "INTEGER", "Files refused as a whole."),
        Column("rows_landed", "BIGINT", "Rows landed by this run."),
        Column("rows_quarantined", "BIGINT", "Rows quarantined by this run."),
        Column("gate", "VARCHAR", "open, banner (a convention failed), or held."),
        Column("checks_passed", "INTEGER", "Checks with status pass."),
        Column("checks_failed", "INTEGER", "Checks with status fail or error."),
        Column("restated_patients", "INTEGER", "Study patients that differ from the publication before."),
    ),
)

INPUTS = Table(
    "inputs",
    "Every file landed, or refused, for every table: rows_in_file = rows_excluded + rows_read and rows_read "
    "= rows_landed + rows_quarantined + rows_duplicate. One row a file, table and landing.",
    (
        Column("input_number", "INTEGER", "Number of the delivered file; empty for one that was refused."),
        Column("table_name", "VARCHAR", "The extract table its rows belong to."),
        Column(
            "file", "VARCHAR", "Neutral label; the file's own name stays in landing unless ids are public."
        ),
        Column("source_number", "INTEGER", "Place of the source in the site file, from 1."),
        Column("run_id", "VARCHAR", "The run that landed it."),
        Column("landed_at", "TIMESTAMP", "When, UTC."),
        Column("file_sha256", "VARCHAR", "SHA-256 of the file as delivered."),
        Column("file_bytes", "BIGINT", "Size of the file as delivered."),
        Column("delivery", "VARCHAR", "snapshot (the whole state of the table) or increment."),
        Column("rows_in_file", "BIGINT", "Data rows in the file."),
        Column("rows_excluded", "BIGINT", "Rows a filter declared in the site file leaves to another table."),
        Column("rows_read", "BIGINT", "Rows taken up for this table."),
        Column("rows_landed", "BIGINT", "Rows in raw."),
        Column("rows_quarantined", "BIGINT", "Rows in quarantine, each with its reason."),
        Column("rows_duplicate", "BIGINT", "Exact duplicates within the delivery."),
        Column("is_current", "BOOLEAN", "Whether the marts are made from it."),
        Column("status", "VARCHAR", "landed or refused."),
    ),
)

QUARANTINED_ROWS = Table(
    "quarantined_rows",
    "Rows kept out of the marts, by place and reason; what they say stays in landing. One row a finding.",
    (
        Column("run_id", "VARCHAR", "The run that quarantined the row."),
        Column("input_number", "INTEGER", "The input, see audit.inputs."),
        Column("table_name", "VARCHAR", "The extract table."),
        Column("record_number", "BIGINT", "Place in the file; 1 is the first data row."),
        Column("column_name", "VARCHAR", "The column at fault; empty where the row as a whole is."),
        Column("check_name", "VARCHAR", "The check that the row failed."),
        Column("reason", "VARCHAR", "Why, without the value."),
        Column("resolved_run_id", "VARCHAR", "The run that found it resolved; empty while it is open."),
        Column("resolution", "VARCHAR", "How it was resolved; empty while it is open."),
    ),
)

CHECK_RESULTS = Table(
    "check_results",
    "The result of every check of every run, kept for ever. One row a check and run.",
    (
        Column("run_id", "VARCHAR", "The run."),
        Column("check_id", "VARCHAR", "The check."),
        Column("table_name", "VARCHAR", "The table it looks at."),
        Column("category", "VARCHAR", "conformance, completeness, plausibility or reconciliation."),
        Column(
            "severity",
            "VARCHAR",
            "fatal holds the publication, convention shows a banner, characterization is a trend.",
        ),
        Column("status", "VARCHAR", "pass, fail, error, not_applicable or not_evaluated."),
        Column("numerator", "BIGINT", "Rows that violate the check."),
        Column("denominator", "BIGINT", "Rows the check applies to."),
        Column("share", "DOUBLE", "numerator / denominator."),
        Column("threshold", "VARCHAR", "What the check allows."),
        Column("threshold_version", "INTEGER", "Version of the threshold table."),
        Column("query_sha256", "VARCHAR", "Hash of the query of violating rows."),
        Column("message", "VARCHAR", "One sentence."),
        Column("seconds", "DOUBLE", "How long it took."),
    ),
)

CHECK_VIOLATIONS = Table(
    "check_violations",
    "Every violating key of every check and run, pseudonymous. One row a key.",
    (
        Column("run_id", "VARCHAR", "The run."),
        Column("check_id", "VARCHAR", "The check."),
        Column("violation_key", "VARCHAR", "Key columns of the violating row, `column=value;...`."),
    ),
)

RESTATEMENTS = Table(
    "restatements",
    "Study patients that differ from the publication before: old and new value, and the inputs behind it. "
    "One row a study, patient and column; column_name is empty where she entered or left the study.",
    (
        Column("run_id", "VARCHAR", "The run that published the new value."),
        Column("previous_run_id", "VARCHAR", "The publication that held the old value."),
        Column("study_id", "VARCHAR", "The study."),
        Column("patient_id", "VARCHAR", "The patient's pseudonym."),
        Column(
            "change",
            "VARCHAR",
            "entered, left, changed, or follow_up (a censored time that only grew).",
        ),
        Column("column_name", "VARCHAR", "The column of marts.study_patients that changed."),
        Column("old_value", "VARCHAR", "Its value in the publication before."),
        Column("new_value", "VARCHAR", "Its value now."),
        Column(
            "input_numbers",
            "INTEGER[]",
            "The inputs new since then in which her records differ; where none "
            "can be named, all inputs new since then.",
        ),
        Column(
            "cause",
            "VARCHAR",
            "input (exactly the one named), inputs (among those named), setup (no input changed, so code, "
            "seeds or site file), study file (only that of her study changed), or inputs or setup.",
        ),
    ),
)

TABLES = (RUNS, INPUTS, QUARANTINED_ROWS, CHECK_RESULTS, CHECK_VIOLATIONS, RESTATEMENTS)
