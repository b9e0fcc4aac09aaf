-- The clocks on which PFS is read, one row per rule set, profile, line and clock: every line from its start, and the index line of each
-- study once more from the index date (endpoints.md, section 5). From here both are treated alike.

with lines as (

    select * from {{ ref('int_lines_ended') }}

),

index_lines as (

    select * from {{ ref('int_index_lines') }}

),

profiles as (

    select * from {{ ref('endpoint_profiles') }}

),

clocks as (

    select
        rule_set_id,
        patient_id,
        line_number,
        'line_start' as clock,
        line_start as clock_start
    from lines
    union all
    select
        rule_set_id,
        patient_id,
        index_line as line_number,
        study_id as clock,
        index_date as clock_start
    from index_lines

),

final as (

    select
        clocks.rule_set_id,
        profiles.profile_id,
        clocks.patient_id,
        clocks.line_number,
        clocks.clock,
        clocks.clock_start,
        lines.next_line_start,
        lines.progressions_from,
        -- the baseline ends on the later of F and the clock's start
        greatest(lines.progressions_from, clocks.clock_start) as baseline_to
    from clocks
    cross join profiles
    inner join lines
        on clocks.rule_set_id = lines.rule_set_id
            and clocks.patient_id = lines.patient_id
            and clocks.line_number = lines.line_number

)

select * from final
