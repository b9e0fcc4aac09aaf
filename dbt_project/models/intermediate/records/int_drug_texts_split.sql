-- Every distinct drug text as keys to look up, whole (part 0) and split at its separators, by the contract of the seed drug_synonyms:
-- lower case, no accents, doses and noise words out. Brands and acronyms of combinations are looked up whole before their parts are
-- (therapy-lines.md, section 1).

with texts as (

    select distinct drug from {{ ref('stg_medications') }} where drug is not null

),

noise as (

    select {{ collect_sorted('word') }} as words from {{ ref('drug_noise_words') }}

),

plain as (

    select
        drug,
        {{ replace_patterns(without_accents('lower(drug)'), [
            ("\\b([a-z])\\. ?([a-z])\\b\\.?", "\\1\\2"),
            ("[0-9]+[.,][0-9]+", " "),
            ("([0-9])([a-z])", "\\1 \\2"),
            ("\\b[0-9]+ ?(g|h|l|u)\\b", " "),
            ("\\s*/\\s*placebo", " placebo"),
        ]) }} as plain_text
    from texts

),

parts as (

    select
        drug,
        {{ split_pattern('plain_text', "[+/;,&|>→]| (?:and|e|y|et|und|with|con|avec|mit|plus) ") }} as parts
    from plain

),

numbered as (

    select
        drug,
        parts,
        {{ explode(places('parts')) }} as part_number
    from parts

),

pieces as (

    select
        drug,
        0 as part_number,
        plain_text as piece
    from plain
    union all
    select
        drug,
        part_number,
        {{ element_at('parts', 'part_number') }} as piece
    from numbered

),

keyed as (

    select
        pieces.drug,
        pieces.part_number,
        {{ array_keep(
            split_pattern(replace_pattern('pieces.piece', '[^a-z0-9]+', ' '), ' '), 'word',
            "word <> '' and not " ~ array_has('noise.words', 'word')
        ) }} as words
    from pieces
    cross join noise

),

final as (

    select
        drug,
        part_number,
        {{ array_text('words', ' ') }} as part_key,
        {{ array_keep('words', 'word', "not " ~ matches_pattern('word', '^[0-9]+$')) }} as named_words,
        {{ matches_pattern(
            array_text('words', ' '),
            "\\b(placebo|blinded|double blind|doppio cieco|doble ciego|double aveugle|doppelblind|verblindet)\\b"
        ) }} as is_masked
    from keyed
    where {{ array_size('words') }} > 0

)

select * from final
