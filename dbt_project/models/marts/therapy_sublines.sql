-- One row per rule set, patient, line and sub-line: the drugs in use at its end and what began it.

with walked as (

    select * from {{ ref('int_lines_walked') }}

),

bounds as (

    select
        rule_set_id,
        patient_id,
        line_number,
        subline_number,
        min(decided_on) as subline_start,
        min(step_number) as first_step,
        max(step_number) as last_step
    from walked
    group by rule_set_id, patient_id, line_number, subline_number

),

final as (

    select
        bounds.rule_set_id,
        bounds.patient_id,
        bounds.line_number,
        bounds.subline_number,
        bounds.line_number || '.' || bounds.subline_number as line_label,
        {{ array_text(array_map('ending.current_drugs', 'drug', 'drug.ingredient'), ' + ') }} as regimen,
        coalesce(beginning.change_reason, 'line_start') as change_reason,
        bounds.subline_start
    from bounds
    inner join walked as beginning
        on bounds.rule_set_id = beginning.rule_set_id
            and bounds.patient_id = beginning.patient_id
            and bounds.first_step = beginning.step_number
    inner join walked as ending
        on bounds.rule_set_id = ending.rule_set_id
            and bounds.patient_id = ending.patient_id
            and bounds.last_step = ending.step_number

)

select * from final
