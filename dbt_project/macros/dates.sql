{#- Day arithmetic, the same on every engine. All dates have day resolution. -#}

{% macro add_days(date, days) %}{{ return(adapter.dispatch('add_days')(date, days)) }}{% endmacro %}
{% macro default__add_days(date, days) %}({{ date }} + cast({{ days }} as integer)){% endmacro %}
{% macro spark__add_days(date, days) %}date_add({{ date }}, cast({{ days }} as int)){% endmacro %}

{#- The same day of the month so many months later, or its last day where it has none. -#}
{% macro add_months(date, months) %}{{ return(adapter.dispatch('add_months')(date, months)) }}{% endmacro %}
{% macro default__add_months(date, months) %}cast({{ date }} + to_months(cast({{ months }} as integer)) as date){% endmacro %}
{% macro spark__add_months(date, months) %}add_months({{ date }}, cast({{ months }} as int)){% endmacro %}

{#- Whole days from the first date to the second: `d2 - d1`. -#}
{% macro days_between(from_date, to_date) %}{{ return(adapter.dispatch('days_between')(from_date, to_date)) }}{% endmacro %}
{% macro default__days_between(from_date, to_date) %}cast({{ to_date }} - {{ from_date }} as integer){% endmacro %}
{% macro spark__days_between(from_date, to_date) %}datediff({{ to_date }}, {{ from_date }}){% endmacro %}

{#- endpoints.md, section 4: months = days / 30.4375, never an engine's own month count. -#}
{% macro months_from_days(days) %}({{ days }} / 30.4375){% endmacro %}

{#- extracts.md: YYYY is imputed as 1 July, YYYY-MM as the 15th; what was written stands in the precision. -#}
{% macro partial_date(text) -%}
    cast(
        case length(trim({{ text }}))
            when 4 then trim({{ text }}) || '-07-01'
            when 7 then trim({{ text }}) || '-15'
            else nullif(trim({{ text }}), '')
        end as date
    )
{%- endmacro %}

{% macro partial_date_precision(text) -%}
    case length(trim({{ text }})) when 4 then 'year' when 7 then 'month' when 10 then 'day' end
{%- endmacro %}
