-- The line after the index line and the strategy it stands for (endpoints.md, section 5): one of the study's, else `other`. The
-- sub-strategy is named from the drugs that were there at its beginning.

with index_lines as (

    select * from {{ ref('int_index_lines') }}

),

lines as (

    select * from {{ ref('int_lines_ended') }}

),

drugs as (

    select * from {{ ref('int_next_line_drugs') }}

),

strategies as (

    select * from {{ ref('int_strategies_matched') }}

),

final as (

    select
        index_lines.study_id,
        index_lines.rule_set_id,
        index_lines.patient_id,
        lines.line_number as next_line,
        lines.line_start as next_line_start,
        coalesce(strategies.strategy, 'other') as strategy,
        case
            when drugs.has_chemo then case when drugs.has_adc then 'adc' else 'cytotoxic' end
            when not drugs.has_endocrine then null
            when drugs.has_cdk46 then 'endocrine + cdk46'
            when drugs.has_mtor then 'endocrine + mtor'
            when drugs.has_pi3k_akt then 'endocrine + pi3k_akt'
            when drugs.has_partner then 'endocrine + other'
            else 'endocrine'
        end as sub_strategy
    from index_lines
    inner join lines
        on index_lines.rule_set_id = lines.rule_set_id
            and index_lines.patient_id = lines.patient_id
            and index_lines.index_line + 1 = lines.line_number
    inner join drugs
        on index_lines.study_id = drugs.study_id
            and index_lines.rule_set_id = drugs.rule_set_id
            and index_lines.patient_id = drugs.patient_id
    left join strategies
        on index_lines.study_id = strategies.study_id
            and index_lines.rule_set_id = strategies.rule_set_id
            and index_lines.patient_id = strategies.patient_id

)

select * from final
