"""What a run leaves that publishes nothing: `held/`, with its audit and one page that says what to mend."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import duckdb
from jinja2 import Environment

from pipelines.disk import replace_folder
from pipelines.history import RunRecord
from pipelines.progress import Progress
from pipelines.publish import write_held_audit
from pipelines.summary import lines
from pipelines.warehouse import Warehouse

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Not published: {{ facts.run_id }}</title>
<style>
  body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; }
  h1 { font-size: 1.5rem; border-left: .4rem solid #b3261e; padding-left: .8rem; }
  table { border-collapse: collapse; width: 100%; margin: 1rem 0 2rem; }
  th, td { text-align: left; vertical-align: top; padding: .4rem .8rem .4rem 0; }
  .scroll { overflow-x: auto; }
  code { font-size: .9em; }
</style>
</head>
<body>
<h1>{{ facts.site_id }}: this run published nothing</h1>
{% for line in lines %}<p>{{ line }}</p>
{% endfor %}
{% if facts.refused %}
<h2>Files refused</h2>
<div class="scroll"><table>
<tr><th>File</th><th>Reason</th></tr>
{% for entry in facts.refused %}<tr><td>{{ entry.file }}</td><td>{{ entry.reason }}</td></tr>
{% endfor %}</table></div>
{% endif %}
{% if facts.failing_checks %}
<h2>Checks that speak against the run</h2>
<div class="scroll"><table>
<tr><th>Check</th><th>Severity</th><th>Status</th><th>What it found</th></tr>
{% for entry in facts.failing_checks %}<tr><td><code>{{ entry.check_id }}</code></td>
<td>{{ entry.severity }}</td><td>{{ entry.status }}</td><td>{{ entry.sentence }}</td></tr>
{% endfor %}</table></div>
{% endif %}
{% if facts.in_quarantine %}
<h2>Rows in quarantine</h2>
<div class="scroll"><table>
<tr><th>Check</th><th>Rows</th></tr>
{% for name, rows in facts.in_quarantine.items() %}<tr><td><code>{{ name }}</code></td>
<td>{{ rows }}</td></tr>
{% endfor %}</table></div>
{% endif %}
<p>The violating keys and the history of all runs are in
<code>afterline-audit.duckdb</code>
beside this page.</p>
</body>
</html>
"""


def leave_held(
    warehouse: Warehouse,
    record: RunRecord,
    facts: dict[str, Any],
    manifest: dict[str, Any],
    progress: Progress,
) -> None:
    """Replace `held/` by this run's page, audit and manifest; private, as it names refused files."""
    prepared = warehouse.root / ".held.partial"
    shutil.rmtree(prepared, ignore_errors=True)
    prepared.mkdir(mode=0o700)
    page = Environment(autoescape=True).from_string(_PAGE)
    (prepared / "index.html").write_text(page.render(facts=facts, lines=lines(facts)), encoding="utf-8")
    (prepared / "manifest.json").write_text(json.dumps(manifest, indent=2, default=str), encoding="utf-8")
    _copy_results(warehouse.build / "validation", prepared)
    try:
        write_held_audit(warehouse, prepared, record)
    except duckdb.Error as error:
        # a run that ended before landing has no audit to show; the page still says why
        progress.record(f"held: no audit ({type(error).__name__})")
        for file in prepared.glob("afterline-audit.duckdb*"):
            file.unlink()
    replace_folder(warehouse.held, prepared)


def _copy_results(validation: Path, folder: Path) -> None:
    result = validation / "gx_result.json"
    if result.exists():
        shutil.copy(result, folder / result.name)
