-- Who passes which step of the attrition, in its order (endpoints.md, section 5): the number of the first step that a patient fails, by
-- study, rule set and profile. Unknown fails its step.

with patients as (

    select * from {{ ref('int_patients_consolidated') }}

),

reference_dates as (

    select * from {{ ref('int_reference_dates') }} where read_at = 'index_date'

),

profiles as (

    select * from {{ ref('endpoint_profiles') }}

),

hormone_receptors as (

    select * from {{ ref('int_hormone_receptors') }}

),

her2 as (

    select * from {{ ref('int_her2_judged') }} where read_at = 'index_date'

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

final as (

    select
        reference_dates.study_id,
        reference_dates.rule_set_id,
        profiles.profile_id,
        reference_dates.patient_id,
        case
            when coalesce(patients.sex, 'unknown') <> 'female' then 2
            when not coalesce(hormone_receptors.is_hr_positive, false) then 3
            when coalesce(her2.her2, 'unknown') <> 'negative' then 4
            when advanced_dates.advanced_date is null then 5
            when pfs1.patient_id is null then 6
            when coalesce(pfs1.pfs1_event_type, 'none') <> 'progression' then 7
            when next_lines.patient_id is null then 8
            when next_lines.strategy = 'other' then 9
        end as failed_step
    from reference_dates
    cross join profiles
    inner join patients
        on reference_dates.patient_id = patients.patient_id
    left join hormone_receptors
        on reference_dates.study_id = hormone_receptors.study_id
            and reference_dates.rule_set_id = hormone_receptors.rule_set_id
            and reference_dates.patient_id = hormone_receptors.patient_id
    left join her2
        on reference_dates.study_id = her2.study_id
            and reference_dates.rule_set_id = her2.rule_set_id
            and reference_dates.patient_id = her2.patient_id
    left join advanced_dates
        on reference_dates.rule_set_id = advanced_dates.rule_set_id
            and reference_dates.patient_id = advanced_dates.patient_id
    left join pfs1
        on reference_dates.study_id = pfs1.study_id
            and reference_dates.rule_set_id = pfs1.rule_set_id
            and profiles.profile_id = pfs1.profile_id
            and reference_dates.patient_id = pfs1.patient_id
    left join next_lines
        on reference_dates.study_id = next_lines.study_id
            and reference_dates.rule_set_id = next_lines.rule_set_id
            and reference_dates.patient_id = next_lines.patient_id

)

select * from final
