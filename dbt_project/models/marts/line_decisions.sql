-- The walk, decision by decision: which rule took which drug on which date, and the records behind it.

with decisions as (

    select * from {{ ref('int_line_decisions') }}

),

eras as (

    select * from {{ ref('int_drug_eras') }}

),

medications as (

    select * from {{ ref('int_medications_in_eras') }}

),

walked as (

    select * from {{ ref('int_lines_walked') }}

),

rule_sets as (

    {{ chosen_rule_sets() }}

),

events as (

    select * from {{ ref('int_progression_episodes') }}

),

-- the records of the drug's era on that date
records as (

    select
        decisions.rule_set_id,
        decisions.patient_id,
        decisions.decision_date,
        decisions.ingredient,
        {{ collect_sorted('medications.medication_id') }} as medication_ids
    from decisions
    inner join eras
        on decisions.rule_set_id = eras.rule_set_id
            and decisions.patient_id = eras.patient_id
            and decisions.ingredient = eras.ingredient
            and decisions.decision_date between eras.era_start and eras.era_end
    inner join medications
        on eras.rule_set_id = medications.rule_set_id
            and eras.patient_id = medications.patient_id
            and eras.ingredient = medications.ingredient
            and eras.era_number = medications.era_number
    group by decisions.rule_set_id, decisions.patient_id, decisions.decision_date, decisions.ingredient

),

-- the progressions that count for the line before, as far as the decision could see them
progressions as (

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

),

final as (

    select
        decisions.rule_set_id,
        decisions.patient_id,
        decisions.ingredient,
        decisions.rule,
        decisions.line_before,
        decisions.line_after,
        decisions.subline_after,
        decisions.decision_date,
        records.medication_ids,
        coalesce(progressions.progression_ids, {{ empty_array('varchar') }}) as progression_ids
    from decisions
    inner join records
        on decisions.rule_set_id = records.rule_set_id
            and decisions.patient_id = records.patient_id
            and decisions.decision_date = records.decision_date
            and decisions.ingredient = records.ingredient
    left join progressions
        on decisions.rule_set_id = progressions.rule_set_id
            and decisions.patient_id = progressions.patient_id
            and decisions.step_number = progressions.step_number

)

select * from final
