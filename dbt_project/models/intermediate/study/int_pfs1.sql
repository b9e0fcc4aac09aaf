-- PFS1: PFS of the index line on the clock of the index date, under every profile (endpoints.md, section 5).

with index_lines as (

    select * from {{ ref('int_index_lines') }}

),

pfs as (

    select * from {{ ref('int_pfs') }}

),

patients as (

    select * from {{ ref('int_patients_consolidated') }}

),

final as (

    select
        index_lines.study_id,
        index_lines.rule_set_id,
        pfs.profile_id,
        index_lines.patient_id,
        index_lines.index_line,
        index_lines.index_date,
        index_lines.partner,
        pfs.end_date as pfs1_end,
        {{ days_between('pfs.start_date', 'pfs.end_date') }} as pfs1_days,
        pfs.event as pfs1_event,
        pfs.event_type as pfs1_event_type,
        pfs.censor_reason as pfs1_censor_reason,
        greatest(0, coalesce({{ days_between('index_lines.index_date', 'patients.observed_from') }}, 0)) as pfs1_entry_days
    from index_lines
    inner join pfs
        on index_lines.rule_set_id = pfs.rule_set_id
            and index_lines.patient_id = pfs.patient_id
            and index_lines.index_line = pfs.line_number
            and index_lines.study_id = pfs.clock
    inner join patients
        on index_lines.patient_id = patients.patient_id

)

select * from final
