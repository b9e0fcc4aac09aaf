-- One row per line: where it opens, why, from when a progression counts for it (F), all its drugs, and where the next line opens
-- (therapy-lines.md, section 5).

with walked as (

    select * from {{ ref('int_lines_walked') }}

),

lines as (

    select
        rule_set_id,
        patient_id,
        line_number,
        min(line_start) as line_start,
        min(opened_by) as opened_by,
        min(progressions_from) as progressions_from,
        max(subline_number) as last_subline_number,
        max(case when rule = 'maintenance' then 1 else 0 end) = 1 as has_maintenance,
        max(step_number) as last_step_number
    from walked
    group by rule_set_id, patient_id, line_number

),

final as (

    select
        lines.*,
        walked.line_drugs,
        lead(lines.line_start) over (
            partition by lines.rule_set_id, lines.patient_id order by lines.line_number
        ) as next_line_start
    from lines
    inner join walked
        on lines.rule_set_id = walked.rule_set_id
            and lines.patient_id = walked.patient_id
            and lines.last_step_number = walked.step_number

)

select * from final
