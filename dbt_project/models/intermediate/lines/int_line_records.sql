-- The medication records a line rests on: those of its eras that cover a day of it, and whether each is a recorded stop that can tell
-- why the line ended (therapy-lines.md, sections 6 and 8).

with lines as (

    select * from {{ ref('int_lines_ended') }}

),

eras as (

    select * from {{ ref('int_line_eras') }}

),

medications as (

    select * from {{ ref('int_medications_in_eras') }}

),

rule_sets as (

    {{ chosen_rule_sets() }}

),

final as (

    select
        lines.rule_set_id,
        lines.patient_id,
        lines.line_number,
        medications.medication_id,
        medications.ingredient,
        lines.line_start,
        medications.start_date_precision,
        coalesce(medications.end_date_precision, medications.start_date_precision) as end_date_precision,
        medications.covered_from,
        medications.covered_to,
        medications.covered_from <= lines.line_end and medications.covered_to >= lines.line_start as covers_a_day,
        case
            when medications.covered_from <= lines.line_end
                and medications.end_date >= lines.line_start
                and medications.end_date <= lines.data_cut
                and medications.end_date <= {{ add_days('lines.line_end', 'rule_sets.pd_attribution_days') }}
                then medications.stop_reason
        end as stop_reason,
        medications.end_date
    from lines
    inner join rule_sets
        on lines.rule_set_id = rule_sets.rule_set_id
    inner join eras
        on lines.rule_set_id = eras.rule_set_id
            and lines.patient_id = eras.patient_id
            and lines.line_number = eras.line_number
    inner join medications
        on eras.rule_set_id = medications.rule_set_id
            and eras.patient_id = medications.patient_id
            and eras.ingredient = medications.ingredient
            and eras.era_number = medications.era_number

)

select * from final
