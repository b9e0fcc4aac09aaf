-- The line's name and category (therapy-lines.md, section 7): all its drugs in alphabetical order; the first category that fits.

with lines as (

    select * from {{ ref('int_lines_opened') }}

),

final as (

    select
        rule_set_id,
        patient_id,
        line_number,
        {{ array_text(array_map('line_drugs', 'drug', 'drug.ingredient'), ' + ') }} as regimen,
        case
            when {{ array_any('line_drugs', 'drug', "drug.modality = 'chemo'") }} then 'chemo'
            when {{ array_any('line_drugs', 'drug', "drug.modality = 'endocrine'") }}
                then
                    case
                        when {{ array_any('line_drugs', 'drug', "drug.drug_class = 'cdk46_inhibitor'") }} then 'endocrine + cdk46'
                        when {{ array_any('line_drugs', 'drug', "drug.drug_class = 'mtor_inhibitor'") }} then 'endocrine + mtor'
                        when {{ array_any('line_drugs', 'drug', "drug.drug_class = 'pi3k_akt_inhibitor'") }} then 'endocrine + pi3k_akt'
                        else 'endocrine'
                    end
            else 'other'
        end as regimen_category
    from lines

)

select * from final
