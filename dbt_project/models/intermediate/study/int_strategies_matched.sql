-- The strategy of the next line (endpoints.md, section 5): the first of the study's strategies, by position, whose conditions it meets.
-- A line that meets none has no row here.

with drugs as (

    select * from {{ ref('int_next_line_drugs') }}

),

strategies as (

    select * from {{ ref('study_strategies') }}

),

matched as (

    select
        drugs.study_id,
        drugs.rule_set_id,
        drugs.patient_id,
        strategies.strategy,
        row_number() over (
            partition by drugs.study_id, drugs.rule_set_id, drugs.patient_id order by strategies.position
        ) as place
    from drugs
    inner join strategies
        on drugs.study_id = strategies.study_id
            and strategies.has_chemo in ('any', case when drugs.has_chemo then 'yes' else 'no' end)
            and strategies.has_endocrine in ('any', case when drugs.has_endocrine then 'yes' else 'no' end)
            and strategies.has_targeted in ('any', case when drugs.has_targeted then 'yes' else 'no' end)

),

final as (

    select
        study_id,
        rule_set_id,
        patient_id,
        strategy
    from matched
    where place = 1

)

select * from final
