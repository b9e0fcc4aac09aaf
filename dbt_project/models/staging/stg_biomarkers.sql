with source as (

    select * from {{ source('raw', 'biomarkers') }}

),

patient_pseudonyms as (

    select * from {{ source('raw', 'pseudonyms') }} where id_table = 'patients'

),

diagnosis_pseudonyms as (

    select * from {{ source('raw', 'pseudonyms') }} where id_table = 'diagnoses'

),

final as (

    select
        -- ids
        source._batch_id || '-' || source._record_number as record_key,
        diagnosis_pseudonyms.pseudonym as diagnosis_id,
        patient_pseudonyms.pseudonym as patient_id,

        -- strings
        upper(nullif(trim(source.marker), '')) as marker,
        lower(nullif(trim(source.value), '')) as value,
        lower(nullif(trim(source.specimen), '')) as specimen,
        nullif(trim(source.specimen_id), '') as specimen_id,

        -- dates
        {{ partial_date('source.sample_date') }} as sample_date,
        {{ partial_date_precision('source.sample_date') }} as sample_date_precision,

        -- provenance
        source._date_basis as date_basis,
        source._batch_id as batch_id,
        source._record_number as record_number

    from source
    inner join patient_pseudonyms
        on source.patient_id = patient_pseudonyms.id
    left join diagnosis_pseudonyms
        on source.diagnosis_id = diagnosis_pseudonyms.id

)

select * from final
