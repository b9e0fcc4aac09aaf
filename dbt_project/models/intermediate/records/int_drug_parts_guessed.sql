-- Near spellings of one-word parts that nothing else reads, above the stated similarity and marked for review. A part nearest to two
-- ingredients alike is left unmatched: nothing is guessed (therapy-lines.md, section 1).

with keys as (

    select * from {{ ref('int_drug_texts_split') }} where part_number > 0 and {{ array_size('named_words') }} = 1

),

readings as (

    select * from {{ ref('int_drug_parts_read') }}

),

names as (

    select * from {{ ref('drug_synonyms') }} where kind not in ('abbreviation', 'combination', 'masked') and synonym not like '% %'

),

matching as (

    select * from {{ ref('drug_matching') }}

),

unread as (

    select
        keys.drug,
        keys.part_number,
        {{ element_at('keys.named_words', 1) }} as word
    from keys
    left join readings
        on keys.drug = readings.drug
            and (keys.part_number = readings.part_number or readings.part_number = 0)
    where readings.drug is null

),

neighbours as (

    select
        unread.drug,
        unread.part_number,
        names.ingredient,
        max({{ text_similarity('unread.word', 'names.synonym') }}) as similarity
    from unread
    cross join matching
    inner join names
        on length(unread.word) >= matching.fuzzy_min_length
            and {{ text_similarity('unread.word', 'names.synonym') }} >= matching.fuzzy_min_similarity
    group by unread.drug, unread.part_number, names.ingredient

),

nearest as (

    select
        *,
        rank() over (partition by drug, part_number order by similarity desc) as place
    from neighbours

),

final as (

    select
        drug,
        part_number,
        max(ingredient) as ingredient
    from nearest
    where place = 1
    group by drug, part_number
    having count(*) = 1

)

select * from final
