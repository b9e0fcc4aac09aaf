-- Endocrine sensitivity at time zero (ESO-ESMO ABC): primary resistance = relapse within two years of adjuvant endocrine therapy, or
-- progression within six months of first-line endocrine therapy; secondary = relapse later on it or within a year of its end, or
-- progression after six months of endocrine therapy for advanced disease; sensitive otherwise; unknown without any endocrine therapy
-- (endpoints.md, section 5).

with baselines as (

    select * from {{ ref('int_baselines') }}

),

studies as (

    select * from {{ ref('studies') }}

),

advanced_dates as (

    select * from {{ ref('int_advanced_dates') }}

),

adjuvant as (

    select
        rule_set_id,
        patient_id,
        min(era_start) as adjuvant_from,
        max(era_end) as adjuvant_to
    from {{ ref('int_eras_by_setting') }}
    where modality = 'endocrine' and setting in ('early', 'carried_over')
    group by rule_set_id, patient_id

),

pfs as (

    select * from {{ ref('int_pfs') }} where clock = 'line_start' and profile_id = 'primary' and event_type = 'progression'

),

endocrine_lines as (

    select distinct
        rule_set_id,
        patient_id,
        line_number
    from {{ ref('int_line_drugs') }}
    where modality = 'endocrine'

),

progressed as (

    select
        baselines.study_id,
        baselines.rule_set_id,
        baselines.patient_id,
        min(case when pfs.line_number = 1 then {{ days_between('pfs.start_date', 'pfs.end_date') }} end) as first_line_days,
        count(pfs.line_number) as endocrine_progressions,
        count(endocrine_lines.line_number) as endocrine_lines
    from baselines
    inner join endocrine_lines
        on baselines.rule_set_id = endocrine_lines.rule_set_id
            and baselines.patient_id = endocrine_lines.patient_id
            and endocrine_lines.line_number < baselines.next_line
    left join pfs
        on endocrine_lines.rule_set_id = pfs.rule_set_id
            and endocrine_lines.patient_id = pfs.patient_id
            and endocrine_lines.line_number = pfs.line_number
    group by baselines.study_id, baselines.rule_set_id, baselines.patient_id

),

final as (

    select
        progressed.study_id,
        progressed.rule_set_id,
        progressed.patient_id,
        case
            when {{ days_between('adjuvant.adjuvant_from', 'advanced_dates.advanced_date') }} <= studies.adjuvant_primary_resistance_days
                and adjuvant.adjuvant_to >= advanced_dates.tolerated_from then 'primary_resistance'
            when progressed.first_line_days <= studies.advanced_primary_resistance_days then 'primary_resistance'
            when {{ days_between('adjuvant.adjuvant_to', 'advanced_dates.advanced_date') }} <= studies.adjuvant_secondary_resistance_days
                then 'secondary_resistance'
            when progressed.endocrine_progressions > 0 then 'secondary_resistance'
            else 'sensitive'
        end as endocrine_sensitivity
    from progressed
    inner join studies
        on progressed.study_id = studies.study_id
    inner join advanced_dates
        on progressed.rule_set_id = advanced_dates.rule_set_id
            and progressed.patient_id = advanced_dates.patient_id
    left join adjuvant
        on progressed.rule_set_id = adjuvant.rule_set_id
            and progressed.patient_id = adjuvant.patient_id

)

select * from final
