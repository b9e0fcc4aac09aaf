-- Where each line ends and why (therapy-lines.md, section 6): the earliest of the next line, death and the last coverage. A coverage
-- that merely ran out is not a stop as long as nobody has seen her for more than an era gap since.

with lines as (

    select * from {{ ref('int_lines_opened') }}

),

rule_sets as (

    {{ chosen_rule_sets() }}

),

follow_up as (

    select * from {{ ref('int_follow_up') }}

),

eras as (

    select
        *,
        max(era_end) over (partition by rule_set_id, patient_id, line_number) as covered_to
    from {{ ref('int_line_eras') }}

),

coverage as (

    select
        rule_set_id,
        patient_id,
        line_number,
        max(covered_to) as covered_to,
        sum(case when era_end = covered_to and not ran_out then 1 else 0 end) = 0 as ran_out
    from eras
    group by rule_set_id, patient_id, line_number

),

reached as (

    select
        lines.*,
        coverage.covered_to,
        coverage.ran_out,
        follow_up.death_date,
        follow_up.last_contact_date,
        follow_up.data_cut,
        follow_up.observed_from,
        rule_sets.era_gap_days,
        least(
            coalesce({{ add_days('lines.next_line_start', '-1') }}, coverage.covered_to),
            coalesce(follow_up.death_date, coverage.covered_to),
            coverage.covered_to
        ) as line_end
    from lines
    inner join coverage
        on lines.rule_set_id = coverage.rule_set_id
            and lines.patient_id = coverage.patient_id
            and lines.line_number = coverage.line_number
    inner join follow_up
        on lines.patient_id = follow_up.patient_id
    inner join rule_sets
        on lines.rule_set_id = rule_sets.rule_set_id

),

final as (

    select
        *,
        case
            when line_end = {{ add_days('next_line_start', '-1') }} then 'next_line'
            when line_end = death_date then 'death'
            when death_date is null
                and last_contact_date <= {{ add_days('covered_to', 'case when ran_out then era_gap_days else 0 end') }} then 'ongoing'
            else 'stopped'
        end as end_reason
    from reached

)

select * from final
