-- The walk's decisions drug by drug: the rule that took each drug on each date, and how it came into the line. Drugs kept from the
-- line before (or carried over from early therapy) are decided at the line's opening (therapy-lines.md, section 5).

with walked as (

    select
        *,
        lag(line_number) over (partition by rule_set_id, patient_id order by step_number) as line_before
    from {{ ref('int_lines_walked') }}

),

started as (

    select
        walked.rule_set_id,
        walked.patient_id,
        walked.step_number,
        walked.decided_on as decision_date,
        walked.rule as step_rule,
        walked.is_opening,
        walked.line_before,
        walked.line_number as line_after,
        walked.subline_number as subline_after,
        walked.known_drugs,
        {{ explode('walked.started_drugs') }} as drug
    from walked

),

kept as (

    select
        walked.rule_set_id,
        walked.patient_id,
        walked.step_number,
        walked.decided_on as decision_date,
        walked.line_before,
        walked.line_number as line_after,
        walked.subline_number as subline_after,
        {{ explode('walked.kept_drugs') }} as drug
    from walked
    where walked.is_opening

),

final as (

    select
        rule_set_id,
        patient_id,
        step_number,
        decision_date,
        drug.ingredient as ingredient,
        drug.drug_class as drug_class,
        drug.modality as modality,
        case when {{ array_has('known_drugs', 'drug') }} then 'known_drug' else step_rule end as rule,
        case
            when is_opening then 'start'
            when not {{ array_has('known_drugs', 'drug') }} then step_rule
        end as joined_by,
        false as is_kept,
        line_before,
        line_after,
        subline_after
    from started

    union all

    select
        rule_set_id,
        patient_id,
        step_number,
        decision_date,
        drug.ingredient as ingredient,
        drug.drug_class as drug_class,
        drug.modality as modality,
        case when line_before is null then 'carried_over' else 'continued' end as rule,
        case when line_before is null then 'carried_over' else 'continued' end as joined_by,
        true as is_kept,
        line_before,
        line_after,
        subline_after
    from kept

)

select * from final
