-- One row per rule set, patient, line and ingredient.

with line_drugs as (

    select * from {{ ref('int_line_drugs') }}

),

final as (

    select
        rule_set_id,
        patient_id,
        line_number,
        ingredient,
        drug_class,
        modality,
        joined_by,
        continued_beyond_progression,
        first_date,
        last_date
    from line_drugs

)

select * from final
