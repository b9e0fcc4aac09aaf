"""What the warehouse finds in a synthetic site is what its stories were."""

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from pipelines.synthetic import synthesize
from pipelines.warehouse import Warehouse
from tests.conftest import transform

TRUTH = """
create table truth as
select * replace (
    line_number::int as line_number, start_date::date as start_date,
    progression_date::date as progression_date, days::int as days, event::int as event
)
from read_csv('{file}', auto_detect = false, header = true, delim = ',', quote = '"', columns = {{
    'kind': 'varchar', 'patient_id': 'varchar', 'stratum': 'varchar', 'removed_at': 'varchar',
    'line_number': 'varchar', 'start_date': 'varchar', 'regimen': 'varchar', 'strategy': 'varchar',
    'progression_date': 'varchar', 'days': 'varchar', 'event': 'varchar'
}})"""

# what was meant, and what was found: the same rows
COMPARED = {
    "lines": (
        "select patient_id, line_number, start_date, regimen from truth where kind = 'line'",
        """select patient_id, line_number, line_start, regimen from marts.therapy_lines
        where rule_set_id = 'primary'""",
    ),
    "first progression of each line": (
        """select patient_id, line_number, progression_date from truth
        where kind = 'line' and progression_date is not null""",
        """select patient_id, line_number, min(episode_date) from marts.progression_events
        where rule_set_id = 'primary' and line_number is not null group by all""",
    ),
    "PFS of each line": (
        "select patient_id, line_number, days, event from truth where kind = 'line'",
        """select patient_id, line_number, days, event from marts.line_endpoints
        where rule_set_id = 'primary' and profile_id = 'primary' and endpoint = 'pfs'""",
    ),
    "index patients": (
        "select patient_id, line_number, start_date, days, event from truth where kind = 'index'",
        """select patient_id, index_line, index_date, pfs1_days, pfs1_event from marts.index_patients
        where study_id = 'palbociclib'""",
    ),
    "study patients": (
        "select patient_id, line_number, start_date, strategy, days, event from truth where kind = 'next'",
        """select patient_id, next_line, next_line_start, strategy, pfs2_days, pfs2_event
        from marts.study_patients where study_id = 'palbociclib'""",
    ),
    "who leaves at which step": (
        "select removed_at, count(*) from truth where kind = 'patient' and removed_at is not null group by 1",
        """select step, patients_removed from marts.cohort_attrition
        where study_id = 'palbociclib' and patients_removed > 0""",
    ),
}


def opened(file: Path, site: Path) -> duckdb.DuckDBPyConnection:
    """The marts, published or just built, and the truth of the site beside them."""
    con = duckdb.connect()
    con.execute("set autoinstall_known_extensions = false")
    con.execute(TRUTH.format(file=site / "truth.csv"))
    # under the name dbt gave it: a view's text names its tables with the catalog
    con.execute(f"attach '{file}' as afterline (read_only)")
    return con


def differences(con: duckdb.DuckDBPyConnection, meant: str, found: str) -> list[tuple]:
    """Rows that were meant and not found, and the reverse."""
    found = found.replace("marts.", "afterline.marts.")
    return con.execute(
        f"select 'meant', * from (({meant}) except all ({found})) "
        f"union all select 'found', * from (({found}) except all ({meant}))"
    ).fetchall()


@pytest.fixture(scope="module")
def demo(demo_warehouse: Warehouse, demo_site: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with opened(demo_warehouse.published_db, demo_site.parent) as con:
        yield con


@pytest.mark.parametrize("what", COMPARED)
def test_the_warehouse_finds_the_demo_s_truth(demo: duckdb.DuckDBPyConnection, what: str) -> None:
    meant, found = COMPARED[what]
    assert demo.execute(f"select count(*) > 0 from ({meant})").fetchall() == [(True,)]
    assert differences(demo, meant, found) == []


def test_the_demo_compares_48(demo: duckdb.DuckDBPyConnection) -> None:
    counts = demo.execute(
        """select strategy, count(*) from afterline.marts.study_patients
        where study_id = 'palbociclib' group by 1 order by 1"""
    ).fetchall()
    assert counts == [("chemotherapy", 29), ("endocrine", 19), ("other", 6)]


def test_about_half_of_those_compared_benefit(demo: duckdb.DuckDBPyConnection) -> None:
    ((share,),) = demo.execute(
        """select avg(clinical_benefit::int) from afterline.marts.study_patients
        where strategy in ('endocrine', 'chemotherapy')"""
    ).fetchall()
    assert share == pytest.approx(0.5, abs=0.1)


@pytest.mark.slow
def test_another_hospital_s_truth_is_found_too(tmp_path: Path) -> None:
    site = tmp_path / "site"
    synthesize(site, 1500, 77, format="parquet", site="another")
    # the truth is of the primary rule set, and nothing here is of the report
    warehouse = transform(site / "site.yml", tmp_path / "warehouse", rule_sets="primary")
    with opened(warehouse.build_db, site) as con:
        for what, (meant, found) in COMPARED.items():
            assert differences(con, meant, found) == [], what
