-- Biomarkers at time zero: the latest result of each marker up to the next line's start. BRCA is positive when either gene is
-- (endpoints.md, section 5).

with baselines as (

    select * from {{ ref('int_baselines') }}

),

results as (

    select * from {{ ref('int_biomarkers_read') }}

),

her2 as (

    select * from {{ ref('int_her2_judged') }} where read_at = 'next_line_start'

),

ranked as (

    select
        baselines.study_id,
        baselines.rule_set_id,
        baselines.patient_id,
        results.marker,
        results.percent,
        results.stated_result,
        row_number() over (
            partition by baselines.study_id, baselines.rule_set_id, baselines.patient_id, results.marker
            order by results.result_order desc
        ) as place
    from baselines
    inner join results
        on baselines.patient_id = results.patient_id
            and (results.sample_date is null or results.sample_date <= baselines.next_line_start)

),

latest as (

    select
        study_id,
        rule_set_id,
        patient_id,
        max(case when marker = 'ER' then percent end) as er_percent,
        max(case when marker = 'PR' then percent end) as pr_percent,
        max(case when marker = 'KI67' then percent end) as ki67,
        max(case when marker = 'ESR1' then stated_result end) as esr1,
        max(case when marker = 'PIK3CA' then stated_result end) as pik3ca,
        -- 'positive' sorts after 'negative': one positive gene is enough
        max(case when marker in ('BRCA1', 'BRCA2') then stated_result end) as brca
    from ranked
    where place = 1
    group by study_id, rule_set_id, patient_id

),

final as (

    select
        baselines.study_id,
        baselines.rule_set_id,
        baselines.patient_id,
        latest.er_percent,
        latest.pr_percent,
        latest.ki67,
        latest.esr1,
        latest.pik3ca,
        latest.brca,
        -- "negative" without a score does not say whether it is low
        case
            when her2.her2 = 'positive' or her2.ihc = '0' then false
            when her2.her2 = 'negative' and her2.ihc in ('1+', '2+') then true
        end as her2_low
    from baselines
    left join latest
        on baselines.study_id = latest.study_id
            and baselines.rule_set_id = latest.rule_set_id
            and baselines.patient_id = latest.patient_id
    left join her2
        on baselines.study_id = her2.study_id
            and baselines.rule_set_id = her2.rule_set_id
            and baselines.patient_id = her2.patient_id

)

select * from final
