-- One row per patient out of all sources: each fact from the first source that knows it (the site's precedence, then the order of
-- landing), the last contact from whoever saw her last. A death known to the month is never put before the last sign of life (extracts.md).

with patients as (

    select * from {{ ref('stg_patients') }}

),

data_cut as (

    select * from {{ ref('int_data_cut') }}

),

medication_days as (

    select
        patient_id,
        start_date as seen_on
    from {{ ref('stg_medications') }}
    where start_date_precision <> 'year'
        and coalesce(status, '') not in ('not_taken', 'cancelled', 'entered_in_error')

    union all

    -- an end that somebody recorded as a stop is no plan
    select
        patient_id,
        end_date as seen_on
    from {{ ref('stg_medications') }}
    where end_date_precision <> 'year'
        and (stop_reason is not null or status in ('stopped', 'completed'))

),

days_alive as (

    select
        patient_id,
        dated_on as seen_on
    from {{ ref('int_dated_records') }}
    where column_name not in ('death_date', 'observed_from')
        and table_name <> 'medications'
    union all
    select
        patient_id,
        seen_on
    from medication_days

),

signs_of_life as (

    select
        days_alive.patient_id,
        max(days_alive.seen_on) as last_sign
    from days_alive
    cross join data_cut
    where days_alive.seen_on <= data_cut.data_cut
    group by days_alive.patient_id

),

known as (

    select
        patient_id,
        {% for fact in [
            'birth_date', 'death_date', 'death_date_precision', 'menopausal_status', 'observed_from', 'centre', 'date_basis'
        ] -%}
        {{ first_known(fact, 'sources') }} as {{ fact }},
        {% endfor -%}
        {{ first_known("nullif(sex, 'unknown')", 'sources') }} as sex,
        {{ first_known('case when death_date is not null then record_key end', 'sources') }} as death_record_key,
        max(last_contact_date) over sources as recorded_last_contact,
        row_number() over (partition by patient_id order by precedence, batch_id, record_number) as place
    from patients
    window sources as (
        partition by patient_id order by precedence, batch_id, record_number
        rows between unbounded preceding and unbounded following
    )

),

final as (

    select
        known.patient_id,
        data_cut.site_id,
        coalesce(known.sex, 'unknown') as sex,
        known.menopausal_status,
        known.centre,
        known.date_basis,
        known.birth_date,
        case
            when known.death_date_precision <> 'day' then greatest(known.death_date, signs_of_life.last_sign)
            else known.death_date
        end as stated_death_date,
        case when stated_death_date <= data_cut.data_cut then stated_death_date end as death_date,
        known.death_date_precision,
        known.death_record_key,
        known.recorded_last_contact,
        known.observed_from,
        data_cut.data_cut
    from known
    cross join data_cut
    left join signs_of_life
        on known.patient_id = signs_of_life.patient_id
    where known.place = 1

)

select * from final
