"""Who was in, what a line and an event are: sentences from the rows of study, rule set and profile."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
from markupsafe import Markup

from analysis.estimation.study import StudyData
from analysis.report import words
from analysis.report.numbers import Numbers
from analysis.report.parameters import Parameters

SOURCES = {
    "counts_imaging": "imaging",
    "counts_clinical": "the clinician's judgement",
    "counts_stop_reason": "a treatment stopped for progression",
}
LATE = {
    "never": "A progression after the start of the next line did not count.",
    "own_line": "A progression recorded after the start of the next line counted where it belongs to the "
    "line "
    "before.",
    "any_line": "Every later progression counted, whatever the line.",
}


def participants(data: StudyData, numbers: Numbers, parameters: Parameters) -> list[str | Markup]:
    """Eligibility, from the study's row."""
    study = parameters.study
    who = [
        f"{study['required_sex']} sex" if _set(study, "required_sex") else "",
        f"hormone receptor positive disease (ER or PR at {_number(study, 'receptor_positive_percent')} % or "
        "more)"
        if study.get("requires_hr_positive", True)
        else "",
        "HER2 negative disease (immunohistochemistry and in situ hybridisation of one specimen, or at most "
        f"{_number(study, 'her2_pairing_days')} days apart)"
        if study.get("requires_her2_negative", True)
        else "",
        "advanced disease",
        f"age of {_number(study, 'minimum_age_years')} years or more"
        if _set(study, "minimum_age_years")
        else "",
        f"{study.get('required_menopausal_status')} menopausal state"
        if _set(study, "required_menopausal_status")
        else "",
        f"no other cancer within {_number(study, 'other_cancer_years')} years"
        if study.get("excludes_other_cancer")
        else "",
    ]
    partner = study.get("index_partner_modality")
    index = f"an advanced line with {data.study.index_drug}" + (
        f" and {_with_article(partner)}" if partner else ""
    )
    groups = words.listed([words.inside(data.study.label(name)) for name in data.study.strategies], "or")
    compared = numbers.count("attrition.all.count.strategy_compared.left")
    return [
        f"Eligible were patients with {words.listed([part for part in who if part])}, {index}, progression "
        "on "
        "that line, and a next line; what is unknown fails its criterion.",
        Markup("Those whose next line was {} were compared ({} patients).").format(groups, compared),
        "Time zero is the start of the next line: patients who never began one are counted in the flow and "
        "not "
        "compared.",
    ]


def lines_of_therapy(parameters: Parameters) -> list[str | Markup]:
    """What a line is, from the rule set's row."""
    rules = parameters.rule_set
    substitution = (
        "Replacing a drug by one of the same substitution group continued the line."
        if rules["substitution_allowed"]
        else "Replacing a drug by a similar one began a new line."
    )
    gap = "began a new line" if rules["gap_advances"] else "did not by itself begin a new line"
    return [
        f"Drugs started within {_days(rules, 'regimen_window_days')} of a line's start belong to its "
        "regimen; an "
        "endocrine or targeted partner may join for "
        f"{_days(rules, 'addition_window_days')}.",
        f"Treatment with one drug was taken as continuous over {_days(rules, 'era_gap_days')} without "
        "supply; "
        f"leftover supply carried over for at most {_days(rules, 'stockpile_cap_days')}.",
        f"The same drugs taken up again after more than {_days(rules, 'line_gap_days')} without any {gap}.",
        substitution,
        f"Endocrine therapy within {_days(rules, 'maintenance_window_days')} after chemotherapy was "
        "maintenance, "
        "and any other new drug began a line.",
        f"A start up to {_days(rules, 'advanced_tolerance_days')} before the advanced date still counted as "
        f"advanced; progressions at most {_days(rules, 'pd_episode_days')} apart were one, and one recorded "
        "up "
        f"to {_days(rules, 'pd_attribution_days')} after a switch explained it.",
        f"Rule set: {rules['rule_set_id']}.",
    ]


def outcomes(data: StudyData, parameters: Parameters) -> list[str | Markup]:
    """What counts as an event and where time is censored, from the profile's row."""
    profile, drug = parameters.profile, data.study.index_drug
    sources = [label for column, label in SOURCES.items() if profile[column]]
    censored = {
        "activity": "the last recorded activity",
        "assessment": "the last evaluable assessment without progression",
    }[str(profile["censor_at"])]
    sentences = [
        "The primary outcome, PFS2, is the time from the start of the next line to progression or death "
        "from any "
        "cause; progression was taken from "
        f"{words.listed(sources)}.",
        LATE[str(profile["late_progression"])],
        f"Without an event, PFS2 was censored at {censored}"
        + (", and no later than the start of the line after." if profile["next_line_censors"] else "."),
    ]
    if profile["censor_missed_assessments"]:
        interval, margin = (_number(profile, f"assessment_{w}") for w in ("interval_days", "margin_days"))
        sentences.append(
            f"An event after more than 2 times {interval} plus {margin} days without an assessment was "
            "censored "
            "at the assessment before."
        )
    if _set(profile, "visit_gap_days"):
        sentences.append(
            f"More than {_days(profile, 'visit_gap_days')} between two contacts ended follow-up."
        )
    if _set(profile, "death_window_days"):
        sentences.append(
            f"A death more than {_days(profile, 'death_window_days')} after the last activity was no event "
            "of PFS."
        )
    return [
        *sentences,
        "From the same start: time to the next treatment, to discontinuation, and overall survival.",
        f"PFS1 and PFS2 (EMA), from the start of {drug}, were estimated over all patients with an index "
        "line and "
        "never by strategy, since their clock starts before the strategy is chosen.",
        "Clinical benefit is a complete or partial response, or an evaluable assessment without "
        f"progression at {_days(profile, 'cb_days')} or later; patients whose benefit was not yet known "
        "left the denominator, those who could not be evaluated stayed in it; stable disease needs "
        f"{_days(profile, 'sd_min_days')}.",
        f"Profile: {profile['profile_id']}.",
    ]


def _set(row: Mapping[str, Any], column: str) -> bool:
    return column in row and not pd.isna(row[column])


def _number(row: Mapping[str, Any], column: str) -> str:
    return f"{float(row[column]):g}"


def _days(row: Mapping[str, Any], column: str) -> str:
    number = _number(row, column)
    return f"{number} day" + ("" if number == "1" else "s")


def _with_article(partner: object) -> str:
    name = str(partner)
    return f"an {name} drug" if name[:1] in "aeiou" else f"a {name} drug"
