-- The date up to which a patient's receptors are read, by study and rule set: the index date; for a patient without an index line there
-- is none, and the latest results count (endpoints.md, section 5).

with patients as (

    select * from {{ ref('int_patients_consolidated') }}

),

studies as (

    select * from {{ ref('studies') }}

),

rule_sets as (

    {{ chosen_rule_sets() }}

),

index_lines as (

    select * from {{ ref('int_index_lines') }}

),

final as (

    select
        studies.study_id,
        rule_sets.rule_set_id,
        patients.patient_id,
        index_lines.index_date as read_to,
        studies.receptor_positive_percent,
        studies.her2_pairing_days
    from patients
    cross join studies
    cross join rule_sets
    left join index_lines
        on studies.study_id = index_lines.study_id
            and rule_sets.rule_set_id = index_lines.rule_set_id
            and patients.patient_id = index_lines.patient_id

)

select * from final
