-- All endpoints of a line under one another (endpoints.md, section 4), each with what dates its end: a record known already, or the kind
-- of record to look for.

with pfs as (

    select * from {{ ref('int_pfs') }} where clock = 'line_start'

),

durations as (

    select * from {{ ref('int_durations_of_response') }}

),

times as (

    select * from {{ ref('int_line_times') }}

),

patients as (

    select * from {{ ref('int_patients_consolidated') }}

),

final as (

    select
        rule_set_id,
        profile_id,
        patient_id,
        line_number,
        'pfs' as endpoint,
        start_date,
        end_date,
        event,
        event_type,
        censor_reason,
        event_precision,
        dated_by,
        event_id
    from pfs
    union all
    select
        rule_set_id,
        profile_id,
        patient_id,
        line_number,
        'dor' as endpoint,
        start_date,
        end_date,
        event,
        event_type,
        censor_reason,
        event_precision,
        dated_by,
        event_id
    from durations
    union all
    select
        times.rule_set_id,
        'primary' as profile_id,
        times.patient_id,
        times.line_number,
        times.endpoint,
        times.start_date,
        times.end_date,
        times.event,
        times.event_type,
        times.censor_reason,
        case when times.event_type = 'death' then patients.death_date_precision end as event_precision,
        case coalesce(times.event_type, 'censored')
            when 'next_line' then 'next_line' when 'stop' then 'last_coverage' when 'death' then 'patients' else 'contacts'
        end as dated_by,
        case when times.event_type = 'death' then patients.death_record_key end as event_id
    from times
    inner join patients
        on times.patient_id = patients.patient_id

)

select * from final
