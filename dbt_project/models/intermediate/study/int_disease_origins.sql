-- Where the advanced disease came from, by study, rule set and patient: de novo (advanced within `de_novo_days` of the first breast
-- cancer diagnosis, stage IV among them) or recurrent with its disease-free interval; histology of the latest diagnosis up to the data
-- cut that states one (endpoints.md, section 5).

with studies as (

    select * from {{ ref('studies') }}

),

advanced_dates as (

    select * from {{ ref('int_advanced_dates') }}

),

breast_cancers as (

    select diagnoses.*
    from {{ ref('stg_diagnoses') }} as diagnoses
    cross join {{ ref('int_data_cut') }} as data_cut
    where (diagnoses.icd10 is null or diagnoses.icd10 like 'C50%')
        and diagnoses.diagnosis_date <= data_cut.data_cut

),

firsts as (

    select
        patient_id,
        min(diagnosis_date) as first_diagnosis_date
    from breast_cancers
    group by patient_id

),

histologies as (

    select
        patient_id,
        histology,
        row_number() over (partition by patient_id order by diagnosis_date desc, record_key asc) as place
    from breast_cancers
    where histology is not null

),

final as (

    select
        studies.study_id,
        advanced_dates.rule_set_id,
        advanced_dates.patient_id,
        advanced_dates.advanced_date,
        {{ days_between('firsts.first_diagnosis_date', 'advanced_dates.advanced_date') }} <= studies.de_novo_days as de_novo,
        case
            when {{ days_between('firsts.first_diagnosis_date', 'advanced_dates.advanced_date') }} > studies.de_novo_days
                then {{ months_from_days(days_between('firsts.first_diagnosis_date', 'advanced_dates.advanced_date')) }}
        end as disease_free_months,
        histologies.histology
    from advanced_dates
    cross join studies
    left join firsts
        on advanced_dates.patient_id = firsts.patient_id
    left join histologies
        on advanced_dates.patient_id = histologies.patient_id
            and histologies.place = 1

)

select * from final
