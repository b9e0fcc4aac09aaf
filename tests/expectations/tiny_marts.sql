-- The marts of the four patients, one rule set and one profile.

create table marts.line_rules as select 'primary' as rule_set_id, 30 as pd_attribution_days;

create table marts.data_cut as select 'tiny' as site_id, date '2026-06-30' as data_cut;

create table marts.patients (
    patient_id varchar, birth_year integer, sex varchar, advanced_date date, death_date date, last_contact_date date,
    date_basis varchar
);
insert into marts.patients values
    ('p1', 1950, 'female', '2021-01-10', '2023-06-30', '2023-06-30', 'calendar'),
    ('p2', 1960, 'female', '2022-01-10', null, '2026-06-30', 'calendar'),
    ('p3', 1980, 'female', '2025-01-10', null, '2026-06-30', 'calendar'),
    ('p4', 1970, 'female', null, '2025-01-31', '2025-01-31', 'calendar');

create table marts.therapy_lines (
    rule_set_id varchar, patient_id varchar, line_number integer, line_start date, line_end date, regimen varchar,
    opened_by varchar
);
insert into marts.therapy_lines values
    ('primary', 'p1', 1, '2021-02-01', '2022-02-09', 'letrozole + palbociclib', 'first'),
    ('primary', 'p1', 2, '2022-02-10', '2023-06-30', 'capecitabine', 'progression'),
    ('primary', 'p2', 1, '2022-02-01', '2023-02-09', 'letrozole + palbociclib', 'first'),
    ('primary', 'p2', 2, '2023-02-10', '2026-06-30', 'fulvestrant', 'progression'),
    ('primary', 'p3', 1, '2025-02-01', '2026-06-30', 'letrozole + palbociclib', 'first');

create table marts.line_drugs as
select
    rule_set_id, patient_id, line_number, unnest(string_split(regimen, ' + ')) as ingredient, 'start' as joined_by,
    line_start as first_date, line_end as last_date
from marts.therapy_lines;

create table marts.therapy_sublines as
select rule_set_id, patient_id, line_number, 0 as subline_number, line_start as subline_start from marts.therapy_lines;

create table marts.line_decisions as
select rule_set_id, patient_id, first_date as decision_date, ingredient from marts.line_drugs;

create table marts.early_therapies as
select 'primary' as rule_set_id, 'p4' as patient_id, 'tamoxifen' as ingredient, date '2020-03-15' as start_date;

create table marts.progression_events (
    rule_set_id varchar, patient_id varchar, progression_id varchar, line_number integer, progression_date date,
    episode_date date
);
insert into marts.progression_events values
    ('primary', 'p1', 'a1', 1, '2022-02-01', '2022-02-01'),
    ('primary', 'p1', 'a2', 2, '2023-05-01', '2023-05-01'),
    ('primary', 'p2', 'a3', 1, '2023-02-01', '2023-02-01');

create table marts.line_responses as
select rule_set_id, patient_id, line_number, 'SD' as bor from marts.therapy_lines;

create table marts.line_agreement as
select rule_set_id, line_number, count(*) as patients from marts.therapy_lines group by all;

create table marts.line_endpoints as
select
    'primary' as rule_set_id, 'primary' as profile_id, patient_id, cast(line_number as integer) as line_number, endpoint,
    cast(start_date as date) as start_date, cast(end_date as date) as end_date,
    cast(cast(end_date as date) - cast(start_date as date) as integer) as days, if(event_type is null, 0, 1) as event,
    event_type, censor_reason, 0 as entry_days
from (values
    ('p1', 1, 'pfs', '2021-02-01', '2022-02-01', 'progression', null),
    ('p1', 2, 'pfs', '2022-02-10', '2023-05-01', 'progression', null),
    ('p2', 1, 'pfs', '2022-02-01', '2023-02-01', 'progression', null),
    ('p2', 2, 'pfs', '2023-02-10', '2026-05-31', null, 'last_activity'),
    ('p3', 1, 'pfs', '2025-02-01', '2025-05-01', null, 'last_activity'),
    ('p1', 1, 'os', '2021-02-01', '2023-06-30', 'death', null),
    ('p1', 2, 'os', '2022-02-10', '2023-06-30', 'death', null),
    ('p2', 1, 'os', '2022-02-01', '2026-06-30', null, 'data_cut'),
    ('p2', 2, 'os', '2023-02-10', '2026-06-30', null, 'data_cut'),
    ('p3', 1, 'os', '2025-02-01', '2026-06-30', null, 'data_cut')
) as endpoints (patient_id, line_number, endpoint, start_date, end_date, event_type, censor_reason);

create table marts.index_patients (
    study_id varchar, patient_id varchar, index_line integer, pfs1_days integer, pfs1_event integer,
    pfs1_entry_days integer, pfs2_ema_days integer, pfs2_ema_event integer
);
insert into marts.index_patients values
    ('palbociclib', 'p1', 1, 365, 1, 0, 819, 1),
    ('palbociclib', 'p2', 1, 365, 1, 0, 1580, 0),
    ('palbociclib', 'p3', 1, 89, 0, 0, 514, 0);

create table marts.index_patients_all as
select *, 'primary' as rule_set_id, 'primary' as profile_id from marts.index_patients;

create table marts.study_patients (
    study_id varchar, patient_id varchar, index_line integer, pfs1_days integer, next_line integer, next_line_start date,
    strategy varchar, pfs2_days integer, pfs2_event integer, pfs2_entry_days integer
);
insert into marts.study_patients values
    ('palbociclib', 'p1', 1, 365, 2, '2022-02-10', 'chemotherapy', 445, 1, 0),
    ('palbociclib', 'p2', 1, 365, 2, '2023-02-10', 'endocrine', 1206, 0, 0);

create table marts.study_patients_all as
select *, 'primary' as rule_set_id, 'primary' as profile_id from marts.study_patients;

create table marts.cohort_attrition (
    study_id varchar, step_number integer, step varchar, patients_left integer, patients_removed integer
);
insert into marts.cohort_attrition values
    ('palbociclib', 1, 'all_patients', 4, 0),
    ('palbociclib', 2, 'female', 4, 0),
    ('palbociclib', 3, 'hr_positive', 3, 1),
    ('palbociclib', 4, 'her2_negative', 3, 0),
    ('palbociclib', 5, 'advanced_disease', 3, 0),
    ('palbociclib', 6, 'index_line', 3, 0),
    ('palbociclib', 7, 'progression_on_index', 2, 1),
    ('palbociclib', 8, 'next_line', 2, 0),
    ('palbociclib', 9, 'strategy_compared', 2, 0);

create table marts.cohort_attrition_all as
select *, 'primary' as rule_set_id, 'primary' as profile_id from marts.cohort_attrition;

create table marts.study_estimates as
select
    'palbociclib' as study_id, endpoint, group_name, population, 'at_risk' as statistic,
    cast(time_months as double) as time_months, cast(at_risk as double) as estimate, n
from (values
    ('pfs2', 'endocrine', 'compared', 0, 1, 1),
    ('pfs2', 'chemotherapy', 'compared', 0, 1, 1),
    ('pfs2', 'all', 'compared', 0, 2, 2),
    ('pfs2', 'all', 'compared', 24, 1, 2),
    ('pfs1', 'all', 'index_patients', 0, 3, 3),
    ('pfs1', 'all', 'index_patients', 12, 0, 3)
) as numbers (endpoint, group_name, population, time_months, at_risk, n);
