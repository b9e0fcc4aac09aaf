-- The death that counts on each clock (endpoints.md, section 3): not after the next line's start unless the profile says so, and not so
-- long after the last activity (after a visit gap: the end of follow-up) that a progression may have been missed.

with clocks as (

    select * from {{ ref('int_clocks_followed') }}

),

profiles as (

    select * from {{ ref('endpoint_profiles') }}

),

follow_up as (

    select * from {{ ref('int_follow_up') }} where death_date is not null

),

final as (

    select
        clocks.rule_set_id,
        clocks.profile_id,
        clocks.patient_id,
        clocks.line_number,
        clocks.clock,
        follow_up.death_date
    from clocks
    inner join profiles
        on clocks.profile_id = profiles.profile_id
    inner join follow_up
        on clocks.patient_id = follow_up.patient_id
    where follow_up.death_date >= clocks.clock_start
        and (
            profiles.late_death_counts
            or clocks.next_line_start is null
            or follow_up.death_date <= clocks.next_line_start
        )
        and (
            profiles.death_window_days is null
            or {{ days_between(
                'case when profiles.visit_gap_days is null then follow_up.last_activity_date else clocks.followed_to end',
                'follow_up.death_date'
            ) }} <= profiles.death_window_days
        )

)

select * from final
