with source as (

    select * from {{ source('raw', 'site_study_strategies') }}

),

final as (

    select
        study_id,
        position,
        strategy,
        label,
        has_chemo,
        has_endocrine,
        has_targeted
    from source

)

select * from final
