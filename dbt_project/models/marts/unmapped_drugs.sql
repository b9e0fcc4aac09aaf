-- Drug texts that the dictionary does not know, to be added or left. Free text may hold what it should not: a text is shown only when
-- several patients share it, the rest is counted as one row (quality.md, section 5).

with unmapped as (

    select * from {{ ref('int_drugs_unmapped') }}

),

matching as (

    select * from {{ ref('drug_matching') }}

),

settings as (

    select * from {{ source('raw', 'settings') }}

),

shown as (

    select
        unmapped.*,
        unmapped.patients >= matching.min_patients_shown or settings.pseudonyms = 'none' as is_shown
    from unmapped
    cross join matching
    cross join settings

),

final as (

    select
        drug,
        cast(records as integer) as records,
        cast(patients as integer) as patients,
        candidates
    from shown
    where is_shown

    union all

    select
        '(texts of too few patients to be shown)' as drug,
        cast(sum(records) as integer) as records,
        cast(sum(patients) as integer) as patients,
        {{ empty_array('varchar') }} as candidates
    from shown
    where not is_shown
    having count(*) > 0

)

select * from final
