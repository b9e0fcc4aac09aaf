-- A study's index is one drug or one class, never both and never neither (endpoints.md, section 5).

with studies as (

    select * from {{ ref('studies') }}

),

final as (

    select study_id
    from studies
    where (index_ingredient is null) = (index_drug_class is null)

)

select * from final
