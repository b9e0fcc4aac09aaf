"""What changed since the last publication, as the report's header says it: counts and causes, nobody's id."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from pipelines.study_endpoints import STUDY_ENDPOINTS
from pipelines.warehouse import literal

if TYPE_CHECKING:
    from analysis.report.header import Changes

_SETUP = "the code or its settings"
_INPUTS = """
    select distinct batches.table_name
    from (select distinct unnest(input_numbers) as input_number from restated) as named
    inner join landing.raw.batches as batches using (input_number)
    order by batches.table_name
"""
_STUDY_FILES = "select distinct study_id from restated where cause = 'study file' order by study_id"


def what_changed(file: Path, landing: Path) -> Changes:
    """Counts of the patients in a run's restatements (`write_restatements`), and the tables that moved them.

    Patients whose censored time only grew are followed up, not changed.
    """
    from analysis.report.header import Changes

    with closing(duckdb.connect(config={"autoinstall_known_extensions": "false"})) as connection:
        connection.execute(f"attach '{literal(landing)}' as landing (read_only)")
        connection.execute(
            f"create view restated as from read_parquet('{literal(file)}') where change != 'follow_up'"
        )
        counts = dict(
            connection.execute(
                "select change, count(distinct (study_id, patient_id)) from restated group by change"
            ).fetchall()
        )
        columns = connection.execute(
            "select distinct column_name, study_id, patient_id from restated where change = 'changed'"
        ).fetchall()
        tables = [f"new records in {name}" for (name,) in connection.execute(_INPUTS).fetchall()]
        causes = {cause for (cause,) in connection.execute("select distinct cause from restated").fetchall()}
        studies = [f"the study file of {study}" for (study,) in connection.execute(_STUDY_FILES).fetchall()]
    return Changes(
        counts.get("entered", 0),
        counts.get("left", 0),
        counts.get("changed", 0),
        _by_endpoint(columns),
        (*tables, *studies, *([_SETUP] if any("setup" in cause for cause in causes) else [])),
    )


def _by_endpoint(changed: Sequence[tuple[str, str, str]]) -> dict[str, int]:
    """Patients by what changed, in the order of the words."""
    words = {name: column.words for name, column in STUDY_ENDPOINTS.items()}
    patients: dict[str, set[tuple[str, str]]] = {}
    for column, study, patient in changed:
        patients.setdefault(words.get(column, column.replace("_", " ")), set()).add((study, patient))
    order = [*dict.fromkeys(words.values()), *sorted(set(patients) - set(words.values()))]
    return {name: len(patients[name]) for name in order if name in patients}
