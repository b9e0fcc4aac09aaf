-- One row per study and covariate: the project's own, and those of the site's study files.

with of_project as (

    select * from {{ ref('project_study_covariates') }}

),

of_site as (

    select * from {{ ref('stg_site_study_covariates') }}

),

final as (

    {% for owned in ['of_project', 'of_site'] -%}
    select
        study_id,
        position,
        covariate,
        label,
        transformation
    from {{ owned }}
    {{ 'union all' if not loop.last }}
    {% endfor %}

)

select * from final
