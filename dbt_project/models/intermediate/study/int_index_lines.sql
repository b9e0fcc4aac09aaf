-- The index line of each study (endpoints.md, section 5): the first advanced line in which an index drug and a partner of the modality
-- that the study asks for are both given, and the index date: the start of the index drug in it. The index is one drug or a class.

with studies as (

    select * from {{ ref('studies') }}

),

line_drugs as (

    select * from {{ ref('int_line_drugs') }}

),

drugs_of_lines as (

    select
        studies.study_id,
        line_drugs.*,
        coalesce(line_drugs.ingredient = studies.index_ingredient, line_drugs.drug_class = studies.index_drug_class) as is_index,
        studies.index_partner_modality
    from line_drugs
    cross join studies

),

lines as (

    select
        study_id,
        rule_set_id,
        patient_id,
        line_number,
        index_partner_modality,
        min(case when is_index then first_date end) as index_date,
        -- an index drug is never its own partner
        max(case when not is_index and modality = index_partner_modality then 1 else 0 end) = 1 as has_partner,
        max(case when not is_index and modality = index_partner_modality and ingredient = 'fulvestrant' then 1 else 0 end) = 1
            as has_fulvestrant,
        max(case when not is_index and modality = index_partner_modality and drug_class = 'aromatase_inhibitor' then 1 else 0 end) = 1
            as has_aromatase_inhibitor
    from drugs_of_lines
    group by study_id, rule_set_id, patient_id, line_number, index_partner_modality

),

ranked as (

    select
        *,
        row_number() over (partition by study_id, rule_set_id, patient_id order by line_number) as place
    from lines
    where index_date is not null and (has_partner or index_partner_modality is null)

),

final as (

    select
        study_id,
        rule_set_id,
        patient_id,
        line_number as index_line,
        index_date,
        -- a line may have had several partners: the one that names it stands first in this order; other degraders of the receptor than
        -- fulvestrant, all oral, are among the others
        case
            when has_fulvestrant then 'fulvestrant'
            when has_aromatase_inhibitor then 'aromatase_inhibitor'
            when has_partner then 'other'
        end as partner
    from ranked
    where place = 1

)

select * from final
