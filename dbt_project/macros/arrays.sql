{#-
  One macro per list operation: DuckDB and Spark name them differently and write lambdas differently
  (DuckDB 2 refuses the arrow, Spark wants it). `item` is the lambda's variable, `condition` uses it.
-#}

{% macro struct_of(fields) %}{{ return(adapter.dispatch('struct_of')(fields)) }}{% endmacro %}
{% macro default__struct_of(fields) -%}
    struct_pack({% for name, value in fields.items() %}{{ name }} := {{ value }}{{ ", " if not loop.last }}{% endfor %})
{%- endmacro %}
{% macro spark__struct_of(fields) -%}
    named_struct({% for name, value in fields.items() %}'{{ name }}', {{ value }}{{ ", " if not loop.last }}{% endfor %})
{%- endmacro %}

{#- Distinct, sorted list of the group's values; nulls are left out. -#}
{% macro collect_sorted(value, where=none) %}{{ return(adapter.dispatch('collect_sorted')(value, where)) }}{% endmacro %}
{% macro default__collect_sorted(value, where) -%}
    list_sort(coalesce(list(distinct {{ value }}) filter (where {{ value }} is not null{{ " and " ~ where if where }}), []))
{%- endmacro %}
{% macro spark__collect_sorted(value, where) -%}
    array_sort(collect_set({{ value }}) filter (where {{ value }} is not null{{ " and " ~ where if where }}))
{%- endmacro %}

{% macro array_keep(array, item, condition) %}{{ return(adapter.dispatch('array_keep')(array, item, condition)) }}{% endmacro %}
{% macro default__array_keep(array, item, condition) %}list_filter({{ array }}, lambda {{ item }}: {{ condition }}){% endmacro %}
{% macro spark__array_keep(array, item, condition) %}filter({{ array }}, {{ item }} -> {{ condition }}){% endmacro %}

{% macro array_map(array, item, expression) %}{{ return(adapter.dispatch('array_map')(array, item, expression)) }}{% endmacro %}
{% macro default__array_map(array, item, expression) %}list_transform({{ array }}, lambda {{ item }}: {{ expression }}){% endmacro %}
{% macro spark__array_map(array, item, expression) %}transform({{ array }}, {{ item }} -> {{ expression }}){% endmacro %}

{% macro array_size(array) %}{{ return(adapter.dispatch('array_size')(array)) }}{% endmacro %}
{% macro default__array_size(array) %}len({{ array }}){% endmacro %}
{% macro spark__array_size(array) %}size({{ array }}){% endmacro %}

{% macro array_has(array, value) %}{{ return(adapter.dispatch('array_has')(array, value)) }}{% endmacro %}
{% macro default__array_has(array, value) %}list_contains({{ array }}, {{ value }}){% endmacro %}
{% macro spark__array_has(array, value) %}array_contains({{ array }}, {{ value }}){% endmacro %}

{% macro array_any(array, item, condition) %}({{ array_size(array_keep(array, item, condition)) }} > 0){% endmacro %}

{% macro array_all(array, item, condition) %}({{ array_size(array_keep(array, item, "not (" ~ condition ~ ")")) }} = 0){% endmacro %}

{#- Sorted union of two lists without repetition. -#}
{% macro array_join_sets(first, second) %}{{ return(adapter.dispatch('array_join_sets')(first, second)) }}{% endmacro %}
{% macro default__array_join_sets(first, second) %}list_sort(list_distinct(list_concat({{ first }}, {{ second }}))){% endmacro %}
{% macro spark__array_join_sets(first, second) %}array_sort(array_union({{ first }}, {{ second }})){% endmacro %}

{% macro array_least(array) %}{{ return(adapter.dispatch('array_least')(array)) }}{% endmacro %}
{% macro default__array_least(array) %}list_min({{ array }}){% endmacro %}
{% macro spark__array_least(array) %}array_min({{ array }}){% endmacro %}

{% macro array_greatest(array) %}{{ return(adapter.dispatch('array_greatest')(array)) }}{% endmacro %}
{% macro default__array_greatest(array) %}list_max({{ array }}){% endmacro %}
{% macro spark__array_greatest(array) %}array_max({{ array }}){% endmacro %}

{% macro array_text(array, separator) %}{{ return(adapter.dispatch('array_text')(array, separator)) }}{% endmacro %}
{% macro default__array_text(array, separator) %}array_to_string({{ array }}, '{{ separator }}'){% endmacro %}
{% macro spark__array_text(array, separator) %}array_join({{ array }}, '{{ separator }}'){% endmacro %}

{#- One row per element, as a column of the select list. -#}
{% macro explode(array) %}{{ return(adapter.dispatch('explode')(array)) }}{% endmacro %}
{% macro default__explode(array) %}unnest({{ array }}){% endmacro %}
{% macro spark__explode(array) %}explode({{ array }}){% endmacro %}

{% macro empty_array(type) %}{{ return(adapter.dispatch('empty_array')(type)) }}{% endmacro %}
{% macro default__empty_array(type) %}cast([] as {{ type }}[]){% endmacro %}
{% macro spark__empty_array(type) %}cast(array() as array<{{ type }}>){% endmacro %}

{#- The first known value in a window: nulls are skipped. -#}
{% macro first_known(column, window) %}{{ return(adapter.dispatch('first_known')(column, window)) }}{% endmacro %}
{% macro default__first_known(column, window) %}first_value({{ column }} ignore nulls) over {{ window }}{% endmacro %}
{% macro spark__first_known(column, window) %}first_value({{ column }}, true) over {{ window }}{% endmacro %}
