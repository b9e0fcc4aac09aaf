-- The assessments that speak for a line's response, one a date (endpoints.md, section 4): the primary profile's, after F and up to the
-- line's first progression, or to the next line's start. That progression counts as PD whatever its source; a PD of another line's
-- episode counts for nothing.

with lines as (

    select * from {{ ref('int_clocks') }} where clock = 'line_start' and profile_id = 'primary'

),

progressions as (

    select * from {{ ref('int_clock_progressions') }} where clock = 'line_start' and profile_id = 'primary'

),

profiles as (

    select * from {{ ref('endpoint_profiles') }} where profile_id = 'primary'

),

assessments as (

    select assessments.*
    from {{ ref('int_assessments_read') }} as assessments
    inner join profiles
        on (assessments.source = 'imaging' and profiles.counts_imaging)
            or (assessments.source = 'clinical' and profiles.counts_clinical)

),

attributed as (

    select * from {{ ref('int_progressions_attributed') }} where dated_by_table = 'assessments'

),

severities as (

    select * from {{ ref('responses') }}

),

windows as (

    select
        lines.*,
        progressions.progression_date as first_progression,
        coalesce(progressions.progression_date, lines.next_line_start) as read_to
    from lines
    left join progressions
        on lines.rule_set_id = progressions.rule_set_id
            and lines.patient_id = progressions.patient_id
            and lines.line_number = progressions.line_number

),

readings as (

    select
        windows.rule_set_id,
        windows.patient_id,
        windows.line_number,
        windows.clock_start,
        assessments.assessment_date,
        assessments.response
    from windows
    inner join assessments
        on windows.patient_id = assessments.patient_id
            and windows.progressions_from < assessments.assessment_date
            and (windows.read_to is null or assessments.assessment_date <= windows.read_to)
    left join attributed
        on windows.rule_set_id = attributed.rule_set_id
            and assessments.assessment_id = attributed.progression_id
    where assessments.response <> 'PD' or attributed.line_number = windows.line_number

    union all

    select
        rule_set_id,
        patient_id,
        line_number,
        clock_start,
        first_progression as assessment_date,
        'PD' as response
    from windows
    where first_progression is not null

),

ranked as (

    select
        readings.*,
        row_number() over (
            partition by readings.rule_set_id, readings.patient_id, readings.line_number, readings.assessment_date
            order by severities.severity desc
        ) as place
    from readings
    inner join severities
        on readings.response = severities.response

),

final as (

    select
        rule_set_id,
        patient_id,
        line_number,
        assessment_date,
        response,
        {{ days_between('clock_start', 'assessment_date') }} as day_of_line
    from ranked
    where place = 1

)

select * from final
