-- A patient fails at a step of her study's attrition (endpoints.md, section 5): a step without a number would be missing from every count.

with eligibility as (

    select * from {{ ref('int_eligibility') }}

),

final as (

    select
        study_id,
        rule_set_id,
        profile_id,
        patient_id,
        failed_step
    from eligibility
    where failed_step is not null and failed_step_number is null

)

select * from final
