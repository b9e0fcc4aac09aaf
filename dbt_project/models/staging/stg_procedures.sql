with source as (

    select * from {{ source('raw', 'procedures') }}

),

patient_pseudonyms as (

    select * from {{ source('raw', 'pseudonyms') }} where id_table = 'patients'

),

record_pseudonyms as (

    select * from {{ source('raw', 'pseudonyms') }} where id_table = 'procedures'

),

final as (

    select
        -- ids
        record_pseudonyms.pseudonym as procedure_id,
        record_pseudonyms.pseudonym as record_key,
        patient_pseudonyms.pseudonym as patient_id,

        -- strings
        lower(nullif(trim(source.type), '')) as type,
        lower(nullif(trim(source.site), '')) as site,
        lower(nullif(trim(source.intent), '')) as intent,
        nullif(trim(source.code), '') as code,
        lower(nullif(trim(source.code_system), '')) as code_system,

        -- dates
        {{ partial_date('source.procedure_date') }} as procedure_date,
        {{ partial_date_precision('source.procedure_date') }} as procedure_date_precision,

        -- provenance
        source._date_basis as date_basis,
        source._batch_id as batch_id,
        source._record_number as record_number

    from source
    inner join patient_pseudonyms
        on source.patient_id = patient_pseudonyms.id
    inner join record_pseudonyms
        on source.procedure_id = record_pseudonyms.id

)

select * from final
