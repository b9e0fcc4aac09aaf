-- How far the derived line numbers agree with those that clinicians recorded (therapy-lines.md, section 9), which are never used to
-- derive. One row per rule set and recorded line number: share of records in agreement, and Cohen's kappa of "this line or another".

with compared as (

    select * from {{ ref('int_line_numbers_compared') }}

),

line_numbers as (

    select distinct
        rule_set_id,
        recorded_line as line_number
    from compared

),

counted as (

    select
        line_numbers.rule_set_id,
        line_numbers.line_number,
        count(*) as all_records,
        count(distinct case when compared.recorded_line = line_numbers.line_number then compared.patient_id end) as patients,
        sum(case when compared.recorded_line = line_numbers.line_number then 1 else 0 end) as recorded_here,
        sum(case when compared.derived_line = line_numbers.line_number then 1 else 0 end) as derived_here,
        sum(case
            when compared.recorded_line = line_numbers.line_number and compared.derived_line = line_numbers.line_number then 1 else 0
        end) as both_here
    from line_numbers
    inner join compared
        on line_numbers.rule_set_id = compared.rule_set_id
    group by line_numbers.rule_set_id, line_numbers.line_number

),

shares as (

    select
        *,
        1.0 * (all_records - recorded_here - derived_here + 2 * both_here) / all_records as observed,
        (1.0 * recorded_here * derived_here + 1.0 * (all_records - recorded_here) * (all_records - derived_here))
        / (1.0 * all_records * all_records) as expected
    from counted

),

discordant as (

    select
        rule_set_id,
        recorded_line as line_number,
        {{ collect_sorted('patient_id', 'derived_line <> recorded_line') }} as discordant_patients
    from compared
    group by rule_set_id, recorded_line

),

final as (

    select
        shares.rule_set_id,
        shares.line_number,
        cast(shares.patients as integer) as patients,
        cast(shares.recorded_here as integer) as records,
        cast(1.0 * shares.both_here / shares.recorded_here as double) as agreement,
        -- undefined where both always say the same
        cast(case when shares.expected < 1 then (shares.observed - shares.expected) / (1 - shares.expected) end as double) as kappa,
        discordant.discordant_patients
    from shares
    inner join discordant
        on shares.rule_set_id = discordant.rule_set_id
            and shares.line_number = discordant.line_number

)

select * from final
