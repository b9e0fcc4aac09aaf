"""One planted fault for every check: what is broken, and the keys that the check must name."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Mutation:
    """SQL that plants a fault, the keys that must be stored for it, and checks that rightly fail with it."""

    check_id: str
    statements: tuple[str, ...]
    keys: tuple[str, ...]
    also: tuple[str, ...] = ()

    def __str__(self) -> str:
        return self.check_id


def plant(check_id: str, *statements: str, keys: list[str], also: tuple[str, ...] = ()) -> Mutation:
    """A mutation; `$table`s are written out, so that each reads as what somebody might have done."""
    return Mutation(check_id, statements, tuple(keys), also)


LINE = "rule_set_id=primary;patient_id={};line_number={}"
ENDPOINT = "rule_set_id=primary;profile_id=primary;patient_id={};line_number={};endpoint={}"
EVENT = "rule_set_id=primary;patient_id={};progression_id={}"
QUARANTINE = "insert into landing.raw.quarantined_rows values (5, 10, '{}', null), (5, 11, '{}', null)"
# two rows more in the medications file than reached raw
TWO_MORE = (
    "update landing.raw.batches set rows_in_file = 11, rows_read = 11, rows_quarantined = 2 "
    "where batch_id = 5"
)

LANDING = [
    plant(
        "raw_equals_staged_plus_quarantined",
        "update landing.raw.batches set rows_in_file = rows_in_file + 1 where table_name = 'labs'",
        "update landing.raw.batches set rows_duplicate = 1 where table_name = 'encounters'",
        "delete from landing.raw.comorbidities",
        "delete from staging.stg_other_cancers",
        "insert into landing.raw.quarantined_rows values (4, 3, 'sex_valid', null)",
        # held back, and still current: the row is counted twice
        "insert into landing.raw.quarantined_rows values (3, 1, 'patient_known', null)",
        keys=[
            "table_name=biomarkers;batch_id=3",
            "table_name=comorbidities;batch_id=11",
            "table_name=encounters;batch_id=8",
            "table_name=labs;batch_id=9",
            "table_name=metastases;batch_id=4",
            "table_name=other_cancers;batch_id=12",
        ],
        also=("quarantined_share",),
    ),
    plant(
        "file_sha256_known",
        "update landing.raw.medications set _file_sha256 = 'sha-of-another' where _record_number = 3",
        keys=["table_name=medications;batch_id=5;record_number=3"],
    ),
    plant(
        "type_castable",
        TWO_MORE,
        QUARANTINE.format("type_castable", "date_format_declared"),
        keys=[
            "table_name=medications;batch_id=5;record_number=10",
            "table_name=medications;batch_id=5;record_number=11",
        ],
        also=("quarantined_share",),
    ),
    plant(
        "quarantined_share",
        TWO_MORE,
        QUARANTINE.format("sex_valid", "required_not_null"),
        # one that was resolved since, and one of a delivery that is no longer current
        "insert into landing.raw.quarantined_rows values (5, 9, 'sex_valid', 'RUN-0')",
        "insert into landing.raw.batches values "
        "(13, 'labs', 'sha-13', 'snapshot', '2026-06-01 05:00:00', 2, 0, 2, 0, 2, 0, false)",
        "insert into landing.raw.quarantined_rows values (13, 1, 'patient_known', null)",
        keys=[
            "table_name=medications;batch_id=5;record_number=10",
            "table_name=medications;batch_id=5;record_number=11",
        ],
    ),
]

STAGING = [
    plant(
        "primary_key_unique",
        "update staging.stg_medications set record_key = 'm1' where medication_id = 'm2'",
        keys=["table_name=medications;record_key=m1"],
        also=("natural_key_unique",),
    ),
    plant(
        "natural_key_unique",
        "insert into staging.stg_assessments by name "
        "select * replace (99 as batch_id) from staging.stg_assessments where assessment_id = 'a4'",
        keys=["table_name=assessments;record_key=a4"],
    ),
    plant(
        "patient_known",
        "update staging.stg_labs set patient_id = 'nobody'",
        "update staging.stg_medications set patient_id = null where medication_id = 'm9'",
        keys=["table_name=labs;record_key=9-1", "table_name=medications;record_key=m9"],
        also=("required_not_null",),
    ),
    plant(
        "required_not_null",
        "update staging.stg_medications set start_date = null where medication_id = 'm9'",
        "update staging.stg_performance_status set ecog = null",
        keys=["table_name=medications;record_key=m9", "table_name=performance_status;record_key=7-1"],
    ),
    plant(
        "sex_valid",
        "update staging.stg_patients set sex = 'f' where patient_id = 'p1'",
        "update staging.stg_patients set sex = null where patient_id = 'p3'",
        keys=["patient_id=p1;record_key=1-1", "patient_id=p3;record_key=1-4"],
        also=("required_not_null",),
    ),
    plant(
        "no_future_date",
        "update staging.stg_encounters set encounter_date = '2026-07-03', patient_id = 'p3'",
        # far east it may be tomorrow already; the day of 2026-07 is imputed; relative dates have no today
        "update staging.stg_labs set sample_date = '2026-07-02', patient_id = 'p3'",
        "update staging.stg_comorbidities set recorded_date = '2026-07-15', "
        "recorded_date_precision = 'month'",
        "update staging.stg_procedures set procedure_date = '2099-01-01', patient_id = 'p3', "
        "date_basis = 'relative'",
        keys=["table_name=encounters;column_name=encounter_date;record_key=8-1"],
    ),
    plant(
        "after_birth",
        "update staging.stg_comorbidities set recorded_date = '1959-12-31'",
        # in the year of birth: the day may be imputed
        "update staging.stg_other_cancers set diagnosis_date = '1980-01-01'",
        keys=["table_name=comorbidities;column_name=recorded_date;patient_id=p2;record_key=11-1"],
    ),
    plant(
        "no_event_after_death",
        "update staging.stg_labs set sample_date = '2023-07-01'",
        "update staging.stg_encounters set encounter_date = '2023-06-30'",
        "update staging.stg_performance_status set observed_date = '2023-07-15', "
        "observed_date_precision = 'month'",
        keys=["table_name=labs;patient_id=p1;record_key=9-1"],
    ),
    plant(
        "drug_after_death",
        "update staging.stg_medications set start_date = '2023-07-01', end_date = null "
        "where medication_id = 'm3'",
        "update staging.stg_medications set start_date = '2023-07-01', end_date = null, status = 'cancelled' "
        "where medication_id = 'm2'",
        keys=["patient_id=p1;medication_id=m3"],
    ),
    plant(
        "start_not_after_end",
        "update staging.stg_medications set end_date = '2021-01-31' where medication_id = 'm1'",
        keys=["patient_id=p1;medication_id=m1"],
    ),
    plant(
        "diagnosis_before_metastasis",
        "update staging.stg_metastases set detected_date = '2020-11-01' where patient_id = 'p1'",
        keys=["patient_id=p1;record_key=4-1"],
    ),
    plant(
        "palbociclib_not_before_2015",
        "update staging.stg_medications set start_date = '2014-12-31' where medication_id in ('m2', 'm4')",
        "update staging.stg_medications set start_date = '2014-12-31', date_basis = 'relative' "
        "where medication_id = 'm5'",
        keys=["patient_id=p1;medication_id=m2"],
    ),
    plant(
        "palbociclib_dose_75_100_125",
        "update staging.stg_medications set dose = 21 where medication_id = 'm2'",
        keys=["patient_id=p1;medication_id=m2"],
    ),
    plant(
        "drug_dose_range",
        "update staging.stg_medications set dose = 25 where medication_id = 'm1'",
        keys=["patient_id=p1;medication_id=m1;ingredient=letrozole"],
    ),
    plant(
        "unmapped_drug_share",
        "update intermediate.int_medication_ingredients set ingredient = null where medication_id = 'm9'",
        keys=["patient_id=p4;medication_id=m9"],
    ),
    plant(
        "patient_has_diagnosis",
        "update staging.stg_diagnoses set patient_id = 'p1' where diagnosis_id = 'd4'",
        keys=["patient_id=p4"],
    ),
    plant(
        "conflicting_birth_date",
        "update staging.stg_patients set birth_date = '1960-05-02' where record_key = '1-3'",
        keys=["patient_id=p2"],
    ),
    plant(
        "conflicting_death",
        "update staging.stg_patients set death_date = '2025-01-30' where record_key = '1-6'",
        keys=["patient_id=p4"],
    ),
    plant(
        "medications_not_empty",
        "delete from staging.stg_medications",
        keys=["table_name=staging.stg_medications"],
        also=("raw_equals_staged_plus_quarantined",),
    ),
    plant(
        "patients_not_empty",
        "delete from staging.stg_patients",
        keys=["table_name=staging.stg_patients"],
        also=("raw_equals_staged_plus_quarantined", "patient_known", "persons_conserved"),
    ),
]
