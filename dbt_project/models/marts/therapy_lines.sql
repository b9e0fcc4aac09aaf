-- One row per rule set, patient and line of therapy for advanced disease.

with lines as (

    select * from {{ ref('int_lines_ended') }}

),

stop_reasons as (

    select * from {{ ref('int_line_stop_reasons') }}

),

medications as (

    select
        rule_set_id,
        patient_id,
        line_number,
        {{ collect_sorted('medication_id', 'covers_a_day') }} as medication_ids
    from {{ ref('int_line_records') }}
    group by rule_set_id, patient_id, line_number

),

progressions as (

    select
        rule_set_id,
        patient_id,
        line_number,
        {{ collect_sorted('progression_id') }} as progression_ids
    from {{ ref('int_progressions_attributed') }}
    where line_number is not null
    group by rule_set_id, patient_id, line_number

),

categories as (

    select * from {{ ref('int_line_categories') }}

),

final as (

    select
        lines.rule_set_id,
        lines.patient_id,
        lines.line_number,
        categories.regimen,
        categories.regimen_category,
        lines.opened_by,
        case
            when lines.opened_by in ('first', 'progression') then 'documented' else 'inferred'
        end as confidence,
        lines.end_reason,
        stop_reasons.stop_reason,
        lines.has_maintenance,
        lines.line_start,
        lines.line_end,
        medications.medication_ids,
        -- the line's own events and, where a progression opened it, those of the line before
        {{ array_join_sets(
            "coalesce(progressions.progression_ids, " ~ empty_array('varchar') ~ ")",
            "case when lines.opened_by = 'progression' then coalesce(before.progression_ids, " ~ empty_array('varchar') ~ ") else "
            ~ empty_array('varchar') ~ " end"
        ) }} as progression_ids
    from lines
    inner join categories
        on lines.rule_set_id = categories.rule_set_id
            and lines.patient_id = categories.patient_id
            and lines.line_number = categories.line_number
    left join stop_reasons
        on lines.rule_set_id = stop_reasons.rule_set_id
            and lines.patient_id = stop_reasons.patient_id
            and lines.line_number = stop_reasons.line_number
    left join medications
        on lines.rule_set_id = medications.rule_set_id
            and lines.patient_id = medications.patient_id
            and lines.line_number = medications.line_number
    left join progressions
        on lines.rule_set_id = progressions.rule_set_id
            and lines.patient_id = progressions.patient_id
            and lines.line_number = progressions.line_number
    left join progressions as before
        on lines.rule_set_id = before.rule_set_id
            and lines.patient_id = before.patient_id
            and lines.line_number = before.line_number + 1

)

select * from final
