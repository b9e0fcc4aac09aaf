-- Drug text to ingredients, one row an ingredient, with how it was found. Order: whole text, part, then the nearest spelling above
-- the stated similarity (marked for review). A part nearest to two ingredients alike is left unmatched: nothing is guessed.

with texts as (

    select * from {{ ref('int_drug_texts_split') }}

),

synonyms as (

    select * from {{ ref('drug_synonyms') }}

),

matching as (

    select * from {{ ref('drug_matching') }}

),

whole as (

    select distinct
        texts.drug,
        synonyms.ingredient,
        'text' as matched_by
    from texts
    inner join synonyms
        on texts.whole_key = synonyms.synonym

),

parts as (

    select
        texts.drug,
        texts.part_key,
        synonyms.ingredient
    from texts
    left join synonyms
        on texts.part_key = synonyms.synonym
    where texts.drug not in (select whole.drug from whole)

),

neighbours as (

    select
        parts.drug,
        parts.part_key,
        synonyms.ingredient,
        max({{ text_similarity('parts.part_key', 'synonyms.synonym') }}) as similarity
    from parts
    cross join matching
    inner join synonyms
        on length(synonyms.synonym) >= matching.fuzzy_min_length
            and length(parts.part_key) >= matching.fuzzy_min_length
            and {{ text_similarity('parts.part_key', 'synonyms.synonym') }} >= matching.fuzzy_min_similarity
    where parts.ingredient is null and synonyms.kind not in ('abbreviation', 'combination')
    group by parts.drug, parts.part_key, synonyms.ingredient

),

nearest as (

    select
        *,
        rank() over (partition by drug, part_key order by similarity desc) as nearness
    from neighbours

),

fuzzy as (

    select
        drug,
        max(ingredient) as ingredient,
        'fuzzy' as matched_by
    from nearest
    where nearness = 1
    group by drug, part_key
    having count(*) = 1

),

final as (

    select * from whole
    union distinct
    select distinct drug, ingredient, 'text' as matched_by from parts where ingredient is not null
    union distinct
    select * from fuzzy

)

select * from final
