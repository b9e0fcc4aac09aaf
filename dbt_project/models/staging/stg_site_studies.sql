with source as (

    select * from {{ source('raw', 'site_studies') }}

),

final as (

    select * from source

)

select * from final
