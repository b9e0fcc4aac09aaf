-- PFS2 over PFS1 of the same patient, and whether it has come to the study's threshold (endpoints.md, section 5): only where PFS1 is an
-- event. A censored PFS2 can still grow: at or above the threshold it is a success, below it nothing is known yet.

with pfs1 as (

    select * from {{ ref('int_pfs1') }} where pfs1_event = 1 and pfs1_days > 0

),

pfs2 as (

    select * from {{ ref('int_pfs2_measured') }}

),

studies as (

    select * from {{ ref('studies') }}

),

ratios as (

    select
        pfs2.study_id,
        pfs2.rule_set_id,
        pfs2.profile_id,
        pfs2.patient_id,
        pfs2.pfs2_event,
        pfs2.pfs2_days * 1.0 / pfs1.pfs1_days as pfs_ratio
    from pfs2
    inner join pfs1
        on pfs2.study_id = pfs1.study_id
            and pfs2.rule_set_id = pfs1.rule_set_id
            and pfs2.profile_id = pfs1.profile_id
            and pfs2.patient_id = pfs1.patient_id

),

final as (

    select
        ratios.study_id,
        ratios.rule_set_id,
        ratios.profile_id,
        ratios.patient_id,
        ratios.pfs_ratio,
        case
            when ratios.pfs_ratio >= studies.pfs_ratio_threshold then 'success'
            when ratios.pfs2_event = 1 then 'failure'
            else 'indeterminate'
        end as pfs_ratio_outcome
    from ratios
    inner join studies
        on ratios.study_id = studies.study_id

)

select * from final
