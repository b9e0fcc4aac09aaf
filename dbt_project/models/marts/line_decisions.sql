-- The walk, decision by decision: which rule took which drug on which date, and the records behind it.

with decisions as (

    select * from {{ ref('int_line_decisions') }}

),

records as (

    select * from {{ ref('int_decision_records') }}

),

progressions as (

    select * from {{ ref('int_decision_progressions') }}

),

final as (

    select
        decisions.rule_set_id,
        decisions.patient_id,
        decisions.ingredient,
        decisions.rule,
        decisions.line_before,
        decisions.line_after,
        decisions.subline_after,
        decisions.decision_date,
        records.medication_ids,
        coalesce(progressions.progression_ids, {{ empty_array('varchar') }}) as progression_ids
    from decisions
    inner join records
        on decisions.rule_set_id = records.rule_set_id
            and decisions.patient_id = records.patient_id
            and decisions.decision_date = records.decision_date
            and decisions.ingredient = records.ingredient
    left join progressions
        on decisions.rule_set_id = progressions.rule_set_id
            and decisions.patient_id = progressions.patient_id
            and decisions.step_number = progressions.step_number

)

select * from final
