-- PFS on every clock (endpoints.md, section 4): the event, or where and why it is censored.

with seen as (

    select * from {{ ref('int_clock_last_seen') }}

),

profiles as (

    select * from {{ ref('endpoint_profiles') }}

),

judged as (

    select
        seen.*,
        profiles.censor_at,
        profiles.next_line_censors,
        -- two assessments missed before the event: it may have come long before
        profiles.censor_missed_assessments
        and {{ days_between('coalesce(seen.last_assessment_before_event, seen.clock_start)', 'seen.event_date') }}
        > 2 * profiles.assessment_interval_days + profiles.assessment_margin_days as has_missed_assessments
    from seen
    inner join profiles
        on seen.profile_id = profiles.profile_id

),

ended as (

    select
        *,
        event_date is not null and not has_missed_assessments as has_event,
        case
            when event_date is not null and not has_missed_assessments then event_date
            when event_date is not null then coalesce(last_assessment_before_event, clock_start)
            when censor_at = 'activity' then coalesce(last_activity, clock_start)
            else coalesce(last_assessment, clock_start)
        end as end_date,
        case
            when event_date is not null and not has_missed_assessments then null
            when event_date is not null then 'missed_assessments'
            when censor_at = 'assessment' and last_assessment is null then 'no_assessment'
            when has_visit_gap and (next_line_start is null or followed_to < next_line_start) then 'visit_gap'
            when next_line_censors and next_line_start is not null then 'new_therapy'
            when censor_at = 'activity' then 'last_activity'
            else 'last_assessment'
        end as censor_reason
    from judged

),

final as (

    select
        rule_set_id,
        profile_id,
        patient_id,
        line_number,
        clock,
        clock_start as start_date,
        baseline_to,
        end_date,
        case when has_event then 1 else 0 end as event,
        case when has_event then event_type end as event_type,
        censor_reason,
        case when has_event then event_precision end as event_precision,
        case
            when has_event then event_table
            when censor_reason = 'missed_assessments' and last_assessment_before_event is null then 'line_start'
            when censor_reason = 'no_assessment' then 'line_start'
            when censor_reason = 'missed_assessments' or censor_at = 'assessment' then 'assessments'
            else 'contacts'
        end as dated_by,
        case when has_event then event_id end as event_id
    from ended

)

select * from final
