-- Every strategy of a study patient is one of her study's, or other (endpoints.md, section 5).

with patients as (

    select * from {{ ref('study_patients_all') }} where strategy <> 'other'

),

strategies as (

    select * from {{ ref('study_strategies') }}

),

final as (

    select
        patients.study_id,
        patients.strategy
    from patients
    left join strategies
        on patients.study_id = strategies.study_id
            and patients.strategy = strategies.strategy
    where strategies.strategy is null

)

select * from final
