-- Every date that the extracts state of a patient, with the record that states it. Dates known only to the year show nothing to
-- the day: they neither set the data cut nor follow a patient up (extracts.md; endpoints.md, section 3).

{% set dated_columns = [
    ('patients', 'last_contact_date'), ('patients', 'death_date'), ('patients', 'observed_from'),
    ('diagnoses', 'diagnosis_date'), ('diagnoses', 'advanced_date'),
    ('biomarkers', 'sample_date'), ('metastases', 'detected_date'),
    ('medications', 'start_date'), ('medications', 'end_date'),
    ('assessments', 'assessment_date'), ('performance_status', 'observed_date'), ('encounters', 'encounter_date'),
    ('labs', 'sample_date'), ('procedures', 'procedure_date'), ('comorbidities', 'recorded_date'),
    ('other_cancers', 'diagnosis_date'),
] %}

with
{% for table, column in dated_columns %}
{{ table }}_{{ column }} as (

    select
        patient_id,
        '{{ table }}' as table_name,
        '{{ column }}' as column_name,
        record_key,
        {{ column }} as dated_on,
        {{ column }}_precision as date_precision
    from {{ ref('stg_' ~ table) }}
    where {{ column }} is not null and {{ column }}_precision <> 'year'

),
{% endfor %}

final as (

    {% for table, column in dated_columns %}
    select * from {{ table }}_{{ column }}
    {% if not loop.last %}union all{% endif %}
    {% endfor %}

)

select * from final
