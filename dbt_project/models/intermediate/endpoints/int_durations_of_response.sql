-- Duration of response, for lines with a CR or PR: from the first response to the end of PFS, under every profile (endpoints.md,
-- section 4).

with responses as (

    select * from {{ ref('int_line_best_responses') }} where first_response_date is not null

),

pfs as (

    select * from {{ ref('int_pfs') }} where clock = 'line_start'

),

final as (

    select
        pfs.rule_set_id,
        pfs.profile_id,
        pfs.patient_id,
        pfs.line_number,
        responses.first_response_date as start_date,
        pfs.end_date,
        pfs.event,
        pfs.event_type,
        pfs.censor_reason,
        pfs.event_precision,
        pfs.dated_by,
        pfs.event_id
    from pfs
    inner join responses
        on pfs.rule_set_id = responses.rule_set_id
            and pfs.patient_id = responses.patient_id
            and pfs.line_number = responses.line_number
    -- a profile that censors before the response has nothing to measure
    where pfs.end_date >= responses.first_response_date

)

select * from final
