-- Progression events with their source and record (endpoints.md, section 1). A stop for progression that was written down after the
-- switch is dated at the switch: the earliest start of another line-defining drug in the days before it.

with rule_sets as (

    {{ chosen_rule_sets() }}

),

assessments as (

    select * from {{ ref('int_assessments_read') }} where response = 'PD'

),

medications as (

    select * from {{ ref('int_medications_in_eras') }}

),

patients as (

    select * from {{ ref('int_patients_consolidated') }}

),

eras as (

    select * from {{ ref('int_drug_eras') }}

),

stops as (

    select
        medications.rule_set_id,
        medications.patient_id,
        medications.medication_id,
        rule_sets.pd_attribution_days,
        min(medications.covered_from) as started_on,
        min(medications.end_date) as stopped_on,
        min(medications.end_date_precision) as date_precision,
        {{ collect_sorted('medications.ingredient') }} as ingredients
    from medications
    inner join rule_sets
        on medications.rule_set_id = rule_sets.rule_set_id
    inner join patients
        on medications.patient_id = patients.patient_id
    where medications.stop_reason = 'progression'
        and medications.end_date_precision <> 'year'
        and medications.end_date <= patients.data_cut
        and (patients.death_date is null or medications.end_date <= patients.death_date)
    group by medications.rule_set_id, medications.patient_id, medications.medication_id, rule_sets.pd_attribution_days

),

switches as (

    select
        stops.rule_set_id,
        stops.medication_id,
        stops.stopped_on,
        min(eras.era_start) as switched_on
    from stops
    inner join eras
        on stops.rule_set_id = eras.rule_set_id
            and stops.patient_id = eras.patient_id
            and eras.era_start <= stops.stopped_on
            and eras.era_start >= {{ add_days('stops.stopped_on', '-stops.pd_attribution_days') }}
            and eras.era_start > stops.started_on
    where not {{ array_has('stops.ingredients', 'eras.ingredient') }}
    group by stops.rule_set_id, stops.medication_id, stops.stopped_on

),

final as (

    select
        rule_sets.rule_set_id,
        assessments.patient_id,
        assessments.assessment_id as progression_id,
        assessments.assessment_date as progression_date,
        assessments.date_precision,
        assessments.source,
        'assessments' as dated_by_table
    from assessments
    cross join rule_sets

    union all

    select
        stops.rule_set_id,
        stops.patient_id,
        stops.medication_id as progression_id,
        coalesce(switches.switched_on, stops.stopped_on) as progression_date,
        stops.date_precision,
        'stop_reason' as source,
        'medications' as dated_by_table
    from stops
    left join switches
        on stops.rule_set_id = switches.rule_set_id
            and stops.medication_id = switches.medication_id
            and stops.stopped_on = switches.stopped_on

)

select * from final
