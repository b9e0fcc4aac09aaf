with source as (

    select * from {{ source('raw', 'site_study_covariates') }}

),

final as (

    select
        study_id,
        position,
        covariate,
        label,
        transformation
    from source

)

select * from final
