"""Whatever a hospital writes, every row is accounted for and landing again changes nothing."""

from __future__ import annotations

import csv
import io
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.pipelines.hospital import Hospital

IDS = st.sampled_from(["p1", "p2", "p3", "", " p1"])
DATES = st.sampled_from(["2024-01-05", "2024-02", "2023", "", "05/01/2024", "2999-01-01", "2024-02-30"])
DRUGS = st.one_of(
    st.sampled_from(["letrozole", ""]), st.text(st.characters(codec="utf-8", exclude_characters="\0"))
)
SEXES = st.sampled_from(["female", "FEMALE", "unknown", "x", ""])
MEDICATIONS = st.lists(st.tuples(IDS, DRUGS, DATES, DATES), max_size=12)
PATIENTS = st.lists(st.tuples(IDS, SEXES), max_size=5)


def written(header: tuple[str, ...], rows: list[tuple[str, ...]], doubled: bool) -> str:
    """The rows as CSV, twice where `doubled`."""
    text = io.StringIO()
    # a bare carriage return would end a line, and Python leaves it unquoted otherwise
    writer = csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_ALL)
    writer.writerow(header)
    writer.writerows(rows * 2 if doubled else rows)
    return text.getvalue()


@settings(max_examples=12, deadline=None)
@given(patients=PATIENTS, medications=MEDICATIONS, doubled=st.booleans())
def test_rows_read_are_landed_quarantined_or_duplicates(
    patients: list[tuple[str, ...]], medications: list[tuple[str, ...]], doubled: bool
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        hospital = Hospital(Path(folder))
        hospital.write("patients.csv", written(("patient_id", "sex"), patients, doubled))
        header = ("patient_id", "drug", "start_date", "end_date")
        hospital.write("medications.csv", written(header, medications, doubled))
        first = hospital.land()
        if first.refused:
            # only a column of mostly wrong dates is refused here; all else is a matter of rows
            assert all("contradict the declared form" in refusal.reason for refusal in first.refused)
            return
        hospital.require_every_row_accounted_for()
        read = dict(hospital.query("select table_name, rows_read from raw.batches"))
        times = 2 if doubled else 1
        assert read == {"patients": len(patients) * times, "medications": len(medications) * times}
        known = {name for (name,) in hospital.rows("patients", "patient_id")}
        assert {name for (name,) in hospital.rows("medications", "patient_id")} <= known
        ids = [name for (name,) in hospital.rows("medications", "medication_id")]
        assert len(set(ids)) == len(ids)
        again = hospital.land()
        assert (again.landed, again.rows, again.quarantined) == ([], first.rows, first.quarantined)
        hospital.require_every_row_accounted_for()
