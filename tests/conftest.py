"""What the tests share: warehouses built once a session, the example data beside the checkout, a browser."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines.landing import land
from pipelines.progress import Progress
from pipelines.sitefile import load_site
from pipelines.transform import run_dbt
from pipelines.warehouse import Warehouse

CHECKOUT = Path(__file__).resolve().parent.parent
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
# tests of public data must not take, or make, the key of whoever runs them
KEY = "a key for tests, and for nothing else"

Afterline = Callable[..., subprocess.CompletedProcess[str]]


def pytest_configure(config: pytest.Config) -> None:
    """Nothing of the caller's own set-up reaches the commands under test."""
    for name in ("AFTERLINE_SITE", "AFTERLINE_WAREHOUSE"):
        os.environ.pop(name, None)
    os.environ["AFTERLINE_PSEUDONYM_KEY"] = KEY


def run_afterline(*arguments: str | Path, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """The console command as a user calls it."""
    command = [str(Path(sys.executable).with_name("afterline")), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, check=False)


def build(site_file: Path, folder: Path) -> Warehouse:
    """Build and publish; fails the test with what the command said."""
    done = run_afterline("build", "--site", site_file, "--warehouse", folder)
    if done.returncode != 0:
        log = folder / "build" / "logs" / "afterline.log"
        details = log.read_text(encoding="utf-8") if log.exists() else ""
        pytest.fail(f"exit {done.returncode}\n{done.stdout}\n{done.stderr}\n{details}", pytrace=False)
    return Warehouse(folder)


def transform(site_file: Path, folder: Path, *, rule_sets: str = "all") -> Warehouse:
    """Land and run dbt in this process, for tests of the marts alone: no checks, no report."""
    warehouse = Warehouse(folder)
    warehouse.prepare()
    land(load_site(site_file), warehouse, "run", Progress())
    run_dbt(warehouse, Progress(), rule_sets=rule_sets)
    return warehouse


def copy_of(warehouse: Warehouse, folder: Path) -> Warehouse:
    """A warehouse to break: the shared one stays as it is."""
    shutil.copytree(warehouse.root, folder, symlinks=True)
    return Warehouse(folder)


@pytest.fixture
def afterline() -> Afterline:
    """`afterline("build", "--site", ...)`: returns the finished process."""
    return run_afterline


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One folder for all workers of a session."""
    base = tmp_path_factory.getbasetemp()
    # a worker's own folder lies in the session's
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


@pytest.fixture(scope="session")
def demo_site(shared_folder: Path) -> Path:
    """The site file of the demo, synthesized once."""

    def synthesize(folder: Path) -> None:
        done = run_afterline("synthesize", folder)
        assert done.returncode == 0, done.stderr

    return _once(shared_folder / "demo_site", synthesize) / "site.yml"


@pytest.fixture(scope="session")
def demo_warehouse(shared_folder: Path, demo_site: Path) -> Warehouse:
    """The demo, built and published once; for reading only (see `copy_of`)."""
    return Warehouse(_once(shared_folder / "demo_warehouse", lambda folder: build(demo_site, folder)))


@pytest.fixture(scope="session")
def stories_warehouse(shared_folder: Path) -> Warehouse:
    """The patient stories, built and published once; for reading only."""
    site_file = CHECKOUT / "tests" / "stories" / "site.yml"
    return Warehouse(_once(shared_folder / "stories_warehouse", lambda folder: build(site_file, folder)))


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Public example data beside the checkout."""
    folder = CHECKOUT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("no public example data beside the checkout (../shared/data)")
    return folder


@pytest.fixture(scope="session")
def browser() -> Path:
    """A Chromium for the tests marked `browser`; without one, skip; fail if AFTERLINE_REQUIRE names it."""
    for name in BROWSERS:
        found = shutil.which(name)
        if found:
            return Path(found)
    if "browser" in os.environ.get("AFTERLINE_REQUIRE", "").split(","):
        pytest.fail("AFTERLINE_REQUIRE asks for a browser, and there is none")
    pytest.skip("no Chromium on this machine")


def _once(folder: Path, make: Callable[[Path], object]) -> Path:
    """Make a folder once a session, whichever worker comes first; a failure is told, not tried again."""
    done, failed = folder.with_suffix(".done"), folder.with_suffix(".failed")
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if failed.exists():
            pytest.fail(failed.read_text(encoding="utf-8"), pytrace=False)
        if not done.exists():
            try:
                make(folder)
            except BaseException as error:
                failed.write_text(f"{folder.name} could not be made: {error}", encoding="utf-8")
                raise
            done.touch()
    return folder
