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
