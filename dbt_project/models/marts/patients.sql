-- One row per patient.

with patients as (

    select * from {{ ref('int_follow_up') }}

),

advanced_dates as (

    select * from {{ ref('int_advanced_dates') }} where rule_set_id = 'primary'

),

final as (

    select
        patients.patient_id,
        patients.site_id,
        patients.sex,
        patients.menopausal_status,
        advanced_dates.advanced_date_source,
        patients.date_basis,
        cast(extract(year from patients.birth_date) as integer) as birth_year,
        advanced_dates.advanced_date,
        patients.death_date,
        patients.last_contact_date,
        patients.last_activity_date,
        patients.end_of_follow_up,
        patients.observed_from
    from patients
    left join advanced_dates
        on patients.patient_id = advanced_dates.patient_id

)

select * from final
