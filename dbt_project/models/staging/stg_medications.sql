with source as (

    select * from {{ source('raw', 'medications') }}

),

patient_pseudonyms as (

    select * from {{ source('raw', 'pseudonyms') }} where id_table = 'patients'

),

record_pseudonyms as (

    select * from {{ source('raw', 'pseudonyms') }} where id_table = 'medications'

),

dated as (

    select
        *,
        {{ partial_date('start_date') }} as stated_start_date,
        {{ partial_date_precision('start_date') }} as start_date_precision,
        {{ partial_date('end_date') }} as stated_end_date,
        {{ partial_date_precision('end_date') }} as end_date_precision
    from source

),

final as (

    select
        -- ids
        record_pseudonyms.pseudonym as medication_id,
        record_pseudonyms.pseudonym as record_key,
        patient_pseudonyms.pseudonym as patient_id,

        -- strings
        nullif(trim(dated.drug), '') as drug,
        nullif(trim(dated.drug_code), '') as drug_code,
        lower(nullif(trim(dated.code_system), '')) as code_system,
        lower(nullif(trim(dated.dose_unit), '')) as dose_unit,
        lower(nullif(trim(dated.route), '')) as route,
        lower(nullif(trim(dated.intent), '')) as intent,
        lower(nullif(trim(dated.record_type), '')) as record_type,
        lower(nullif(trim(dated.status), '')) as status,
        lower(nullif(trim(dated.stop_reason), '')) as stop_reason,
        nullif(trim(dated.line_recorded), '') as line_recorded,

        -- numbers
        cast(cast(nullif(trim(dated.days_supply), '') as double) as integer) as days_supply,
        cast(nullif(trim(dated.dose), '') as double) as dose,

        -- booleans
        cast(nullif(trim(dated.ongoing), '') as boolean) as ongoing,

        -- dates
        -- an imputed day is never on the wrong side of a date that is known to the day (extracts.md)
        case
            when dated.start_date_precision <> 'day' and dated.end_date_precision = 'day'
                then least(dated.stated_start_date, dated.stated_end_date)
            else dated.stated_start_date
        end as start_date,
        dated.start_date_precision,
        case
            when dated.end_date_precision <> 'day' then greatest(dated.stated_end_date, dated.stated_start_date)
            else dated.stated_end_date
        end as end_date,
        dated.end_date_precision,

        -- provenance
        dated._date_basis as date_basis,
        dated._source_number as source_number,
        dated._batch_id as batch_id,
        dated._record_number as record_number

    from dated
    inner join patient_pseudonyms
        on dated.patient_id = patient_pseudonyms.id
    inner join record_pseudonyms
        on dated.medication_id = record_pseudonyms.id

)

select * from final
