-- HER2 on one specimen, the latest with an IHC or ISH up to each date at which it is read (endpoints.md, section 5): IHC and ISH belong
-- together by specimen id or, without ids, by specimen type and nearness in time. An ISH of another specimen settles nothing.

with reference_dates as (

    select * from {{ ref('int_reference_dates') }}

),

results as (

    select * from {{ ref('int_biomarkers_read') }} where marker_group in ('her2_ihc', 'her2_ish')

),

considered as (

    select
        reference_dates.study_id,
        reference_dates.rule_set_id,
        reference_dates.read_at,
        reference_dates.her2_pairing_days,
        results.*,
        row_number() over (
            partition by
                reference_dates.study_id, reference_dates.rule_set_id, reference_dates.read_at, reference_dates.patient_id
            order by results.result_order desc
        ) as place
    from reference_dates
    inner join results
        on reference_dates.patient_id = results.patient_id
            and (
                reference_dates.read_to is null
                or results.sample_date is null
                or results.sample_date <= reference_dates.read_to
            )

),

same_specimen as (

    select
        latest.study_id,
        latest.rule_set_id,
        latest.read_at,
        latest.patient_id,
        considered.marker_group,
        considered.stated_result,
        row_number() over (
            partition by latest.study_id, latest.rule_set_id, latest.read_at, latest.patient_id, considered.marker_group
            order by considered.result_order desc
        ) as place
    from considered as latest
    inner join considered
        on latest.study_id = considered.study_id
            and latest.rule_set_id = considered.rule_set_id
            and latest.read_at = considered.read_at
            and latest.patient_id = considered.patient_id
            and (
                latest.record_key = considered.record_key
                or latest.specimen_id = considered.specimen_id
                or (
                    latest.specimen_id is null
                    and considered.specimen_id is null
                    and coalesce(latest.specimen, '') = coalesce(considered.specimen, '')
                    and (
                        (latest.sample_date is null and considered.sample_date is null)
                        or {{ days_between('considered.sample_date', 'latest.sample_date') }} <= latest.her2_pairing_days
                    )
                )
            )
    where latest.place = 1

),

final as (

    select
        study_id,
        rule_set_id,
        read_at,
        patient_id,
        max(case when marker_group = 'her2_ihc' then stated_result end) as ihc,
        max(case when marker_group = 'her2_ish' then stated_result end) as ish,
        case
            when max(case when marker_group = 'her2_ish' then stated_result end) = 'positive' then 'positive'
            when max(case when marker_group = 'her2_ihc' then stated_result end) = '3+' then 'positive'
            when max(case when marker_group = 'her2_ihc' then stated_result end) in ('0', '1+', 'negative') then 'negative'
            when max(case when marker_group = 'her2_ish' then stated_result end) = 'negative' then 'negative'
        end as her2
    from same_specimen
    where place = 1
    group by study_id, rule_set_id, read_at, patient_id

)

select * from final
