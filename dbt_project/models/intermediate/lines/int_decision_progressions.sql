-- The progressions behind each step of the walk: those that count for the line before, as far as the decision could see them
-- (therapy-lines.md, section 8).

with walked as (

    select * from {{ ref('int_lines_walked') }}

),

rule_sets as (

    {{ chosen_rule_sets() }}

),

events as (

    select * from {{ ref('int_progression_episodes') }}

),

final as (

    select
        walked.rule_set_id,
        walked.patient_id,
        walked.step_number + 1 as step_number,
        following.decided_on,
        {{ collect_sorted('events.progression_id') }} as progression_ids
    from walked
    inner join walked as following
        on walked.rule_set_id = following.rule_set_id
            and walked.patient_id = following.patient_id
            and walked.step_number + 1 = following.step_number
    inner join rule_sets
        on walked.rule_set_id = rule_sets.rule_set_id
    inner join events
        on walked.rule_set_id = events.rule_set_id
            and walked.patient_id = events.patient_id
            and walked.progressions_from < events.episode_date
            and events.episode_date <= {{ add_days('following.decided_on', 'rule_sets.pd_attribution_days') }}
    group by walked.rule_set_id, walked.patient_id, walked.step_number, following.decided_on

)

select * from final
