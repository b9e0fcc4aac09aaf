"""What cannot be known from these data, said of this run: the limitations its authors would write."""

from __future__ import annotations

from markupsafe import Markup

from analysis.estimation.baseline_rows import UNKNOWN, covariates_of
from analysis.estimation.study import StudyData
from analysis.report import words
from analysis.report.adjusted_words import adjusted_for, adjusted_ratios
from analysis.report.header import ReportHeader
from analysis.report.numbers import Numbers
from analysis.report.outside_words import Outside
from analysis.report.parameters import Parameters
from analysis.statistics.honesty import FEW_EVENTS, LARGE_SMD


def limitations(
    data: StudyData,
    numbers: Numbers,
    header: ReportHeader,
    parameters: Parameters,
    shown: Outside | None = None,
) -> list[str | Markup]:
    """One sentence or two a limitation, the gravest first."""
    found: list[str | Markup | None] = [
        _confounding(data, numbers),
        _selection(data, numbers),
        _few(data, numbers),
        _imbalance(numbers),
        _scans(numbers),
        _misclassification(parameters),
        _missing(data, numbers),
        "Care outside this hospital is not in its records: a drug started, a scan read or a death that "
        "happened "
        "elsewhere is missing unless it was written down here.",
        _one_site(header, parameters),
        None
        if header.data_cut_final
        else "The data are looked at again each night. These results are an interim look, and no p-value is "
        "adjusted for the looks before it or after it.",
        "Calendar dates are not known: whether practice changed over the years cannot be seen."
        if data.relative_dates
        else None,
        f"Numbers here are of groups of {shown.min_count} patients where the curves are concerned, and many "
        "are "
        "withheld; the internal report has them all."
        if shown
        else None,
    ]
    return [limitation for limitation in found if limitation is not None]


def _confounding(data: StudyData, numbers: Numbers) -> str:
    pairs = [pair for pair in data.study.pairs if adjusted_ratios(numbers, pair)]
    reasons = (
        "The strategies were chosen for reasons that also bear on the outcome: symptoms, visceral crisis, "
        "wishes, "
        "fitness beyond ECOG. These data do not record them. "
    )
    if pairs:
        names = list(dict.fromkeys(name for pair in pairs for name in adjusted_for(data, pair)))
        return reasons + (
            f"The adjusted comparison takes {words.listed(names)} into account and nothing else; the E-value "
            "says how strong another reason would have to be."
        )
    return reasons + "Nothing is adjusted here, so that even what is recorded may lie behind a difference."


def _selection(data: StudyData, numbers: Numbers) -> Markup:
    return Markup(
        "Only patients who progressed on {} and lived to begin another line are compared ({} removed at that "
        "step): what is found says nothing of those who never began one."
    ).format(data.study.index_drug, numbers.count("attrition.all.count.next_line.removed"))


def _few(data: StudyData, numbers: Numbers) -> str | None:
    events = [numbers.value(f"pfs2.{name}.count.events") for name in data.study.strategies]
    known = [value for value in events if value is not None]
    if known and min(known) >= FEW_EVENTS:
        return None
    unsure = " (or their number is withheld)" if len(known) < len(events) else ""
    return (
        f"A group has fewer than {FEW_EVENTS} events of PFS2{unsure}: estimates are unstable and may be far "
        "from the truth in either direction."
    )


def _imbalance(numbers: Numbers) -> Markup | None:
    """How many characteristics differ before any adjustment."""
    keys = [
        key
        for key, row in numbers.rows.items()
        if row.statistic == "smd" and row.adjustment == "none" and row.estimate is not None
    ]
    large = [key for key in keys if abs(numbers.rows[key].estimate or 0.0) > LARGE_SMD]
    if not large:
        return None
    return Markup(
        "{} of {} standardised mean differences {} over {} in size before any adjustment: the groups were "
        "different patients."
    ).format(len(large), len(keys), "is" if len(large) == 1 else "are", LARGE_SMD)


def _scans(numbers: Numbers) -> str:
    measured = any(row.endpoint == "scan_interval" for row in numbers.rows.values())
    where = ", whose usual interval stands under follow-up" if measured else ""
    return (
        f"Progression is seen when it is looked for. Scans come weeks apart{where}; a group that is scanned "
        "less "
        "often seems to progress later, and PFS is known no better than the interval between two scans."
    )


def _misclassification(parameters: Parameters) -> str:
    sources = (
        "notes and stops as well as scans" if parameters.profile["counts_stop_reason"] else "scans and notes"
    )
    return (
        f"Progression is taken from {sources}, without independent review, and lines of therapy from dated "
        "orders "
        "by rule. Drugs that were never given, or given without a record, cannot be told."
    )


def incomplete(data: StudyData, numbers: Numbers) -> list[str]:
    """The characteristics that are unknown in somebody compared, or may be: their number is withheld."""
    counts = {c.column: f"baseline.all.count.{c.column}={UNKNOWN}" for c in covariates_of(data)}
    return [column for column, key in counts.items() if numbers.value(key) or numbers.withheld(key)]


def _missing(data: StudyData, numbers: Numbers) -> str | None:
    some = incomplete(data, numbers)
    if not some:
        return None
    return (
        f"{words.counted(len(some), 'characteristic has', 'characteristics have')} unknown values. Who is "
        "tested is "
        "not chance: imputation takes values to be missing at random given what is recorded, which the data "
        "cannot show."
    )


def _one_site(header: ReportHeader, parameters: Parameters) -> str:
    if parameters.sites > 1:
        return (
            f"The patients are those of {parameters.sites} sites, analysed as one; how the sites differ is "
            "not modelled."
        )
    return (
        f"All patients are of one site ({header.site_id}): its habits of choosing, scanning and recording "
        "are in "
        "every number."
    )
