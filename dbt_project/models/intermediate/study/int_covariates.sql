-- All covariates at time zero in one row per study, rule set and patient with a next line (endpoints.md, section 5). Unknown is null.

with baselines as (

    select * from {{ ref('int_baselines') }}

),

patients as (

    select * from {{ ref('int_patients_consolidated') }}

),

measures as (

    select * from {{ ref('int_baseline_measures') }}

),

liver_tests as (

    select * from {{ ref('int_liver_tests_judged') }}

),

tumours as (

    select * from {{ ref('int_baseline_tumours') }}

),

sites as (

    select * from {{ ref('int_baseline_sites') }}

),

origins as (

    select * from {{ ref('int_disease_origins') }}

),

sensitivity as (

    select * from {{ ref('int_endocrine_sensitivity') }}

),

chemotherapies as (

    select * from {{ ref('int_prior_chemotherapies') }}

),

final as (

    select
        baselines.study_id,
        baselines.rule_set_id,
        baselines.patient_id,
        {{ days_between('patients.birth_date', 'baselines.next_line_start') }} / 365.25 as age_years,
        measures.ecog,
        patients.menopausal_status,
        origins.de_novo,
        origins.disease_free_months,
        sensitivity.endocrine_sensitivity,
        chemotherapies.patient_id is not null as prior_chemo_advanced,
        cast(extract(year from baselines.next_line_start) as integer) as calendar_year,
        tumours.esr1,
        tumours.pik3ca,
        tumours.brca,
        measures.bilirubin,
        measures.alkaline_phosphatase,
        liver_tests.liver_tests_raised,
        sites.visceral,
        sites.liver,
        sites.cns,
        sites.bone_only,
        cast(sites.n_sites as integer) as n_sites,
        tumours.ki67,
        tumours.er_percent,
        tumours.pr_percent,
        tumours.her2_low,
        origins.histology,
        baselines.index_line - 1 as lines_before_index
    from baselines
    inner join patients
        on baselines.patient_id = patients.patient_id
    {% for facts in ['measures', 'liver_tests', 'tumours', 'sites', 'origins', 'sensitivity', 'chemotherapies'] -%}
    left join {{ facts }}
        on baselines.study_id = {{ facts }}.study_id
            and baselines.rule_set_id = {{ facts }}.rule_set_id
            and baselines.patient_id = {{ facts }}.patient_id
    {% endfor %}

)

select * from final
