"""The run manifest: what a run was made of and what came out, chained to the one before (quality.md, 3).

The chain is tamper-evident, not more: each manifest carries the hash of its predecessor, so a changed one
no longer fits. Landing keeps the whole document; the published copy leaves out the inputs' file names.
"""

from __future__ import annotations

import hashlib
import json
import platform
import subprocess
from contextlib import closing
from datetime import datetime
from importlib import metadata
from pathlib import Path
from typing import Any

import duckdb

from pipelines.history import RunRecord

CHECKOUT = Path(__file__).resolve().parent.parent
LOCK_FILE = CHECKOUT / ".requirements.lock"


def code_state(checkout: Path = CHECKOUT) -> dict[str, Any]:
    """Commit and dirty flag of the code that runs; both None outside a git checkout."""
    try:
        commit = _git(checkout, "rev-parse", "HEAD").strip()
        dirty = bool(_git(checkout, "status", "--porcelain").strip())
    except (OSError, subprocess.CalledProcessError):
        return {"commit": None, "dirty": None, "version": metadata.version("afterline")}
    return {"commit": commit, "dirty": dirty, "version": metadata.version("afterline")}


def code_version(state: dict[str, Any]) -> str:
    """The code state in one word for a report's header: release, commit, and whether it had changes."""
    if state["commit"] is None:
        return str(state["version"])
    return f"{state['version']}+{state['commit'][:12]}{'+changes' if state['dirty'] else ''}"


def inputs(connection: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    """Every landed file with its name, from the open landing file; none before anything was landed."""
    known = connection.execute(
        "select 1 from duckdb_tables() where schema_name = 'raw' and table_name = 'batches'"
    ).fetchone()
    if known is None:
        return []
    cursor = connection.execute(
        """
        select
            batch_id, input_number, table_name, file_name, source_number, run_id, file_sha256, file_bytes,
            delivery, rows_in_file, rows_excluded, rows_read, rows_landed, rows_quarantined, rows_duplicate,
            is_current
        from raw.batches
        order by batch_id
        """
    )
    names = [column[0] for column in cursor.description or []]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def inputs_sha256(rows: list[dict[str, Any]]) -> str:
    """One hash over the current inputs, whatever their order: equal hashes mean equal inputs."""
    current = sorted({f"{row['table_name']}:{row['file_sha256']}" for row in rows if row["is_current"]})
    return hashlib.sha256("\n".join(current).encode()).hexdigest()


def outputs(database: Path, schema: str = "marts") -> dict[str, dict[str, Any]]:
    """Row count and order-independent hash of each table: {name: {rows, hash}}.

    The hash is the sum of the rows' MD5 halves: unlike an exclusive or, a sum does not lose a doubled row.
    """
    with closing(duckdb.connect(str(database), read_only=True)) as connection:
        tables = connection.execute(
            "select table_name from duckdb_tables() where schema_name = ? order by table_name", [schema]
        ).fetchall()
        return {name: _fingerprint(connection, schema, name) for (name,) in tables}


def dbt_state(target: Path) -> dict[str, Any]:
    """Invocation id and a hash for each model and seed, from dbt's manifest; empty where dbt did not run."""
    path = target / "manifest.json"
    if not path.exists():
        return {"invocation_id": None, "nodes": {}}
    document = json.loads(path.read_text(encoding="utf-8"))
    nodes = {
        name: node["checksum"]["checksum"]
        for name, node in sorted(document["nodes"].items())
        if node["resource_type"] in ("model", "seed")
    }
    return {"invocation_id": document["metadata"]["invocation_id"], "nodes": nodes}


def compose(
    record: RunRecord,
    setup: dict[str, Any],
    dbt: dict[str, Any],
    landed: list[dict[str, Any]],
    produced: dict[str, dict[str, Any]],
    data_cut: dict[str, Any],
    previous_sha256: str | None,
) -> dict[str, Any]:
    """The whole document, ready for JSON; times are UTC.

    `setup` is what the run was made with: code state, hashes of lock file, site file and study files, the
    declared data cut.
    """
    return {
        "format": 1,
        "run_id": record.run_id,
        "started_at": _utc(record.started_at),
        "ended_at": _utc(record.ended_at),
        "status": record.status,
        "exit_code": record.exit_code,
        "user": record.user_name,
        "host": record.host,
        "site_id": record.site_id,
        **setup,
        "python": platform.python_version(),
        "packages": _packages(),
        "inputs": landed,
        "inputs_sha256": record.inputs_sha256,
        "dbt": dbt,
        "outputs": produced,
        "data_cut": data_cut,
        "gate": record.gate,
        "previous_manifest_sha256": previous_sha256,
    }


def sha256(manifest: dict[str, Any]) -> str:
    """Hash of the document in one fixed spelling: sorted keys, no spaces."""
    text = json.dumps(manifest, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def published_copy(manifest: dict[str, Any], labels: dict[tuple[int, str], str]) -> dict[str, Any]:
    """The document as it leaves landing: labels for file names, and the hash of the whole one beside it."""
    rows = [
        {**row, "file_name": labels[row["input_number"], row["table_name"]]} for row in manifest["inputs"]
    ]
    return {**manifest, "inputs": rows, "manifest_sha256": sha256(manifest)}


def _fingerprint(connection: duckdb.DuckDBPyConnection, schema: str, table: str) -> dict[str, Any]:
    row = connection.execute(
        f"""
        select
            count(*),
            coalesce(sum(md5_number_upper(to_json(t))::hugeint), 0),
            coalesce(sum(md5_number_lower(to_json(t))::hugeint), 0)
        from {schema}."{table}" as t
        """
    ).fetchone()
    rows, upper, lower = row if row is not None else (0, 0, 0)
    return {"rows": rows, "hash": f"{upper:x}-{lower:x}"}


def _packages() -> dict[str, str]:
    found = {d.metadata["Name"].lower(): d.version for d in metadata.distributions()}
    return dict(sorted(found.items()))


def _git(checkout: Path, *arguments: str) -> str:
    return subprocess.run(
        ["git", "-C", str(checkout), *arguments], capture_output=True, text=True, check=True, timeout=30
    ).stdout


def _utc(moment: datetime | None) -> str | None:
    return None if moment is None else moment.strftime("%Y-%m-%dT%H:%M:%SZ")
