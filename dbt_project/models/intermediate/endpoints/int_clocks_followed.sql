-- Until when each clock is followed up (endpoints.md, section 3): where the profile knows visit gaps, the contact before the first gap
-- at or after the start, otherwise the last contact.

with clocks as (

    select * from {{ ref('int_clocks') }}

),

profiles as (

    select * from {{ ref('endpoint_profiles') }}

),

follow_up as (

    select * from {{ ref('int_follow_up') }}

),

contacts as (

    select
        patient_id,
        contact_date,
        {{ days_between(
            'contact_date', 'lead(contact_date) over (partition by patient_id order by contact_date)'
        ) }} as days_to_next
    from {{ ref('int_contact_dates') }}

),

gaps as (

    select
        clocks.rule_set_id,
        clocks.profile_id,
        clocks.patient_id,
        clocks.line_number,
        clocks.clock,
        min(contacts.contact_date) as seen_until
    from clocks
    inner join profiles
        on clocks.profile_id = profiles.profile_id
    inner join contacts
        on clocks.patient_id = contacts.patient_id
            and contacts.contact_date >= clocks.clock_start
            and contacts.days_to_next > profiles.visit_gap_days
    group by clocks.rule_set_id, clocks.profile_id, clocks.patient_id, clocks.line_number, clocks.clock

),

final as (

    select
        clocks.*,
        gaps.seen_until is not null as has_visit_gap,
        coalesce(gaps.seen_until, follow_up.last_contact_date) as followed_to
    from clocks
    inner join follow_up
        on clocks.patient_id = follow_up.patient_id
    left join gaps
        on clocks.rule_set_id = gaps.rule_set_id
            and clocks.profile_id = gaps.profile_id
            and clocks.patient_id = gaps.patient_id
            and clocks.line_number = gaps.line_number
            and clocks.clock = gaps.clock

)

select * from final
