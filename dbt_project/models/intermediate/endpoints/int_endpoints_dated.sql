-- Each endpoint's delayed entry and the record that dates its end (endpoints.md, section 4).

with endpoints as (

    select * from {{ ref('int_endpoints') }}

),

patients as (

    select * from {{ ref('int_patients_consolidated') }}

),

dating_records as (

    select * from {{ ref('int_line_dating_records') }}

),

contacts as (

    select * from {{ ref('int_contact_dates') }}

),

assessments as (

    select * from {{ ref('int_profile_assessments') }}

),

final as (

    select
        endpoints.*,
        -- an end is known as exactly as the record that dates it
        coalesce(
            endpoints.event_precision,
            case endpoints.dated_by
                when 'next_line' then next_records.opening_precision
                when 'last_coverage' then own_records.last_precision
                when 'line_start' then own_records.opening_precision
                when 'contacts' then contacts.date_precision
                when 'assessments' then assessments.date_precision
            end,
            'day'
        ) as end_precision,
        greatest(0, coalesce({{ days_between('endpoints.start_date', 'patients.observed_from') }}, 0)) as entry_days,
        case
            when endpoints.dated_by in ('next_line', 'last_coverage', 'line_start') then 'medications'
            when endpoints.dated_by = 'contacts' then contacts.dated_by_table
            else endpoints.dated_by
        end as dated_by_table,
        case endpoints.dated_by
            when 'next_line' then next_records.opening_medication_id
            when 'last_coverage' then own_records.last_medication_id
            when 'line_start' then own_records.opening_medication_id
            when 'contacts' then contacts.dated_by_id
            else coalesce(endpoints.event_id, assessments.assessment_id)
        end as dated_by_id
    from endpoints
    inner join patients
        on endpoints.patient_id = patients.patient_id
    left join dating_records as own_records
        on endpoints.rule_set_id = own_records.rule_set_id
            and endpoints.patient_id = own_records.patient_id
            and endpoints.line_number = own_records.line_number
    left join dating_records as next_records
        on endpoints.rule_set_id = next_records.rule_set_id
            and endpoints.patient_id = next_records.patient_id
            and endpoints.line_number + 1 = next_records.line_number
    left join contacts
        on endpoints.dated_by = 'contacts'
            and endpoints.patient_id = contacts.patient_id
            and endpoints.end_date = contacts.contact_date
    left join assessments
        on endpoints.dated_by = 'assessments'
            and endpoints.profile_id = assessments.profile_id
            and endpoints.patient_id = assessments.patient_id
            and endpoints.end_date = assessments.assessment_date

)

select * from final
