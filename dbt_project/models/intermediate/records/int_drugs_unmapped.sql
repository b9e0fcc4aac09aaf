-- Drug texts that the dictionary does not know, wholly or in part, with the nearest names they might mean. What is unknown takes no part
-- in the rules, and none of it is lost (therapy-lines.md, section 1).

with texts as (

    select * from {{ ref('int_drug_texts_matched') }} where ingredient is null

),

medications as (

    select * from {{ ref('int_medication_ingredients') }} where matched_by is null or matched_by <> 'code'

),

synonyms as (

    select * from {{ ref('drug_synonyms') }}

),

matching as (

    select * from {{ ref('drug_matching') }}

),

unknown_texts as (

    select distinct drug from texts

),

unmatched as (

    select
        medications.drug,
        count(distinct medications.medication_id) as records,
        count(distinct medications.patient_id) as patients
    from medications
    left join unknown_texts as texts
        on medications.drug = texts.drug
    where texts.drug is not null or medications.ingredient is null
    group by medications.drug

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
    group by unmatched.drug, synonyms.ingredient

),

ranked as (

    select
        *,
        row_number() over (partition by drug order by similarity desc, ingredient asc) as place
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
