-- The line after the index line and the strategy it stands for (endpoints.md, section 5). The sub-strategy is named from the drugs that
-- were there at its beginning.

with index_lines as (

    select * from {{ ref('int_index_lines') }}

),

lines as (

    select * from {{ ref('int_lines_ended') }}

),

line_drugs as (

    select * from {{ ref('int_line_drugs') }}

),

drugs_of_next_line as (

    select
        index_lines.study_id,
        index_lines.rule_set_id,
        index_lines.patient_id,
        line_drugs.ingredient,
        line_drugs.modality,
        line_drugs.drug_class,
        line_drugs.joined_by in ('start', 'window', 'continued') as is_initial
    from index_lines
    inner join line_drugs
        on index_lines.rule_set_id = line_drugs.rule_set_id
            and index_lines.patient_id = line_drugs.patient_id
            and index_lines.index_line + 1 = line_drugs.line_number

),

composed as (

    select
        study_id,
        rule_set_id,
        patient_id,
        max(case when modality = 'chemo' then 1 else 0 end) as has_chemo,
        max(case when modality = 'endocrine' then 1 else 0 end) as has_endocrine,
        max(case when is_initial and drug_class = 'adc' then 1 else 0 end) as has_adc,
        max(case when is_initial and drug_class = 'cdk46_inhibitor' then 1 else 0 end) as has_cdk46,
        max(case when is_initial and drug_class = 'mtor_inhibitor' then 1 else 0 end) as has_mtor,
        max(case when is_initial and drug_class = 'pi3k_akt_inhibitor' then 1 else 0 end) as has_pi3k_akt,
        max(case when is_initial and modality <> 'endocrine' then 1 else 0 end) as has_partner
    from drugs_of_next_line
    group by study_id, rule_set_id, patient_id

),

final as (

    select
        index_lines.study_id,
        index_lines.rule_set_id,
        index_lines.patient_id,
        lines.line_number as next_line,
        lines.line_start as next_line_start,
        case
            when composed.has_chemo = 1 then 'chemotherapy'
            when composed.has_endocrine = 1 then 'endocrine'
            else 'other'
        end as strategy,
        case
            when composed.has_chemo = 1 then case when composed.has_adc = 1 then 'adc' else 'cytotoxic' end
            when composed.has_endocrine = 0 then null
            when composed.has_cdk46 = 1 then 'endocrine + cdk46'
            when composed.has_mtor = 1 then 'endocrine + mtor'
            when composed.has_pi3k_akt = 1 then 'endocrine + pi3k_akt'
            when composed.has_partner = 1 then 'endocrine + other'
            else 'endocrine'
        end as sub_strategy
    from index_lines
    inner join lines
        on index_lines.rule_set_id = lines.rule_set_id
            and index_lines.patient_id = lines.patient_id
            and index_lines.index_line + 1 = lines.line_number
    inner join composed
        on index_lines.study_id = composed.study_id
            and index_lines.rule_set_id = composed.rule_set_id
            and index_lines.patient_id = composed.patient_id

)

select * from final
