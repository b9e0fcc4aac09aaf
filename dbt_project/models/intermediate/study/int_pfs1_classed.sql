-- PFS1 as a covariate: in months, and in the study's three classes, named by their bounds (endpoints.md, section 5).

with pfs1 as (

    select * from {{ ref('int_pfs1') }}

),

studies as (

    select * from {{ ref('studies') }}

),

measured as (

    select
        pfs1.study_id,
        pfs1.rule_set_id,
        pfs1.profile_id,
        pfs1.patient_id,
        studies.pfs1_short_months,
        studies.pfs1_long_months,
        {{ months_from_days('pfs1.pfs1_days') }} as pfs1_months
    from pfs1
    inner join studies
        on pfs1.study_id = studies.study_id

),

final as (

    select
        study_id,
        rule_set_id,
        profile_id,
        patient_id,
        pfs1_months,
        case
            when pfs1_months < pfs1_short_months then '<' || cast(pfs1_short_months as varchar)
            when pfs1_months <= pfs1_long_months
                then cast(pfs1_short_months as varchar) || '-' || cast(pfs1_long_months as varchar)
            else '>' || cast(pfs1_long_months as varchar)
        end as pfs1_class
    from measured

)

select * from final
