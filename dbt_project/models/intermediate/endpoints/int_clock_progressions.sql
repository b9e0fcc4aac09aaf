-- The first progression that counts on each clock (endpoints.md, sections 2 and 3): of the profile's sources, of this line or, where
-- the profile says so, of a later one; later than the baseline; not after a visit gap.

with clocks as (

    select * from {{ ref('int_clocks_followed') }}

),

profiles as (

    select * from {{ ref('endpoint_profiles') }}

),

events as (

    select * from {{ ref('int_progressions_attributed') }}

),

counted as (

    select
        clocks.rule_set_id,
        clocks.profile_id,
        clocks.patient_id,
        clocks.line_number,
        clocks.clock,
        events.progression_id,
        events.progression_date,
        events.date_precision,
        events.dated_by_table,
        row_number() over (
            partition by clocks.rule_set_id, clocks.profile_id, clocks.patient_id, clocks.line_number, clocks.clock
            order by events.progression_date, events.progression_id
        ) as place
    from clocks
    inner join profiles
        on clocks.profile_id = profiles.profile_id
    inner join events
        on clocks.rule_set_id = events.rule_set_id
            and clocks.patient_id = events.patient_id
            and clocks.line_number <= events.line_number
            and clocks.clock_start < events.episode_date
    where (
        (events.source = 'imaging' and profiles.counts_imaging)
        or (events.source = 'clinical' and profiles.counts_clinical)
        or (events.source = 'stop_reason' and profiles.counts_stop_reason)
    )
    and (events.line_number = clocks.line_number or profiles.late_progression = 'any_line')
    and (
        profiles.late_progression <> 'never'
        or clocks.next_line_start is null
        or events.progression_date <= clocks.next_line_start
    )
    and (not clocks.has_visit_gap or events.progression_date <= clocks.followed_to)

),

final as (

    select * from counted where place = 1

)

select * from final
