-- The patient's progression episodes as the walk needs them on each date it decides (therapy-lines.md, section 5). The state only adds
-- F, so that "an episode with F < x <= bound" is "the last episode up to the bound is later than F".

with start_dates as (

    select * from {{ ref('int_start_dates') }}

),

rule_sets as (

    {{ chosen_rule_sets() }}

),

episodes as (

    select * from {{ ref('int_episodes_spent') }}

),

final as (

    select
        start_dates.rule_set_id,
        start_dates.patient_id,
        start_dates.step_number,
        max(case when episodes.episode_date <= start_dates.decided_on then episodes.episode_date end) as last_pd_by_date,
        max(episodes.episode_date) as last_pd_attributable,
        max(case
            when episodes.episode_date <= start_dates.decided_on
                and (episodes.answers_until is null or start_dates.decided_on <= episodes.answers_until)
                then episodes.episode_date
        end) as last_unspent_pd_by_date,
        max(case
            when episodes.answers_until is null or start_dates.decided_on <= episodes.answers_until then episodes.episode_date
        end) as last_unspent_pd_attributable,
        {{ collect_sorted('episodes.episode_date', 'episodes.episode_date > start_dates.decided_on') }} as pds_ahead
    from start_dates
    inner join rule_sets
        on start_dates.rule_set_id = rule_sets.rule_set_id
    left join episodes
        on start_dates.rule_set_id = episodes.rule_set_id
            and start_dates.patient_id = episodes.patient_id
            and episodes.episode_date <= {{ add_days('start_dates.decided_on', 'rule_sets.pd_attribution_days') }}
    group by start_dates.rule_set_id, start_dates.patient_id, start_dates.step_number

)

select * from final
