-- Which era of its ingredient a record falls into (therapy-lines.md, section 3): the next record opens an era when it starts more
-- than `era_gap_days` after the last covered day so far, the running maximum, so that a short record inside a long one ends nothing.

with covered as (

    select * from {{ ref('int_medications_covered') }}

),

reached as (

    select
        *,
        max(covered_to) over (
            partition by rule_set_id, patient_id, ingredient
            order by covered_from, covered_to, medication_id
            rows between unbounded preceding and 1 preceding
        ) as covered_so_far
    from covered

),

final as (

    select
        *,
        sum(
            case
                when covered_from <= {{ add_days('covered_so_far', 'era_gap_days + 1') }} then 0
                else 1
            end
        ) over (
            partition by rule_set_id, patient_id, ingredient
            order by covered_from, covered_to, medication_id
            rows between unbounded preceding and current row
        ) as era_number
    from reached

)

select * from final
