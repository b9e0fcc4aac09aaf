-- One row per study and patient, under the primary rule set and profile: what the report shows.

{{ config(materialized='view') }}

with study_patients as (

    select * from {{ ref('study_patients_all') }}

),

final as (

    select *
    from study_patients
    where rule_set_id = 'primary' and profile_id = 'primary'

)

select * from final
