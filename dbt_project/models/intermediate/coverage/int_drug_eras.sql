-- Drug eras: one row per rule set, patient, ingredient and era. From here on a drug is covered on every day of its era, bridged
-- holidays included. `ran_out`: nobody recorded a stop on the era's last day, the supply just ended (section 6).

with medications as (

    select
        *,
        max(covered_to) over (partition by rule_set_id, patient_id, ingredient, era_number) as era_end
    from {{ ref('int_medications_in_eras') }}

),

final as (

    select
        rule_set_id,
        patient_id,
        ingredient,
        era_number,
        min(drug_class) as drug_class,
        min(modality) as modality,
        min(substitution_group) as substitution_group,
        min(covered_from) as era_start,
        max(era_end) as era_end,
        sum(case when covered_to = era_end and covered_by in ('recorded_end', 'ongoing') then 1 else 0 end) = 0 as ran_out
    from medications
    group by rule_set_id, patient_id, ingredient, era_number

)

select * from final
