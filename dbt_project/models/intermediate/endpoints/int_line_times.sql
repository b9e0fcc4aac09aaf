-- TTNT, TTD and OS from each line's start (endpoints.md, section 4). The censor reason is the data cut where follow-up reaches it.

with lines as (

    select * from {{ ref('int_lines_ended') }}

),

ttnt as (

    select
        rule_set_id,
        patient_id,
        line_number,
        line_start as start_date,
        'ttnt' as endpoint,
        coalesce(next_line_start, death_date, last_contact_date) as end_date,
        case when next_line_start is not null then 'next_line' when death_date is not null then 'death' end as event_type
    from lines

),

ttd as (

    select
        rule_set_id,
        patient_id,
        line_number,
        line_start as start_date,
        'ttd' as endpoint,
        case when end_reason = 'ongoing' then last_contact_date else line_end end as end_date,
        case end_reason when 'ongoing' then null when 'stopped' then 'stop' else end_reason end as event_type
    from lines

),

os as (

    select
        rule_set_id,
        patient_id,
        line_number,
        line_start as start_date,
        'os' as endpoint,
        coalesce(death_date, last_contact_date) as end_date,
        case when death_date is not null then 'death' end as event_type
    from lines

),

times as (

    select * from ttnt
    union all
    select * from ttd
    union all
    select * from os

),

final as (

    select
        times.*,
        case when times.event_type is null then 0 else 1 end as event,
        case
            when times.event_type is not null then null
            when times.end_date = lines.data_cut then 'data_cut'
            else 'last_contact'
        end as censor_reason
    from times
    inner join lines
        on times.rule_set_id = lines.rule_set_id
            and times.patient_id = lines.patient_id
            and times.line_number = lines.line_number

)

select * from final
