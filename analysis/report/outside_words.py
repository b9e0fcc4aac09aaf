"""What the page says of the shareable rendering, and what changed since the last publication."""

from __future__ import annotations

from dataclasses import dataclass

from analysis.report import words
from analysis.report.header import Changes, ReportHeader

SINCE = "since the last publication"


@dataclass(frozen=True)
class Outside:
    """How a rendering for readers outside was made, as far as the page speaks of it.

    Counts from 1 to `min_count` - 1 are withheld, groups of fewer than `fewest` patients have no median; in
    all `withheld` of the `of` numbers are kept back.
    """

    min_count: int
    fewest: int
    withheld: int
    of: int


def what_was_done(shown: Outside) -> list[str]:
    """The sentences on top of a shareable page."""
    t = shown.min_count
    return [
        f"This is the shareable rendering: {shown.withheld:,} of the {shown.of:,} numbers of the internal "
        f"report are withheld.",
        f"Counts under {t} are withheld, with every count and share that would give one back; a withheld "
        f"number may be small or may cover a small one, and a zero is shown. Groups of fewer than "
        f"{shown.fewest} patients have no median, no curve and no comparison.",
        f"Curves are drawn in groups of {t} events, each at the time of its middle one, and end where fewer "
        f"than {t} patients would be left; survival and numbers at risk are read from them, so that they "
        "differ a little from the internal report. Medians, hazard ratios and tests are those of all "
        "patients. No patient has a picture or a page, and no smallest or largest value is shown.",
        "Two shareable reports of different nights, or of studies that share patients, can be subtracted "
        "from one another, which may give a withheld count back: hand out one. Of the studies of a site "
        "only this one is written for readers outside.",
    ]


def changed_words(header: ReportHeader, shown: Outside | None) -> str:
    """What changed since the last publication: who came, went and moved, and what moved them.

    Outside the house the number of patients is said where it is zero or not small, and no part of it.
    """
    patients, changes = header.restated_patients, header.changes
    if patients is None:
        return "first publication"
    if patients == 0:
        return f"no study patient changed {SINCE}"
    if shown is not None:
        counted = f"{patients} study patients" if patients >= shown.min_count else "study patients"
        return f"{counted} changed {SINCE}" + _because(changes)
    if changes is None:
        return words.counted(patients, "study patient", "study patients") + f" changed {SINCE}"
    moved = ", ".join(f"{what} in {n}" for what, n in changes.endpoints.items())
    parts = [
        f"{changes.entered} entered" if changes.entered else "",
        f"{changes.left} left" if changes.left else "",
        f"{changes.changed} changed" + (f" ({moved})" if moved else "") if changes.changed else "",
    ]
    return (
        words.counted(patients, "study patient", "study patients")
        + f" {SINCE}: {words.listed([part for part in parts if part])}"
        + _because(changes)
    )


def _because(changes: Changes | None) -> str:
    return f"; behind it: {words.listed(list(changes.causes))}" if changes and changes.causes else ""
