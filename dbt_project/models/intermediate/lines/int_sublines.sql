-- Sub-lines with their span and the drugs in use at their end: the steps of the walk that share a sub-line number (therapy-lines.md,
-- sections 5 and 7).

with walked as (

    select * from {{ ref('int_lines_walked') }}

),

lines as (

    select * from {{ ref('int_lines_ended') }}

),

bounds as (

    select
        rule_set_id,
        patient_id,
        line_number,
        subline_number,
        min(decided_on) as subline_start,
        lead(min(decided_on)) over (
            partition by rule_set_id, patient_id, line_number order by subline_number
        ) as next_subline_start,
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
        {{ array_text(array_map('ending.current_drugs', 'drug', 'drug.ingredient'), ' + ') }} as regimen,
        coalesce(beginning.change_reason, 'line_start') as change_reason,
        bounds.subline_start,
        coalesce({{ add_days('bounds.next_subline_start', '-1') }}, lines.line_end) as subline_end
    from bounds
    inner join lines
        on bounds.rule_set_id = lines.rule_set_id
            and bounds.patient_id = lines.patient_id
            and bounds.line_number = lines.line_number
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
