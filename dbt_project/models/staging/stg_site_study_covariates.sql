with source as (

    select * from {{ source('raw', 'site_study_covariates') }}

),

final as (

    select * from source

)

select * from final
