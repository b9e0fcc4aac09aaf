-- The last times each clock was seen free of an event (endpoints.md, sections 3 and 4): the last assessment without progression and the
-- last activity, up to the next line's start (unless the profile ignores it) or a visit gap; and the last such assessment before the
-- event.

with events as (

    select * from {{ ref('int_clock_events') }}

),

profiles as (

    select * from {{ ref('endpoint_profiles') }}

),

bounds as (

    select
        events.*,
        case when profiles.next_line_censors then events.next_line_start end as seen_at_most_to
    from events
    inner join profiles
        on events.profile_id = profiles.profile_id

),

assessments as (

    select * from {{ ref('int_profile_assessments') }} where is_free_of_progression

),

activities as (

    select * from {{ ref('int_contact_dates') }} where is_activity

),

assessed as (

    select
        bounds.rule_set_id,
        bounds.profile_id,
        bounds.patient_id,
        bounds.line_number,
        bounds.clock,
        max(case
            when (bounds.seen_at_most_to is null or assessments.assessment_date <= bounds.seen_at_most_to)
                and (not bounds.has_visit_gap or assessments.assessment_date <= bounds.followed_to)
                then assessments.assessment_date
        end) as last_assessment,
        max(case when assessments.assessment_date < bounds.event_date then assessments.assessment_date end)
            as last_assessment_before_event
    from bounds
    inner join assessments
        on bounds.profile_id = assessments.profile_id
            and bounds.patient_id = assessments.patient_id
            and bounds.baseline_to < assessments.assessment_date
    group by bounds.rule_set_id, bounds.profile_id, bounds.patient_id, bounds.line_number, bounds.clock

),

active as (

    select
        bounds.rule_set_id,
        bounds.profile_id,
        bounds.patient_id,
        bounds.line_number,
        bounds.clock,
        max(activities.contact_date) as last_activity
    from bounds
    inner join activities
        on bounds.patient_id = activities.patient_id
            and bounds.clock_start <= activities.contact_date
            and (bounds.seen_at_most_to is null or activities.contact_date <= bounds.seen_at_most_to)
            and (not bounds.has_visit_gap or activities.contact_date <= bounds.followed_to)
    group by bounds.rule_set_id, bounds.profile_id, bounds.patient_id, bounds.line_number, bounds.clock

),

final as (

    select
        events.*,
        assessed.last_assessment,
        assessed.last_assessment_before_event,
        active.last_activity
    from events
    left join assessed
        on events.rule_set_id = assessed.rule_set_id
            and events.profile_id = assessed.profile_id
            and events.patient_id = assessed.patient_id
            and events.line_number = assessed.line_number
            and events.clock = assessed.clock
    left join active
        on events.rule_set_id = active.rule_set_id
            and events.profile_id = active.profile_id
            and events.patient_id = active.patient_id
            and events.line_number = active.line_number
            and events.clock = active.clock

)

select * from final
