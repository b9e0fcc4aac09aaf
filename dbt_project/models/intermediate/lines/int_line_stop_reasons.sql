-- Why the line was stopped: the recorded reason of its last stopped record; of several on one day the one that says most about the
-- disease (therapy-lines.md, section 6).

with stops as (

    select * from {{ ref('int_line_records') }} where stop_reason is not null

),

reasons as (

    select * from {{ ref('stop_reasons') }}

),

ranked as (

    select
        stops.rule_set_id,
        stops.patient_id,
        stops.line_number,
        stops.stop_reason,
        row_number() over (
            partition by stops.rule_set_id, stops.patient_id, stops.line_number
            order by stops.end_date desc, reasons.precedence asc
        ) as place
    from stops
    inner join reasons
        on stops.stop_reason = reasons.stop_reason

),

final as (

    select
        rule_set_id,
        patient_id,
        line_number,
        stop_reason
    from ranked
    where place = 1

)

select * from final
