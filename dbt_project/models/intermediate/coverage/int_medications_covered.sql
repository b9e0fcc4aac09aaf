-- The days that one record covers, by rule set (therapy-lines.md, section 2): a recorded stop beats supply, supply beats an open
-- flag, and what says nothing lasts as long as such a drug usually does. Cut at death and at the data cut.

with rule_sets as (

    {{ chosen_rule_sets() }}

),

medications as (

    select * from {{ ref('int_medications_used') }}
    where left_out_because is null and role = 'line_defining'

),

supplies as (

    select * from {{ ref('int_supplies_carried') }}

),

advanced_dates as (

    select * from {{ ref('int_advanced_dates') }}

),

follow_up as (

    select * from {{ ref('int_follow_up') }}

),

stated as (

    select
        medications.*,
        follow_up.end_of_follow_up,
        supplies.days_supply as dispensed_days,
        coalesce(supplies.days_left_over, 0) as days_left_over,
        case
            when medications.end_date is not null then 'recorded_end'
            when medications.days_supply > 0 then 'supply'
            when medications.ongoing then 'ongoing'
            else 'default'
        end as covered_by
    from medications
    inner join follow_up
        on medications.patient_id = follow_up.patient_id
    left join supplies
        on medications.patient_id = supplies.patient_id
            and medications.ingredient = supplies.ingredient
            and medications.start_date = supplies.start_date
            and medications.end_date is null
            and medications.days_supply > 0
            and coalesce(medications.record_type, 'dispense') = 'dispense'
            and coalesce(medications.start_date_precision, 'day') <> 'year'

),

covered as (

    select
        rule_sets.rule_set_id,
        rule_sets.era_gap_days,
        stated.*,
        case stated.covered_by
            when 'recorded_end' then stated.end_date
            when 'supply'
                then
                {{ add_days(
                    'stated.start_date',
                    'coalesce(stated.dispensed_days, stated.days_supply) - 1'
                    ~ ' + least(stated.days_left_over, rule_sets.stockpile_cap_days)'
                ) }}
            when 'ongoing' then greatest(stated.end_of_follow_up, stated.start_date)
            else {{ add_days('stated.start_date', 'stated.default_days - 1') }}
        end as stated_covered_to
    from stated
    cross join rule_sets
    left join advanced_dates
        on rule_sets.rule_set_id = advanced_dates.rule_set_id
            and stated.patient_id = advanced_dates.patient_id
    -- 1 July of a year that may lie before or after the advanced date would invent a line (section 2)
    where stated.start_date_precision <> 'year'
        or advanced_dates.advanced_date is null
        or extract(year from stated.start_date) < extract(year from advanced_dates.advanced_date)

),

final as (

    select
        rule_set_id,
        patient_id,
        medication_id,
        ingredient,
        drug_class,
        modality,
        substitution_group,
        covered_by,
        start_date as covered_from,
        start_date_precision,
        least(stated_covered_to, coalesce(death_date, data_cut), data_cut) as covered_to,
        end_date,
        end_date_precision,
        stop_reason,
        era_gap_days
    from covered

)

select * from final
