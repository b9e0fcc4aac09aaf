-- The PFS event on each clock before censoring rules: the earlier of progression and death, progression on a tie (endpoints.md, section 4).

with clocks as (

    select * from {{ ref('int_clocks_followed') }}

),

progressions as (

    select * from {{ ref('int_clock_progressions') }}

),

deaths as (

    select * from {{ ref('int_clock_deaths') }}

),

patients as (

    select * from {{ ref('int_patients_consolidated') }}

),

final as (

    select
        clocks.*,
        case
            when progressions.progression_date <= coalesce(deaths.death_date, progressions.progression_date) then 'progression'
            when deaths.death_date is not null then 'death'
        end as event_type,
        case
            when progressions.progression_date <= coalesce(deaths.death_date, progressions.progression_date)
                then progressions.progression_date
            else deaths.death_date
        end as event_date,
        case
            when progressions.progression_date <= coalesce(deaths.death_date, progressions.progression_date)
                then progressions.date_precision
            else patients.death_date_precision
        end as event_precision,
        case
            when progressions.progression_date <= coalesce(deaths.death_date, progressions.progression_date)
                then progressions.dated_by_table
            else 'patients'
        end as event_table,
        case
            when progressions.progression_date <= coalesce(deaths.death_date, progressions.progression_date)
                then progressions.progression_id
            else patients.death_record_key
        end as event_id
    from clocks
    inner join patients
        on clocks.patient_id = patients.patient_id
    left join progressions
        on clocks.rule_set_id = progressions.rule_set_id
            and clocks.profile_id = progressions.profile_id
            and clocks.patient_id = progressions.patient_id
            and clocks.line_number = progressions.line_number
            and clocks.clock = progressions.clock
    left join deaths
        on clocks.rule_set_id = deaths.rule_set_id
            and clocks.profile_id = deaths.profile_id
            and clocks.patient_id = deaths.patient_id
            and clocks.line_number = deaths.line_number
            and clocks.clock = deaths.clock

)

select * from final
