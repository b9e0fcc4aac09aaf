-- One row per progression episode, with the last day on which a later start still answers it (therapy-lines.md, section 5): an episode
-- is spent after `pd_spent_days` of going on, a drug covered on its day still covered by the same era and nothing begun in between.

with episodes as (

    select distinct
        rule_set_id,
        patient_id,
        episode_number,
        episode_date
    from {{ ref('int_progression_episodes') }}

),

rule_sets as (

    {{ chosen_rule_sets() }}

),

eras as (

    select * from {{ ref('int_drug_eras') }}

),

weighed as (

    select
        episodes.rule_set_id,
        episodes.patient_id,
        episodes.episode_number,
        episodes.episode_date,
        {{ add_days('episodes.episode_date', 'rule_sets.pd_spent_days') }} as spent_after,
        max(case
            when eras.era_start <= episodes.episode_date
                and eras.era_end >= {{ add_days('episodes.episode_date', 'rule_sets.pd_spent_days') }} then 1
            else 0
        end) as went_on,
        max(case when eras.era_start > episodes.episode_date then 1 else 0 end) as something_began
    from episodes
    inner join rule_sets
        on episodes.rule_set_id = rule_sets.rule_set_id
    left join eras
        on episodes.rule_set_id = eras.rule_set_id
            and episodes.patient_id = eras.patient_id
            and eras.era_start <= {{ add_days('episodes.episode_date', 'rule_sets.pd_spent_days') }}
    group by
        episodes.rule_set_id, episodes.patient_id, episodes.episode_number, episodes.episode_date, rule_sets.pd_spent_days

),

final as (

    select
        rule_set_id,
        patient_id,
        episode_number,
        episode_date,
        case when went_on = 1 and something_began = 0 then spent_after end as answers_until
    from weighed

)

select * from final
