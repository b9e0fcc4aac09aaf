"""`afterline explain`: what it prints of the patient stories is what the marts and the files say."""

import fcntl
import io
import re
from contextlib import closing
from datetime import date
from pathlib import Path

import duckdb
import pytest

from pipelines.errors import LockHeld, UsageError
from pipelines.explain.command import explain_patient
from pipelines.explain.dates import Calendar, parse
from pipelines.explain.records import pseudonym_of
from pipelines.explain.story import clean
from pipelines.explain.words import OPENINGS, RULES
from pipelines.warehouse import Warehouse
from tests.conftest import CHECKOUT, Afterline, copy_of
from tests.pipelines.small import small_warehouse

EXTRACTS = CHECKOUT / "tests" / "stories" / "extracts"


def page(
    warehouse: Warehouse,
    patient: str,
    rule_set: str = "primary",
    profile: str | None = None,
    diff: tuple[str, str] | None = None,
) -> str:
    """What is printed into a pipe."""
    out = io.StringIO()
    explain_patient(warehouse.root, patient, rule_set, profile, diff, out)
    return out.getvalue()


def words(text: str) -> str:
    """The text without its line breaks."""
    return " ".join(text.split())


def part(text: str, heading: str) -> str:
    """One part of the page, from its heading to the next."""
    found = re.search(rf"^{heading}[^\n]*\n=+\n(.*?)(?=\n\n|\Z)", text, re.DOTALL | re.MULTILINE)
    assert found is not None, f"no part {heading}"
    return found.group(1)


def decision(text: str, opening: str) -> str:
    """One decision of the page, its lines joined."""
    blocks = re.split(r"\n(?=\S)", part(text, "Decisions"))
    found = [words(block) for block in blocks if block.startswith(opening)]
    assert len(found) == 1, f"{len(found)} decisions begin with {opening}"
    return found[0]


def query(file: Path, sql: str) -> list[tuple[object, ...]]:
    with closing(duckdb.connect(str(file.resolve()), read_only=True)) as connection:
        return connection.execute(sql).fetchall()


def record_number(table: str, record_id: str) -> int:
    """Which row of data of the extract this record is."""
    lines = (EXTRACTS / f"{table}.csv").read_text(encoding="utf-8").splitlines()
    return next(number for number, line in enumerate(lines) if line.startswith(f"{record_id},"))


def change(file: Path, *statements: str) -> None:
    """Write into a copy of a published or a landing file."""
    file = file.resolve()
    file.chmod(0o600)
    with closing(duckdb.connect(str(file))) as connection:
        for statement in statements:
            connection.execute(statement)


@pytest.fixture
def broken(stories_warehouse: Warehouse, tmp_path: Path) -> Warehouse:
    """A copy of the stories to change."""
    return copy_of(stories_warehouse, tmp_path / "copy")


def test_a_substitution_is_shown_with_its_rule_parameters_and_records(stories_warehouse: Warehouse) -> None:
    text = page(stories_warehouse, "V24")

    found = decision(text, "2022-02-11 (day 319)  substitution (rule 5)  line 2.0 -> line 2.1")
    assert f"ribociclib: V24-m04 (medications.csv {record_number('medications', 'V24-m04')})" in found
    assert "takes the place of a drug of its substitution group" in found
    assert "substitution_allowed = true" in found
    assert "pd_attribution_days = 30" in found


def test_the_progression_behind_a_new_line_is_named_with_its_file_and_record(
    stories_warehouse: Warehouse,
) -> None:
    found = decision(page(stories_warehouse, "V24"), "2022-01-13 (day 290)  new_line (rule 7)")

    number = record_number("assessments", "V24-a03")
    assert "line 1.0 -> line 2.0" in found
    assert "Opened by progression" in found
    assert (
        f"Progression 2022-01-03 (day 280), imaging, V24-a03 (assessments.csv {number}), belongs to line 1"
        in found
    )


def test_a_progression_answered_by_going_on_is_called_spent(stories_warehouse: Warehouse) -> None:
    text = page(stories_warehouse, "V18")

    restart = decision(text, "2018-05-01 (day 470)  known_drug (rule 2)  stays in line 1.0")
    assert "V18-a03" in restart
    assert "spent: for 90 days it was answered by going on" in restart
    before = decision(text, "2017-08-24 (day 220)  known_drug (rule 2)")
    assert "recorded after this start" in before
    assert "spent:" not in before
    switch = decision(text, "2018-11-17 (day 670)  new_line (rule 7)")
    assert switch.count("spent:") == 1


def test_the_story_is_in_date_order_with_what_the_walk_made_of_each_record(
    stories_warehouse: Warehouse,
) -> None:
    story = part(page(stories_warehouse, "V24"), "Story")

    dates = re.findall(r"^(\d{4}-\d\d-\d\d)", story, re.MULTILINE)
    assert dates == sorted(dates)
    assert len(dates) == 13
    assert re.search(r"2022-01-03 +280 +PD \(radiology, CT\) .*PD of line 1$", story, re.MULTILINE)
    assert re.search(r"2022-02-11 +319 +ribociclib, to 2022-08-11 .*2\.1 substitution$", story, re.MULTILINE)


def test_lines_endpoints_and_the_study_are_those_of_the_marts(stories_warehouse: Warehouse) -> None:
    text = page(stories_warehouse, "V24")

    lines = part(text, "Lines")
    assert "Line 2  2022-01-13 (day 290) to 2022-08-11 (day 500)  endocrine + cdk46" in lines
    assert "ended: stopped, stop reason toxicity" in lines
    assert "2.1 from 2022-02-11 (day 319), substitution: fulvestrant + ribociclib" in lines
    endpoints = part(text, "Endpoints")
    assert re.search(r"PFS +rw_visit_gap +180 +5\.9 +censored: visit_gap +2021-09-25 +V24-a02", endpoints)
    assert re.search(r"OS +any +540 .*encounters\.csv \d+", endpoints)
    study = words(part(text, "Study: palbociclib, profile primary"))
    assert "PFS1 280 days, event." in study
    assert "PFS2 250 days, censored (last_activity)." in study
    assert "PFS2 (EMA) 470 days, censored." in study
    assert "Strategy endocrine (endocrine + cdk46), compared." in study


def test_one_profile_shows_its_pfs_alone(stories_warehouse: Warehouse) -> None:
    text = page(stories_warehouse, "V24", profile="fda")

    profiles = set(re.findall(r"^PFS +(\w+)", part(text, "Endpoints"), re.MULTILINE))
    assert profiles == {"fda"}
    assert "PFS2 180 days" in words(part(text, "Study: palbociclib, profile fda"))


def test_every_decision_of_the_mart_is_printed_once_with_all_its_records(
    stories_warehouse: Warehouse,
) -> None:
    rows = query(
        stories_warehouse.published_db,
        "select patient_id, ingredient, medication_ids, rule from marts.line_decisions "
        "where rule_set_id = 'primary'",
    )
    patients = query(stories_warehouse.published_db, "select patient_id from marts.patients")
    assert len(rows) > 100
    for (patient,) in patients:
        text = page(stories_warehouse, str(patient))
        printed = re.findall(r"^ {4}Drug ([^:]+): ", part(text, "Decisions"), re.MULTILINE)
        decided = [row for row in rows if row[0] == patient]
        assert sorted(printed) == sorted(str(row[1]) for row in decided)
        for _, ingredient, medication_ids, _ in decided:
            assert isinstance(medication_ids, list)
            places = "; ".join(
                f"{name} (medications.csv {record_number('medications', name)})" for name in medication_ids
            )
            assert f"Drug {ingredient}: {places}" in words(part(text, "Decisions"))


def test_the_page_says_what_the_mart_says_and_derives_nothing_again(broken: Warehouse) -> None:
    change(
        broken.published_db,
        "update marts.line_decisions set rule = 'late_addition', subline_after = 7 "
        "where patient_id = 'V24' and rule_set_id = 'primary' and rule = 'substitution'",
        "update marts.line_rules set addition_window_days = 77 where rule_set_id = 'primary'",
    )

    found = decision(page(broken, "V24"), "2022-02-11 (day 319)  late_addition (rule 4)")
    assert "line 2.0 -> line 2.7" in found
    assert "more than 77 days" in found


def test_every_rule_and_every_opening_has_words_and_known_parameters(stories_warehouse: Warehouse) -> None:
    published = stories_warehouse.published_db
    rules = {row[0] for row in query(published, "select distinct rule from marts.line_decisions")}
    openings = {row[0] for row in query(published, "select distinct opened_by from marts.therapy_lines")}
    columns = {row[0] for row in query(published, "describe marts.line_rules")}

    assert rules == set(RULES)
    assert openings == {*OPENINGS, "first", "carried_over_alone"}
    assert {name for rule in RULES.values() for name in rule.parameters} <= columns


def test_a_carried_over_drug_alone_opens_line_one(stories_warehouse: Warehouse) -> None:
    ((patient, when),) = query(
        stories_warehouse.published_db,
        "select patient_id, cast(line_start as varchar) from marts.therapy_lines "
        "where rule_set_id = 'primary' and opened_by = 'carried_over_alone' order by all limit 1",
    )

    found = decision(page(stories_warehouse, str(patient)), f"{when} (day 0)  carried_over  no line")
    assert "opens line 1 on the advanced date" in found


def test_diff_shows_the_parameter_the_lines_and_the_first_decision_that_differ(
    stories_warehouse: Warehouse,
) -> None:
    text = page(stories_warehouse, "V19", diff=("primary", "gap_advances"))

    assert words(part(text, "Parameters that differ")) == (
        "parameter primary gap_advances gap_advances false true"
    )
    lines = part(text, "Lines")
    assert re.search(r"^3 +- +2019-12-12 to 2020-02-10$", lines, re.MULTILINE)
    assert not re.search(r"^4 ", lines, re.MULTILINE)
    first = words(part(text, "First decision that differs"))
    ours, theirs = first.split("Under gap_advances")
    assert "2019-04-16 (day 400) known_drug (rule 2) stays in line 1.0" in ours
    assert "2019-04-16 (day 400) new_line (rule 7) line 1.0 -> line 2.0" in theirs
    assert "Opened by a gap" in theirs


def test_diff_of_rule_sets_that_agree_says_so(stories_warehouse: Warehouse) -> None:
    text = page(stories_warehouse, "V24", diff=("primary", "gap_advances"))

    assert "None: every decision is the same" in part(text, "First decision that differs")


def test_an_unknown_patient_is_one_sentence_without_the_id(
    stories_warehouse: Warehouse, afterline: Afterline
) -> None:
    done = afterline("explain", "V77", "--warehouse", stories_warehouse.root)

    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert "No patient has this id" in done.stderr
    assert "V77" not in done.stderr


def test_the_command_prints_plain_text_of_a_hundred_columns(
    stories_warehouse: Warehouse, afterline: Afterline
) -> None:
    done = afterline("explain", "V24", "--warehouse", stories_warehouse.root)

    assert done.returncode == 0, done.stderr
    assert "\x1b" not in done.stdout
    lines = done.stdout.splitlines()
    assert max(map(len, lines)) <= 100
    assert all(line == line.rstrip() for line in lines)


def test_unknown_rule_sets_and_profiles_name_the_nearest(stories_warehouse: Warehouse) -> None:
    with pytest.raises(UsageError, match="nearest is gap_advances"):
        page(stories_warehouse, "V24", rule_set="gap_advance")
    with pytest.raises(UsageError, match="nearest is ema"):
        page(stories_warehouse, "V24", profile="emea")


def test_a_rule_set_that_was_not_computed_is_refused(broken: Warehouse) -> None:
    change(broken.published_db, "delete from marts.cohort_attrition_all where rule_set_id = 'gap_advances'")

    with pytest.raises(UsageError, match="was not computed"):
        page(broken, "V24", rule_set="gap_advances")


def test_a_real_id_is_looked_up_in_the_landing_file_and_never_printed(broken: Warehouse) -> None:
    expected = page(broken, "V24")
    tables = ("patients", "diagnoses", "metastases", "medications", "assessments", "encounters")
    change(
        broken.landing,
        "update raw.pseudonyms set id = 'REAL-24' where id_table = 'patients' and id = 'V24'",
        *(f"update raw.{table} set patient_id = 'REAL-24' where patient_id = 'V24'" for table in tables),
    )

    assert page(broken, "REAL-24") == expected
    assert "REAL-24" not in expected


def test_a_real_id_without_the_landing_file_is_one_clear_sentence(broken: Warehouse) -> None:
    broken.landing.unlink()

    with pytest.raises(UsageError, match="can be looked up only in the landing file"):
        page(broken, "REAL-24")


def test_a_patient_who_landed_but_is_not_published_is_told_apart(broken: Warehouse) -> None:
    change(broken.landing, "insert into raw.pseudonyms values ('patients', 'REAL-99', 'V99')")

    with pytest.raises(UsageError, match="landed but is not among those published"):
        page(broken, "REAL-99")


def test_without_the_landing_file_the_marts_alone_are_told(broken: Warehouse) -> None:
    broken.landing.unlink()

    text = page(broken, "V24")
    assert "There is no landing file" in text
    assert "substitution (rule 5)" in text
    assert "medications.csv" not in text
    assert re.search(r"2022-01-03 +280 +progression \(imaging\) +V24-a03 +PD of line 1", text)


def test_while_a_run_holds_the_warehouse_a_sentence_says_so(broken: Warehouse) -> None:
    with broken.lock.open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert "A run works on this warehouse" in words(page(broken, "V24"))
        with pytest.raises(LockHeld, match="A run works on this warehouse"):
            page(broken, "REAL-24")
    assert "A run works" not in page(broken, "V24")


def test_files_that_landed_after_the_publication_are_pointed_out(broken: Warehouse) -> None:
    assert "Files have landed since" not in page(broken, "V24")
    change(broken.landing, "update raw.batches set run_id = '99991231T000000Z-000000' where batch_id = 1")

    assert "Files have landed since this publication" in page(broken, "V24")


def test_a_record_of_an_earlier_delivery_is_still_found(broken: Warehouse) -> None:
    change(broken.landing, "update raw.batches set is_current = false where table_name = 'assessments'")

    found = decision(page(broken, "V24"), "2022-01-13 (day 290)  new_line (rule 7)")
    assert f"assessments.csv {record_number('assessments', 'V24-a03')}, earlier delivery)" in found


def test_nothing_is_written(broken: Warehouse) -> None:
    files = [broken.landing, broken.published_db.resolve(), broken.lock]
    before = [(file.read_bytes(), file.stat().st_mtime_ns) for file in files]
    names = sorted(broken.root.rglob("*"))

    page(broken, "V24")

    assert [(file.read_bytes(), file.stat().st_mtime_ns) for file in files] == before
    assert sorted(broken.root.rglob("*")) == names


def test_relative_dates_are_days_and_no_calendar_date_is_printed(broken: Warehouse) -> None:
    change(broken.published_db, "update marts.patients set date_basis = 'relative' where patient_id = 'V24'")

    text = page(broken, "V24")
    assert not re.search(r"\d{4}-\d\d", text)
    assert "born" not in text
    assert "day 319  substitution (rule 5)  line 2.0 -> line 2.1" in text
    assert not re.search(r"\d{4}-\d\d", page(broken, "V24", diff=("primary", "no_substitution")))


def test_a_warehouse_without_a_publication_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="afterline build"):
        page(Warehouse(tmp_path), "V24")


def test_the_pseudonym_of_a_real_id(tmp_path: Path) -> None:
    warehouse = small_warehouse(tmp_path / "warehouse")

    assert pseudonym_of(warehouse, "id-a") == "a1"
    assert pseudonym_of(warehouse, "id-") is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2021-03-29", (date(2021, 3, 29), "day")),
        ("2021-03", (date(2021, 3, 15), "month")),
        ("2021", (date(2021, 7, 1), "year")),
        ("", None),
        (None, None),
    ],
)
def test_dates_of_the_extracts(text: str | None, expected: tuple[date, str] | None) -> None:
    assert parse(text) == expected


def test_a_date_shows_no_more_than_is_known() -> None:
    calendar = Calendar(date(2021, 3, 1), "the advanced date", is_relative=False)
    relative = Calendar(date(2021, 3, 1), "the advanced date", is_relative=True)

    assert calendar.text(date(2021, 3, 15), "month") == "2021-03"
    assert calendar.both(date(2021, 3, 15)) == "2021-03-15 (day 14)"
    assert relative.text(date(2021, 3, 15), "month") == "day 14 (month known)"
    assert relative.both(date(2021, 2, 28)) == "day -1"
    assert calendar.text(None) == "-"


def test_text_of_a_record_cannot_steer_the_terminal() -> None:
    assert clean("\x1b[31mletro\nzole\x07 ") == "[31mletro zole"


def test_a_patient_without_advanced_disease_has_a_story_and_no_decision(stories_warehouse: Warehouse) -> None:
    text = page(stories_warehouse, "V35")

    assert "no advanced disease on record" in text
    assert "V35-m01 (medications.csv" in part(text, "Story")
    assert part(text, "Decisions").startswith("None")
    assert "Early therapy: letrozole, 2023-01-09 to 2023-11-05" in part(text, "Lines")
    assert "one of the steps 2 female" in part(text, "Study")
