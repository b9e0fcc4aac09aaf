-- Drug text to ingredients, one row an ingredient, with how it was found. A text that reads as a whole is not read in parts. A part that
-- nothing reads is a row without an ingredient: it is listed for the dictionary, never dropped (therapy-lines.md, section 1).

with keys as (

    select * from {{ ref('int_drug_texts_split') }}

),

readings as (

    select * from {{ ref('int_drug_parts_read') }}

),

guesses as (

    select * from {{ ref('int_drug_parts_guessed') }}

),

wholes as (

    select
        drug,
        ingredient
    from readings
    where part_number = 0

),

parts as (

    select
        keys.drug,
        keys.part_key,
        coalesce(readings.ingredient, guesses.ingredient) as ingredient,
        case
            when readings.ingredient is not null then 'text'
            when guesses.ingredient is not null then 'fuzzy'
        end as matched_by
    from keys
    left join wholes
        on keys.drug = wholes.drug
    left join readings
        on keys.drug = readings.drug
            and keys.part_number = readings.part_number
    left join guesses
        on keys.drug = guesses.drug
            and keys.part_number = guesses.part_number
    where wholes.drug is null
        and keys.part_number > 0
        and {{ array_size('keys.named_words') }} > 0

),

final as (

    select
        drug,
        cast(null as varchar) as part_key,
        ingredient,
        'text' as matched_by
    from wholes
    union all
    select distinct
        drug,
        case when ingredient is null then part_key end as part_key,
        ingredient,
        matched_by
    from parts

)

select * from final
