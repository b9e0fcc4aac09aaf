-- What each biomarker result means: a percentage where one is written (of a range, or of "more than", the lower end), otherwise the
-- seed's word for it. A
-- receptor is positive at the study's percentage or more, or when stated so (endpoints.md, section 5). Undated results come first, on
-- one date metastasis after primary.

with biomarkers as (

    select * from {{ ref('stg_biomarkers') }}

),

words as (

    select * from {{ ref('biomarker_results') }}

),

groups as (

    select * from {{ ref('biomarker_groups') }}

),

data_cut as (

    select * from {{ ref('int_data_cut') }}

),

read as (

    select
        biomarkers.*,
        groups.marker_group,
        cast(
            nullif(regexp_extract(biomarkers.value, '^>?=?[ ]*([0-9]+([.][0-9]+)?)([ ]*-[ ]*[0-9.]+)?[ ]*%?$', 1), '') as double
        ) as percent,
        words.result as stated_result
    from biomarkers
    cross join data_cut
    inner join groups
        on biomarkers.marker = groups.marker
    left join words
        on groups.marker_group = words.marker_group
            and biomarkers.value = words.value
    where biomarkers.sample_date is null or biomarkers.sample_date <= data_cut.data_cut

),

final as (

    select
        record_key,
        patient_id,
        marker,
        marker_group,
        percent,
        stated_result,
        specimen,
        specimen_id,
        sample_date,
        row_number() over (
            partition by patient_id
            order by
                coalesce(sample_date, date '1000-01-01'),
                case when specimen = 'metastasis' then 2 when specimen = 'primary' then 0 else 1 end,
                record_key
        ) as result_order
    from read
    where stated_result is not null
        or (marker_group in ('receptor', 'proliferation') and percent is not null)

)

select * from final
