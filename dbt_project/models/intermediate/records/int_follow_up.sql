-- One row per patient: how long she is seen. Last contact by any record, last activity by any table but patients, end of
-- follow-up = death, else last contact (endpoints.md, section 4).

with patients as (

    select * from {{ ref('int_patients_consolidated') }}

),

contacts as (

    select
        patient_id,
        max(contact_date) as last_contact_date,
        max(case when is_activity then contact_date end) as last_activity_date
    from {{ ref('int_contact_dates') }}
    group by patient_id

),

final as (

    select
        patients.*,
        contacts.last_contact_date,
        contacts.last_activity_date,
        coalesce(patients.death_date, contacts.last_contact_date) as end_of_follow_up
    from patients
    left join contacts
        on patients.patient_id = contacts.patient_id

)

select * from final
