-- Who passes which step of the attrition, in its order (endpoints.md, section 5): the first of the study's steps that a patient fails, by
-- study, rule set and profile, and its number. Unknown fails its step.

with reference_dates as (

    select * from {{ ref('int_reference_dates') }} where read_at = 'index_date'

),

studies as (

    select * from {{ ref('studies') }}

),

steps as (

    select * from {{ ref('int_study_steps') }}

),

profiles as (

    select * from {{ ref('endpoint_profiles') }}

),

patients as (

    select * from {{ ref('int_patients_consolidated') }}

),

hormone_receptors as (

    select * from {{ ref('int_hormone_receptors') }}

),

her2 as (

    select * from {{ ref('int_her2_judged') }} where read_at = 'index_date'

),

other_cancers as (

    select * from {{ ref('int_other_cancers_active') }}

),

advanced_dates as (

    select * from {{ ref('int_advanced_dates') }}

),

pfs1 as (

    select * from {{ ref('int_pfs1') }}

),

next_lines as (

    select * from {{ ref('int_next_lines') }}

),

judged as (

    select
        reference_dates.study_id,
        reference_dates.rule_set_id,
        profiles.profile_id,
        reference_dates.patient_id,
        case
            when studies.required_sex <> coalesce(patients.sex, 'unknown') then 'female'
            when studies.requires_hr_positive and not coalesce(hormone_receptors.is_hr_positive, false) then 'hr_positive'
            when studies.requires_her2_negative and coalesce(her2.her2, 'unknown') <> 'negative' then 'her2_negative'
            when studies.minimum_age_years is not null
                and not coalesce(
                    {{ add_months('patients.birth_date', '12 * studies.minimum_age_years') }} <= reference_dates.judged_on, false
                ) then 'minimum_age'
            when studies.required_menopausal_status <> coalesce(patients.menopausal_status, 'unknown') then 'menopausal_status'
            when other_cancers.patient_id is not null then 'no_other_cancer'
            when advanced_dates.advanced_date is null then 'advanced_disease'
            when pfs1.patient_id is null then 'index_line'
            when coalesce(pfs1.pfs1_event_type, 'none') <> 'progression' then 'progression_on_index'
            when next_lines.patient_id is null then 'next_line'
            when next_lines.strategy = 'other' then 'strategy_compared'
        end as failed_step
    from reference_dates
    cross join profiles
    inner join studies
        on reference_dates.study_id = studies.study_id
    inner join patients
        on reference_dates.patient_id = patients.patient_id
    {% for facts in ['hormone_receptors', 'her2', 'other_cancers', 'next_lines'] -%}
    left join {{ facts }}
        on reference_dates.study_id = {{ facts }}.study_id
            and reference_dates.rule_set_id = {{ facts }}.rule_set_id
            and reference_dates.patient_id = {{ facts }}.patient_id
    {% endfor -%}
    left join advanced_dates
        on reference_dates.rule_set_id = advanced_dates.rule_set_id
            and reference_dates.patient_id = advanced_dates.patient_id
    left join pfs1
        on reference_dates.study_id = pfs1.study_id
            and reference_dates.rule_set_id = pfs1.rule_set_id
            and profiles.profile_id = pfs1.profile_id
            and reference_dates.patient_id = pfs1.patient_id

),

final as (

    select
        judged.*,
        steps.step_number as failed_step_number
    from judged
    left join steps
        on judged.study_id = steps.study_id
            and judged.failed_step = steps.step

)

select * from final
