-- One row per rule set, patient and line: best response and clinical benefit, on the primary profile.

with responses as (

    select * from {{ ref('int_line_best_responses') }}

),

lines as (

    select * from {{ ref('int_lines_ended') }}

),

profiles as (

    select * from {{ ref('endpoint_profiles') }} where profile_id = 'primary'

),

pfs as (

    select * from {{ ref('int_pfs') }} where clock = 'line_start' and profile_id = 'primary'

),

matured as (

    select
        responses.*,
        -- too early to say: nothing has happened yet and the time for benefit is hardly over
        not responses.objective_response
        and not responses.has_pd
        and lines.death_date is null
        and lines.next_line_start is null
        and not responses.is_assessed_late
        and {{ days_between('lines.line_start', 'lines.data_cut') }} < profiles.cb_days + profiles.cb_maturity_days as is_immature,
        pfs.event = 1 and {{ days_between('pfs.start_date', 'pfs.end_date') }} >= profiles.cb_days as has_late_pfs_event
    from responses
    inner join lines
        on responses.rule_set_id = lines.rule_set_id
            and responses.patient_id = lines.patient_id
            and responses.line_number = lines.line_number
    inner join pfs
        on responses.rule_set_id = pfs.rule_set_id
            and responses.patient_id = pfs.patient_id
            and responses.line_number = pfs.line_number
    cross join profiles

),

final as (

    select
        rule_set_id,
        patient_id,
        line_number,
        bor,
        cbor,
        objective_response,
        case when has_benefit then true when is_immature then null else false end as clinical_benefit,
        case when has_benefit_variant then true when is_immature then null else false end as clinical_benefit_161,
        case
            when has_benefit or (bor = 'SD' and has_late_pfs_event) then true
            when is_immature then null
            else false
        end as clinical_benefit_recist,
        bor not in ('NE', 'not_assessed') as evaluable,
        first_response_date
    from matured

)

select * from final
