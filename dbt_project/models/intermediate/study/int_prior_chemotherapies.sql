-- Who has had chemotherapy for advanced disease before time zero: any line before the next line is one (endpoints.md, section 5).

with baselines as (

    select * from {{ ref('int_baselines') }}

),

categories as (

    select * from {{ ref('int_line_categories') }} where regimen_category = 'chemo'

),

final as (

    select distinct
        baselines.study_id,
        baselines.rule_set_id,
        baselines.patient_id
    from baselines
    inner join categories
        on baselines.rule_set_id = categories.rule_set_id
            and baselines.patient_id = categories.patient_id
            and baselines.next_line > categories.line_number

)

select * from final
