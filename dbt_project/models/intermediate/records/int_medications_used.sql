-- Which medication records take part, and why the others do not (therapy-lines.md, section 2). One row per record and ingredient.

with medication_ingredients as (

    select * from {{ ref('int_medication_ingredients') }}

),

patients as (

    select * from {{ ref('int_patients_consolidated') }}

),

-- where a source records, by the data cut, what was given of an ingredient to any patient, its orders of it say nothing more
administered as (

    select distinct
        medication_ingredients.source_number,
        medication_ingredients.ingredient
    from medication_ingredients
    inner join patients
        on medication_ingredients.patient_id = patients.patient_id
    where medication_ingredients.record_type = 'administration'
        and medication_ingredients.ingredient is not null
        and coalesce(medication_ingredients.status, '') not in ('not_taken', 'cancelled', 'entered_in_error')
        and medication_ingredients.start_date <= patients.data_cut

),

final as (

    select
        medication_ingredients.*,
        patients.death_date,
        patients.data_cut,
        case
            when medication_ingredients.status in ('not_taken', 'cancelled', 'entered_in_error')
                then medication_ingredients.status
            when medication_ingredients.record_type = 'order'
                and medication_ingredients.is_parenteral
                and administered.ingredient is not null
                then 'order_of_an_administered_drug'
            when medication_ingredients.start_date > patients.data_cut then 'after_data_cut'
            when medication_ingredients.start_date > patients.death_date then 'after_death'
        end as left_out_because
    from medication_ingredients
    inner join patients
        on medication_ingredients.patient_id = patients.patient_id
    left join administered
        on medication_ingredients.source_number = administered.source_number
            and medication_ingredients.ingredient = administered.ingredient

)

select * from final
