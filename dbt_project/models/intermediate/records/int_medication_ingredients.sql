-- One row per medication record and ingredient (therapy-lines.md, section 1). A known code says more than the text beside it; a
-- source's own drug class is never read. A record without a known ingredient is one row with none.

with medications as (

    select * from {{ ref('stg_medications') }}

),

codes as (

    select * from {{ ref('drug_codes') }}

),

texts as (

    select * from {{ ref('int_drug_texts_matched') }}

),

drugs as (

    select * from {{ ref('drugs') }}

),

routes as (

    select * from {{ ref('administration_routes') }}

),

substitution_groups as (

    select * from {{ ref('substitution_groups') }}

),

matched as (

    select
        medications.*,
        coalesce(codes.ingredient, texts.ingredient) as ingredient,
        case when codes.ingredient is not null then 'code' else texts.matched_by end as matched_by
    from medications
    left join codes
        on medications.code_system = codes.code_system
            and upper(medications.drug_code) = codes.code
    left join texts
        on medications.drug = texts.drug
            and codes.ingredient is null

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
