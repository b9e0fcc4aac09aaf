-- One row per rule set, profile, patient, line and endpoint. TTNT, TTD and OS do not depend on the profile and stand under primary.

with line_endpoints as (

    select * from {{ ref('int_endpoints_dated') }}

),

final as (

    select
        rule_set_id,
        profile_id,
        patient_id,
        line_number,
        endpoint,
        {{ days_between('start_date', 'end_date') }} as days,
        {{ months_from_days(days_between('start_date', 'end_date')) }} as months,
        event,
        event_type,
        censor_reason,
        entry_days,
        end_precision,
        dated_by_table,
        dated_by_id,
        start_date,
        end_date
    from line_endpoints

)

select * from final
