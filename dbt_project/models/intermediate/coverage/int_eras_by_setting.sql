-- The setting of each era (therapy-lines.md, section 4): early ones are never numbered, carried-over ones open no line of their own
-- except alone, all others open or extend lines.

with eras as (

    select * from {{ ref('int_drug_eras') }}

),

advanced_dates as (

    select * from {{ ref('int_advanced_dates') }}

),

final as (

    select
        eras.*,
        advanced_dates.advanced_date,
        advanced_dates.tolerated_from,
        case
            when advanced_dates.advanced_date is null or eras.era_end < advanced_dates.tolerated_from then 'early'
            when eras.era_start < advanced_dates.tolerated_from then 'carried_over'
            else 'advanced'
        end as setting
    from eras
    left join advanced_dates
        on eras.rule_set_id = advanced_dates.rule_set_id
            and eras.patient_id = advanced_dates.patient_id

)

select * from final
