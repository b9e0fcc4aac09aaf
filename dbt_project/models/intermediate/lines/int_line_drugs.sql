-- One row per line and ingredient: how it first came into the line, its first and last covered day in it (therapy-lines.md,
-- section 6).

with lines as (

    select * from {{ ref('int_lines_ended') }}

),

eras as (

    select
        *,
        row_number() over (
            partition by rule_set_id, patient_id, line_number, ingredient order by decision_date, era_start
        ) as place
    from {{ ref('int_line_eras') }}

),

final as (

    select
        eras.rule_set_id,
        eras.patient_id,
        eras.line_number,
        eras.ingredient,
        min(eras.drug_class) as drug_class,
        min(eras.modality) as modality,
        min(case when eras.place = 1 then eras.joined_by end) as joined_by,
        min(case when eras.place = 1 then eras.joined_by end) = 'continued' and min(lines.opened_by) = 'progression'
            as continued_beyond_progression,
        min(greatest(eras.era_start, lines.line_start)) as first_date,
        max(least(eras.era_end, lines.line_end)) as last_date
    from eras
    inner join lines
        on eras.rule_set_id = lines.rule_set_id
            and eras.patient_id = lines.patient_id
            and eras.line_number = lines.line_number
    where eras.era_start <= lines.line_end
    group by eras.rule_set_id, eras.patient_id, eras.line_number, eras.ingredient

)

select * from final
