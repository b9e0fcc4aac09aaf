-- One row per medication record and ingredient (therapy-lines.md, section 1). A known code says more than the text beside it, unless
-- several formulations share it and the text names one of them (L01CD01 with "Abraxane"). A source's own drug class is never read. A
-- record without a known ingredient is one row with none.

with medications as (

    select * from {{ ref('stg_medications') }}

),

codes as (

    select * from {{ ref('drug_codes') }}

),

drugs as (

    select * from {{ ref('drugs') }}

),

texts as (

    select distinct
        matches.drug,
        matches.ingredient,
        matches.matched_by,
        drugs.atc
    from {{ ref('int_drug_texts_matched') }} as matches
    inner join drugs
        on matches.ingredient = drugs.ingredient

),

routes as (

    select * from {{ ref('administration_routes') }}

),

substitution_groups as (

    select * from {{ ref('substitution_groups') }}

),

-- texts that name a drug of this code
named_codes as (

    select distinct
        drug,
        atc
    from texts
    where atc is not null

),

coded as (

    select
        medications.*,
        codes.ingredient as coded_ingredient,
        named_codes.drug is not null as is_named_more_closely
    from medications
    left join codes
        on medications.code_system = codes.code_system
            and upper(medications.drug_code) = codes.code
    left join named_codes
        on medications.drug = named_codes.drug
            and medications.code_system = 'atc'
            and upper(medications.drug_code) = named_codes.atc

),

matched as (

    select
        coded.*,
        texts.ingredient,
        texts.matched_by
    from coded
    left join texts
        on coded.drug = texts.drug
    where coded.coded_ingredient is null or coded.is_named_more_closely

    union all

    select
        coded.*,
        coded.coded_ingredient as ingredient,
        'code' as matched_by
    from coded
    where coded.coded_ingredient is not null and not coded.is_named_more_closely

),

final as (

    select
        matched.*,
        drugs.drug_class,
        drugs.role,
        drugs.modality,
        drugs.default_days,
        -- a record that states its route knows better than the dictionary
        coalesce(routes.is_parenteral, drugs.is_parenteral) as is_parenteral,
        coalesce(substitution_groups.substitution_group, matched.ingredient) as substitution_group
    from matched
    left join drugs
        on matched.ingredient = drugs.ingredient
    left join routes
        on matched.route = routes.route
    left join substitution_groups
        on matched.ingredient = substitution_groups.ingredient

)

select * from final
