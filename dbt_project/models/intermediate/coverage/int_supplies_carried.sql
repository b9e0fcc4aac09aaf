-- Stockpiling (therapy-lines.md, section 2): what a dispensed supply has left over when the next one begins. Several supplies of one
-- day count as one, the largest (tablet strengths). A supply known only to the year is no stock: nobody knows when it began. No
-- recursion: the running sum of supplies carries the hoard.

with supplies as (

    select
        patient_id,
        ingredient,
        start_date,
        max(days_supply) as days_supply
    from {{ ref('int_medications_used') }}
    where left_out_because is null
        and ingredient is not null
        and end_date is null
        and days_supply > 0
        and coalesce(start_date_precision, 'day') <> 'year'
        and coalesce(record_type, 'dispense') = 'dispense'
    group by patient_id, ingredient, start_date

),

summed as (

    select
        *,
        {{ days_between("date '1970-01-01'", 'start_date') }} as start_day,
        sum(days_supply) over by_date as supplied,
        sum(days_supply) over by_date - days_supply as supplied_before
    from supplies
    window by_date as (
        partition by patient_id, ingredient order by start_date rows between unbounded preceding and current row
    )

),

hoarded as (

    select
        *,
        supplied + max(start_day - supplied_before) over (
            partition by patient_id, ingredient order by start_date rows between unbounded preceding and current row
        ) - 1 as used_up_day
    from summed

),

final as (

    select
        patient_id,
        ingredient,
        start_date,
        days_supply,
        greatest(
            coalesce(lag(used_up_day) over (partition by patient_id, ingredient order by start_date) - start_day + 1, 0), 0
        ) as days_left_over
    from hoarded

)

select * from final
