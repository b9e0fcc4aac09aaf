with source as (

    select * from {{ source('raw', 'diagnoses') }}

),

patient_pseudonyms as (

    select * from {{ source('raw', 'pseudonyms') }} where id_table = 'patients'

),

record_pseudonyms as (

    select * from {{ source('raw', 'pseudonyms') }} where id_table = 'diagnoses'

),

final as (

    select
        -- ids
        record_pseudonyms.pseudonym as diagnosis_id,
        record_pseudonyms.pseudonym as record_key,
        patient_pseudonyms.pseudonym as patient_id,

        -- strings
        upper(nullif(trim(source.icd10), '')) as icd10,
        lower(nullif(trim(source.histology), '')) as histology,
        upper(nullif(trim(source.stage), '')) as stage,

        -- dates
        {{ partial_date('source.diagnosis_date') }} as diagnosis_date,
        {{ partial_date_precision('source.diagnosis_date') }} as diagnosis_date_precision,
        {{ partial_date('source.advanced_date') }} as advanced_date,
        {{ partial_date_precision('source.advanced_date') }} as advanced_date_precision,

        -- provenance
        source._date_basis as date_basis,
        source._batch_id as batch_id,
        source._record_number as record_number

    from source
    inner join patient_pseudonyms
        on source.patient_id = patient_pseudonyms.id
    inner join record_pseudonyms
        on source.diagnosis_id = record_pseudonyms.id

)

select * from final
