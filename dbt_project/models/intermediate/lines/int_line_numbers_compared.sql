-- Medication records with the line number that clinicians wrote down and the one derived (therapy-lines.md, section 9).

with recorded as (

    select
        patient_id,
        medication_id,
        cast(nullif(regexp_extract(line_recorded, '^[0-9]+$', 0), '') as integer) as recorded_line
    from {{ ref('stg_medications') }}

),

derived as (

    select
        rule_set_id,
        patient_id,
        medication_id,
        -- a record that goes on into a later line was written down in the first
        min(line_number) as derived_line
    from {{ ref('int_line_records') }}
    where covers_a_day
    group by rule_set_id, patient_id, medication_id

),

final as (

    select
        derived.rule_set_id,
        derived.patient_id,
        derived.derived_line,
        recorded.recorded_line
    from derived
    inner join recorded
        on derived.patient_id = recorded.patient_id
            and derived.medication_id = recorded.medication_id
    where recorded.recorded_line is not null

)

select * from final
