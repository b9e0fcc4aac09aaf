with source as (

    select * from {{ source('raw', 'site_study_strategies') }}

),

final as (

    select * from source

)

select * from final
