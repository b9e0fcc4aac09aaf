-- For each day of radiology: the date of the last evaluable radiology assessment before it, where that one shows no progression. It
-- tells a new progression from old notes copied forward (endpoints.md, section 1).

with readings as (

    select
        patient_id,
        assessment_date,
        -- one assessment a date: worst wins; NE never counts as evaluable
        max(case when response = 'PD' then 1 else 0 end) = 1 as is_progressive
    from {{ ref('int_assessments_read') }}
    where source = 'imaging' and response <> 'NE'
    group by patient_id, assessment_date

),

preceded as (

    select
        *,
        lag(assessment_date) over (partition by patient_id order by assessment_date) as date_before,
        lag(is_progressive) over (partition by patient_id order by assessment_date) as was_progressive
    from readings

),

final as (

    select
        patient_id,
        assessment_date,
        date_before as clean_scan_date
    from preceded
    where is_progressive and not was_progressive

)

select * from final
