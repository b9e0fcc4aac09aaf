-- One row per study, rule set, profile and patient left after the step `index_line`: the population of PFS1 and PFS2 (EMA).

with eligibility as (

    select eligibility.*
    from {{ ref('int_eligibility') }} as eligibility
    inner join {{ ref('int_study_steps') }} as steps
        on eligibility.study_id = steps.study_id
            and steps.step = 'index_line'
    where eligibility.failed_step is null or eligibility.failed_step_number > steps.step_number

),

pfs2_ema as (

    select * from {{ ref('int_pfs2_ema') }}

),

final as (

    select
        pfs2_ema.study_id,
        pfs2_ema.rule_set_id,
        pfs2_ema.profile_id,
        pfs2_ema.patient_id,
        pfs2_ema.index_line,
        pfs2_ema.index_date,
        pfs2_ema.pfs1_days,
        pfs2_ema.pfs1_event,
        pfs2_ema.pfs1_censor_reason,
        pfs2_ema.pfs1_entry_days,
        pfs2_ema.next_line_start,
        pfs2_ema.pfs2_ema_days,
        pfs2_ema.pfs2_ema_event
    from pfs2_ema
    inner join eligibility
        on pfs2_ema.study_id = eligibility.study_id
            and pfs2_ema.rule_set_id = eligibility.rule_set_id
            and pfs2_ema.profile_id = eligibility.profile_id
            and pfs2_ema.patient_id = eligibility.patient_id

)

select * from final
