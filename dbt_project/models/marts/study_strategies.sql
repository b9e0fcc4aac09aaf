-- One row per study and strategy: the project's own, and those of the site's study files.

with of_project as (

    select * from {{ ref('project_study_strategies') }}

),

of_site as (

    select * from {{ ref('stg_site_study_strategies') }}

),

final as (

    {% for owned in ['of_project', 'of_site'] -%}
    select
        study_id,
        position,
        strategy,
        label,
        has_chemo,
        has_endocrine,
        has_targeted
    from {{ owned }}
    {{ 'union all' if not loop.last }}
    {% endfor %}

)

select * from final
