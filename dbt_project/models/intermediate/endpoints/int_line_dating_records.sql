-- The medication records that date a line's start and its last coverage, one each: what an endpoint that ends in a start or a stop
-- points to (endpoints.md, section 4).

with records as (

    select * from {{ ref('int_line_records') }} where covers_a_day

),

ranked as (

    select
        *,
        row_number() over (
            partition by rule_set_id, patient_id, line_number order by covered_to desc, medication_id asc
        ) as place_from_end,
        -- kept drugs begin before the line: the record that opens it is the first that starts on its first day
        row_number() over (
            partition by rule_set_id, patient_id, line_number
            order by case when covered_from >= line_start then 0 else 1 end, covered_from, medication_id
        ) as place_from_opening
    from records

),

final as (

    select
        rule_set_id,
        patient_id,
        line_number,
        max(case when place_from_opening = 1 then medication_id end) as opening_medication_id,
        max(case when place_from_opening = 1 then start_date_precision end) as opening_precision,
        max(case when place_from_end = 1 then medication_id end) as last_medication_id,
        max(case when place_from_end = 1 then end_date_precision end) as last_precision
    from ranked
    group by rule_set_id, patient_id, line_number

)

select * from final
