-- Medication records that name no drug of the dictionary, with the nearest names it might mean. Nothing of them
-- takes part in the rules, and none of them is lost (therapy-lines.md, section 1).

with texts as (

    select * from {{ ref('int_drug_texts_split') }}

),

matched as (

    select * from {{ ref('int_medication_ingredients') }}

),

synonyms as (

    select * from {{ ref('drug_synonyms') }}

),

matching as (

    select * from {{ ref('drug_matching') }}

),

unmatched as (

    select
        drug,
        count(distinct medication_id) as records,
        count(distinct patient_id) as patients
    from matched
    where ingredient is null
    group by drug

),

similarities as (

    select
        unmatched.drug,
        synonyms.ingredient,
        max({{ text_similarity('texts.part_key', 'synonyms.synonym') }}) as similarity
    from unmatched
    inner join texts
        on unmatched.drug = texts.drug
    cross join matching
    inner join synonyms
        on {{ text_similarity('texts.part_key', 'synonyms.synonym') }} >= matching.candidate_min_similarity
    where texts.part_key <> ''
    group by unmatched.drug, synonyms.ingredient

),

ranked as (

    select
        *,
        row_number() over (partition by drug order by similarity desc, ingredient) as place
    from similarities

),

candidates as (

    select
        ranked.drug,
        {{ collect_sorted('ranked.ingredient') }} as candidates
    from ranked
    cross join matching
    where ranked.place <= matching.candidates_listed
    group by ranked.drug

),

final as (

    select
        unmatched.drug,
        unmatched.records,
        unmatched.patients,
        coalesce(candidates.candidates, {{ empty_array('varchar') }}) as candidates
    from unmatched
    left join candidates
        on unmatched.drug = candidates.drug

)

select * from final
