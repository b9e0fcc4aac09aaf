-- The dates up to which a patient's receptors are read, by study and rule set (endpoints.md, section 5): the index date for eligibility,
-- where a patient without an index line has none and the latest results count; the next line's start for the covariates. Age and other
-- cancers are judged on the same day; without an index line, at the end of follow-up.

with patients as (

    select * from {{ ref('int_follow_up') }}

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

baselines as (

    select * from {{ ref('int_baselines') }}

),

final as (

    select
        studies.study_id,
        rule_sets.rule_set_id,
        patients.patient_id,
        'index_date' as read_at,
        index_lines.index_date as read_to,
        coalesce(index_lines.index_date, patients.end_of_follow_up) as judged_on,
        studies.receptor_positive_percent,
        studies.her2_pairing_days
    from patients
    cross join studies
    cross join rule_sets
    left join index_lines
        on studies.study_id = index_lines.study_id
            and rule_sets.rule_set_id = index_lines.rule_set_id
            and patients.patient_id = index_lines.patient_id

    union all

    select
        baselines.study_id,
        baselines.rule_set_id,
        baselines.patient_id,
        'next_line_start' as read_at,
        baselines.next_line_start as read_to,
        baselines.next_line_start as judged_on,
        studies.receptor_positive_percent,
        studies.her2_pairing_days
    from baselines
    inner join studies
        on baselines.study_id = studies.study_id

)

select * from final
