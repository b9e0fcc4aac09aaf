-- The first date of advanced disease by rule set, and what it rests on (therapy-lines.md, section 4). Evidence dated by the year
-- alone counts only where no date is recorded: 1 July is too rough to overrule one.

with rule_sets as (

    {{ chosen_rule_sets() }}

),

patients as (

    select * from {{ ref('int_follow_up') }}

),

data_cut as (

    select * from {{ ref('int_data_cut') }}

),

breast_cancers as (

    select * from {{ ref('stg_diagnoses') }} where icd10 is null or icd10 like 'C50%'

),

recorded as (

    select
        breast_cancers.patient_id,
        min(breast_cancers.advanced_date) as recorded_date
    from breast_cancers
    cross join data_cut
    where breast_cancers.advanced_date <= data_cut.data_cut
    group by breast_cancers.patient_id

),

evidence as (

    select
        patient_id,
        'stage_iv' as source,
        diagnosis_date as found_on,
        diagnosis_date_precision as found_on_precision
    from breast_cancers
    where stage like 'IV%'
    union all
    select
        patient_id,
        'metastasis' as source,
        detected_date as found_on,
        detected_date_precision as found_on_precision
    from {{ ref('stg_metastases') }}
    where site not in ('lymph_node', 'breast', 'skin')

),

earliest as (

    select
        evidence.patient_id,
        min(evidence.found_on) as found_on,
        min(case when evidence.found_on_precision <> 'year' then evidence.found_on end) as found_on_to_the_month,
        min(case when evidence.source = 'stage_iv' then evidence.found_on end) as stage_iv_on
    from evidence
    cross join data_cut
    where evidence.found_on <= data_cut.data_cut
    group by evidence.patient_id

),

replaced as (

    select
        rule_sets.rule_set_id,
        patients.patient_id,
        rule_sets.advanced_tolerance_days,
        recorded.recorded_date,
        earliest.stage_iv_on,
        case
            when recorded.recorded_date is null then earliest.found_on
            when {{ days_between('earliest.found_on_to_the_month', 'recorded.recorded_date') }} > rule_sets.advanced_tolerance_days
                then earliest.found_on_to_the_month
        end as evident_date
    from patients
    cross join rule_sets
    left join recorded on patients.patient_id = recorded.patient_id
    left join earliest on patients.patient_id = earliest.patient_id

),

final as (

    select
        rule_set_id,
        patient_id,
        coalesce(evident_date, recorded_date) as advanced_date,
        case
            when evident_date is null then 'recorded'
            when evident_date = stage_iv_on then 'stage_iv'
            else 'metastasis'
        end as advanced_date_source,
        {{ add_days('coalesce(evident_date, recorded_date)', '-advanced_tolerance_days') }} as tolerated_from
    from replaced
    where coalesce(evident_date, recorded_date) is not null

)

select * from final
