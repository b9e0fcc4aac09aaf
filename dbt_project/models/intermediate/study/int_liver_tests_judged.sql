-- Whether bilirubin or alkaline phosphatase is above normal at time zero (statistics.md, part 8): true where either is above its upper
-- limit, false where both are known and neither is, otherwise unknown.

with measures as (

    select * from {{ ref('int_baseline_measures') }}

),

bilirubin_limits as (

    select * from {{ ref('lab_limits') }} where analyte = 'bilirubin'

),

phosphatase_limits as (

    select * from {{ ref('lab_limits') }} where analyte = 'alkaline_phosphatase'

),

final as (

    select
        measures.study_id,
        measures.rule_set_id,
        measures.patient_id,
        -- SQL's own logic of unknowns says just that: true or unknown is true, false or unknown is unknown
        measures.bilirubin > bilirubin_limits.upper_limit
        or measures.alkaline_phosphatase > phosphatase_limits.upper_limit as liver_tests_raised
    from measures
    cross join bilirubin_limits
    cross join phosphatase_limits

)

select * from final
