{#- Schemas are named plainly (staging, intermediate, marts): one project, one file, nobody to share it with. -#}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ (custom_schema_name or target.schema) | trim }}
{%- endmacro %}
