-- One row per study, rule set, profile and step: how many patients are left, how many the step removed.

with eligibility as (

    select * from {{ ref('int_eligibility') }}

),

steps as (

    select * from {{ ref('int_study_steps') }}

),

cohorts as (

    select distinct
        study_id,
        rule_set_id,
        profile_id
    from eligibility

),

final as (

    select
        cohorts.study_id,
        cohorts.rule_set_id,
        cohorts.profile_id,
        steps.step_number,
        steps.step,
        sum(case when eligibility.failed_step is null or eligibility.failed_step_number > steps.step_number then 1 else 0 end)
            as patients_left,
        sum(case when eligibility.failed_step = steps.step then 1 else 0 end) as patients_removed
    from cohorts
    inner join steps
        on cohorts.study_id = steps.study_id
    inner join eligibility
        on cohorts.study_id = eligibility.study_id
            and cohorts.rule_set_id = eligibility.rule_set_id
            and cohorts.profile_id = eligibility.profile_id
    group by cohorts.study_id, cohorts.rule_set_id, cohorts.profile_id, steps.step_number, steps.step

)

select * from final
