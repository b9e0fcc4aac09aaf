"""The columns of the mart study_patients that a restatement speaks of: endpoints and decisions, in words."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class EndpointColumn:
    """What a column belongs to, in words; of a time, the flag that says whether it ended in an event.

    A censored time that only grew is follow-up.
    """

    words: str
    event: str | None = None


STUDY_ENDPOINTS = {
    "index_line": EndpointColumn("index line"),
    "index_date": EndpointColumn("index line"),
    "pfs1_days": EndpointColumn("PFS1", event="pfs1_event"),
    "pfs1_event": EndpointColumn("PFS1"),
    "next_line": EndpointColumn("next line"),
    "next_line_start": EndpointColumn("next line"),
    "strategy": EndpointColumn("strategy"),
    "sub_strategy": EndpointColumn("strategy"),
    "pfs2_days": EndpointColumn("PFS2", event="pfs2_event"),
    "pfs2_event": EndpointColumn("PFS2"),
    "pfs2_ema_days": EndpointColumn("PFS2 (EMA)", event="pfs2_ema_event"),
    "pfs2_ema_event": EndpointColumn("PFS2 (EMA)"),
    "clinical_benefit": EndpointColumn("clinical benefit"),
    "pfs_ratio": EndpointColumn("PFS ratio", event="pfs2_event"),
}
