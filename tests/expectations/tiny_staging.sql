-- Four patients. p1 took letrozole and palbociclib, progressed and went on to capecitabine until her death; p2 went on to
-- fulvestrant; p3 is still on palbociclib; p4 had early disease only. p2 and p4 are known to two sources.

create table staging.stg_patients (
    patient_id varchar, sex varchar, birth_date date, birth_date_precision varchar, death_date date,
    death_date_precision varchar, last_contact_date date, last_contact_date_precision varchar, observed_from date,
    observed_from_precision varchar
);
insert into staging.stg_patients values
    ('p1', 'female', '1950-03-01', 'day', '2023-06-30', 'day', null, null, null, null),
    ('p2', 'female', '1960-05-01', 'day', null, null, '2026-06-30', 'day', null, null),
    ('p2', 'female', '1960-05-01', 'day', null, null, '2026-05-31', 'day', null, null),
    ('p3', 'female', '1980-07-01', 'year', null, null, '2026-06-30', 'day', null, null),
    ('p4', 'female', '1970-01-01', 'day', '2025-01-31', 'day', null, null, null, null),
    ('p4', 'female', '1970-01-01', 'day', '2025-01-31', 'day', null, null, null, null);

create table staging.stg_diagnoses (
    diagnosis_id varchar, patient_id varchar, icd10 varchar, diagnosis_date date, diagnosis_date_precision varchar,
    advanced_date date, advanced_date_precision varchar
);
insert into staging.stg_diagnoses values
    ('d1', 'p1', 'C50.9', '2021-01-01', 'day', '2021-01-10', 'day'),
    ('d2', 'p2', 'C50.9', '2015-01-01', 'day', '2022-01-10', 'day'),
    ('d3', 'p3', 'C50.9', '2025-01-01', 'day', '2025-01-10', 'day'),
    ('d4', 'p4', 'C50.9', '2020-01-01', 'day', null, null);

create table staging.stg_biomarkers (
    patient_id varchar, marker varchar, value varchar, sample_date date, sample_date_precision varchar
);
insert into staging.stg_biomarkers values
    ('p1', 'ER', '90', '2021-01-01', 'day'),
    ('p2', 'ER', '80', null, null),
    ('p3', 'PR', 'positive', '2025-01-01', 'day');

create table staging.stg_metastases (
    patient_id varchar, site varchar, detected_date date, detected_date_precision varchar
);
insert into staging.stg_metastases values
    ('p1', 'liver', '2021-01-10', 'day'),
    ('p2', 'bone', '2022-01-10', 'day');

create table staging.stg_medications (
    medication_id varchar, patient_id varchar, drug varchar, dose double, dose_unit varchar, status varchar,
    start_date date, start_date_precision varchar, end_date date, end_date_precision varchar
);
insert into staging.stg_medications values
    ('m1', 'p1', 'letrozole', 2.5, 'mg', null, '2021-02-01', 'day', '2022-02-01', 'day'),
    ('m2', 'p1', 'Ibrance', 125, 'mg', null, '2021-02-01', 'day', '2022-02-01', 'day'),
    ('m3', 'p1', 'capecitabine', 1500, 'mg', null, '2022-02-10', 'day', '2023-06-30', 'day'),
    ('m4', 'p2', 'letrozole', null, null, null, '2022-02-01', 'day', '2023-02-01', 'day'),
    ('m5', 'p2', 'palbociclib', null, null, null, '2022-02-01', 'day', '2023-02-01', 'day'),
    -- the end is a plan, later than everything: no future date
    ('m6', 'p2', 'fulvestrant', 500, 'mg', null, '2023-02-10', 'day', '2030-01-01', 'day'),
    ('m7', 'p3', 'letrozole', 2.5, 'mg', null, '2025-02-01', 'day', null, null),
    ('m8', 'p3', 'palbociclib', 100, 'mg', null, '2025-02-01', 'day', null, null),
    ('m9', 'p4', 'tamoxifen', 20, 'mg', null, '2020-03-15', 'month', null, null);

create table intermediate.int_medication_ingredients as
select medication_id, patient_id, if(drug = 'Ibrance', 'palbociclib', drug) as ingredient from staging.stg_medications;

create table staging.stg_assessments (
    assessment_id varchar, patient_id varchar, response varchar, progression boolean, assessment_date date,
    assessment_date_precision varchar
);
insert into staging.stg_assessments values
    ('a1', 'p1', 'PD', true, '2022-02-01', 'day'),
    ('a2', 'p1', 'PD', true, '2023-05-01', 'day'),
    ('a3', 'p2', 'PD', true, '2023-02-01', 'day'),
    ('a4', 'p3', 'SD', false, '2025-05-01', 'day');

create table staging.stg_performance_status (
    patient_id varchar, ecog integer, observed_date date, observed_date_precision varchar
);
insert into staging.stg_performance_status values ('p1', 1, '2022-02-01', 'day');

create table staging.stg_encounters (
    patient_id varchar, encounter_type varchar, encounter_date date, encounter_date_precision varchar
);
insert into staging.stg_encounters values ('p1', 'outpatient', '2023-06-01', 'day');

create table staging.stg_labs (
    patient_id varchar, analyte varchar, value varchar, unit varchar, sample_date date, sample_date_precision varchar
);
insert into staging.stg_labs values ('p1', 'bilirubin', '0.8', 'mg/dL', '2022-02-01', 'day');

create table staging.stg_procedures (
    procedure_id varchar, patient_id varchar, type varchar, procedure_date date, procedure_date_precision varchar
);
insert into staging.stg_procedures values ('o1', 'p4', 'surgery', '2020-02-01', 'day');

create table staging.stg_comorbidities (
    patient_id varchar, icd10 varchar, recorded_date date, recorded_date_precision varchar
);
insert into staging.stg_comorbidities values ('p2', 'I10', '2022-01-01', 'day');

create table staging.stg_other_cancers (
    patient_id varchar, icd10 varchar, diagnosis_date date, diagnosis_date_precision varchar
);
insert into staging.stg_other_cancers values ('p3', 'C44.9', '2010-01-01', 'day');
