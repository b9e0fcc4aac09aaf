"""The planted faults of the marts; see mutations.py."""

from __future__ import annotations

from tests.expectations.mutations import ENDPOINT, EVENT, LINE, plant

MARTS = [
    plant(
        "attrition_not_empty",
        "delete from marts.cohort_attrition where step_number = 9",
        keys=["table_name=marts.cohort_attrition"],
    ),
    plant(
        "mart_key_unique",
        "insert into marts.line_responses select * from marts.line_responses where patient_id = 'p3'",
        "insert into marts.early_therapies select * from marts.early_therapies",
        keys=[
            "table_name=early_therapies;row_key=primary|p4|tamoxifen|2020-03-15",
            "table_name=line_responses;row_key=primary|p3|1",
        ],
    ),
    plant(
        "persons_conserved",
        "delete from marts.patients where patient_id = 'p4'",
        "insert into marts.patients values ('p9', 1950, 'female', null, null, '2026-01-01', 'calendar')",
        keys=["patient_id=p4", "patient_id=p9"],
    ),
    plant(
        "attrition_sums",
        "update marts.cohort_attrition set patients_removed = 2 where step = 'her2_negative'",
        "update marts.cohort_attrition set patients_left = 1, patients_removed = 1 "
        "where step = 'strategy_compared'",
        keys=["study_id=palbociclib;step_number=4", "study_id=palbociclib;step_number=9"],
    ),
    plant(
        "sql_equals_lifelines_at_risk",
        "update marts.study_estimates set estimate = 2 where time_months = 24",
        "delete from marts.study_estimates where group_name = 'chemotherapy'",
        "update marts.study_estimates set n = 2 where endpoint = 'pfs1' and time_months = 12",
        keys=[
            "study_id=palbociclib;endpoint=pfs1;group_name=all;time_months=12.0",
            "study_id=palbociclib;endpoint=pfs2;group_name=all;time_months=24.0",
            "study_id=palbociclib;endpoint=pfs2;group_name=chemotherapy;time_months=",
        ],
    ),
    plant(
        "age_18_110",
        "update marts.patients set birth_year = 2010 where patient_id = 'p3'",
        keys=["patient_id=p3"],
    ),
    plant(
        "advanced_date_present",
        "update marts.patients set advanced_date = null",
        keys=["patient_id=p1", "patient_id=p2", "patient_id=p3", "patient_id=p4"],
    ),
    plant(
        "last_contact_present",
        "update marts.patients set last_contact_date = null where patient_id in ('p1', 'p3')",
        keys=["patient_id=p3"],
    ),
    plant(
        "receptors_before_line_1",
        "update staging.stg_biomarkers set sample_date = '2025-02-02' where patient_id = 'p3'",
        "update staging.stg_biomarkers set marker = 'KI67' where patient_id = 'p2'",
        keys=["patient_id=p2", "patient_id=p3"],
    ),
    plant(
        "lines_no_overlap",
        "update marts.therapy_lines set line_end = '2022-02-10' where patient_id = 'p1' and line_number = 1",
        "update marts.therapy_lines set line_end = '2025-01-31' where patient_id = 'p3'",
        keys=[LINE.format("p1", 1), LINE.format("p3", 1)],
    ),
    plant(
        "lines_contiguous",
        "update marts.therapy_lines set line_number = 3 where patient_id = 'p3'",
        "update marts.line_drugs set line_number = 3 where patient_id = 'p3'",
        keys=[LINE.format("p3", 3)],
    ),
    plant(
        "new_drug_opens_line",
        "update marts.line_drugs set joined_by = 'continued' where ingredient = 'capecitabine'",
        "update marts.line_drugs set joined_by = 'carried_over' where patient_id = 'p3'",
        "update marts.therapy_lines set opened_by = 'carried_over_alone' where patient_id = 'p3'",
        keys=[LINE.format("p1", 2)],
    ),
    plant(
        "progression_within_line",
        # 30 days after the switch still counts, 31 days do not; nor does one of a line that is not there
        "update marts.progression_events set episode_date = '2023-03-12' where progression_id = 'a3'",
        "update marts.progression_events set episode_date = '2022-03-13' where progression_id = 'a1'",
        "insert into marts.progression_events values ('primary', 'p3', 'a4', 2, '2026-01-01', '2026-01-01')",
        keys=[EVENT.format("p1", "a1"), EVENT.format("p3", "a4")],
    ),
    plant(
        "progression_not_on_start",
        "update marts.progression_events set episode_date = '2022-02-01' where progression_id = 'a3'",
        keys=[EVENT.format("p2", "a3")],
    ),
    plant(
        "no_progression_after_death",
        "update marts.progression_events set progression_date = '2023-07-01' where progression_id = 'a2'",
        keys=[EVENT.format("p1", "a2")],
    ),
    plant(
        "pfs_not_negative",
        "update marts.line_endpoints set days = -1 where patient_id = 'p3' and endpoint = 'pfs'",
        "update marts.line_endpoints set days = days + 1 where patient_id = 'p2' and endpoint = 'os' "
        "and line_number = 1",
        "update marts.index_patients set pfs1_days = -1 where patient_id = 'p3'",
        keys=[
            "table_name=index_patients;patient_id=p3;row_key=palbociclib",
            "table_name=line_endpoints;patient_id=p2;row_key=primary|primary|1|os",
            "table_name=line_endpoints;patient_id=p3;row_key=primary|primary|1|pfs",
        ],
        # a patient with a negative time is not at risk at the start
        also=("sql_equals_lifelines_at_risk",),
    ),
    plant(
        "pfs_not_above_os",
        "update marts.line_endpoints set end_date = '2023-07-01', days = 506 "
        "where patient_id = 'p1' and line_number = 2 and endpoint = 'pfs'",
        "update marts.study_patients set pfs2_days = 506 where patient_id = 'p1'",
        keys=[ENDPOINT.format("p1", 2, "pfs")],
    ),
    plant(
        "event_xor_censor",
        "update marts.line_endpoints set censor_reason = 'data_cut' where patient_id = 'p1' "
        "and line_number = 1 and endpoint = 'pfs'",
        "update marts.line_endpoints set censor_reason = null where patient_id = 'p3' and endpoint = 'pfs'",
        "update marts.line_endpoints set event = 2 where patient_id = 'p2' and line_number = 1 "
        "and endpoint = 'pfs'",
        keys=[
            ENDPOINT.format("p1", 1, "pfs"),
            ENDPOINT.format("p2", 1, "pfs"),
            ENDPOINT.format("p3", 1, "pfs"),
        ],
    ),
    plant(
        "censor_not_after_data_cut",
        "update marts.line_endpoints set end_date = '2026-07-01', days = 515 where patient_id = 'p3' "
        "and endpoint = 'os'",
        keys=[ENDPOINT.format("p3", 1, "os")],
    ),
    plant(
        "death_counts_as_event",
        "update marts.line_endpoints set event = 0, event_type = null, censor_reason = 'last_contact' "
        "where patient_id = 'p1' and line_number = 2 and endpoint = 'os'",
        keys=[ENDPOINT.format("p1", 2, "os")],
    ),
    plant(
        "pfs2_ema_not_before_pfs1",
        "update marts.index_patients set pfs2_ema_days = 364 where patient_id = 'p2'",
        keys=["study_id=palbociclib;patient_id=p2"],
    ),
    plant(
        "pfs2_on_next_line",
        "update marts.study_patients set next_line_start = '2022-02-11' where patient_id = 'p1'",
        "update marts.study_patients set pfs2_days = 1207 where patient_id = 'p2'",
        keys=["study_id=palbociclib;patient_id=p1", "study_id=palbociclib;patient_id=p2"],
    ),
    plant(
        "lines_per_patient_tail",
        "insert into marts.therapy_lines select 'primary', 'p4', n, date '2024-01-01' + n::integer * 2, "
        "date '2024-01-02' + n::integer * 2, 'tamoxifen', 'switch' from range(1, 14) as lines (n)",
        "insert into marts.line_drugs select rule_set_id, patient_id, line_number, 'tamoxifen', 'start', "
        "line_start, line_end from marts.therapy_lines where patient_id = 'p4'",
        keys=["patient_id=p4"],
        also=("receptors_before_line_1",),
    ),
]
