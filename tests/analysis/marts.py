"""A small build file with what the report reads: a seeded study of 48 compared patients, or fewer."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest

from analysis import estimate
from tests.analysis.choices import SEEDS, write_choices
from tests.analysis.walks import WALK_TABLES, walked

STRATEGY_COLUMNS = "study_id varchar, position integer, strategy varchar, label varchar"
COVARIATE_COLUMNS = (
    "study_id varchar, position integer, covariate varchar, label varchar, transformation varchar"
)
STUDY_COLUMNS = """
    study_id varchar, patient_id varchar, index_line integer, index_date date, pfs1_days integer,
    pfs1_event integer, next_line integer, next_line_start date, next_regimen varchar, partner varchar,
    strategy varchar, sub_strategy varchar, pfs2_days integer, pfs2_event integer, pfs2_entry_days integer,
    pfs2_ema_days integer, pfs2_ema_event integer, clinical_benefit boolean, clinical_benefit_recist boolean,
    bor varchar, evaluable boolean, pfs_ratio double, pfs_ratio_outcome varchar, age_years double,
    ecog integer,
    menopausal_status varchar, de_novo boolean, disease_free_months double, endocrine_sensitivity varchar,
    prior_chemo_advanced boolean, calendar_year integer, esr1 varchar, pik3ca varchar, brca varchar,
    bilirubin double, alkaline_phosphatase double, visceral boolean, liver boolean, cns boolean,
    bone_only boolean, n_sites integer, ki67 double, er_percent double, pr_percent double, her2_low boolean,
    histology varchar, lines_before_index integer, pfs1_months double, pfs1_class varchar,
    progression_to_next_days integer, liver_tests_raised boolean, pfs2_event_type varchar,
    pfs2_clear_days integer, pfs2_scans integer, scan_interval_days double
"""
INDEX_COLUMNS = """
    study_id varchar, patient_id varchar, index_line integer, index_date date, pfs1_days integer,
    pfs1_event integer, pfs1_censor_reason varchar, pfs1_entry_days integer, next_line_start date,
    pfs2_ema_days integer, pfs2_ema_event integer
"""
LINE_COLUMNS = """
    rule_set_id varchar, profile_id varchar, patient_id varchar, line_number integer, endpoint varchar,
    days integer, event integer, entry_days integer, event_type varchar, censor_reason varchar,
    start_date date, end_date date, dated_by_table varchar, dated_by_id varchar
"""
ATTRITION_COLUMNS = """
    study_id varchar, step_number integer, step varchar, patients_left integer, patients_removed integer
"""
STEPS = {
    "all_patients": 412,
    "female": 409,
    "hr_positive": 318,
    "her2_negative": 271,
    "advanced_disease": 203,
    "index_line": 141,
    "progression_on_index": 74,
    "next_line": 52,
    "strategy_compared": 48,
}
OTHERS = 4
STRATEGIES = [
    {"study_id": "palbociclib", "position": position, "strategy": strategy, "label": label}
    for position, (strategy, label) in enumerate(
        (("endocrine", "Endocrine therapy"), ("chemotherapy", "Chemotherapy")), start=1
    )
]
COVARIATES = [
    {
        "study_id": "palbociclib",
        "position": position,
        "covariate": covariate,
        "label": label,
        "transformation": transformation,
    }
    for position, (covariate, label, transformation) in enumerate(
        (
            ("pfs1_months", "PFS1", "log"),
            ("visceral", "Visceral metastases", "none"),
            ("ecog", "ECOG performance status", "none"),
            ("age_years", "Age", "none"),
            ("lines_before_index", "Lines before the index line", "none"),
            ("prior_chemo_advanced", "Chemotherapy for advanced disease before", "none"),
            ("calendar_year", "Year of the next line", "none"),
            ("disease_free_months", "Disease-free interval", "de_novo_zero"),
            ("esr1", "ESR1 mutation", "none"),
            ("liver_tests_raised", "Bilirubin or alkaline phosphatase above normal", "none"),
        ),
        start=1,
    )
]
Row = dict[str, Any]


def estimate_quickly(build: Path) -> None:
    """The estimates with few bootstrap samples: for tests of what is made of them, not of the numbers."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("analysis.estimation.resampling.REPLICATES", 20)
        patched.setattr("analysis.estimation.resampling.REPLICATES_PER_SET", 10)
        estimate(build)


def make_build(
    path: Path,
    *,
    empty: bool = False,
    entry: bool = False,
    relative: bool = False,
    title: str = "Endocrine therapy or chemotherapy after palbociclib",
    endocrine: int = 19,
    chemotherapy: int = 29,
    seed: int = 7,
    rule_sets: str = "all",
) -> Path:
    """Write the marts into a new file; `entry` makes patients come under observation late."""
    rng = np.random.default_rng(seed)
    strategies = ["endocrine"] * endocrine + ["chemotherapy"] * chemotherapy + ["other"] * OTHERS
    patients = [] if empty else [_patient(rng, i, s, entry) for i, s in enumerate(strategies, start=1)]
    lines = [line for patient in patients for line in _next_line(rng, patient)]
    index = [_indexed(patient) for patient in patients]
    if not empty:
        index += [_never_progressed(rng, number) for number in range(len(index) + 1, len(index) + 90)]
    attrition = _attrition(empty, endocrine + chemotherapy)
    basis = "relative" if relative else "calendar"
    with duckdb.connect(str(path)) as con:
        con.execute("create schema marts")
        con.execute("create schema intermediate")
        _seed(con, "studies", "project_studies.csv")
        con.execute("update marts.studies set title = ?", [title])
        _table(con, "study_strategies", STRATEGY_COLUMNS, STRATEGIES)
        _table(con, "study_covariates", COVARIATE_COLUMNS, COVARIATES)
        walks = walked(patients, basis)
        for name, columns in WALK_TABLES.items():
            _table(con, name, columns, walks[name])
        _table(con, "study_patients", STUDY_COLUMNS, patients)
        _table(con, "index_patients", INDEX_COLUMNS, index)
        _table(con, "line_endpoints", LINE_COLUMNS, lines)
        _table(con, "cohort_attrition", ATTRITION_COLUMNS, attrition)
        write_choices(con, rule_sets)
    return path


def _seed(con: duckdb.DuckDBPyConnection, name: str, file: str) -> None:
    """A mart that holds the rows of a seed."""
    con.execute(f"create table marts.{name} as select * from read_csv('{SEEDS / file}')")


def _table(con: duckdb.DuckDBPyConnection, name: str, columns: str, rows: list[Row]) -> None:
    place = name if "." in name else f"marts.{name}"
    con.execute(f"create table {place} ({columns})")
    if rows:
        con.register("rows", pd.DataFrame(rows, dtype=object))
        con.execute(f"insert into {place} by name select * from rows")
        con.unregister("rows")


def _attrition(empty: bool, compared: int) -> list[Row]:
    rows: list[Row] = []
    more = max(0, compared + OTHERS - STEPS["next_line"])  # a larger study comes from more patients
    for number, (step, small) in enumerate(STEPS.items(), start=1):
        left = small + more
        if empty and number >= 6:
            left = 0
        elif not empty and number >= 8:
            left = compared + (OTHERS if number == 8 else 0)
        before = rows[-1]["patients_left"] if rows else left
        rows.append(
            {
                "study_id": "palbociclib",
                "step_number": number,
                "step": step,
                "patients_left": left,
                "patients_removed": before - left,
            }
        )
    return rows


def _patient(rng: np.random.Generator, number: int, strategy: str, entry: bool) -> Row:
    chemo = strategy == "chemotherapy"
    pfs1 = int(rng.weibull(1.4) * (330 if chemo else 520)) + 28
    pfs2 = int(rng.exponential(215 if chemo else 440)) + 20
    event = int(rng.random() < 0.8)
    start = date(2020, 1, 7) + timedelta(days=int(rng.integers(0, 900)))
    benefit = None if event == 0 and pfs2 < 60 else pfs2 >= 168
    responses = ["CR", "PR", "SD", "PD", "NE", "not_assessed"]
    return {
        "study_id": "palbociclib",
        "patient_id": f"p{number:03d}",
        "index_line": 1,
        "index_date": start,
        "pfs1_days": pfs1,
        "pfs1_event": 1,
        "next_line": 2,
        "next_line_start": start + timedelta(days=pfs1 + 21),
        "next_regimen": "capecitabine" if chemo else "exemestane + everolimus",
        "strategy": strategy,
        "sub_strategy": "cytotoxic" if chemo else "endocrine + mtor",
        "pfs2_days": pfs2,
        "pfs2_event": event,
        "pfs2_entry_days": int(rng.integers(0, 40)) if entry else 0,
        "pfs2_ema_days": pfs1 + 21 + pfs2,
        "pfs2_ema_event": event,
        "clinical_benefit": benefit,
        "clinical_benefit_recist": benefit,
        "bor": str(rng.choice(responses, p=[0.02, 0.2, 0.38, 0.3, 0.05, 0.05])),
        "evaluable": True,
        "pfs_ratio": pfs2 / pfs1,
        "pfs_ratio_outcome": "success" if pfs2 / pfs1 >= 1.33 else "failure" if event else "indeterminate",
        **_covariates(rng, chemo, pfs1 / 30.4375, start.year + 1),
        **_scans(pfs2, event),
    }


def _scans(pfs2: int, event: int) -> Row:
    """Scans every 84 days up to the end of PFS2; the last clear one lies before a progression."""
    scans = pfs2 // 84
    return {
        "pfs2_event_type": None if not event else "death" if pfs2 % 7 == 0 else "progression",
        "pfs2_clear_days": 84 * ((pfs2 - 1) // 84),
        "pfs2_scans": scans,
        "scan_interval_days": 84.0 if scans else None,
    }


def _covariates(rng: np.random.Generator, chemo: bool, pfs1_months: float, year: int) -> Row:
    def chance(share: float) -> bool:
        return bool(rng.random() < share)

    def found(known: float) -> str | None:
        return str(rng.choice(["positive", "negative"])) if chance(known) else None

    return {
        "partner": str(rng.choice(["aromatase_inhibitor", "fulvestrant"])),
        "age_years": float(rng.normal(61 if chemo else 66, 9)),
        "ecog": None if chance(0.1) else int(rng.choice([0, 1, 2], p=[0.45, 0.45, 0.1])),
        "menopausal_status": str(rng.choice(["post", "pre"], p=[0.8, 0.2])),
        "de_novo": chance(0.3),
        "disease_free_months": None if chance(0.3) else float(rng.gamma(3, 20)),
        "endocrine_sensitivity": str(rng.choice(["primary_resistance", "secondary_resistance", "sensitive"])),
        "prior_chemo_advanced": chance(0.25),
        "calendar_year": year,
        "esr1": found(0.4),
        "pik3ca": found(0.5),
        "brca": None,
        "bilirubin": float(rng.gamma(4, 0.15)),
        "alkaline_phosphatase": float(rng.gamma(6, 18)),
        "visceral": chance(0.75 if chemo else 0.4),
        "liver": chance(0.5 if chemo else 0.2),
        "cns": chance(0.05),
        "bone_only": chance(0.1 if chemo else 0.4),
        "n_sites": int(rng.integers(1, 5)),
        "ki67": float(rng.integers(5, 60)),
        "er_percent": float(rng.integers(40, 100)),
        "pr_percent": float(rng.integers(0, 100)),
        "her2_low": chance(0.5),
        "histology": str(rng.choice(["ductal", "lobular", "other"], p=[0.75, 0.2, 0.05])),
        "lines_before_index": int(rng.choice([0, 1, 2], p=[0.6, 0.3, 0.1])),
        "pfs1_months": pfs1_months,
        "pfs1_class": "<6" if pfs1_months < 6 else "6-12" if pfs1_months <= 12 else ">12",
        "progression_to_next_days": 21,
        "liver_tests_raised": chance(0.3 if chemo else 0.15),
    }


def _next_line(rng: np.random.Generator, patient: Row) -> list[Row]:
    pfs2 = patient["pfs2_days"]
    survival = pfs2 + int(rng.exponential(420)) + 1
    times = {
        "ttnt": (min(survival, pfs2 + int(rng.integers(5, 50))), rng.random() < 0.8),
        "ttd": (min(survival, int(rng.integers(max(1, pfs2 - 10), pfs2 + 25))), rng.random() < 0.85),
        "os": (survival, rng.random() < 0.5),
        "pfs": (pfs2, bool(patient["pfs2_event"])),
    }
    types = {"pfs": "progression", "ttnt": "next_line", "ttd": "stop", "os": "death"}
    censored = {"pfs": "last_activity"}
    start = patient["next_line_start"]
    return [
        {
            "rule_set_id": "primary",
            "profile_id": "primary",
            "patient_id": patient["patient_id"],
            "line_number": 2,
            "endpoint": endpoint,
            "days": days,
            "event": int(event),
            "entry_days": patient["pfs2_entry_days"],
            "event_type": types[endpoint] if event else None,
            "censor_reason": None if event else censored.get(endpoint, "last_contact"),
            "start_date": start,
            "end_date": start + timedelta(days=days),
            "dated_by_table": "assessments" if endpoint == "pfs" else "encounters",
            "dated_by_id": f"{patient['patient_id']}-{endpoint}",
        }
        for endpoint, (days, event) in times.items()
    ]


def _indexed(patient: Row) -> Row:
    shared = (
        "study_id",
        "patient_id",
        "index_line",
        "index_date",
        "pfs1_days",
        "pfs1_event",
        "next_line_start",
    )
    return {
        **{name: patient[name] for name in shared},
        "pfs1_entry_days": 0,
        "pfs2_ema_days": patient["pfs2_ema_days"],
        "pfs2_ema_event": patient["pfs2_ema_event"],
    }


def _never_progressed(rng: np.random.Generator, number: int) -> Row:
    days, event = int(rng.exponential(600)) + 10, int(rng.random() < 0.3)
    return {
        "study_id": "palbociclib",
        "patient_id": f"p{number:03d}",
        "index_line": 1,
        "index_date": date(2021, 3, 1),
        "pfs1_days": days,
        "pfs1_event": event,
        "next_line_start": None,
        "pfs1_entry_days": 0,
        "pfs2_ema_days": days + int(rng.exponential(200)),
        "pfs2_ema_event": event,
    }
