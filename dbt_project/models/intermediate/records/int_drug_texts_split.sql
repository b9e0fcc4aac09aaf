-- Every distinct drug text, normalised as the seeds' contract says (lower case, no accents, no doses, no noise words), whole and
-- split at its separators: brands and acronyms of combinations are looked up whole before their parts are.

with medications as (

    select distinct drug from {{ ref('stg_medications') }} where drug is not null

),

noise_words as (

    select {{ collect_sorted('word') }} as words from {{ ref('drug_noise_words') }}

),

plain as (

    select
        drug,
        {{ replace_pattern(without_accents('lower(drug)'), "[()\\[\\]®™*\"]", ' ') }} as plain_text
    from medications

),

undosed as (

    select
        drug,
        {{ replace_pattern(
            'plain_text',
            "[0-9]+([.,][0-9]+)?\\s*(mg/m2|mg/mq|mg/kg|mg/ml|mcg|mg|gr|g|ml|ui|iu|auc|%)(\\s|$|[/+;,])",
            ' \\\\3'
        ) }} as drug_text
    from plain

),

parts as (

    select
        drug,
        drug_text,
        {{ explode(split_pattern('drug_text', "\\s*[+/;,&|]\\s*|\\s+(?:and|e|y|et|und|con|with|plus)\\s+")) }} as part
    from undosed

),

final as (

    select distinct
        parts.drug,
        {{ drug_key('parts.drug_text', 'noise_words.words') }} as whole_key,
        {{ drug_key('parts.part', 'noise_words.words') }} as part_key
    from parts
    cross join noise_words

)

select * from final
