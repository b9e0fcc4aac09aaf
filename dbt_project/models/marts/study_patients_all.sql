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

pfs as (

    select * from {{ ref('line_endpoints') }} where endpoint = 'pfs'

),

assessed as (

    select * from {{ ref('int_lines_assessed') }}

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
        pfs.days as pfs2_days,
        pfs.event as pfs2_event,
        pfs.event_type as pfs2_event_type,
        pfs.censor_reason as pfs2_censor_reason,
        pfs.entry_days as pfs2_entry_days,
        coalesce({{ days_between('assessed.start_date', 'assessed.last_clear_date') }}, 0) as pfs2_clear_days,
        assessed.scans as pfs2_scans,
        {{ days_between('assessed.start_date', 'assessed.last_scan_date') }} * 1.0 / nullif(assessed.scans, 0) as scan_interval_days,
        pfs2_ema.pfs2_ema_days,
        pfs2_ema.pfs2_ema_event,
        responses.bor,
        responses.clinical_benefit,
        responses.clinical_benefit_recist,
        responses.objective_response,
        responses.evaluable,
        -- only where PFS1 is an event: a ratio to a censored time says nothing
        case when pfs2_ema.pfs1_event = 1 and pfs2_ema.pfs1_days > 0 then pfs.days * 1.0 / pfs2_ema.pfs1_days end as pfs_ratio,

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
        {{ months_from_days('pfs2_ema.pfs1_days') }} as pfs1_months,
        case
            when {{ months_from_days('pfs2_ema.pfs1_days') }} < 6 then '<6'
            when {{ months_from_days('pfs2_ema.pfs1_days') }} <= 12 then '6-12'
            else '>12'
        end as pfs1_class,
        {{ days_between('pfs2_ema.pfs1_end', 'next_lines.next_line_start') }} as progression_to_next_days
    from eligibility
    inner join pfs2_ema
        on eligibility.study_id = pfs2_ema.study_id
            and eligibility.rule_set_id = pfs2_ema.rule_set_id
            and eligibility.profile_id = pfs2_ema.profile_id
            and eligibility.patient_id = pfs2_ema.patient_id
    inner join next_lines
        on eligibility.study_id = next_lines.study_id
            and eligibility.rule_set_id = next_lines.rule_set_id
            and eligibility.patient_id = next_lines.patient_id
    inner join pfs
        on eligibility.rule_set_id = pfs.rule_set_id
            and eligibility.profile_id = pfs.profile_id
            and eligibility.patient_id = pfs.patient_id
            and next_lines.next_line = pfs.line_number
    inner join assessed
        on eligibility.rule_set_id = assessed.rule_set_id
            and eligibility.profile_id = assessed.profile_id
            and eligibility.patient_id = assessed.patient_id
            and next_lines.next_line = assessed.line_number
    inner join responses
        on eligibility.rule_set_id = responses.rule_set_id
            and eligibility.patient_id = responses.patient_id
            and next_lines.next_line = responses.line_number
    inner join categories
        on eligibility.rule_set_id = categories.rule_set_id
            and eligibility.patient_id = categories.patient_id
            and next_lines.next_line = categories.line_number
    inner join covariates
        on eligibility.study_id = covariates.study_id
            and eligibility.rule_set_id = covariates.rule_set_id
            and eligibility.patient_id = covariates.patient_id

)

select * from final
