-- What the line after the index line is made of (endpoints.md, section 5). Chemotherapy and endocrine therapy count from any drug of the
-- line; partners only from the drugs that were there at its beginning, since a strategy is chosen then and must not look into the future.

with index_lines as (

    select * from {{ ref('int_index_lines') }}

),

line_drugs as (

    select
        *,
        joined_by in ('start', 'window', 'continued') as is_initial
    from {{ ref('int_line_drugs') }}

),

final as (

    select
        index_lines.study_id,
        index_lines.rule_set_id,
        index_lines.patient_id,
        max(case when line_drugs.modality = 'chemo' then 1 else 0 end) = 1 as has_chemo,
        max(case when line_drugs.modality = 'endocrine' then 1 else 0 end) = 1 as has_endocrine,
        max(case when line_drugs.is_initial and line_drugs.modality = 'targeted' then 1 else 0 end) = 1 as has_targeted,
        max(case when line_drugs.is_initial and line_drugs.drug_class = 'adc' then 1 else 0 end) = 1 as has_adc,
        max(case when line_drugs.is_initial and line_drugs.drug_class = 'cdk46_inhibitor' then 1 else 0 end) = 1 as has_cdk46,
        max(case when line_drugs.is_initial and line_drugs.drug_class = 'mtor_inhibitor' then 1 else 0 end) = 1 as has_mtor,
        max(case when line_drugs.is_initial and line_drugs.drug_class = 'pi3k_akt_inhibitor' then 1 else 0 end) = 1 as has_pi3k_akt,
        max(case when line_drugs.is_initial and line_drugs.modality <> 'endocrine' then 1 else 0 end) = 1 as has_partner
    from index_lines
    inner join line_drugs
        on index_lines.rule_set_id = line_drugs.rule_set_id
            and index_lines.patient_id = line_drugs.patient_id
            and index_lines.index_line + 1 = line_drugs.line_number
    group by index_lines.study_id, index_lines.rule_set_id, index_lines.patient_id

)

select * from final
