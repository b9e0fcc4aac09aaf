-- One row per study and patient with an index line, under the primary rule set and profile.

with index_patients as (

    select * from {{ ref('index_patients_all') }}

),

final as (

    select
        study_id,
        patient_id,
        index_line,
        index_date,
        pfs1_days,
        pfs1_event,
        pfs1_censor_reason,
        pfs1_entry_days,
        next_line_start,
        pfs2_ema_days,
        pfs2_ema_event
    from index_patients
    where rule_set_id = 'primary' and profile_id = 'primary'

)

select * from final
