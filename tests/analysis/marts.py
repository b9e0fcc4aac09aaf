"""A small build file with the marts the report reads: a seeded study of 48 compared patients, or an empty one."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import duckdb
import numpy as np

STUDY_COLUMNS = """study_id varchar, patient_id varchar, index_line integer, index_date date, pfs1_days integer,
    pfs1_event integer, next_line integer, next_line_start date, next_regimen varchar, partner varchar, strategy varchar,
    sub_strategy varchar, pfs2_days integer, pfs2_event integer, pfs2_entry_days integer, pfs2_ema_days integer,
    pfs2_ema_event integer, clinical_benefit boolean, clinical_benefit_recist boolean, bor varchar, evaluable boolean,
    pfs_ratio double, age_years double, ecog integer, menopausal_status varchar, de_novo boolean,
    disease_free_months double, endocrine_sensitivity varchar, prior_chemo_advanced boolean, calendar_year integer,
    esr1 varchar, pik3ca varchar, brca varchar, bilirubin double, alkaline_phosphatase double, visceral boolean,
    liver boolean, cns boolean, bone_only boolean, n_sites integer, ki67 double, er_percent double, pr_percent double,
    her2_low boolean, histology varchar, lines_before_index integer, pfs1_months double, pfs1_class varchar,
    progression_to_next_days integer"""
INDEX_COLUMNS = """study_id varchar, patient_id varchar, index_line integer, index_date date, pfs1_days integer,
    pfs1_event integer, pfs1_censor_reason varchar, pfs1_entry_days integer, next_line_start date,
    pfs2_ema_days integer, pfs2_ema_event integer"""
LINE_COLUMNS = """rule_set_id varchar, profile_id varchar, patient_id varchar, line_number integer, endpoint varchar,
    days integer, event integer, entry_days integer"""
STEPS = [
    ("all_patients", 412), ("female", 409), ("hr_positive", 318), ("her2_negative", 271), ("advanced_disease", 203),
    ("index_line", 141), ("progression_on_index", 74), ("next_line", 52), ("strategy_compared", 48),
]  # fmt: skip


def make_build(
    path: Path, *, empty: bool = False, entry: bool = False, relative: bool = False, title: str | None = None,
    endocrine: int = 19, chemotherapy: int = 29, seed: int = 7,
) -> Path:  # fmt: skip
    """Write the marts into a new file: `empty` without patients, `entry` with late entries, `relative` dates."""
    with duckdb.connect(str(path)) as con:
        con.execute("create schema marts")
        con.execute("create table marts.studies (study_id varchar, title varchar, index_drug varchar)")
        shown = title or "Endocrine therapy or chemotherapy after palbociclib"
        con.execute("insert into marts.studies values ('palbociclib', ?, 'palbociclib')", [shown])
        con.execute("create table marts.patients (patient_id varchar, date_basis varchar)")
        con.execute("insert into marts.patients values ('p001', ?)", ["relative" if relative else "calendar"])
        con.execute(f"create table marts.study_patients ({STUDY_COLUMNS})")
        con.execute(f"create table marts.index_patients ({INDEX_COLUMNS})")
        con.execute(f"create table marts.line_endpoints ({LINE_COLUMNS})")
        con.execute(
            "create table marts.cohort_attrition (study_id varchar, step_number integer, step varchar, "
            "patients_left integer, patients_removed integer)"
        )
        _attrition(con, empty, endocrine + chemotherapy)
        if not empty:
            _patients(con, np.random.default_rng(seed), endocrine, chemotherapy, entry)
    return path


def _attrition(con: duckdb.DuckDBPyConnection, empty: bool, compared: int) -> None:
    before = STEPS[0][1]
    for number, (step, left) in enumerate(STEPS, start=1):
        if empty and number >= 6:
            left = 0
        if not empty and number >= 8:
            left = compared + (4 if number == 8 else 0)
        con.execute(
            "insert into marts.cohort_attrition values ('palbociclib', ?, ?, ?, ?)",
            [number, step, left, before - left],
        )
        before = left


def _patients(
    con: duckdb.DuckDBPyConnection, rng: np.random.Generator, endocrine: int, chemotherapy: int, entry: bool
) -> None:
    strategies = ["endocrine"] * endocrine + ["chemotherapy"] * chemotherapy + ["other"] * 4
    for number, strategy in enumerate(strategies, start=1):
        patient = f"p{number:03d}"
        row = _study_patient(rng, patient, strategy, entry)
        con.execute(
            f"insert into marts.study_patients by name select {', '.join(f'? as {name}' for name in row)}",
            list(row.values()),
        )
        _lines(con, rng, patient, row)
        _index(
            con, patient, row["index_date"], row["pfs1_days"], 1, row["pfs2_ema_days"], row["pfs2_ema_event"]
        )
    for number in range(len(strategies) + 1, len(strategies) + 90):
        days = int(rng.exponential(600)) + 10
        event = int(rng.random() < 0.3)
        _index(con, f"p{number:03d}", date(2021, 3, 1), days, event, days + int(rng.exponential(200)), event)


def _study_patient(rng: np.random.Generator, patient: str, strategy: str, entry: bool) -> dict[str, object]:
    chemo = strategy == "chemotherapy"
    pfs1 = int(rng.weibull(1.4) * (330 if chemo else 520)) + 28
    pfs2 = int(rng.exponential(215 if chemo else 440)) + 20
    event = int(rng.random() < 0.8)
    start = date(2020, 1, 7) + timedelta(days=int(rng.integers(0, 900)))
    months = pfs1 / 30.4375
    benefit = None if event == 0 and pfs2 < 60 else bool(pfs2 >= 168)
    return {
        "study_id": "palbociclib", "patient_id": patient, "index_line": 1, "index_date": start, "pfs1_days": pfs1,
        "pfs1_event": 1, "next_line": 2, "next_line_start": start + timedelta(days=pfs1 + 21),
        "next_regimen": "capecitabine" if chemo else "exemestane + everolimus",
        "partner": str(rng.choice(["aromatase_inhibitor", "fulvestrant"])), "strategy": strategy,
        "sub_strategy": "cytotoxic" if chemo else "endocrine + mtor", "pfs2_days": pfs2, "pfs2_event": event,
        "pfs2_entry_days": int(rng.integers(0, 40)) if entry else 0, "pfs2_ema_days": pfs1 + 21 + pfs2,
        "pfs2_ema_event": event, "clinical_benefit": benefit, "clinical_benefit_recist": benefit,
        "bor": str(rng.choice(["CR", "PR", "SD", "PD", "NE", "not_assessed"], p=[0.02, 0.2, 0.38, 0.3, 0.05, 0.05])),
        "evaluable": True, "pfs_ratio": pfs2 / pfs1, "age_years": float(rng.normal(61 if chemo else 66, 9)),
        "ecog": None if rng.random() < 0.1 else int(rng.choice([0, 1, 2], p=[0.45, 0.45, 0.1])),
        "menopausal_status": str(rng.choice(["post", "pre"], p=[0.8, 0.2])), "de_novo": bool(rng.random() < 0.3),
        "disease_free_months": None if rng.random() < 0.3 else float(rng.gamma(3, 20)),
        "endocrine_sensitivity": str(rng.choice(["primary_resistance", "secondary_resistance", "sensitive"])),
        "prior_chemo_advanced": bool(rng.random() < 0.25), "calendar_year": start.year + 1,
        "esr1": None if rng.random() < 0.6 else str(rng.choice(["positive", "negative"])),
        "pik3ca": None if rng.random() < 0.5 else str(rng.choice(["positive", "negative"])), "brca": None,
        "bilirubin": float(rng.gamma(4, 0.15)), "alkaline_phosphatase": float(rng.gamma(6, 18)),
        "visceral": bool(rng.random() < (0.75 if chemo else 0.4)), "liver": bool(rng.random() < (0.5 if chemo else 0.2)),
        "cns": bool(rng.random() < 0.05), "bone_only": bool(rng.random() < (0.1 if chemo else 0.4)),
        "n_sites": int(rng.integers(1, 5)), "ki67": float(rng.integers(5, 60)), "er_percent": float(rng.integers(40, 100)),
        "pr_percent": float(rng.integers(0, 100)), "her2_low": bool(rng.random() < 0.5),
        "histology": str(rng.choice(["ductal", "lobular", "other"], p=[0.75, 0.2, 0.05])),
        "lines_before_index": int(rng.choice([0, 1, 2], p=[0.6, 0.3, 0.1])), "pfs1_months": months,
        "pfs1_class": "<6" if months < 6 else "6-12" if months <= 12 else ">12", "progression_to_next_days": 21,
    }  # fmt: skip


def _lines(
    con: duckdb.DuckDBPyConnection, rng: np.random.Generator, patient: str, row: dict[str, object]
) -> None:
    pfs2, entry = int(str(row["pfs2_days"])), row["pfs2_entry_days"]
    survival = pfs2 + int(rng.exponential(420)) + 1
    treated = int(rng.integers(max(1, pfs2 - 10), pfs2 + 25))
    for endpoint, days, event in (
        ("ttnt", min(survival, pfs2 + int(rng.integers(5, 50))), int(rng.random() < 0.8)),
        ("ttd", min(survival, treated), int(rng.random() < 0.85)),
        ("os", survival, int(rng.random() < 0.5)),
    ):
        con.execute(
            "insert into marts.line_endpoints values ('primary', 'primary', ?, 2, ?, ?, ?, ?)",
            [patient, endpoint, days, event, entry],
        )


def _index(
    con: duckdb.DuckDBPyConnection,
    patient: str,
    start: object,
    pfs1: object,
    event: int,
    ema: object,
    ema_event: object,
) -> None:
    con.execute(
        "insert into marts.index_patients values ('palbociclib', ?, 1, ?, ?, ?, null, 0, null, ?, ?)",
        [patient, start, pfs1, event, ema, ema_event],
    )
