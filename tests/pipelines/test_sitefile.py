"""Site files: what they may say, and the sentence for what they may not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipelines.errors import UsageError
from pipelines.sitefile import Site, json_schema, load_site

# the example of interface.md
EXAMPLE = """
site: demo
data_cut: 2026-06-30
pseudonyms: keyed
sources:
  - format: afterline
    path: extracts/
  - format: flat
    path: export/
    delivery: snapshot
    precedence: 1
    defaults:
      {delimiter: ";", encoding: windows-1252, decimal: ",", dates: "%d/%m/%Y", nulls: ["", "n.d."],
       skip_rows: 0}
    tables:
      medications:
        - file: "terapie_*.csv"
          columns:
            {patient_id: ID_PAZIENTE, drug: FARMACO, start_date: DATA_INIZIO, end_date: DATA_FINE,
             stop_reason: MOTIVO}
          values: {stop_reason: {PD: progression, tossicita: toxicity}}
          dates: {start_date: "%d/%m/%Y"}
shareable: {min_count: 5}
limits: {max_file_mb: 4096, max_expansion: 50, max_field_kb: 256}
retention: {publications: 14}
privacy: {date_shift_days: 0}
notify: {command: null}
"""


def load(folder: Path, text: str) -> Site:
    path = folder / "site.yml"
    path.write_text(text, encoding="utf-8")
    return load_site(path)


def test_the_documented_example_is_read_whole(tmp_path: Path) -> None:
    site = load(tmp_path, EXAMPLE)
    assert site.site == "demo"
    assert site.data_cut is not None and site.data_cut.isoformat() == "2026-06-30"
    flat = site.sources[1]
    assert flat.format == "flat"
    mapping = flat.tables["medications"][0]
    assert mapping.columns["drug"] == "FARMACO"
    assert mapping.values["stop_reason"] == {"PD": "progression", "tossicita": "toxicity"}
    assert flat.defaults.encoding == "cp1252"
    assert site.folder_of(flat) == tmp_path / "export"


WRONG = {
    "unknown key at the top": (
        "site: demo",
        "site: demo\nsorces: []",
        "unknown key 'sorces'; the nearest is sources",
    ),
    "unknown key in a source": (
        "delivery:",
        "delivry:",
        "sources[2]: unknown key 'delivry'; the nearest is delivery",
    ),
    "unknown key in a mapping": (
        "columns:",
        "colums:",
        "medications[1]: unknown key 'colums'; the nearest is columns",
    ),
    "unknown key in limits": (
        "max_file_mb",
        "max_file",
        "limits: unknown key 'max_file'; the nearest is max_file_mb",
    ),
    "unknown extract column": (
        "stop_reason: MOTIVO",
        "stop_reson: X",
        "'stop_reson'; the nearest is stop_reason",
    ),
    "unknown extract table": ("medications:", "medication:", "'medication'; the nearest is medications"),
    "unknown format": ("format: flat", "format: flatt", "no format 'flatt'; the nearest is flat"),
    "a format of a later issue": ("format: flat", "format: omop", "reads afterline and flat, not yet omop"),
    "a missing path": ("    path: export/\n", "", "sources[2].path: field required"),
    "a required column unmapped": ("drug: FARMACO, ", "", "medications.drug is required"),
    "an unknown encoding": ("windows-1252", "windows-99", "unknown encoding 'windows-99'"),
    "a codec that is no encoding": ("windows-1252", "base64", "no text encoding"),
    "a long delimiter": ('delimiter: ";"', 'delimiter: ";;"', "must be one ASCII character"),
    "a two-digit year": ('dates: "%d/%m/%Y", n', 'dates: "%d/%m/%y", n', "two-digit year"),
    "a date format without a year": ('dates: "%d/%m/%Y", n', 'dates: "%d/%m", n', "needs %Y"),
    "two orders of day and month": ('dates: "%d/%m/%Y", n', 'dates: ["%d/%m/%Y", "%m/%d/%Y"], n', "a guess"),
    "offsets beside calendar dates": (
        'dates: {start_date: "%d/%m/%Y"}',
        "dates: {start_date: {offset: {unit: days, origin: birth}}}",
        "one source has one kind of dates",
    ),
    "values of an unmapped column": ("values: {stop_reason", "values: {intent", "'intent' is not mapped"),
    "texts that differ in case only": (
        "{PD: progression,",
        "{PD: progression, pd: other,",
        "differ only in case",
    ),
    "an increment without a key": ("delivery: snapshot", "delivery: increment", "names its key"),
    "a key that is no column": (
        "delivery: snapshot",
        "delivery: increment\n    key: [id]",
        "names no columns",
    ),
    "a file outside the folder": ('"terapie_*.csv"', '"../terapie.csv"', "inside the source's folder"),
    "a folder outside": ("path: export/", "path: ../export/", "leads out of the site file's folder"),
    "an unset variable": ("path: export/", "path: ${NOT_SET_ANYWHERE}/x", "NOT_SET_ANYWHERE does not hold"),
    "dates that would not be shifted": ("date_shift_days: 0", "date_shift_days: 30", "does not shift dates"),
    "a command that would not run": ("command: null", "command: mail", "does not run a command"),
    "a site id with a blank": ("site: demo", "site: de mo", "site: string should match pattern"),
    "text for a number": ("skip_rows: 0", "skip_rows: none", "valid integer"),
    "a key that stands twice": (
        "site: demo",
        "site: demo\nsite: demo",
        "line 3: not valid YAML: key 'site' stands twice",
    ),
    "no YAML": ("site: demo", "site: [demo", "not valid YAML"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_site_file_is_refused_with_one_sentence(case: str, tmp_path: Path) -> None:
    old, new, sentence = WRONG[case]
    assert old in EXAMPLE
    with pytest.raises(UsageError) as refused:
        load(tmp_path, EXAMPLE.replace(old, new, 1))
    assert sentence in refused.value.message
    assert str(tmp_path / "site.yml") in refused.value.message
    assert "\n" not in refused.value.message


def test_a_site_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        load_site(tmp_path / "none.yml")


def test_answers_stay_text(tmp_path: Path) -> None:
    """YAML 1.1 would make true and false of YES and NO, and 8 of 010."""
    text = EXAMPLE.replace("{PD: progression,", "{YES: progression, NO: null, 010: death,")
    mapping = load(tmp_path, text).sources[1].tables["medications"][0]  # type: ignore[union-attr]
    assert mapping.values["stop_reason"] == {
        "YES": "progression",
        "NO": None,
        "010": "death",
        "tossicita": "toxicity",
    }


@pytest.mark.parametrize(
    "said",
    [
        "offset: {unit: days, origin: diagnosis}",
        "dates: {offset: {unit: days, origin: diagnosis}}",
        "dates: {start_date: {offset: {unit: days, origin: diagnosis}},"
        " end_date: {offset: {unit: days, origin: diagnosis}}}",
    ],
)
def test_day_offsets_can_be_declared_for_a_file_or_a_column(said: str, tmp_path: Path) -> None:
    site = load(tmp_path, EXAMPLE.replace('dates: {start_date: "%d/%m/%Y"}', said))
    source = site.sources[1]
    assert source.format == "flat"
    from pipelines.extract_format import TABLES

    form = source.date_form(source.tables["medications"][0], TABLES["medications"], "end_date")
    assert form.offset is not None and form.offset.origin == "diagnosis"


def test_a_link_that_leads_out_is_refused(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "export").symlink_to(tmp_path)
    with pytest.raises(UsageError, match="leads out"):
        load(tmp_path / "home", EXAMPLE)


def test_an_absolute_path_and_a_variable_that_holds_one_lead_anywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOSPITAL_DROP", "/srv/drop")
    site = load(tmp_path, EXAMPLE.replace("path: export/", "path: ${HOSPITAL_DROP}/night"))
    assert site.folder_of(site.sources[1]) == Path("/srv/drop/night")
    monkeypatch.setenv("HOSPITAL_DROP", "drop")
    with pytest.raises(UsageError, match="does not hold an absolute path"):
        site.folder_of(site.sources[1])


def test_the_schema_is_closed_and_can_be_written(tmp_path: Path) -> None:
    schema = json_schema()
    json.dumps(schema)
    assert schema["additionalProperties"] is False
    assert all(part["additionalProperties"] is False for part in schema["$defs"].values())


def test_committed_site_files_are_read_and_name_no_machine() -> None:
    folder = Path(__file__).resolve().parents[2] / "pipelines" / "sites"
    files = sorted(folder.glob("*.yml"))
    assert files
    for path in files:
        load_site(path)
        assert not [line for line in path.read_text(encoding="utf-8").splitlines() if "path: /" in line]
