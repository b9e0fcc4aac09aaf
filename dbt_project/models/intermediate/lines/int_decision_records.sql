-- The medication records behind each decision: those of the drug's era on that date (therapy-lines.md, section 8).

with decisions as (

    select * from {{ ref('int_line_decisions') }}

),

eras as (

    select * from {{ ref('int_drug_eras') }}

),

medications as (

    select * from {{ ref('int_medications_in_eras') }}

),

final as (

    select
        decisions.rule_set_id,
        decisions.patient_id,
        decisions.decision_date,
        decisions.ingredient,
        {{ collect_sorted('medications.medication_id') }} as medication_ids
    from decisions
    inner join eras
        on decisions.rule_set_id = eras.rule_set_id
            and decisions.patient_id = eras.patient_id
            and decisions.ingredient = eras.ingredient
            and decisions.decision_date between eras.era_start and eras.era_end
    inner join medications
        on eras.rule_set_id = medications.rule_set_id
            and eras.patient_id = medications.patient_id
            and eras.ingredient = medications.ingredient
            and eras.era_number = medications.era_number
    group by decisions.rule_set_id, decisions.patient_id, decisions.decision_date, decisions.ingredient

)

select * from final
