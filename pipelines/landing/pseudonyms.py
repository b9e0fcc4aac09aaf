"""Keyed pseudonyms of patient and record ids (quality.md, section 5), once per new id, in Python.

HMAC-SHA256 with the site's secret: without the key, nobody can try out names or numbers. SQL and dbt see the
result only. The secret is never in the repository or the warehouse.
"""

from __future__ import annotations

import hmac
import os
import secrets
import stat
from dataclasses import dataclass
from pathlib import Path

import duckdb

from pipelines.errors import UsageError
from pipelines.extract_format import ID_TABLES, TABLES

ENVIRONMENT = "AFTERLINE_PSEUDONYM_KEY"
_SHORTEST = 16
_BATCH = 200_000
# 128 bits: a billion ids collide with a chance below 1e-20
_DIGITS = 32


@dataclass(frozen=True)
class Key:
    """The site's secret and where it came from."""

    secret: bytes
    place: str

    @property
    def fingerprint(self) -> str:
        """Tells keys apart without giving anything of them away."""
        return hmac.digest(self.secret, b"afterline key fingerprint", "sha256").hex()[:16]

    def pseudonym(self, site_id: str, id_table: str, value: str) -> str:
        """The pseudonym of one id, stable as long as the key is."""
        message = f"{site_id} | {id_table} | {value}".encode()
        return hmac.digest(self.secret, message, "sha256").hex()[:_DIGITS]


def key_file(site_id: str) -> Path:
    """Where the secret is kept when the environment does not give it."""
    home = os.environ.get("XDG_CONFIG_HOME", "")
    folder = Path(home) if Path(home).is_absolute() else Path.home() / ".config"
    return folder / "afterline" / f"{site_id}.key"


def find_key(site_id: str, create: bool) -> Key | None:
    """The secret from the environment or from its file; with `create`, a new file of mode 600.

    None where there is none and `create` is False. Raises UsageError on a short or a readable secret.
    """
    given = os.environ.get(ENVIRONMENT, "")
    if given:
        return _checked(given.encode(), f"the environment variable {ENVIRONMENT}")
    path = key_file(site_id)
    try:
        if not path.exists():
            if not create:
                return None
            _write_new(path)
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            raise UsageError(f"The pseudonym key {path} can be read by others: chmod 600 it.")
        return _checked(path.read_bytes().strip(), f"the file {path}")
    except OSError as error:
        raise UsageError(f"The pseudonym key {path} cannot be read or written: {error.strerror}.") from error


def _checked(secret: bytes, place: str) -> Key:
    if len(secret) < _SHORTEST:
        raise UsageError(f"The pseudonym key in {place} is shorter than {_SHORTEST} characters.")
    return Key(secret, place)


def _write_new(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(secrets.token_hex(32) + "\n")


def add_pseudonyms(connection: duckdb.DuckDBPyConnection, site_id: str, key: Key | None) -> None:
    """Give every id of the batches that have none yet its pseudonym; without a key, the id itself.

    Runs inside the caller's transaction.
    """
    connection.execute(f"create or replace temp table new_ids as {_new_ids()}")
    if key is None:
        connection.execute("insert into raw.pseudonyms select id_table, id, id from temp.new_ids")
    else:
        _add_keyed(connection, site_id, key)
    connection.execute("drop table temp.new_ids")
    connection.execute("update raw.batches set ids_known = true where not ids_known")


def _new_ids() -> str:
    fresh = "_batch_id in (select batch_id from raw.batches where not ids_known)"
    parts = [f"select 'patients', patient_id from raw.{name} where {fresh}" for name in TABLES]
    parts += [
        f"select '{table}', {column} from raw.{table} where {fresh}"
        for table, column in ID_TABLES.items()
        if table != "patients"
    ]
    return f"""
        select *, row_number() over () as place from (
            select distinct id_table, id from ({" union all ".join(parts)}) as ids (id_table, id)
            anti join raw.pseudonyms using (id_table, id))"""


def _add_keyed(connection: duckdb.DuckDBPyConnection, site_id: str, key: Key) -> None:
    import pandas as pd  # slow to import, and only a landing with new ids needs it

    # `place`, not rowid: rows of an open transaction have no lasting rowid
    row = connection.execute("select count(*) from temp.new_ids").fetchone()
    for start in range(0, row[0] if row else 0, _BATCH):
        ids = connection.execute(
            "select id_table, id from temp.new_ids where place > ? and place <= ?", [start, start + _BATCH]
        ).fetchnumpy()
        pairs = zip(ids["id_table"], ids["id"], strict=True)
        named = [key.pseudonym(site_id, table, value) for table, value in pairs]
        frame = pd.DataFrame({"id_table": ids["id_table"], "id": ids["id"], "pseudonym": named})
        connection.register("named_ids", frame)
        connection.execute("insert into raw.pseudonyms select id_table, id, pseudonym from named_ids")
        connection.unregister("named_ids")
