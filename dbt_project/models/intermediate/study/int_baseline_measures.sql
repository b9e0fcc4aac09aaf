-- ECOG, bilirubin and alkaline phosphatase near time zero: the latest in the study's window before and after the next line's start, as
-- far as the data cut lets see (endpoints.md, section 5).

with baselines as (

    select * from {{ ref('int_baselines') }}

),

data_cut as (

    select * from {{ ref('int_data_cut') }}

),

analytes as (

    select * from {{ ref('lab_analytes') }}

),

units as (

    select * from {{ ref('lab_units') }}

),

labs as (

    select
        labs.patient_id,
        analytes.analyte as measure,
        labs.sample_date as measured_on,
        labs.record_key,
        cast(nullif(regexp_extract(labs.value, '^[0-9]+([.][0-9]+)?$', 0), '') as double) * units.factor as measured_value
    from {{ ref('stg_labs') }} as labs
    inner join analytes
        on labs.analyte = analytes.analyte_text
    inner join units
        on analytes.analyte = units.analyte
            and lower(labs.unit) = units.unit

),

measures as (

    select * from labs
    union all
    select
        patient_id,
        'ecog' as measure,
        observed_date as measured_on,
        record_key,
        cast(ecog as double) as measured_value
    from {{ ref('stg_performance_status') }}

),

ranked as (

    select
        baselines.study_id,
        baselines.rule_set_id,
        baselines.patient_id,
        measures.measure,
        measures.measured_value,
        row_number() over (
            partition by baselines.study_id, baselines.rule_set_id, baselines.patient_id, measures.measure
            order by measures.measured_on desc, measures.record_key asc
        ) as place
    from baselines
    cross join data_cut
    inner join measures
        on baselines.patient_id = measures.patient_id
            and measures.measured_on between baselines.measured_from and baselines.measured_to
    where measures.measured_value is not null
        and measures.measured_on <= data_cut.data_cut

),

final as (

    select
        study_id,
        rule_set_id,
        patient_id,
        cast(max(case when measure = 'ecog' then measured_value end) as integer) as ecog,
        max(case when measure = 'bilirubin' then measured_value end) as bilirubin,
        max(case when measure = 'alkaline_phosphatase' then measured_value end) as alkaline_phosphatase
    from ranked
    where place = 1
    group by study_id, rule_set_id, patient_id

)

select * from final
