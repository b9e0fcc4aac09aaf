-- One row per study and step, under the primary rule set and profile.

with attrition as (

    select * from {{ ref('cohort_attrition_all') }}

),

final as (

    select
        study_id,
        step_number,
        step,
        patients_left,
        patients_removed
    from attrition
    where rule_set_id = 'primary' and profile_id = 'primary'

)

select * from final
