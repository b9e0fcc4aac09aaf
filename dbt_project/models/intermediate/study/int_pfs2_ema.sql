-- PFS2 (EMA): from the index date to progression on the next line or death, that is the next line's PFS under profile `ema` on the clock
-- of the index date, never ending before PFS1 does; without a next line it ends in death, else at the last contact
-- (endpoints.md, section 5).

with pfs1 as (

    select * from {{ ref('int_pfs1') }}

),

next_lines as (

    select * from {{ ref('int_next_lines') }}

),

next_pfs as (

    select * from {{ ref('int_pfs') }} where clock = 'line_start' and profile_id = 'ema'

),

follow_up as (

    select * from {{ ref('int_follow_up') }}

),

ended as (

    select
        pfs1.*,
        next_lines.next_line_start,
        case
            when next_pfs.end_date is not null then greatest(next_pfs.end_date, pfs1.pfs1_end)
            else coalesce(follow_up.death_date, follow_up.last_contact_date)
        end as pfs2_ema_end,
        case
            when next_pfs.end_date is not null then next_pfs.event
            when follow_up.death_date is not null then 1
            else 0
        end as pfs2_ema_event
    from pfs1
    inner join follow_up
        on pfs1.patient_id = follow_up.patient_id
    left join next_lines
        on pfs1.study_id = next_lines.study_id
            and pfs1.rule_set_id = next_lines.rule_set_id
            and pfs1.patient_id = next_lines.patient_id
    left join next_pfs
        on next_lines.rule_set_id = next_pfs.rule_set_id
            and next_lines.patient_id = next_pfs.patient_id
            and next_lines.next_line = next_pfs.line_number

),

final as (

    select
        *,
        {{ days_between('index_date', 'pfs2_ema_end') }} as pfs2_ema_days
    from ended

)

select * from final
