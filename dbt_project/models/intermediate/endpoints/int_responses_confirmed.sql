-- Confirmation (endpoints.md, section 4): a CR needs a CR, a PR a CR or PR, the first such one at least `confirmation_days` later, with
-- nothing but such responses and at most one NE between, and no PR after a CR between.

with readings as (

    select * from {{ ref('int_line_readings') }}

),

profiles as (

    select * from {{ ref('endpoint_profiles') }} where profile_id = 'primary'

),

confirming as (

    select
        first.rule_set_id,
        first.patient_id,
        first.line_number,
        first.assessment_date,
        first.response,
        min(later.assessment_date) as confirmed_on
    from readings as first
    cross join profiles
    inner join readings as later
        on first.rule_set_id = later.rule_set_id
            and first.patient_id = later.patient_id
            and first.line_number = later.line_number
            and later.day_of_line >= first.day_of_line + profiles.confirmation_days
            and (later.response = 'CR' or (later.response = 'PR' and first.response = 'PR'))
    where first.response in ('CR', 'PR')
    group by first.rule_set_id, first.patient_id, first.line_number, first.assessment_date, first.response

),

between_them as (

    select
        confirming.rule_set_id,
        confirming.patient_id,
        confirming.line_number,
        confirming.assessment_date,
        confirming.response,
        sum(case when between_readings.response = 'NE' then 1 else 0 end) as not_evaluable,
        sum(case
            when between_readings.response in ('SD', 'PD') then 1
            when between_readings.response = 'PR' and confirming.response = 'CR' then 1
            else 0
        end) as contradicting,
        min(case when between_readings.response = 'CR' then between_readings.assessment_date end) as first_cr,
        max(case when between_readings.response = 'PR' then between_readings.assessment_date end) as last_pr
    from confirming
    inner join readings as between_readings
        on confirming.rule_set_id = between_readings.rule_set_id
            and confirming.patient_id = between_readings.patient_id
            and confirming.line_number = between_readings.line_number
            and between_readings.assessment_date between confirming.assessment_date and confirming.confirmed_on
    group by
        confirming.rule_set_id, confirming.patient_id, confirming.line_number, confirming.assessment_date, confirming.response

),

final as (

    select
        rule_set_id,
        patient_id,
        line_number,
        max(case when response = 'CR' then 1 else 0 end) = 1 as has_confirmed_cr,
        max(case when response = 'PR' then 1 else 0 end) = 1 as has_confirmed_pr
    from between_them
    where not_evaluable <= 1
        and contradicting = 0
        and (first_cr is null or last_pr is null or last_pr < first_cr)
    group by rule_set_id, patient_id, line_number

)

select * from final
