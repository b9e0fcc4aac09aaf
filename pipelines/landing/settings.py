"""Whose warehouse this is: one site, one way of making pseudonyms, one key."""

from __future__ import annotations

from datetime import date

import duckdb

from pipelines.errors import UsageError
from pipelines.landing.pseudonyms import ENVIRONMENT, Key, find_key
from pipelines.sitefile import Site


def require_same_site(connection: duckdb.DuckDBPyConnection, site: Site) -> Key | None:
    """The key of this site's pseudonyms, None for `pseudonyms: none`.

    Raises UsageError where the warehouse belongs to another site, or its pseudonyms were made otherwise: two
    kinds of pseudonyms in one warehouse would split every patient in two.
    """
    known = connection.execute(
        "select site_id, pseudonyms, key_fingerprint, key_place from raw.settings"
    ).fetchone()
    if known is None:
        return find_key(site.site, create=True) if site.pseudonyms == "keyed" else None
    site_id, pseudonyms, fingerprint, place = known
    if site_id != site.site:
        raise UsageError(
            f"{site.path}: this warehouse belongs to the site '{site_id}', not '{site.site}': "
            "give each site its own warehouse folder."
        )
    if pseudonyms != site.pseudonyms:
        raise UsageError(
            f"{site.path}: this warehouse was begun with pseudonyms: {pseudonyms}; "
            f"use another warehouse folder for pseudonyms: {site.pseudonyms}."
        )
    if site.pseudonyms == "none":
        return None
    key = find_key(site.site, create=False)
    if key is None or key.fingerprint != fingerprint:
        fault = "is missing" if key is None else f"(from {key.place}) is another one"
        raise UsageError(
            f"The pseudonym key {fault}: this warehouse was made with the key from {place} "
            f"(fingerprint {fingerprint}). Restore it there, or give it in {ENVIRONMENT}."
        )
    return key


def write_settings(
    connection: duckdb.DuckDBPyConnection, site: Site, key: Key | None, landed_on: date
) -> None:
    """The one row of `raw.settings`; the place of the key is the last one that worked."""
    connection.execute("delete from raw.settings")
    connection.execute(
        "insert into raw.settings values (?, ?, ?, ?, ?, ?)",
        [
            *(site.site, site.data_cut, site.pseudonyms),
            *((key.fingerprint, key.place) if key else (None, None)),
            landed_on,
        ],
    )
