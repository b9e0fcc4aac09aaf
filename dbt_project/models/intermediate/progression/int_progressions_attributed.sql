-- Which line each progression event belongs to (endpoints.md, section 2): its episode's is the last line with F < episode date, or none.
-- One attribution for all profiles.

with events as (

    select * from {{ ref('int_progression_episodes') }}

),

lines as (

    select * from {{ ref('int_lines_opened') }}

),

final as (

    select
        events.rule_set_id,
        events.patient_id,
        events.progression_id,
        events.progression_date,
        events.date_precision,
        events.source,
        events.dated_by_table,
        events.episode_id,
        events.episode_number,
        events.episode_date,
        max(lines.line_number) as line_number
    from events
    left join lines
        on events.rule_set_id = lines.rule_set_id
            and events.patient_id = lines.patient_id
            and lines.progressions_from < events.episode_date
    group by
        events.rule_set_id, events.patient_id, events.progression_id, events.progression_date, events.date_precision,
        events.source, events.dated_by_table, events.episode_id, events.episode_number, events.episode_date

)

select * from final
