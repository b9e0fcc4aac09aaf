{#- Text operations whose names or defaults differ by engine. Patterns are RE2 and Java regular expressions alike. -#}

{% macro without_accents(text) %}{{ return(adapter.dispatch('without_accents')(text)) }}{% endmacro %}
{% macro default__without_accents(text) %}strip_accents({{ text }}){% endmacro %}
{% macro spark__without_accents(text) -%}
    translate({{ text }}, 'àáâãäåèéêëìíîïòóôõöùúûüçñ', 'aaaaaaeeeeiiiiooooouuuucn')
{%- endmacro %}

{% macro replace_pattern(text, pattern, replacement) %}{{ return(adapter.dispatch('replace_pattern')(text, pattern, replacement)) }}{% endmacro %}
{% macro default__replace_pattern(text, pattern, replacement) %}regexp_replace({{ text }}, '{{ pattern }}', '{{ replacement }}', 'g'){% endmacro %}
{% macro spark__replace_pattern(text, pattern, replacement) %}regexp_replace({{ text }}, r'{{ pattern }}', '{{ replacement }}'){% endmacro %}

{% macro split_pattern(text, pattern) %}{{ return(adapter.dispatch('split_pattern')(text, pattern)) }}{% endmacro %}
{% macro default__split_pattern(text, pattern) %}string_split_regex({{ text }}, '{{ pattern }}'){% endmacro %}
{% macro spark__split_pattern(text, pattern) %}split({{ text }}, r'{{ pattern }}'){% endmacro %}

{#- One edit in n letters costs 1/n of the similarity. -#}
{% macro text_similarity(first, second) -%}
    (1 - levenshtein({{ first }}, {{ second }}) * 1.0 / greatest(length({{ first }}), length({{ second }})))
{%- endmacro %}

{#- A drug text's key: doses, strengths and noise words out, single blanks. `noise` is a list column. -#}
{% macro drug_key(text, noise) -%}
    trim({{ array_text(array_keep(split_pattern(text, "\\s+"), 'word', "word <> '' and not " ~ array_has(noise, 'word')), ' ') }})
{%- endmacro %}
