"""What stands above the report: where it comes from and whether its data passed the gate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any


@dataclass(frozen=True)
class Changes:
    """How the study differs from the last publication; no patient is named.

    Patients who `entered` and `left` the study, who `changed` in an endpoint, and how many of those changed
    in each; `causes` are the inputs that differ and what else may have moved them.
    """

    entered: int = 0
    left: int = 0
    changed: int = 0
    endpoints: Mapping[str, int] = field(default_factory=dict)
    causes: Sequence[str] = ()


@dataclass(frozen=True)
class ReportHeader:
    """The run as the reader meets it: no clock time and no run id, so that a repeated run has the same.

    `data_cut` is the last day that counts and `data_cut_set_by` the setting or record it comes from; `gate`
    is 'open', 'banner' or 'held'; `checks_summary` counts checks by status; `restated_patients` counts
    study patients whose endpoints changed since the last published run (None where there was none), and
    `changes` says how; `data_cut_final` says that no further look is planned; `shareable_min_count` is the
    count under which the shareable rendering shows none.
    """

    site_id: str
    data_cut: date | None
    data_cut_set_by: str
    inputs_hash: str
    code_version: str
    rule_set_id: str = "primary"
    profile_id: str = "primary"
    gate: str = "open"
    checks_summary: Mapping[str, int] = field(default_factory=dict)
    restated_patients: int | None = None
    data_cut_final: bool = False
    study_id: str = "palbociclib"
    changes: Changes | None = None
    shareable_min_count: int = 5


def header_from(values: Mapping[str, Any]) -> ReportHeader:
    """The header of a publication's manifest, which keeps it as JSON."""
    cut, changes = values["data_cut"], values.get("changes")
    return ReportHeader(
        **{
            **values,
            "data_cut": None if cut is None else date.fromisoformat(cut),
            "changes": None if changes is None else Changes(**changes),
        }
    )
