-- What early therapy says of the disease (therapy-lines.md, section 4): the first breast surgery, which tells neoadjuvant from adjuvant
-- therapy; the disease-free interval; and the endocrine-sensitivity class of a relapse after adjuvant endocrine therapy (ESO-ESMO ABC):
-- primary resistance within two years of its start while on it, secondary later on it or within a year of its end, sensitive after.

with eras as (

    select * from {{ ref('int_eras_by_setting') }} where setting <> 'advanced'

),

resistance as (

    select * from {{ ref('early_resistance') }}

),

surgeries as (

    select
        patient_id,
        min(procedure_date) as first_surgery
    from {{ ref('stg_procedures') }}
    where type = 'surgery' and coalesce(intent, 'curative') = 'curative'
    group by patient_id

),

breast_cancers as (

    select
        patient_id,
        min(diagnosis_date) as first_diagnosis_date
    from {{ ref('stg_diagnoses') }}
    where icd10 is null or icd10 like 'C50%'
    group by patient_id

),

endocrine as (

    select
        rule_set_id,
        patient_id,
        min(advanced_date) as advanced_date,
        min(tolerated_from) as tolerated_from,
        min(era_start) as endocrine_from,
        max(era_end) as endocrine_to
    from eras
    where modality = 'endocrine' and advanced_date is not null
    group by rule_set_id, patient_id

),

patients as (

    select distinct
        rule_set_id,
        patient_id,
        advanced_date
    from eras

),

final as (

    select
        patients.rule_set_id,
        patients.patient_id,
        surgeries.first_surgery,
        {{ months_from_days(days_between('breast_cancers.first_diagnosis_date', 'patients.advanced_date')) }} as disease_free_months,
        case
            when endocrine.patient_id is null then null
            when endocrine.endocrine_to >= endocrine.tolerated_from
                and {{ days_between('endocrine.endocrine_from', 'endocrine.advanced_date') }} <= resistance.primary_within_days
                then 'primary_resistance'
            when {{ days_between('endocrine.endocrine_to', 'endocrine.advanced_date') }} <= resistance.secondary_after_end_days
                then 'secondary_resistance'
            else 'sensitive'
        end as endocrine_sensitivity
    from patients
    cross join resistance
    left join surgeries
        on patients.patient_id = surgeries.patient_id
    left join breast_cancers
        on patients.patient_id = breast_cancers.patient_id
    left join endocrine
        on patients.rule_set_id = endocrine.rule_set_id
            and patients.patient_id = endocrine.patient_id

)

select * from final
