"""The clean site, built once; every test that breaks it gets a copy."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from tests.expectations.tiny_site import TinySite, build

os.environ["GX_ANALYTICS_ENABLED"] = "false"


@pytest.fixture(scope="session")
def clean_site(tmp_path_factory: pytest.TempPathFactory) -> TinySite:
    """Nobody writes to this one."""
    return build(tmp_path_factory.mktemp("clean"))


@pytest.fixture
def site(clean_site: TinySite, tmp_path: Path) -> TinySite:
    """A copy to break."""
    copies = [
        Path(shutil.copy(path, tmp_path / path.name)) for path in (clean_site.build_db, clean_site.landing_db)
    ]
    return TinySite(*copies)
