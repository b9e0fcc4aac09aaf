-- PFS2 as in the source study: PFS of the next line, in days from its start, and how often she was assessed as long as it ran
-- (endpoints.md, section 5).

with next_lines as (

    select * from {{ ref('int_next_lines') }}

),

pfs as (

    select * from {{ ref('int_endpoints_dated') }} where endpoint = 'pfs'

),

assessed as (

    select * from {{ ref('int_lines_assessed') }}

),

final as (

    select
        next_lines.study_id,
        next_lines.rule_set_id,
        pfs.profile_id,
        next_lines.patient_id,
        {{ days_between('pfs.start_date', 'pfs.end_date') }} as pfs2_days,
        pfs.event as pfs2_event,
        pfs.event_type as pfs2_event_type,
        pfs.censor_reason as pfs2_censor_reason,
        pfs.entry_days as pfs2_entry_days,
        coalesce({{ days_between('assessed.start_date', 'assessed.last_clear_date') }}, 0) as pfs2_clear_days,
        assessed.scans as pfs2_scans,
        {{ days_between('assessed.start_date', 'assessed.last_scan_date') }} * 1.0 / nullif(assessed.scans, 0) as scan_interval_days
    from next_lines
    inner join pfs
        on next_lines.rule_set_id = pfs.rule_set_id
            and next_lines.patient_id = pfs.patient_id
            and next_lines.next_line = pfs.line_number
    inner join assessed
        on pfs.rule_set_id = assessed.rule_set_id
            and pfs.profile_id = assessed.profile_id
            and pfs.patient_id = assessed.patient_id
            and pfs.line_number = assessed.line_number

)

select * from final
