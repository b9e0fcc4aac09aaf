-- Who has another active cancer when eligibility is judged, for the studies that exclude it (endpoints.md, section 5): a malignant or in
-- situ one diagnosed in the years before that day, or undated. Breast cancer, its metastases, and what is treated and gone do not count;
-- no record is no cancer.

with reference_dates as (

    select * from {{ ref('int_reference_dates') }} where read_at = 'index_date'

),

studies as (

    select * from {{ ref('studies') }} where excludes_other_cancer

),

malignant as (

    select * from {{ ref('cancers_counted') }}

),

not_counted as (

    select * from {{ ref('cancers_not_counted') }}

),

cancers as (

    select
        patient_id,
        icd10,
        diagnosis_date
    from {{ ref('stg_other_cancers') }}
    union all
    -- a site may list them among its diagnoses; there, no code means breast cancer
    select
        patient_id,
        icd10,
        diagnosis_date
    from {{ ref('stg_diagnoses') }}
    where icd10 is not null

),

counted as (

    select cancers.*
    from cancers
    left join malignant
        on cancers.icd10 like malignant.icd10_prefix || '%'
    left join not_counted
        on cancers.icd10 like not_counted.icd10_prefix || '%'
    where not_counted.icd10_prefix is null
        and (malignant.icd10_prefix is not null or cancers.icd10 is null)

),

final as (

    select distinct
        reference_dates.study_id,
        reference_dates.rule_set_id,
        reference_dates.patient_id
    from reference_dates
    inner join studies
        on reference_dates.study_id = studies.study_id
    inner join counted
        on reference_dates.patient_id = counted.patient_id
    where counted.diagnosis_date is null
        or (
            counted.diagnosis_date <= reference_dates.judged_on
            and counted.diagnosis_date >= {{ add_months('reference_dates.judged_on', '-12 * studies.other_cancer_years') }}
        )

)

select * from final
