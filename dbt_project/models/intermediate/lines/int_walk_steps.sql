-- Everything the walk over lines reads at one step, in one row: the date, its drugs, its progressions and the rule set's parameters
-- (therapy-lines.md, section 5).

with drugs as (

    select * from {{ ref('int_start_dates_with_drugs') }}

),

progressions as (

    select * from {{ ref('int_start_dates_with_progressions') }}

),

rule_sets as (

    {{ chosen_rule_sets() }}

),

final as (

    select
        drugs.*,
        progressions.last_pd_by_date,
        progressions.last_pd_attributable,
        progressions.last_unspent_pd_by_date,
        progressions.last_unspent_pd_attributable,
        progressions.pds_ahead,
        rule_sets.regimen_window_days,
        rule_sets.addition_window_days,
        rule_sets.line_gap_days,
        rule_sets.gap_advances,
        rule_sets.substitution_allowed,
        rule_sets.maintenance_window_days,
        rule_sets.pd_attribution_days,
        least(rule_sets.pd_episode_days, rule_sets.pd_attribution_days) as pd_rewritten_days
    from drugs
    inner join progressions
        on drugs.rule_set_id = progressions.rule_set_id
            and drugs.patient_id = progressions.patient_id
            and drugs.step_number = progressions.step_number
    inner join rule_sets
        on drugs.rule_set_id = rule_sets.rule_set_id

)

select * from final
