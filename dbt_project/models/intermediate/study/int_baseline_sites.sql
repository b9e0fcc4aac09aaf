-- Where the disease sits at time zero: the sites of metastasis found up to the next line's start. Visceral = liver, lung, pleura,
-- peritoneum, CNS (endpoints.md, section 5). No recorded site means unknown, not none.

with baselines as (

    select * from {{ ref('int_baselines') }}

),

metastases as (

    select * from {{ ref('stg_metastases') }}

),

final as (

    select
        baselines.study_id,
        baselines.rule_set_id,
        baselines.patient_id,
        count(distinct metastases.site) as n_sites,
        max(case when metastases.site in ('liver', 'lung', 'pleura', 'peritoneum', 'cns') then 1 else 0 end) = 1 as visceral,
        max(case when metastases.site = 'liver' then 1 else 0 end) = 1 as liver,
        max(case when metastases.site = 'cns' then 1 else 0 end) = 1 as cns,
        max(case when metastases.site <> 'bone' then 1 else 0 end) = 0 as bone_only
    from baselines
    inner join metastases
        on baselines.patient_id = metastases.patient_id
            and metastases.detected_date <= baselines.next_line_start
    group by baselines.study_id, baselines.rule_set_id, baselines.patient_id

)

select * from final
