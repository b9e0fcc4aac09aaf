-- What each key of a drug text reads as, by the first way that answers: a masked drug is the investigational agent and nothing else; the
-- key; the key without its numbers; word by word, where every word is a full name ("letrozole (femara)"; therapy-lines.md, section 1).

with keys as (

    select
        *,
        {{ array_text('named_words', ' ') }} as unnumbered_key
    from {{ ref('int_drug_texts_split') }}

),

synonyms as (

    select * from {{ ref('drug_synonyms') }}

),

words as (

    select distinct
        keys.drug,
        keys.part_number,
        {{ explode('keys.named_words') }} as word
    from keys
    where keys.part_number > 0

),

named as (

    select
        words.drug,
        words.part_number,
        words.word,
        synonyms.ingredient,
        -- distinct words of the part, and how many of them are names
        count(*) over (partition by words.drug, words.part_number) as words_needed,
        count(synonyms.ingredient) over (partition by words.drug, words.part_number) as words_known
    from words
    left join synonyms
        on words.word = synonyms.synonym
            and synonyms.kind not in ('abbreviation', 'combination', 'masked')

),

readings as (

    select
        drug,
        part_number,
        0 as way,
        'investigational agent' as ingredient
    from keys
    where is_masked and part_number > 0
    union all
    select
        keys.drug,
        keys.part_number,
        1 as way,
        synonyms.ingredient
    from keys
    inner join synonyms on keys.part_key = synonyms.synonym
    where not (keys.is_masked and keys.part_number = 0)
    union all
    select
        keys.drug,
        keys.part_number,
        2 as way,
        synonyms.ingredient
    from keys
    inner join synonyms on keys.unnumbered_key = synonyms.synonym
    where not (keys.is_masked and keys.part_number = 0)
    union all
    select
        drug,
        part_number,
        3 as way,
        ingredient
    from named
    where words_known = words_needed

),

ranked as (

    select
        *,
        rank() over (partition by drug, part_number order by way) as place
    from readings

),

final as (

    select distinct
        drug,
        part_number,
        ingredient
    from ranked
    where place = 1

)

select * from final
