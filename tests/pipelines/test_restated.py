"""What changed since the last publication, as counts and causes."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import date

from analysis.report.header import Changes, ReportHeader, header_from
from pipelines.restated import what_changed
from pipelines.warehouse import Warehouse
from tests.pipelines.small import PATIENTS, add_batch, write_build
from tests.pipelines.test_restatements import SETUP, moved, published, restate

__all__ = ["published"]


def changes(warehouse: Warehouse, setup: dict = SETUP) -> Changes:
    restate(warehouse, setup)
    return what_changed(warehouse.build / "restatements.parquet", warehouse.landing)


def test_nothing_changed(published: Warehouse) -> None:
    assert changes(published) == Changes()


def test_an_endpoint_that_moved_names_the_table_that_moved_it(published: Warehouse) -> None:
    add_batch(published, 2, {"id-a": "exemestane", "id-b": "letrozole"})
    write_build(published, moved(0, pfs2_days=60, strategy="chemotherapy"))
    found = changes(published)
    assert (found.entered, found.left, found.changed) == (0, 0, 1)
    assert found.endpoints == {"strategy": 1, "PFS2": 1}
    assert found.causes == ("new records in medications",)


def test_code_is_named_where_no_input_changed(published: Warehouse) -> None:
    write_build(published, moved(0, pfs2_days=60))
    assert changes(published, SETUP | {"site_file_sha256": "other"}).causes == ("the code or its settings",)


def test_the_study_file_is_named_where_it_alone_changed(published: Warehouse) -> None:
    write_build(published, moved(0, pfs2_days=60))
    manifest_file = published.publications / "run-1" / "manifest.json"
    then = json.loads(manifest_file.read_text())
    manifest_file.write_text(json.dumps(then | {"study_files_sha256": {"palbociclib": "a"}}))
    now = SETUP | {"study_files_sha256": {"palbociclib": "b"}}
    assert changes(published, now).causes == ("the study file of palbociclib",)


def test_entered_left_and_follow_up(published: Warehouse) -> None:
    write_build(published, (*PATIENTS[1:], ("d4", 50, 1, "endocrine", 10, 0)))
    found = changes(published)
    assert (found.entered, found.left, found.changed, dict(found.endpoints)) == (1, 1, 0, {})
    write_build(published, moved(1, pfs2_days=100))
    assert changes(published) == Changes()


def test_the_header_comes_back_from_the_manifest() -> None:
    header = ReportHeader(
        site_id="demo",
        data_cut=date(2026, 6, 30),
        data_cut_set_by="declared",
        inputs_hash="9f2c",
        code_version="0.1.0",
        checks_summary={"pass": 3},
        restated_patients=1,
        changes=Changes(0, 0, 1, {"PFS2": 1}, ("new records in assessments",)),
        shareable_min_count=7,
    )
    values = json.loads(json.dumps(asdict(header), default=str))
    back = header_from(values)
    assert asdict(back) | {"changes": None} == asdict(header) | {"changes": None}
    assert back.changes is not None
    assert tuple(back.changes.causes) == header.changes.causes
    assert header_from({**values, "changes": None, "data_cut": None}).data_cut is None
