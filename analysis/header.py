"""What stands above the report: where it comes from and whether its data passed the gate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date


@dataclass(frozen=True)
class ReportHeader:
    """The run as the reader meets it: no clock time and no run id, so that a repeated run has the same.

    `data_cut` is the last day that counts and `data_cut_set_by` the setting or record it comes from; `gate`
    is 'open', 'banner' or 'held'; `checks_summary` counts checks by status; `restated_patients` counts
    study patients whose endpoints changed since the last published run (None where there was none);
    `data_cut_final` says that no further look is planned.
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
