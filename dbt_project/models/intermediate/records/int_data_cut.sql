-- The data cut in force and the record that set it (extracts.md): declared by the site, otherwise the latest date of the extracts.
-- A treatment's end date may be a plan or a sentinel and does not count; birth dates are no dated records.

with settings as (

    select * from {{ source('raw', 'settings') }}

),

dated_records as (

    select * from {{ ref('int_dated_records') }} where column_name <> 'end_date'

),

ranked as (

    select
        *,
        row_number() over (order by dated_on desc, table_name asc, record_key asc) as place
    from dated_records

),

final as (

    select
        settings.site_id,
        coalesce(settings.data_cut, ranked.dated_on) as data_cut,
        case when settings.data_cut is not null then 'declared' else ranked.table_name end as set_by,
        case when settings.data_cut is null then ranked.record_key end as set_by_id
    from settings
    left join ranked
        on ranked.place = 1

)

select * from final
