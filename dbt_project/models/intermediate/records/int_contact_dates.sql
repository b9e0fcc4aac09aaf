-- The days on which a record shows the patient alive (endpoints.md, sections 3 and 4): `is_activity` for any table but patients.
-- Records that take no part are no contact; nothing after death or the data cut is.

with dated_records as (

    select * from {{ ref('int_dated_records') }} where column_name not in ('death_date', 'observed_from')

),

patients as (

    select * from {{ ref('int_patients_consolidated') }}

),

-- a record of several ingredients takes part if one of them does; where a line-defining start is known only to the year, nobody can
-- tell before the advanced date is settled whether it does, and its other date shows nothing either
medications_left_out as (

    select medication_id
    from {{ ref('int_medications_used') }}
    group by medication_id
    having count(left_out_because) = count(*)
        or max(case when role = 'line_defining' and start_date_precision = 'year' then 1 else 0 end) = 1

),

contacts as (

    select
        dated_records.*,
        dated_records.table_name <> 'patients' as is_activity,
        row_number() over (
            partition by dated_records.patient_id, dated_records.dated_on
            order by case when dated_records.table_name = 'patients' then 1 else 0 end, dated_records.table_name, dated_records.record_key
        ) as place
    from dated_records
    inner join patients
        on dated_records.patient_id = patients.patient_id
    left join medications_left_out
        on dated_records.table_name = 'medications'
            and dated_records.record_key = medications_left_out.medication_id
    where medications_left_out.medication_id is null
        and dated_records.dated_on <= patients.data_cut
        and (patients.death_date is null or dated_records.dated_on <= patients.death_date)

),

-- of several records on one day the first names it, activity before the vital status
final as (

    select
        patient_id,
        dated_on as contact_date,
        date_precision,
        is_activity,
        table_name as dated_by_table,
        record_key as dated_by_id
    from contacts
    where place = 1

)

select * from final
