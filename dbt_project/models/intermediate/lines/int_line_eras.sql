-- The eras of a line: those that start in it, and those of drugs kept at its opening. An era that goes on into the next line belongs to
-- both. `joined_by` is how the drug first came in (therapy-lines.md, sections 5 and 6).

with decisions as (

    select * from {{ ref('int_line_decisions') }}

),

eras as (

    select * from {{ ref('int_eras_by_setting') }}

),

final as (

    select
        decisions.rule_set_id,
        decisions.patient_id,
        decisions.line_after as line_number,
        decisions.ingredient,
        decisions.joined_by,
        decisions.is_kept,
        decisions.decision_date,
        eras.era_number,
        eras.drug_class,
        eras.modality,
        eras.era_start,
        eras.era_end,
        eras.ran_out
    from decisions
    inner join eras
        on decisions.rule_set_id = eras.rule_set_id
            and decisions.patient_id = eras.patient_id
            and decisions.ingredient = eras.ingredient
            and (
                (not decisions.is_kept and eras.era_start = decisions.decision_date)
                or (decisions.is_kept and eras.era_start < decisions.decision_date and eras.era_end >= decisions.decision_date)
            )

)

select * from final
