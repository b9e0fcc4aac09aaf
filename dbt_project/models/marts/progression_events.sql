-- One row per rule set, patient and progression event, with the episode it is part of and the line it belongs to.

with events as (

    select * from {{ ref('int_progressions_attributed') }}

),

final as (

    select
        rule_set_id,
        patient_id,
        progression_id,
        episode_id,
        source,
        date_precision,
        line_number,
        progression_date,
        episode_date
    from events

)

select * from final
