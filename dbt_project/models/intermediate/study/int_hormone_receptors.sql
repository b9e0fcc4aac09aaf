-- Hormone receptor status by study: ER or PR positive in its latest result up to the reference date, any specimen (endpoints.md,
-- section 5).

with reference_dates as (

    select * from {{ ref('int_reference_dates') }} where read_at = 'index_date'

),

receptors as (

    select * from {{ ref('int_biomarkers_read') }} where marker_group = 'receptor'

),

ranked as (

    select
        reference_dates.study_id,
        reference_dates.rule_set_id,
        reference_dates.patient_id,
        receptors.marker,
        coalesce(
            receptors.percent >= reference_dates.receptor_positive_percent, receptors.stated_result = 'positive'
        ) as is_positive,
        row_number() over (
            partition by reference_dates.study_id, reference_dates.rule_set_id, reference_dates.patient_id, receptors.marker
            order by receptors.result_order desc
        ) as place
    from reference_dates
    inner join receptors
        on reference_dates.patient_id = receptors.patient_id
            and (
                reference_dates.read_to is null
                or receptors.sample_date is null
                or receptors.sample_date <= reference_dates.read_to
            )

),

final as (

    select
        study_id,
        rule_set_id,
        patient_id,
        max(case when is_positive then 1 else 0 end) = 1 as is_hr_positive
    from ranked
    where place = 1
    group by study_id, rule_set_id, patient_id

)

select * from final
