-- Time zero of the comparison: the next line's start, by study, rule set and patient. Every covariate is read as of this date
-- (endpoints.md, section 5).

with next_lines as (

    select * from {{ ref('int_next_lines') }}

),

index_lines as (

    select * from {{ ref('int_index_lines') }}

),

studies as (

    select * from {{ ref('studies') }}

),

final as (

    select
        next_lines.study_id,
        next_lines.rule_set_id,
        next_lines.patient_id,
        index_lines.index_line,
        next_lines.next_line,
        next_lines.next_line_start,
        {{ add_days('next_lines.next_line_start', '-studies.measure_days_before') }} as measured_from,
        {{ add_days('next_lines.next_line_start', 'studies.measure_days_after') }} as measured_to
    from next_lines
    inner join index_lines
        on next_lines.study_id = index_lines.study_id
            and next_lines.rule_set_id = index_lines.rule_set_id
            and next_lines.patient_id = index_lines.patient_id
    inner join studies
        on next_lines.study_id = studies.study_id

)

select * from final
