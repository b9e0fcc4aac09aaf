-- What the walk must know of the patient's drugs on each date it decides: which start, which go on over the date, which of these are
-- kept should a line open there, and the last covered day of every drug (therapy-lines.md, section 5).

with start_dates as (

    select * from {{ ref('int_start_dates') }}

),

rule_sets as (

    {{ chosen_rule_sets() }}

),

eras as (

    select * from {{ ref('int_eras_by_setting') }} where setting in ('advanced', 'carried_over')

),

follow_up as (

    select * from {{ ref('int_follow_up') }}

),

horizons as (

    select
        start_dates.*,
        {{ add_days('start_dates.decided_on', 'rule_sets.regimen_window_days') }} as window_end,
        least(
            {{ add_days('start_dates.decided_on', 'rule_sets.regimen_window_days + 1') }}, follow_up.end_of_follow_up
        ) as goes_on_to
    from start_dates
    inner join rule_sets
        on start_dates.rule_set_id = rule_sets.rule_set_id
    inner join follow_up
        on start_dates.patient_id = follow_up.patient_id

),

drugs as (

    select
        horizons.rule_set_id,
        horizons.patient_id,
        horizons.step_number,
        horizons.decided_on,
        {{ collect_sorted(
            drug_struct('eras'),
            'eras.era_start < horizons.decided_on and eras.era_end >= greatest(horizons.decided_on, horizons.goes_on_to)'
        ) }} as going_on,
        {{ collect_sorted(
            drug_struct('eras'),
            "eras.setting = 'advanced' and eras.era_start between horizons.decided_on and horizons.window_end"
        ) }} as starting_in_window,
        {{ collect_sorted(
            struct_of({
                'ingredient': 'eras.ingredient', 'modality': 'eras.modality', 'last_day': 'eras.era_end',
            }),
            'eras.era_start < horizons.decided_on'
        ) }} as last_days
    from horizons
    left join eras
        on horizons.rule_set_id = eras.rule_set_id
            and horizons.patient_id = eras.patient_id
            and eras.era_start <= horizons.window_end
    group by horizons.rule_set_id, horizons.patient_id, horizons.step_number, horizons.decided_on

),

final as (

    select
        drugs.*,
        start_dates.drugs,
        start_dates.is_carried_over_alone,
        -- a drug that goes on is replaced, whatever its supply says, by one of its group, endocrine by endocrine, and
        -- endocrine or targeted by chemotherapy
        {{ array_keep('drugs.going_on', 'drug', "not " ~ array_any('drugs.starting_in_window', 'fresh',
            "fresh.substitution_group = drug.substitution_group"
            ~ " or (fresh.modality = 'endocrine' and drug.modality = 'endocrine')"
            ~ " or (fresh.modality = 'chemo' and drug.modality in ('endocrine', 'targeted'))"
        )) }} as kept_if_opening
    from drugs
    inner join start_dates
        on drugs.rule_set_id = start_dates.rule_set_id
            and drugs.patient_id = start_dates.patient_id
            and drugs.step_number = start_dates.step_number

)

select * from final
