-- Progression events with their episode (endpoints.md, section 1): an event at most `pd_episode_days` after the one before it is the
-- same progression written down again, unless radiology has seen her free of progression in between.

with rule_sets as (

    {{ chosen_rule_sets() }}

),

events as (

    select * from {{ ref('int_progression_records') }}

),

clean_scans as (

    select * from {{ ref('int_clean_scans_before') }}

),

event_dates as (

    select
        events.rule_set_id,
        events.patient_id,
        events.progression_date,
        rule_sets.pd_episode_days,
        max(case when events.source = 'imaging' then clean_scans.clean_scan_date end) as clean_scan_date,
        lag(events.progression_date) over (
            partition by events.rule_set_id, events.patient_id order by events.progression_date
        ) as date_before
    from events
    inner join rule_sets
        on events.rule_set_id = rule_sets.rule_set_id
    left join clean_scans
        on events.patient_id = clean_scans.patient_id
            and events.progression_date = clean_scans.assessment_date
    group by events.rule_set_id, events.patient_id, events.progression_date, rule_sets.pd_episode_days

),

chained as (

    select
        *,
        sum(case when {{ days_between('date_before', 'progression_date') }} <= pd_episode_days then 0 else 1 end) over (
            partition by rule_set_id, patient_id order by progression_date
            rows between unbounded preceding and current row
        ) as chain_number
    from event_dates

),

flagged as (

    select
        *,
        clean_scan_date > min(progression_date) over (partition by rule_set_id, patient_id, chain_number) as is_new_progression,
        row_number() over (partition by rule_set_id, patient_id, chain_number order by progression_date) = 1 as is_chain_start
    from chained

),

numbered as (

    select
        *,
        sum(case when is_chain_start or is_new_progression then 1 else 0 end) over (
            partition by rule_set_id, patient_id order by progression_date
            rows between unbounded preceding and current row
        ) as episode_number
    from flagged

),

final as (

    select
        events.*,
        numbered.episode_number,
        events.patient_id || '-e' || numbered.episode_number as episode_id,
        min(events.progression_date) over (
            partition by events.rule_set_id, events.patient_id, numbered.episode_number
        ) as episode_date
    from events
    inner join numbered
        on events.rule_set_id = numbered.rule_set_id
            and events.patient_id = numbered.patient_id
            and events.progression_date = numbered.progression_date

)

select * from final
