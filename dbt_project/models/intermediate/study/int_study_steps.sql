-- The steps of each study's attrition, numbered in their order (endpoints.md, section 5): the eligibility that the study asks for, and
-- what every study has.

with studies as (

    select * from {{ ref('studies') }}

),

steps as (

    select * from {{ ref('attrition_steps') }}

),

asked as (

    select
        studies.study_id,
        steps.step,
        steps.place,
        case steps.step
            when 'female' then coalesce(studies.required_sex = 'female', false)
            when 'hr_positive' then studies.requires_hr_positive
            when 'her2_negative' then studies.requires_her2_negative
            when 'minimum_age' then studies.minimum_age_years is not null
            when 'menopausal_status' then studies.required_menopausal_status is not null
            when 'no_other_cancer' then studies.excludes_other_cancer
            else true
        end as is_asked
    from studies
    cross join steps

),

final as (

    select
        study_id,
        step,
        cast(row_number() over (partition by study_id order by place) as integer) as step_number
    from asked
    where is_asked

)

select * from final
