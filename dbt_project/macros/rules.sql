{#- The rule sets of this run: all of the seed, or primary alone for very large sites. -#}
{% macro chosen_rule_sets() -%}
    select * from {{ ref('line_rules') }}
    {%- if var('rule_sets') == 'primary' %} where rule_set_id = 'primary'{% endif %}
{%- endmacro %}

{#- What the walk must know of a drug. A drug without a substitution group is a group of its own. -#}
{% macro drug_struct(relation) -%}
    {{ struct_of({
        'ingredient': relation ~ '.ingredient',
        'modality': relation ~ '.modality',
        'drug_class': relation ~ '.drug_class',
        'substitution_group': relation ~ '.substitution_group',
    }) }}
{%- endmacro %}

{#- An empty list of such drugs. -#}
{% macro no_drugs() %}{{ return(adapter.dispatch('no_drugs')()) }}{% endmacro %}
{% macro default__no_drugs() -%}
    cast([] as struct(ingredient varchar, modality varchar, drug_class varchar, substitution_group varchar)[])
{%- endmacro %}
{% macro spark__no_drugs() -%}
    cast(array() as array<struct<ingredient: string, modality: string, drug_class: string, substitution_group: string>>)
{%- endmacro %}
