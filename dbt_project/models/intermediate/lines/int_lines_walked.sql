-- The walk over lines (therapy-lines.md, section 5): one recursive query, one step per start date, the rules 1 to 7 one column each.
-- State: line_number, S = line_start, R = current_drugs, L = line_drugs, subline_number, F = progressions_from. Nothing but the next
-- step joins the recursive reference, and no aggregate, window or subquery expression touches it, so that Spark runs it too.

{% set newcomers = 'set_aside.newcomers' %}
{% set is_known = 'facts.restarts_count and ' ~ array_has('facts.line_drugs', 'drug') %}
{#- F of a new line: an episode so soon after the start is the old line's, recorded late or written down again -#}
{% set late_days = 'case when decided.has_own_pd then decided.pd_rewritten_days else decided.pd_attribution_days end' %}
{% set is_late_pd = 'pd > greatest(decided.decided_on, decided.progressions_from) and pd <= '
    ~ add_days('decided.decided_on', late_days) %}

with recursive steps as (

    select * from {{ ref('int_walk_steps') }}

),

walk as (

    -- the first start opens line 1; a carried-over drug that is kept joins it
    select
        rule_set_id,
        patient_id,
        step_number,
        decided_on,
        1 as line_number,
        decided_on as line_start,
        0 as subline_number,
        {{ array_join_sets('drugs', 'kept_if_opening') }} as current_drugs,
        {{ array_join_sets('drugs', 'kept_if_opening') }} as line_drugs,
        coalesce(
            {{ array_least(array_keep('pds_ahead', 'pd', 'pd <= ' ~ add_days('decided_on', 'pd_rewritten_days'))) }}, decided_on
        ) as progressions_from,
        true as is_opening,
        case when is_carried_over_alone then 'carried_over_alone' else 'first' end as opened_by,
        'new_line' as rule,
        drugs as started_drugs,
        {{ array_keep('drugs', 'drug', 'false') }} as known_drugs,
        kept_if_opening as kept_drugs,
        cast(null as varchar) as change_reason
    from steps
    where step_number = 1

    union all

    select
        decided.rule_set_id,
        decided.patient_id,
        decided.step_number,
        decided.decided_on,
        case when decided.rule = 'new_line' then decided.line_number + 1 else decided.line_number end as line_number,
        case when decided.rule = 'new_line' then decided.decided_on else decided.line_start end as line_start,
        case
            when decided.rule = 'new_line' then 0
            when decided.rule in ('late_addition', 'substitution', 'maintenance') or decided.comes_back
                then decided.subline_number + 1
            else decided.subline_number
        end as subline_number,
        case
            when decided.rule = 'new_line' then {{ array_join_sets('decided.drugs', 'decided.kept_drugs') }}
            -- who comes back or replaces takes the place of the drugs of its group, an endocrine one of every endocrine drug
            when decided.rule = 'substitution' or decided.comes_back then {{ array_join_sets(
                array_keep('decided.current_drugs', 'old', "not " ~ array_any('decided.drugs', 'fresh',
                    "fresh.substitution_group = old.substitution_group"
                    ~ " or (fresh.modality = 'endocrine' and old.modality = 'endocrine')"
                )),
                'decided.drugs'
            ) }}
            else {{ array_join_sets('decided.current_drugs', 'decided.drugs') }}
        end as current_drugs,
        case
            when decided.rule = 'new_line' then {{ array_join_sets('decided.drugs', 'decided.kept_drugs') }}
            else {{ array_join_sets('decided.line_drugs', 'decided.drugs') }}
        end as line_drugs,
        case
            when decided.rule = 'new_line'
                then coalesce(
                        {{ array_least(array_keep('decided.pds_ahead', 'pd', is_late_pd)) }},
                        greatest(decided.decided_on, decided.progressions_from)
                    )
            else decided.progressions_from
        end as progressions_from,
        decided.rule = 'new_line' as is_opening,
        case
            when decided.rule <> 'new_line' then decided.opened_by
            when decided.has_any_pd then 'progression'
            when decided.has_gap then 'gap'
            when {{ array_any('decided.drugs', 'drug', "drug.modality = 'chemo'") }}
                and not {{ array_any('decided.line_drugs', 'drug', "drug.modality = 'chemo'") }} then 'escalation'
            else 'switch'
        end as opened_by,
        decided.rule,
        decided.drugs as started_drugs,
        decided.known_drugs,
        case
            when decided.rule = 'new_line' then decided.kept_drugs
            else {{ array_keep('decided.kept_drugs', 'drug', 'false') }}
        end as kept_drugs,
        case
            when decided.rule in ('late_addition', 'substitution', 'maintenance') then decided.rule
            when decided.rule <> 'new_line' and decided.comes_back then 'known_drug'
        end as change_reason
    from (

        select
            ruled.*,
            -- the first rule that fits; rule 2 alone where nothing else is left
            case
                when ruled.in_window then 'window'
                when ruled.nothing_left then 'known_drug'
                when ruled.is_addition then 'addition'
                when ruled.is_late_addition then 'late_addition'
                when ruled.is_substitution then 'substitution'
                when ruled.is_maintenance then 'maintenance'
                else 'new_line'
            end as rule
        from (

            select
                set_aside.*,
                {{ array_size(newcomers) }} = 0 as nothing_left,

                -- rule 2, its effect: a known drug that had left R comes back
                {{ array_any('set_aside.known_drugs', 'drug', 'not ' ~ array_has('set_aside.current_drugs', 'drug')) }} as comes_back,

                -- rule 3: the targeted partner of endocrine therapy, or the reverse, within the addition window
                set_aside.may_extend
                and set_aside.decided_on <= {{ add_days('set_aside.line_start', 'set_aside.addition_window_days') }}
                and {{ array_all(newcomers, 'drug', "(drug.modality = 'targeted' and set_aside.lacks_targeted)"
                    ~ " or (drug.modality = 'endocrine' and set_aside.lacks_endocrine)") }} as is_addition,

                -- rule 4: the same later, where the targeted drug is a CDK4/6 inhibitor
                set_aside.may_extend
                and set_aside.decided_on > {{ add_days('set_aside.line_start', 'set_aside.addition_window_days') }}
                and {{ array_all(newcomers, 'drug', "(drug.drug_class = 'cdk46_inhibitor' and set_aside.lacks_targeted)"
                    ~ " or (drug.modality = 'endocrine' and set_aside.lacks_endocrine and set_aside.only_cdk46_targeted)") }}
                    as is_late_addition,

                -- rule 5: every drug left shares a group with a drug of R, or is endocrine for endocrine beside a partner that
                -- stays; a combination must keep one of its drugs
                set_aside.may_extend
                and set_aside.substitution_allowed
                and ({{ array_size('set_aside.current_drugs') }} < 2 or {{ array_any('set_aside.current_drugs', 'old',
                    array_has('set_aside.kept_if_opening', 'old') ~ ' or ' ~ array_has('set_aside.known_drugs', 'old')) }})
                and {{ array_all(newcomers, 'fresh', array_any('set_aside.current_drugs', 'old',
                    'old.substitution_group = fresh.substitution_group')
                    ~ " or (fresh.modality = 'endocrine' and set_aside.has_endocrine and set_aside.has_lasting_partner)") }}
                    as is_substitution,

                -- rule 6: endocrine therapy, with or without a CDK4/6 inhibitor, soon after the chemotherapy in R
                set_aside.may_extend
                and set_aside.has_chemo
                and not set_aside.has_endocrine
                and {{ array_any(newcomers, 'drug', "drug.modality = 'endocrine'") }}
                and {{ array_all(newcomers, 'drug', "drug.modality = 'endocrine' or drug.drug_class = 'cdk46_inhibitor'") }}
                and set_aside.decided_on
                <= {{ add_days('set_aside.chemo_covered_to', 'set_aside.maintenance_window_days') }} as is_maintenance
            from (

                select
                    facts.*,
                    -- rule 2: drugs of the line restarted, unless a progression is on record or a gap advances the line
                    {{ array_keep('facts.drugs', 'drug', is_known) }} as known_drugs,
                    {{ array_keep('facts.drugs', 'drug', 'not (' ~ is_known ~ ')') }} as newcomers,
                    not facts.has_pd and not facts.has_gap as may_extend,
                    {{ array_any('facts.current_drugs', 'drug', "drug.modality = 'endocrine'") }} as has_endocrine,
                    {{ array_any('facts.current_drugs', 'drug', "drug.modality = 'chemo'") }} as has_chemo,
                    {{ array_any('facts.current_drugs', 'drug', "drug.modality = 'endocrine'") }}
                    and not {{ array_any('facts.current_drugs', 'drug', "drug.modality = 'targeted'") }} as lacks_targeted,
                    {{ array_any('facts.current_drugs', 'drug', "drug.modality = 'targeted'") }}
                    and not {{ array_any('facts.current_drugs', 'drug', "drug.modality = 'endocrine'") }} as lacks_endocrine,
                    {{ array_all('facts.current_drugs', 'drug',
                        "drug.modality <> 'targeted' or drug.drug_class = 'cdk46_inhibitor'") }} as only_cdk46_targeted,
                    {{ array_any('facts.current_drugs', 'drug', "drug.modality <> 'endocrine' and ("
                        ~ array_has('facts.going_on', 'drug')
                        ~ ' or (facts.restarts_count and ' ~ array_has('facts.drugs', 'drug') ~ '))') }} as has_lasting_partner
                from (

                    select
                        steps.*,
                        walk.line_number,
                        walk.line_start,
                        walk.subline_number,
                        walk.current_drugs,
                        walk.line_drugs,
                        walk.progressions_from,
                        walk.opened_by,
                        {{ array_keep('walk.current_drugs', 'drug', array_has('steps.kept_if_opening', 'drug')) }} as kept_drugs,
                        -- rule 1: everything that starts within the regimen window belongs to the regimen
                        steps.decided_on <= {{ add_days('walk.line_start', 'steps.regimen_window_days') }} as in_window,
                        -- P for rules 3 to 6, P for the reason of opening, and P0 of the old line (spent episodes included)
                        coalesce(steps.last_unspent_pd_attributable > walk.progressions_from, false) as has_pd,
                        coalesce(steps.last_pd_attributable > walk.progressions_from, false) as has_any_pd,
                        coalesce(steps.last_pd_by_date > walk.progressions_from, false) as has_own_pd,
                        {{ days_between(
                            array_greatest(array_map(
                                array_keep('steps.last_days', 'drug', array_any('walk.line_drugs', 'known',
                                    'known.ingredient = drug.ingredient')), 'drug', 'drug.last_day')),
                            'steps.decided_on') }} - 1 > steps.line_gap_days as has_gap,
                        {{ array_greatest(array_map(
                            array_keep('steps.last_days', 'drug', "drug.modality = 'chemo' and " ~ array_any('walk.current_drugs',
                                'known', 'known.ingredient = drug.ingredient')), 'drug', 'drug.last_day')) }} as chemo_covered_to,
                        steps.decided_on > {{ add_days('walk.line_start', 'steps.regimen_window_days') }}
                        and not coalesce(steps.last_unspent_pd_by_date > walk.progressions_from, false)
                        and not (has_gap and steps.gap_advances) as restarts_count
                    from walk
                    inner join steps
                        on walk.rule_set_id = steps.rule_set_id
                            and walk.patient_id = steps.patient_id
                            and walk.step_number + 1 = steps.step_number

                ) as facts

            ) as set_aside

        ) as ruled

    ) as decided

),

final as (

    select * from walk

)

select * from final
