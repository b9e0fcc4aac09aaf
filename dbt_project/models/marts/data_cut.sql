-- The data cut in force and the record that set it, one row.

with data_cut as (

    select * from {{ ref('int_data_cut') }}

),

final as (

    select
        site_id,
        data_cut,
        set_by,
        set_by_id
    from data_cut

)

select * from final
