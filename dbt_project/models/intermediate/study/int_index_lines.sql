-- The index line of each study (endpoints.md, section 5): the first advanced line in which the index drug and an endocrine partner are
-- both given, and the index date: the start of the index drug in it.

with studies as (

    select * from {{ ref('studies') }}

),

line_drugs as (

    select * from {{ ref('int_line_drugs') }}

),

index_drugs as (

    select
        studies.study_id,
        line_drugs.rule_set_id,
        line_drugs.patient_id,
        line_drugs.line_number,
        line_drugs.first_date as index_date,
        studies.index_partner_modality
    from line_drugs
    inner join studies
        on line_drugs.ingredient = studies.index_ingredient

),

partnered as (

    select
        index_drugs.study_id,
        index_drugs.rule_set_id,
        index_drugs.patient_id,
        index_drugs.line_number,
        index_drugs.index_date,
        -- a line may have had several partners: the one that names it stands first in this order
        case
            when max(case when line_drugs.drug_class = 'serd' then 1 else 0 end) = 1 then 'fulvestrant'
            when max(case when line_drugs.drug_class = 'aromatase_inhibitor' then 1 else 0 end) = 1 then 'aromatase_inhibitor'
            else 'other'
        end as partner,
        row_number() over (
            partition by index_drugs.study_id, index_drugs.rule_set_id, index_drugs.patient_id order by index_drugs.line_number
        ) as place
    from index_drugs
    inner join line_drugs
        on index_drugs.rule_set_id = line_drugs.rule_set_id
            and index_drugs.patient_id = line_drugs.patient_id
            and index_drugs.line_number = line_drugs.line_number
            and index_drugs.index_partner_modality = line_drugs.modality
    group by
        index_drugs.study_id, index_drugs.rule_set_id, index_drugs.patient_id, index_drugs.line_number, index_drugs.index_date

),

final as (

    select
        study_id,
        rule_set_id,
        patient_id,
        line_number as index_line,
        index_date,
        partner
    from partnered
    where place = 1

)

select * from final
