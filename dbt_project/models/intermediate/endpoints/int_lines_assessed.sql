-- How each line was assessed as long as its PFS ran, under every profile (endpoints.md, section 4): the last assessment without
-- progression before its end, after F as PFS reads them; and how many dates of evaluable assessments there were from the line's start.

with pfs as (

    select * from {{ ref('int_pfs') }} where clock = 'line_start'

),

assessments as (

    select * from {{ ref('int_profile_assessments') }} where response <> 'NE'

),

final as (

    select
        pfs.rule_set_id,
        pfs.profile_id,
        pfs.patient_id,
        pfs.line_number,
        pfs.start_date,
        max(
            case
                when assessments.is_free_of_progression
                    and pfs.baseline_to < assessments.assessment_date
                    -- a progression lies after the last clear assessment; a death or a censoring may fall on its day
                    and (assessments.assessment_date < pfs.end_date or coalesce(pfs.event_type, 'none') <> 'progression')
                    then assessments.assessment_date
            end
        ) as last_clear_date,
        max(assessments.assessment_date) as last_scan_date,
        cast(count(assessments.assessment_date) as integer) as scans
    from pfs
    left join assessments
        on pfs.profile_id = assessments.profile_id
            and pfs.patient_id = assessments.patient_id
            and pfs.start_date < assessments.assessment_date
            and pfs.end_date >= assessments.assessment_date
    group by pfs.rule_set_id, pfs.profile_id, pfs.patient_id, pfs.line_number, pfs.start_date

)

select * from final
