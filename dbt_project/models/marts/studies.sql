-- One row per study: the project's own, and those of the site's study files.

with of_project as (

    select * from {{ ref('project_studies') }}

),

of_site as (

    select * from {{ ref('stg_site_studies') }}

),

final as (

    {% for owned in ['of_project', 'of_site'] -%}
    select
        study_id,
        title,
        index_ingredient,
        index_drug_class,
        index_label,
        index_partner_modality,
        required_sex,
        requires_hr_positive,
        requires_her2_negative,
        minimum_age_years,
        required_menopausal_status,
        excludes_other_cancer,
        other_cancer_years,
        receptor_positive_percent,
        her2_pairing_days,
        measure_days_before,
        measure_days_after,
        de_novo_days,
        adjuvant_primary_resistance_days,
        adjuvant_secondary_resistance_days,
        advanced_primary_resistance_days,
        pfs1_short_months,
        pfs1_long_months,
        pfs_ratio_threshold
    from {{ owned }}
    {{ 'union all' if not loop.last }}
    {% endfor %}

)

select * from final
