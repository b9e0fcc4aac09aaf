"""The site's own studies in the landing file, where dbt finds them beside the project's."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from pipelines.study_rows import rows_of
from pipelines.studyfile import Study

# the columns of the project's seeds of the same names, in their order
TABLES = {
    "site_studies": {
        "study_id": "varchar",
        "title": "varchar",
        "index_ingredient": "varchar",
        "index_drug_class": "varchar",
        "index_label": "varchar",
        "index_partner_modality": "varchar",
        "required_sex": "varchar",
        "requires_hr_positive": "boolean",
        "requires_her2_negative": "boolean",
        "minimum_age_years": "integer",
        "required_menopausal_status": "varchar",
        "excludes_other_cancer": "boolean",
        "other_cancer_years": "integer",
        "receptor_positive_percent": "integer",
        "her2_pairing_days": "integer",
        "measure_days_before": "integer",
        "measure_days_after": "integer",
        "de_novo_days": "integer",
        "adjuvant_primary_resistance_days": "integer",
        "adjuvant_secondary_resistance_days": "integer",
        "advanced_primary_resistance_days": "integer",
        "pfs1_short_months": "integer",
        "pfs1_long_months": "integer",
        "pfs_ratio_threshold": "double",
    },
    "site_study_strategies": {
        "study_id": "varchar",
        "position": "integer",
        "strategy": "varchar",
        "label": "varchar",
        "has_chemo": "varchar",
        "has_endocrine": "varchar",
        "has_targeted": "varchar",
    },
    "site_study_covariates": {
        "study_id": "varchar",
        "position": "integer",
        "covariate": "varchar",
        "label": "varchar",
        "transformation": "varchar",
    },
}


def create_study_tables(connection: duckdb.DuckDBPyConnection) -> None:
    """The three tables, empty where there are none: what the last landing wrote stays till the next ends."""
    for name in TABLES:
        connection.execute(f"create table if not exists raw.{name} ({_definition(name)})")


def write_studies(connection: duckdb.DuckDBPyConnection, studies: Sequence[Study]) -> None:
    """Replace the three tables by the site's study files as they are now; older ones may lack a column."""
    found = [rows_of(study) for study in studies]
    for name, columns in TABLES.items():
        connection.execute(f"create or replace table raw.{name} ({_definition(name)})")
        places = ", ".join(f"${column}" for column in columns)
        for row in (row for rows in found for row in rows[name.removeprefix("site_")]):
            connection.execute(f"insert into raw.{name} values ({places})", row)


def _definition(name: str) -> str:
    return ", ".join(f'"{column}" {kind}' for column, kind in TABLES[name].items())
