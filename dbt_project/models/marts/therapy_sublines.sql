-- One row per rule set, patient, line and sub-line: the drugs in use at its end, what began it, and the records it rests on.

with sublines as (

    select * from {{ ref('int_sublines') }}

),

lines as (

    select * from {{ ref('therapy_lines') }}

),

records as (

    select * from {{ ref('int_line_records') }} where covers_a_day

),

medications as (

    select
        sublines.rule_set_id,
        sublines.patient_id,
        sublines.line_number,
        sublines.subline_number,
        {{ collect_sorted('records.medication_id') }} as medication_ids
    from sublines
    inner join records
        on sublines.rule_set_id = records.rule_set_id
            and sublines.patient_id = records.patient_id
            and sublines.line_number = records.line_number
            and sublines.subline_start <= records.covered_to
            and sublines.subline_end >= records.covered_from
    group by sublines.rule_set_id, sublines.patient_id, sublines.line_number, sublines.subline_number

),

final as (

    select
        sublines.rule_set_id,
        sublines.patient_id,
        sublines.line_number,
        sublines.subline_number,
        sublines.line_number || '.' || sublines.subline_number as line_label,
        sublines.regimen,
        sublines.change_reason,
        lines.opened_by,
        lines.confidence,
        sublines.subline_start,
        sublines.subline_end,
        coalesce(medications.medication_ids, {{ empty_array('varchar') }}) as medication_ids,
        lines.progression_ids
    from sublines
    inner join lines
        on sublines.rule_set_id = lines.rule_set_id
            and sublines.patient_id = lines.patient_id
            and sublines.line_number = lines.line_number
    left join medications
        on sublines.rule_set_id = medications.rule_set_id
            and sublines.patient_id = medications.patient_id
            and sublines.line_number = medications.line_number
            and sublines.subline_number = medications.subline_number

)

select * from final
