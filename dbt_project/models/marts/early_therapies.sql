-- Neoadjuvant and adjuvant therapy: eras that end before advanced disease, and carried-over ones that join no line.

with eras as (

    select * from {{ ref('int_eras_by_setting') }}

),

line_eras as (

    select distinct
        rule_set_id,
        patient_id,
        ingredient,
        era_number
    from {{ ref('int_line_eras') }}

),

histories as (

    select * from {{ ref('int_early_histories') }}

),

final as (

    select
        eras.rule_set_id,
        eras.patient_id,
        eras.ingredient,
        eras.drug_class,
        eras.modality,
        eras.setting,
        case
            when eras.era_start < histories.first_surgery then 'neoadjuvant'
            when histories.first_surgery is not null then 'adjuvant'
        end as timing,
        histories.endocrine_sensitivity,
        histories.disease_free_months,
        eras.era_start as start_date,
        eras.era_end as end_date
    from eras
    left join line_eras
        on eras.rule_set_id = line_eras.rule_set_id
            and eras.patient_id = line_eras.patient_id
            and eras.ingredient = line_eras.ingredient
            and eras.era_number = line_eras.era_number
    inner join histories
        on eras.rule_set_id = histories.rule_set_id
            and eras.patient_id = histories.patient_id
    where eras.setting <> 'advanced'
        and line_eras.ingredient is null

)

select * from final
