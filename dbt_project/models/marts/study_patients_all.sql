-- One row per study, rule set, profile and patient left after the step `next_line`: what came after the index line, how it did, and the
-- covariates at its start.

with eligibility as (

    select eligibility.*
    from {{ ref('int_eligibility') }} as eligibility
    inner join {{ ref('int_study_steps') }} as steps
        on eligibility.study_id = steps.study_id
            and steps.step = 'next_line'
    where eligibility.failed_step is null or eligibility.failed_step_number > steps.step_number

),

pfs2_ema as (

    select * from {{ ref('int_pfs2_ema') }}

),

next_lines as (

    select * from {{ ref('int_next_lines') }}

),

pfs1 as (

    select * from {{ ref('int_pfs1_classed') }}

),

pfs2 as (

    select * from {{ ref('int_pfs2_measured') }}

),

ratios as (

    select * from {{ ref('int_pfs_ratios_judged') }}

),

responses as (

    select * from {{ ref('line_responses') }}

),

categories as (

    select * from {{ ref('int_line_categories') }}

),

covariates as (

    select * from {{ ref('int_covariates') }}

),

final as (

    select
        -- ids
        eligibility.study_id,
        eligibility.rule_set_id,
        eligibility.profile_id,
        eligibility.patient_id,

        -- the index line and what came after it
        pfs2_ema.index_line,
        pfs2_ema.index_date,
        pfs2_ema.partner,
        next_lines.next_line,
        next_lines.next_line_start,
        categories.regimen as next_regimen,
        next_lines.strategy,
        next_lines.sub_strategy,

        -- endpoints
        pfs2_ema.pfs1_days,
        pfs2_ema.pfs1_event,
        pfs2.pfs2_days,
        pfs2.pfs2_event,
        pfs2.pfs2_event_type,
        pfs2.pfs2_censor_reason,
        pfs2.pfs2_entry_days,
        pfs2.pfs2_clear_days,
        pfs2.pfs2_scans,
        pfs2.scan_interval_days,
        pfs2_ema.pfs2_ema_days,
        pfs2_ema.pfs2_ema_event,
        responses.bor,
        responses.clinical_benefit,
        responses.clinical_benefit_recist,
        responses.objective_response,
        responses.evaluable,
        ratios.pfs_ratio,
        ratios.pfs_ratio_outcome,

        -- covariates at the next line's start
        covariates.age_years,
        covariates.ecog,
        covariates.menopausal_status,
        covariates.de_novo,
        covariates.disease_free_months,
        covariates.endocrine_sensitivity,
        covariates.prior_chemo_advanced,
        covariates.calendar_year,
        covariates.esr1,
        covariates.pik3ca,
        covariates.brca,
        covariates.bilirubin,
        covariates.alkaline_phosphatase,
        covariates.liver_tests_raised,
        covariates.visceral,
        covariates.liver,
        covariates.cns,
        covariates.bone_only,
        covariates.n_sites,
        covariates.ki67,
        covariates.er_percent,
        covariates.pr_percent,
        covariates.her2_low,
        covariates.histology,
        covariates.lines_before_index,
        pfs1.pfs1_months,
        pfs1.pfs1_class,
        {{ days_between('pfs2_ema.pfs1_end', 'next_lines.next_line_start') }} as progression_to_next_days
    from eligibility
    {% for facts in ['pfs2_ema', 'pfs1', 'pfs2'] -%}
    inner join {{ facts }}
        on eligibility.study_id = {{ facts }}.study_id
            and eligibility.rule_set_id = {{ facts }}.rule_set_id
            and eligibility.profile_id = {{ facts }}.profile_id
            and eligibility.patient_id = {{ facts }}.patient_id
    {% endfor -%}
    left join ratios
        on eligibility.study_id = ratios.study_id
            and eligibility.rule_set_id = ratios.rule_set_id
            and eligibility.profile_id = ratios.profile_id
            and eligibility.patient_id = ratios.patient_id
    {% for facts in ['next_lines', 'covariates'] -%}
    inner join {{ facts }}
        on eligibility.study_id = {{ facts }}.study_id
            and eligibility.rule_set_id = {{ facts }}.rule_set_id
            and eligibility.patient_id = {{ facts }}.patient_id
    {% endfor -%}
    {% for facts in ['responses', 'categories'] -%}
    inner join {{ facts }}
        on eligibility.rule_set_id = {{ facts }}.rule_set_id
            and eligibility.patient_id = {{ facts }}.patient_id
            and next_lines.next_line = {{ facts }}.line_number
    {% endfor %}

)

select * from final
