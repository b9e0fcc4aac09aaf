-- Best overall response of each line, unconfirmed and confirmed, and what clinical benefit rests on (endpoints.md, section 4).

with lines as (

    select * from {{ ref('int_lines_ended') }}

),

profiles as (

    select * from {{ ref('endpoint_profiles') }} where profile_id = 'primary'

),

readings as (

    select * from {{ ref('int_line_readings') }}

),

confirmed as (

    select * from {{ ref('int_responses_confirmed') }}

),

counted as (

    select
        readings.rule_set_id,
        readings.patient_id,
        readings.line_number,
        max(case when readings.response = 'CR' then 1 else 0 end) = 1 as has_cr,
        max(case when readings.response = 'PR' then 1 else 0 end) = 1 as has_pr,
        max(case when readings.response in ('SD', 'PR', 'CR') and readings.day_of_line >= profiles.sd_min_days then 1 else 0 end) = 1
            as has_sd,
        max(case when readings.response = 'PD' then 1 else 0 end) = 1 as has_pd,
        max(case when readings.response in ('SD', 'PR', 'CR') and readings.day_of_line >= profiles.cb_days then 1 else 0 end) = 1
            as has_benefit,
        max(case when readings.response in ('SD', 'PR', 'CR') and readings.day_of_line >= profiles.cb_variant_days then 1 else 0 end) = 1
            as has_benefit_variant,
        max(case when readings.day_of_line >= profiles.cb_days then 1 else 0 end) = 1 as is_assessed_late,
        min(case when readings.response in ('CR', 'PR') then readings.assessment_date end) as first_response_date
    from readings
    cross join profiles
    group by readings.rule_set_id, readings.patient_id, readings.line_number

),

final as (

    select
        lines.rule_set_id,
        lines.patient_id,
        lines.line_number,
        counted.first_response_date,
        case
            when counted.has_cr then 'CR'
            when counted.has_pr then 'PR'
            when counted.has_sd then 'SD'
            when counted.has_pd then 'PD'
            when counted.patient_id is not null then 'NE'
            else 'not_assessed'
        end as bor,
        case
            when confirmed.has_confirmed_cr then 'CR'
            when confirmed.has_confirmed_pr then 'PR'
            when counted.has_sd then 'SD'
            when counted.has_pd then 'PD'
            when counted.patient_id is not null then 'NE'
            else 'not_assessed'
        end as cbor,
        coalesce(counted.has_cr or counted.has_pr, false) as objective_response,
        coalesce(counted.has_cr or counted.has_pr or counted.has_benefit, false) as has_benefit,
        coalesce(counted.has_cr or counted.has_pr or counted.has_benefit_variant, false) as has_benefit_variant,
        coalesce(counted.has_pd, false) as has_pd,
        coalesce(counted.is_assessed_late, false) as is_assessed_late
    from lines
    left join counted
        on lines.rule_set_id = counted.rule_set_id
            and lines.patient_id = counted.patient_id
            and lines.line_number = counted.line_number
    left join confirmed
        on lines.rule_set_id = confirmed.rule_set_id
            and lines.patient_id = confirmed.patient_id
            and lines.line_number = confirmed.line_number

)

select * from final
