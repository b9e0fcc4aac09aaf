-- The dates at which the walk over lines decides, numbered, with the drugs that start there (therapy-lines.md, sections 4 and 5): all
-- starts of one date together, and the advanced date itself where a carried-over drug alone opens line 1.

with eras as (

    select * from {{ ref('int_eras_by_setting') }} where setting in ('advanced', 'carried_over')

),

rule_sets as (

    {{ chosen_rule_sets() }}

),

-- the earliest start, and whether a carried-over era runs on long enough beyond the advanced date
openings as (

    select
        eras.rule_set_id,
        eras.patient_id,
        eras.advanced_date,
        rule_sets.addition_window_days,
        min(case when eras.setting = 'advanced' then eras.era_start end) as first_start,
        max(case when eras.setting = 'carried_over' then eras.era_end end) as carried_over_to
    from eras
    inner join rule_sets
        on eras.rule_set_id = rule_sets.rule_set_id
    group by eras.rule_set_id, eras.patient_id, eras.advanced_date, rule_sets.addition_window_days

),

carried_over_alone as (

    select
        rule_set_id,
        patient_id,
        advanced_date as decided_on
    from openings
    where carried_over_to > {{ add_days('advanced_date', 'addition_window_days') }}
        and (first_start is null or first_start > {{ add_days('advanced_date', 'addition_window_days') }})

),

starting as (

    select
        rule_set_id,
        patient_id,
        era_start as decided_on,
        {{ collect_sorted(drug_struct('eras')) }} as drugs
    from eras
    where setting = 'advanced'
    group by rule_set_id, patient_id, era_start

),

dates as (

    select
        rule_set_id,
        patient_id,
        decided_on,
        drugs,
        false as is_carried_over_alone
    from starting
    union all
    select
        rule_set_id,
        patient_id,
        decided_on,
        {{ no_drugs() }} as drugs,
        true as is_carried_over_alone
    from carried_over_alone

),

final as (

    select
        *,
        row_number() over (partition by rule_set_id, patient_id order by decided_on) as step_number
    from dates

)

select * from final
