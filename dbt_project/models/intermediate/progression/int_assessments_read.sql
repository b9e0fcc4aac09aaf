-- What each tumour assessment says (endpoints.md, section 1): a response for every one, and whose reading it is. One known only to
-- the year is neither event nor assessment; nothing after death or the data cut is.

with assessments as (

    select * from {{ ref('stg_assessments') }} where assessment_date_precision <> 'year'

),

patients as (

    select * from {{ ref('int_patients_consolidated') }}

),

final as (

    select
        assessments.assessment_id,
        assessments.patient_id,
        assessments.assessment_date,
        assessments.assessment_date_precision as date_precision,
        case when assessments.assessor = 'clinician' then 'clinical' else 'imaging' end as source,
        case
            when assessments.response = 'PD' or assessments.progression then 'PD'
            when assessments.response = 'NON-CR/NON-PD' then 'SD'
            when assessments.response is null and not assessments.progression then 'SD'
            else coalesce(assessments.response, 'NE')
        end as response
    from assessments
    inner join patients
        on assessments.patient_id = patients.patient_id
    where assessments.assessment_date <= patients.data_cut
        and (patients.death_date is null or assessments.assessment_date <= patients.death_date)

)

select * from final
