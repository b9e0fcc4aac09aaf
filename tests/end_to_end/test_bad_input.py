"""Bad input through the command line: quarantined or refused, one clear sentence, nothing lost."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines.warehouse import Warehouse
from tests.conftest import Afterline, copy_of


@dataclass
class Hospital:
    """A copy of the demo to spoil: its extracts, and a warehouse with last night's publication."""

    site_file: Path
    warehouse: Warehouse
    afterline: Afterline

    def __post_init__(self) -> None:
        self.before = self.standing()

    @property
    def extracts(self) -> Path:
        return self.site_file.parent / "extracts"

    def lines(self, table: str) -> list[str]:
        return (self.extracts / f"{table}.csv").read_text(encoding="utf-8").splitlines(keepends=True)

    def write(self, table: str, content: str | bytes) -> None:
        data = content.encode() if isinstance(content, str) else content
        (self.extracts / f"{table}.csv").write_bytes(data)

    def replace_in_row(self, table: str, column: str, value: str) -> None:
        """Put `value` into this column of the first row that has something there."""
        header, *rows = self.lines(table)
        place = header.strip().split(",").index(column)
        for number, row in enumerate(rows):
            cells = row.rstrip("\n").split(",")
            if cells[place]:
                cells[place] = value
                rows[number] = ",".join(cells) + "\n"
                self.write(table, "".join([header, *rows]))
                return
        pytest.fail(f"{table}.{column} is empty throughout")

    def run(self, command: str, site_file: Path | None = None) -> tuple[int, str]:
        """Exit code and everything said; never a traceback."""
        done = self.afterline(
            command, "--site", site_file or self.site_file, "--warehouse", self.warehouse.root
        )
        said = done.stdout + done.stderr
        assert "Traceback" not in said
        return done.returncode, said

    def standing(self) -> tuple[str, int, bytes]:
        """The publication as its readers see it."""
        return (
            str(self.warehouse.current.readlink()),
            self.warehouse.published_db.stat().st_ino,
            (self.warehouse.site / "index.html").read_bytes(),
        )

    def landing(self, query: str) -> list[tuple[Any, ...]]:
        with closing(duckdb.connect(str(self.warehouse.landing), read_only=True)) as connection:
            return connection.execute(query).fetchall()


@pytest.fixture
def hospital(demo_site: Path, demo_warehouse: Warehouse, tmp_path: Path, afterline: Afterline) -> Hospital:
    shutil.copytree(demo_site.parent, tmp_path / "site")
    return Hospital(tmp_path / "site" / "site.yml", copy_of(demo_warehouse, tmp_path / "wh"), afterline)


def duplicate_header(hospital: Hospital) -> None:
    header, *rows = hospital.lines("labs")
    names = header.strip().split(",")
    hospital.write("labs", "".join([",".join([*names[:-1], names[0]]) + "\n", *rows]))


def missing_column(hospital: Hospital) -> None:
    header, *rows = hospital.lines("labs")
    hospital.write("labs", "".join([header.replace("analyte", "analyt"), *rows]))


def wrong_encoding(hospital: Hospital) -> None:
    hospital.replace_in_row("labs", "unit", "µmol/l")
    text = (hospital.extracts / "labs.csv").read_text(encoding="utf-8")
    hospital.write("labs", text.encode("latin-1"))


def truncated(hospital: Hospital) -> None:
    content = (hospital.extracts / "labs.csv").read_bytes()
    hospital.write("labs", content[: len(content) * 2 // 3].rstrip(b"\n")[:-3])


def empty(hospital: Hospital) -> None:
    hospital.write("labs", b"")


def unreadable(hospital: Hospital) -> None:
    # a mode would not stop the superuser; a link to nowhere stops everybody
    (hospital.extracts / "labs.csv").unlink()
    (hospital.extracts / "labs.csv").symlink_to(hospital.extracts / "gone.csv")


@pytest.mark.parametrize(
    "spoil", [duplicate_header, missing_column, wrong_encoding, truncated, empty, unreadable]
)
def test_a_bad_file_is_refused_by_name_and_the_one_before_stays_current(
    hospital: Hospital, spoil: Callable[[Hospital], None]
) -> None:
    current = "select file_sha256, rows_landed from raw.batches where is_current order by all"
    delivered = hospital.landing(current)
    spoil(hospital)

    code, said = hospital.run("land")

    assert code == 3
    (sentence,) = [line for line in said.splitlines() if line.startswith("HELD BACK")]
    assert "labs.csv" in sentence
    assert hospital.landing(current) == delivered
    assert hospital.landing("select file_name from raw.refused_files") == [("labs.csv",)]
    assert hospital.standing() == hospital.before


def test_a_missing_folder_is_wrong_usage(hospital: Hospital) -> None:
    shutil.rmtree(hospital.extracts)
    code, said = hospital.run("build")
    assert code == 2
    assert str(hospital.extracts) in said
    assert hospital.standing() == hospital.before


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("dta_cut: 2026-06-30\n", "data_cut"),
        ("data_cut: yesterday\n", "data_cut"),
        ("retention: {publications: 0}\n", "publications"),
        ("site: [\n", "line"),
    ],
)
def test_a_bad_site_file_is_wrong_usage_and_names_the_key(
    hospital: Hospital, written: str, told: str
) -> None:
    with hospital.site_file.open("a") as file:
        file.write(written)
    code, said = hospital.run("build")
    assert code == 2
    assert told in said
    assert hospital.standing() == hospital.before


FLAT = """\
site: flat
pseudonyms: none
sources:
  - format: flat
    path: export/
    tables:
      patients:
        - file: patients.csv
          columns: {{patient_id: ID, sex: {sex}}}
          values: {{sex: {{F: female}}}}
"""


@pytest.mark.parametrize(
    ("site", "code", "told"),
    [
        (FLAT.format(sex="GESCHLECHT"), 3, "GESCHLECHT"),
        (FLAT.format(sex="SEX").replace("patient_id", "patientid"), 2, "patient_id"),
    ],
)
def test_an_unknown_column_in_the_site_file(
    tmp_path: Path, afterline: Afterline, site: str, code: int, told: str
) -> None:
    (tmp_path / "export").mkdir()
    (tmp_path / "export" / "patients.csv").write_text("ID,SEX\np1,F\n")
    (tmp_path / "site.yml").write_text(site)
    done = afterline("land", "--site", tmp_path / "site.yml", "--warehouse", tmp_path / "wh")
    assert done.returncode == code
    assert told in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def spoil_rows(hospital: Hospital) -> None:
    """A non-date, an end before its start, an unknown patient: three rows."""
    hospital.replace_in_row("encounters", "encounter_date", "soon")
    hospital.replace_in_row("medications", "end_date", "1999-01-01")
    hospital.replace_in_row("assessments", "patient_id", "nobody-4711")


def require_bad_rows_held_back_and_all_others_landed(
    published: duckdb.DuckDBPyConnection, run_id: str
) -> None:
    """`run_id` is the run that landed the rows."""
    found = published.execute(
        "select table_name, column_name, check_name, count(*) from audit.quarantined_rows "
        "where run_id = ? and table_name in ('encounters', 'assessments') group by all order by all",
        [run_id],
    ).fetchall()
    late = published.execute(
        "select count(*) from audit.quarantined_rows "
        "where run_id = ? and table_name = 'medications' and check_name = 'start_not_after_end'",
        [run_id],
    ).fetchone()
    unaccounted = published.execute(
        "select * from audit.inputs where rows_in_file != rows_excluded + rows_read "
        "or rows_read != rows_landed + rows_quarantined + rows_duplicate"
    ).fetchall()
    checks = {(table, check) for table, _, check, _ in found}
    assert ("encounters", "type_castable") in checks or ("encounters", "date_format_declared") in checks
    assert ("assessments", "patient_known") in checks
    assert late is not None
    assert late[0] >= 1
    assert unaccounted == []


def test_a_refused_file_holds_the_night_and_the_next_one_publishes_all_but_the_bad_rows(
    hospital: Hospital,
) -> None:
    # two nights of one hospital, and one rule set: the rules are not what is tried here
    with hospital.site_file.open("a") as file:
        file.write("rule_sets: primary\n")
    delivered = (hospital.extracts / "labs.csv").read_bytes()
    empty(hospital)
    spoil_rows(hospital)

    code, said = hospital.run("build")
    status = hospital.afterline("status", "--warehouse", hospital.warehouse.root)

    assert code == 3
    assert "labs.csv was refused" in said
    assert "4711" not in said
    first_night = json.loads(hospital.warehouse.last_run.read_text())["run_id"]
    assert hospital.standing() == hospital.before
    assert [folder.name for folder in hospital.warehouse.publications.iterdir()] == [
        Path(hospital.before[0]).name
    ]
    assert "labs.csv" in (hospital.warehouse.held / "index.html").read_text()
    assert not list(hospital.warehouse.held.glob("*.parquet"))
    assert status.returncode == 0
    assert "HELD BACK" in status.stdout
    assert str(hospital.warehouse.held) in status.stdout

    hospital.write("labs", delivered)
    code, said = hospital.run("build")

    assert code == 0, said
    assert "4711" not in said
    assert hospital.standing() != hospital.before
    with closing(duckdb.connect(str(hospital.warehouse.published_db), read_only=True)) as published:
        ends = published.execute("select status from audit.runs order by started_at, run_id").fetchall()
        refused = published.execute("select file, is_current from audit.inputs where status = 'refused'")
        assert refused.fetchall() == [("labs.csv", False)]
        require_bad_rows_held_back_and_all_others_landed(published, first_night)
    assert ends == [("published",), ("held",), ("published",)]
