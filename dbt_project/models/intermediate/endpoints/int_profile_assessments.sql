-- One assessment a date as a profile sees it: of its sources alone, worst wins (endpoints.md, section 1). NE is no evaluable assessment.

with assessments as (

    select * from {{ ref('int_assessments_read') }}

),

profiles as (

    select * from {{ ref('endpoint_profiles') }}

),

severities as (

    select * from {{ ref('responses') }}

),

ranked as (

    select
        profiles.profile_id,
        assessments.patient_id,
        assessments.assessment_date,
        assessments.assessment_id,
        assessments.date_precision,
        assessments.response,
        row_number() over (
            partition by profiles.profile_id, assessments.patient_id, assessments.assessment_date
            order by severities.severity desc, assessments.assessment_id asc
        ) as place
    from assessments
    inner join profiles
        on (assessments.source = 'imaging' and profiles.counts_imaging)
            or (assessments.source = 'clinical' and profiles.counts_clinical)
    inner join severities
        on assessments.response = severities.response

),

final as (

    select
        profile_id,
        patient_id,
        assessment_date,
        assessment_id,
        date_precision,
        response,
        response not in ('PD', 'NE') as is_free_of_progression
    from ranked
    where place = 1

)

select * from final
