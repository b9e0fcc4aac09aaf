with source as (

    select * from {{ source('raw', 'patients') }}

),

patient_pseudonyms as (

    select * from {{ source('raw', 'pseudonyms') }} where id_table = 'patients'

),

final as (

    select
        -- ids
        source._batch_id || '-' || source._record_number as record_key,
        patient_pseudonyms.pseudonym as patient_id,

        -- strings
        lower(nullif(trim(source.sex), '')) as sex,
        lower(nullif(trim(source.menopausal_status), '')) as menopausal_status,
        lower(nullif(trim(source.centre), '')) as centre,

        -- dates
        {{ partial_date('source.birth_date') }} as birth_date,
        {{ partial_date_precision('source.birth_date') }} as birth_date_precision,
        {{ partial_date('source.death_date') }} as death_date,
        {{ partial_date_precision('source.death_date') }} as death_date_precision,
        {{ partial_date('source.last_contact_date') }} as last_contact_date,
        {{ partial_date_precision('source.last_contact_date') }} as last_contact_date_precision,
        {{ partial_date('source.observed_from') }} as observed_from,
        {{ partial_date_precision('source.observed_from') }} as observed_from_precision,

        -- provenance
        source._date_basis as date_basis,
        source._precedence as precedence,
        source._batch_id as batch_id,
        source._record_number as record_number

    from source
    inner join patient_pseudonyms
        on source.patient_id = patient_pseudonyms.id

)

select * from final
