"""The methods of the report, written from the run's own parameters: a journal's Methods section.

No number stands in this file: rules, windows and thresholds are those of the marts and of the modules that
apply them. A sentence is left out where the run did not do what it says.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from markupsafe import Markup

from analysis.estimation.adjustment import COX
from analysis.estimation.baseline_rows import covariates_of
from analysis.estimation.choice_rows import PATIENTS_PER_COLUMN
from analysis.estimation.choice_rows import PATIENTS_PER_COVARIATE as PATIENTS_PER_ODDS_RATIO
from analysis.estimation.covariates import PATIENTS_PER_COVARIATE
from analysis.estimation.reanalyses import LANDMARK_MONTHS
from analysis.estimation.reanalyses import REPLICATES as INTERVAL_REPLICATES
from analysis.estimation.resampling import LARGE, REPLICATES, REPLICATES_PER_SET
from analysis.estimation.study import StudyData
from analysis.estimation.survival_rows import AT_TWELVE
from analysis.report import words
from analysis.report.adjusted_words import adjusted_ratios
from analysis.report.header import ReportHeader
from analysis.report.methods_rules import lines_of_therapy, outcomes, participants
from analysis.report.numbers import Numbers, Stored
from analysis.report.parameters import Parameters
from analysis.statistics.durations import DAYS_PER_MONTH
from analysis.statistics.honesty import FEW_EVENTS, TOO_FEW_EVENTS
from analysis.statistics.imputation import SETS
from analysis.statistics.propensity import WEIGHTED


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
        ("Lines of therapy and strategies", lines_of_therapy(parameters)),
        ("Outcomes", outcomes(data, parameters)),
        ("Characteristics", _characteristics(data)),
        ("Survival analysis", _survival(numbers)),
        ("Comparison", _comparison(data, numbers)),
        ("Choice of strategy", _choice(numbers)),
        ("Adjustment", _adjustment(data, numbers)),
        ("Sensitivity", _sensitivity(data, parameters)),
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
    if _has(numbers, statistic="kendall_tau"):
        sentences.append(
            "Whether PFS1 and PFS2 went together was measured by Kendall's tau over the pairs of patients "
            "whose order is known despite censoring."
        )
    return sentences


def _comparison(data: StudyData, numbers: Numbers) -> list[str | Markup]:
    if not _has(numbers, statistic="hazard_ratio"):
        return []
    names = [words.inside(data.study.label(name)) for name in data.study.strategies]
    return [
        f"{words.sentence(words.listed(names))} were compared from the start of the next line by the "
        "log-rank test, "
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


def _choice(numbers: Numbers) -> list[str | Markup]:
    """What went with the choice: only where an odds ratio was estimated."""
    used = [row for row in numbers.rows.values() if row.endpoint == "choice" and _found(row)]
    if not any(row.statistic == "odds_ratio" for row in used):
        return []
    sentences: list[str | Markup] = [
        "What went with the choice of strategy was described by logistic regression, each characteristic "
        "alone over the patients in whom it was known"
        + (
            f" and, in the order fixed in advance and one for every {PATIENTS_PER_ODDS_RATIO} patients of "
            "the smaller group, together, with unknown values multiply imputed."
            if any(row.statistic == "auc" for row in used)
            else "."
        ),
    ]
    if any("Firth" in row.method for row in used):
        sentences.append(
            f"Firth's penalised likelihood was used where fewer than {PATIENTS_PER_COLUMN} patients of the "
            "smaller group stood behind a characteristic or it separated the groups."
        )
    if any(row.statistic == "auc" for row in used):
        sentences.append("The area under the ROC curve of the joint model is apparent.")
    return sentences


def _adjustment(data: StudyData, numbers: Numbers) -> list[str | Markup]:
    used = [row for pair in data.study.pairs for row in adjusted_ratios(numbers, pair)]
    labels = [words.inside(c.label) for c in data.study.covariates]
    if not used or not labels:
        return []
    weighted = any(row.adjustment.startswith(WEIGHTED) for row in used)
    cox = [row for row in used if row.adjustment.startswith(COX)]
    penalty = " (with Firth's penalised likelihood where events were few)"
    last = "a Cox model with the covariates in it" + (
        penalty if any("Firth" in r.method for r in cox) else ""
    )
    sentences: list[str | Markup] = [
        f"Candidate covariates, in the order fixed in advance, were {words.listed(labels)}, cut to one for "
        "every "
        f"{PATIENTS_PER_COVARIATE} patients of the smaller group.",
    ]
    if weighted:
        sentences.append(
            "Patients were weighted by their propensity for each strategy, estimated by logistic regression: "
            "overlap weights first, stabilised inverse-probability weights second"
            + (f"; {last} third." if cox else ".")
        )
    elif cox:
        sentences.append(f"The hazard ratio was adjusted by {last}.")
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
    if weighted:
        sentences.append(
            "Balance was judged by standardised mean differences before and after weighting and by effective "
            "sample sizes, and unmeasured confounding by the E-value."
        )
    return sentences


def _sensitivity(data: StudyData, parameters: Parameters) -> list[str | Markup]:
    sentences: list[str | Markup] = []
    if parameters.rule_sets > 1 or parameters.profiles > 1:
        sentences.append(
            "The analysis was repeated under "
            f"{words.counted(parameters.rule_sets, 'set', 'sets')} of rules for lines of therapy and "
            f"{words.counted(parameters.profiles, 'definition', 'definitions')} of progression-free "
            "survival, each changing the primary one in one respect or in a corner of several, and shown "
            "as a specification curve."
        )
    patients = data.compared
    if patients.empty:
        return sentences
    if not (patients["pfs2_entry_days"] > 0).any():
        sentences.append(
            "Medians of PFS2 were also estimated by nonparametric maximum likelihood with a progression "
            "known to lie between the last assessment without one and the day it was recorded, with "
            f"bootstrap limits ({INTERVAL_REPLICATES} samples)."
        )
    months = data.study.parameters.get("pfs1_short_months")
    early = "an early progression on the index line" if months is None else f"a PFS1 under {months:g} months"
    sentences.append(
        f"PFS2 was compared again without the patients with {early}, and, as a landmark analysis, among "
        f"those still at risk {LANDMARK_MONTHS:g} months into the next line."
    )
    return sentences


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


def _found(row: Stored) -> bool:
    """Whether a number was estimated, shown or withheld."""
    return row.estimate is not None or "estimate" in row.withheld


def _has(numbers: Numbers, **wanted: str) -> bool:
    return any(_matches(row, wanted.items()) for row in numbers.rows.values())


def _matches(row: Stored, wanted: Iterable[tuple[str, str]]) -> bool:
    return row.population != "published" and all(getattr(row, name) == value for name, value in wanted)
