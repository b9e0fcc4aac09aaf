{#- Text operations whose names or defaults differ by engine. Patterns are RE2 and Java regular expressions alike. -#}

{% macro without_accents(text) %}{{ return(adapter.dispatch('without_accents')(text)) }}{% endmacro %}
{% macro default__without_accents(text) %}strip_accents({{ text }}){% endmacro %}
{% macro spark__without_accents(text) -%}
    translate({{ text }}, 'àáâãäåèéêëìíîïòóôõöùúûüçñ', 'aaaaaaeeeeiiiiooooouuuucn')
{%- endmacro %}

{% macro replace_pattern(text, pattern, replacement) %}{{ return(adapter.dispatch('replace_pattern')(text, pattern, replacement)) }}{% endmacro %}
{% macro default__replace_pattern(text, pattern, replacement) %}regexp_replace({{ text }}, '{{ pattern }}', '{{ replacement }}', 'g'){% endmacro %}
{% macro spark__replace_pattern(text, pattern, replacement) -%}
    regexp_replace({{ text }}, r'{{ pattern }}', '{{ replacement | replace("\\", "$") }}')
{%- endmacro %}

{% macro split_pattern(text, pattern) %}{{ return(adapter.dispatch('split_pattern')(text, pattern)) }}{% endmacro %}
{% macro default__split_pattern(text, pattern) %}string_split_regex({{ text }}, '{{ pattern }}'){% endmacro %}
{% macro spark__split_pattern(text, pattern) %}split({{ text }}, r'{{ pattern }}'){% endmacro %}

{#- One edit in n letters costs 1/n of the similarity. -#}
{% macro text_similarity(first, second) -%}
    (1 - levenshtein({{ first }}, {{ second }}) * 1.0 / greatest(length({{ first }}), length({{ second }})))
{%- endmacro %}

{% macro matches_pattern(text, pattern) %}{{ return(adapter.dispatch('matches_pattern')(text, pattern)) }}{% endmacro %}
{% macro default__matches_pattern(text, pattern) %}regexp_matches({{ text }}, '{{ pattern }}'){% endmacro %}
{% macro spark__matches_pattern(text, pattern) %}({{ text }} rlike r'{{ pattern }}'){% endmacro %}

{#- Elements with their place from 1, in a lateral join: both lists are exploded side by side. -#}
{% macro places(array) %}{{ return(adapter.dispatch('places')(array)) }}{% endmacro %}
{% macro default__places(array) %}range(1, len({{ array }}) + 1){% endmacro %}
{% macro spark__places(array) %}sequence(1, size({{ array }})){% endmacro %}

{% macro element_at(array, place) %}{{ return(adapter.dispatch('element_at')(array, place)) }}{% endmacro %}
{% macro default__element_at(array, place) %}{{ array }}[{{ place }}]{% endmacro %}
{% macro spark__element_at(array, place) %}element_at({{ array }}, {{ place }}){% endmacro %}

{#- Patterns one after the other, each a pair of pattern and replacement. -#}
{% macro replace_patterns(text, pairs) -%}
    {%- set replaced = namespace(text=text) -%}
    {%- for pattern, replacement in pairs -%}
        {%- set replaced.text = replace_pattern(replaced.text, pattern, replacement) -%}
    {%- endfor -%}
    {{ replaced.text }}
{%- endmacro %}
