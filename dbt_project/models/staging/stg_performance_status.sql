with source as (

    select * from {{ source('raw', 'performance_status') }}

),

patient_pseudonyms as (

    select * from {{ source('raw', 'pseudonyms') }} where id_table = 'patients'

),

final as (

    select
        -- ids
        source._batch_id || '-' || source._record_number as record_key,
        patient_pseudonyms.pseudonym as patient_id,

        -- numbers
        cast(cast(nullif(trim(source.ecog), '') as double) as integer) as ecog,

        -- dates
        {{ partial_date('source.observed_date') }} as observed_date,
        {{ partial_date_precision('source.observed_date') }} as observed_date_precision,

        -- provenance
        source._date_basis as date_basis,
        source._batch_id as batch_id,
        source._record_number as record_number

    from source
    inner join patient_pseudonyms
        on source.patient_id = patient_pseudonyms.id

)

select * from final
