"""The methods of the report, written from the run's own parameters: a journal's Methods section.

No number stands in this file: rules, windows and thresholds are those of the marts and of the modules that
apply them. A sentence is left out where the run did not do what it says.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from markupsafe import Markup

from analysis.estimation.baseline_rows import covariates_of
from analysis.estimation.covariates import PATIENTS_PER_COVARIATE
from analysis.estimation.parameters import Parameters
from analysis.estimation.resampling import LARGE, REPLICATES, REPLICATES_PER_SET
from analysis.estimation.study import StudyData
from analysis.estimation.survival_rows import AT_TWELVE, FEW_EVENTS, TOO_FEW_EVENTS
from analysis.report import words
from analysis.report.header import ReportHeader
from analysis.report.methods_rules import lines_of_therapy, outcomes, participants
from analysis.report.numbers import Numbers, Stored
from analysis.statistics.durations import DAYS_PER_MONTH
from analysis.statistics.imputation import SETS


@dataclass(frozen=True)
class Paragraph:
    """A paragraph of the methods under its heading."""

    title: str
    text: Markup


def methods(
    data: StudyData, numbers: Numbers, header: ReportHeader, parameters: Parameters
) -> list[Paragraph]:
    """The paragraphs in the order of a Methods section."""
    found = (
        ("Design and data", _design(data, numbers, header, parameters)),
        ("Participants", participants(data, numbers, parameters)),
        ("Lines of therapy and strategies", lines_of_therapy(data, parameters)),
        ("Outcomes", outcomes(data, parameters)),
        ("Characteristics", _characteristics(data)),
        ("Survival analysis", _survival(numbers)),
        ("Comparison", _comparison(data, numbers)),
        ("Adjustment", _adjustment(data, numbers)),
        ("Sensitivity", _sensitivity(numbers, parameters)),
        ("Software and data control", _software(header, parameters)),
    )
    return [
        Paragraph(title, Markup(" ").join(sentences))  # what is no markup is escaped here
        for title, sentences in found
        if sentences
    ]


def _design(
    data: StudyData, numbers: Numbers, header: ReportHeader, parameters: Parameters
) -> list[str | Markup]:
    where = f"of one site ({header.site_id})" if parameters.sites <= 1 else f"of {parameters.sites} sites"
    cut = "the last day of the extracts" if header.data_cut is None else words.day(header.data_cut)
    if data.relative_dates:
        cut = "the last day of the extracts, whose dates are relative"
    look = "the final data cut" if header.data_cut_final else "an interim look"
    everybody = (
        numbers.count(f"attrition.all.count.{data.attrition['step'].iloc[0]}.left")
        if len(data.attrition)
        else Markup("–")
    )
    return [
        f"This is a retrospective cohort study of routine electronic health records {where}.",
        Markup("All {} patients in the extracts were screened; the data cut was {} ({}).").format(
            everybody, cut, look
        ),
        "Nothing was collected for the study: lines of therapy, progressions and endpoints were derived from "
        "dated records by written rules, the same for every patient.",
    ]


def _characteristics(data: StudyData) -> list[str | Markup]:
    before, after = (data.study.parameters.get(f"measure_days_{w}") for w in ("before", "after"))
    shown = list(covariates_of(data))
    sentences: list[str | Markup] = [
        f"{len(shown)} characteristics were taken at the start of the next line"
        + (
            f"; performance status and laboratory values from {int(before)} days before it to "
            f"{int(after)} days after."
            if before is not None and after is not None
            else "."
        ),
        "Missing values were counted as a level of their own and not replaced in the description; groups "
        "were "
        "described by medians and quartiles or by counts, and compared by standardised mean differences.",
    ]
    return sentences


def _survival(numbers: Numbers) -> list[str | Markup]:
    delayed = any("delayed entry" in row.method for row in numbers.rows.values())
    sentences: list[str | Markup] = [
        "Survival was estimated by the Kaplan-Meier method with pointwise 95 % log-log limits, medians with "
        "the "
        "limits of Brookmeyer and Crowley; where a curve was exactly one half on a step its median is the "
        "middle "
        f"of the step. A month is {DAYS_PER_MONTH:g} days.",
        "Follow-up is the median of the reverse Kaplan-Meier estimate.",
    ]
    if delayed:
        sentences.append(
            "Some patients came under observation after their clock had started: every estimate was made "
            "with "
            "delayed entry."
        )
    if _has(numbers, statistic="cumulative_incidence"):
        sentences.append(
            "The cumulative incidence of a further line, with death as the competing event, was estimated by "
            "the Aalen-Johansen method."
        )
    if _has(numbers, endpoint="pfs_ratio"):
        sentences.append(
            "The ratio of PFS2 to PFS1 was analysed by the Kaplan-Meier method, a censored PFS2 being a "
            "censored "
            "ratio."
        )
    return sentences


def _comparison(data: StudyData, numbers: Numbers) -> list[str | Markup]:
    if not _has(numbers, statistic="hazard_ratio"):
        return []
    names = [words.inside(data.study.label(name)) for name in data.study.strategies]
    return [
        f"{words.listed(names).capitalize()} were compared from the start of the next line by the log-rank "
        "test, "
        "a Cox model with Efron's handling of ties, and the difference of restricted mean survival times at "
        "the "
        f"smaller of the groups' last times and, where both reach it, at {AT_TWELVE:g} months.",
        "Proportional hazards were tested by the score test with Kaplan-Meier time; where it rejects, the "
        "restricted mean leads.",
        f"With fewer than {FEW_EVENTS} events in a group, or where a group had no event, Firth's penalised "
        "likelihood "
        "was used with profile limits; with fewer than "
        f"{TOO_FEW_EVENTS} no p-value was given.",
        "Shares have Clopper-Pearson limits, their differences Newcombe's; they were tested by Fisher's "
        "exact "
        "test.",
        "All tests are two-sided, without adjustment for multiple comparisons or for repeated looks.",
    ]


def _adjustment(data: StudyData, numbers: Numbers) -> list[str | Markup]:
    used = [r for r in numbers.rows.values() if r.adjustment != "none" and r.statistic == "hazard_ratio"]
    if not used:
        return []
    labels = [words.inside(c.label) for c in data.study.covariates]
    sentences: list[str | Markup] = [
        f"Candidate covariates, in the order fixed in advance, were {words.listed(labels)}, cut to one for "
        "every "
        f"{PATIENTS_PER_COVARIATE} patients of the smaller group.",
        "Patients were weighted by their propensity for each strategy, estimated by logistic regression: "
        "overlap "
        "weights first, stabilised inverse-probability weights second; a Cox model with the covariates in it "
        "third.",
    ]
    if any("imputed sets" in row.method for row in used):
        sentences.append(
            f"Missing covariates were multiply imputed by chained equations ({SETS} sets); model, weights "
            "and "
            "estimate were made inside each set and pooled by Rubin's rules. Complete cases, and missing as "
            "a "
            "level, stand beside it."
        )
    if any("bootstrap" in row.method for row in used):
        several = any("bootstrap samples of each" in row.method for row in used)
        sentences.append(
            f"Standard errors are those of {REPLICATES_PER_SET if several else REPLICATES:,} bootstrap "
            "samples"
            f"{' of each set' if several else ''}, which refit the propensity model; from {LARGE:,} "
            "patients on "
            "they are robust ones."
        )
    sentences.append(
        "Balance was judged by standardised mean differences before and after weighting and by effective "
        "sample "
        "sizes, and unmeasured confounding by the E-value."
    )
    return sentences


def _sensitivity(numbers: Numbers, parameters: Parameters) -> list[str | Markup]:
    if parameters.rule_sets <= 1 and parameters.profiles <= 1:
        return []
    return [
        f"The analysis was repeated under {parameters.rule_sets} sets of rules for lines of therapy and "
        f"{parameters.profiles} definitions of progression-free survival, each changing the primary one in "
        "one "
        "respect or in a corner of several, and shown as a specification curve.",
    ]


def _software(header: ReportHeader, parameters: Parameters) -> list[str | Markup]:
    engines = [f"{name} {number}" for name, number in parameters.engines.items()]
    checks = header.checks_summary
    made = sum(n for status, n in checks.items() if status in ("pass", "fail", "error"))
    sentences: list[str | Markup] = [
        f"Estimates were made with {words.listed(engines)} in Python; every estimator is held against R's "
        "survival package in the software's tests.",
    ]
    if made:
        sentences.append(
            f"Of the {made} data quality checks that apply, {checks.get('pass', 0)} passed before the "
            "analysis "
            "was released."
        )
    return sentences


def _has(numbers: Numbers, **wanted: str) -> bool:
    return any(_matches(row, wanted.items()) for row in numbers.rows.values())


def _matches(row: Stored, wanted: Iterable[tuple[str, str]]) -> bool:
    return row.population != "published" and all(getattr(row, name) == value for name, value in wanted)
