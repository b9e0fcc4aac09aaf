{#-
  For unit tests alone: drugs and steps of the walk over lines, written short. Days count from 2020-01-01, day 0.
-#}

{#- "letrozole, palbociclib" as the list of drugs that the walk carries. -#}
{% macro drugs_named(names) -%}
    {%- set known = {
        'abemaciclib': ['targeted', 'cdk46_inhibitor', 'cdk46_inhibitor'],
        'alpelisib': ['targeted', 'pi3k_akt_inhibitor', 'alpelisib'],
        'anastrozole': ['endocrine', 'aromatase_inhibitor', 'aromatase_inhibitor'],
        'bevacizumab': ['other', 'anti_vegf', 'bevacizumab'],
        'capecitabine': ['chemo', 'cytotoxic', 'fluoropyrimidine'],
        'docetaxel': ['chemo', 'cytotoxic', 'taxane'],
        'everolimus': ['targeted', 'mtor_inhibitor', 'everolimus'],
        'exemestane': ['endocrine', 'aromatase_inhibitor', 'aromatase_inhibitor'],
        'fulvestrant': ['endocrine', 'serd', 'fulvestrant'],
        'letrozole': ['endocrine', 'aromatase_inhibitor', 'aromatase_inhibitor'],
        'paclitaxel': ['chemo', 'cytotoxic', 'taxane'],
        'palbociclib': ['targeted', 'cdk46_inhibitor', 'cdk46_inhibitor'],
        'ribociclib': ['targeted', 'cdk46_inhibitor', 'cdk46_inhibitor'],
        'vinorelbine': ['chemo', 'cytotoxic', 'vinorelbine'],
    } -%}
    {%- set drugs = [] -%}
    {%- for name in (names or '').split(', ') | sort if name -%}
        {%- set modality, drug_class, group = known[name] -%}
        {%- do drugs.append(struct_of({
            'ingredient': "'" ~ name ~ "'", 'modality': "'" ~ modality ~ "'",
            'drug_class': "'" ~ drug_class ~ "'", 'substitution_group': "'" ~ group ~ "'",
        })) -%}
    {%- endfor -%}
    cast(
        [{{ drugs | join(', ') }}]
        as struct(ingredient varchar, modality varchar, drug_class varchar, substitution_group varchar)[]
    )
{%- endmacro %}

{% macro test_day(day) -%}
    {{ 'cast(null as date)' if day is none else "(date '2020-01-01' + cast(" ~ day ~ " as integer))" }}
{%- endmacro %}

{#- Steps to a row each: `patients` is {patient: {pds: [day], spent: [day], steps: [{day, starts, goes_on, kept, last, alone}]}}.
    Unless said otherwise, a drug that goes on would be kept, and every drug begun before is covered up to the day before. -#}
{% macro walk_steps(patients, rules={}) -%}
    {%- set rule_set = dict({
        'regimen_window_days': 28, 'addition_window_days': 90, 'line_gap_days': 90, 'gap_advances': false, 'substitution_allowed': true,
        'maintenance_window_days': 60, 'pd_attribution_days': 30, 'pd_rewritten_days': 14,
    }, **rules) -%}
    {%- set rows = [] -%}
    {%- for patient, story in patients.items() -%}
        {%- set pds = story.get('pds', []) -%}
        {%- set unspent = pds | reject('in', story.get('spent', [])) | list -%}
        {%- set begun = [] -%}
        {%- for step in story['steps'] -%}
            {%- set t = step['day'] -%}
            {%- set reach = t + rule_set['pd_attribution_days'] -%}
            {%- set last_days = [] -%}
            {%- for name in begun -%}
                {%- set modality = 'chemo' if name in ['capecitabine', 'docetaxel', 'paclitaxel', 'vinorelbine'] else 'any other' -%}
                {%- do last_days.append(struct_of({
                    'ingredient': "'" ~ name ~ "'", 'modality': "'" ~ modality ~ "'",
                    'last_day': test_day(step.get('last', {}).get(name, t - 1)),
                })) -%}
            {%- endfor -%}
            {%- set ahead = [] -%}
            {%- for pd in pds if t < pd <= reach -%}{%- do ahead.append(test_day(pd)) -%}{%- endfor -%}
            {%- set row -%}
                select
                    'primary' as rule_set_id, '{{ patient }}' as patient_id, {{ loop.index }} as step_number, {{ test_day(t) }} as decided_on,
                    {{ drugs_named(step.get('starts')) }} as drugs, {{ step.get('alone', false) | lower }} as is_carried_over_alone,
                    {{ drugs_named(step.get('goes_on')) }} as going_on,
                    {{ drugs_named(step.get('kept', step.get('goes_on'))) }} as kept_if_opening,
                    cast([{{ last_days | join(', ') }}] as struct(ingredient varchar, modality varchar, last_day date)[]) as last_days,
                    {{ test_day(pds | select('le', t) | max | default(none)) }} as last_pd_by_date,
                    {{ test_day(pds | select('le', reach) | max | default(none)) }} as last_pd_attributable,
                    {{ test_day(unspent | select('le', t) | max | default(none)) }} as last_unspent_pd_by_date,
                    {{ test_day(unspent | select('le', reach) | max | default(none)) }} as last_unspent_pd_attributable,
                    cast([{{ ahead | join(', ') }}] as date[]) as pds_ahead
                    {%- for name, value in rule_set.items() %}, {{ value | lower }} as {{ name }}{% endfor %}
            {%- endset -%}
            {%- do rows.append(row) -%}
            {%- for names in [step.get('starts'), step.get('goes_on')] if names -%}
                {%- for name in names.split(', ') if name not in begun -%}{%- do begun.append(name) -%}{%- endfor -%}
            {%- endfor -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ rows | join('\nunion all\n') }}
{%- endmacro %}
