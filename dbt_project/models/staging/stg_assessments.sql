with source as (

    select * from {{ source('raw', 'assessments') }}

),

patient_pseudonyms as (

    select * from {{ source('raw', 'pseudonyms') }} where id_table = 'patients'

),

record_pseudonyms as (

    select * from {{ source('raw', 'pseudonyms') }} where id_table = 'assessments'

),

final as (

    select
        -- ids
        record_pseudonyms.pseudonym as assessment_id,
        record_pseudonyms.pseudonym as record_key,
        patient_pseudonyms.pseudonym as patient_id,

        -- strings
        upper(nullif(trim(source.response), '')) as response,
        lower(nullif(trim(source.assessor), '')) as assessor,
        lower(nullif(trim(source.method), '')) as method,

        -- booleans
        cast(nullif(trim(source.progression), '') as boolean) as progression,

        -- dates
        {{ partial_date('source.assessment_date') }} as assessment_date,
        {{ partial_date_precision('source.assessment_date') }} as assessment_date_precision,

        -- provenance
        source._date_basis as date_basis,
        source._batch_id as batch_id,
        source._record_number as record_number

    from source
    inner join patient_pseudonyms
        on source.patient_id = patient_pseudonyms.id
    inner join record_pseudonyms
        on source.assessment_id = record_pseudonyms.id

)

select * from final
