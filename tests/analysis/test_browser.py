"""The page in a real browser: no scrolling sideways on a phone or a desk, no error, both figures' sizes."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

from tests.analysis.test_report import published

pytestmark = pytest.mark.browser

# measures the page inside a frame of the wanted width: a headless window is never narrower than 500 pixels
PROBE = """<!doctype html><title>probe</title>
<iframe id="page" src="index.html" style="width:{width}px;height:900px;border:0"></iframe>
<script>
window.addEventListener("load", () => {{
  const inside = document.getElementById("page").contentWindow;
  const root = inside.document.scrollingElement;
  const shown = [...inside.document.querySelectorAll("svg.figure")]
    .filter(drawing => drawing.getBoundingClientRect().width);
  const text = [...inside.document.querySelectorAll("svg.figure text")].map(t => t.getBoundingClientRect())
    .filter(box => box.width && (box.right > inside.innerWidth + 1 || box.left < -1)).length;
  inside.document.fonts.load('16px "Source Sans 3"').then(faces => {{
    document.title = JSON.stringify({{inner: inside.innerWidth, scroll: root.scrollWidth, text,
      drawings: shown.length, sizes: [...new Set(shown.map(s => s.classList[1]))],
      font: faces.length > 0 && faces.every(face => face.status === "loaded")}});
  }});
}});
</script>
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    build, _ = published(tmp_path_factory.mktemp("browser"))
    return build.parent / "site"


def run(browser: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--enable-logging=stderr"]
    return subprocess.run(
        [str(browser), *options, *arguments], capture_output=True, text=True, timeout=120, check=True
    )


def measured(browser: Path, site: Path, width: int) -> dict:
    probe = site / f"probe-{width}.html"
    probe.write_text(PROBE.format(width=width), encoding="utf-8")
    local = ["--allow-file-access-from-files", "--virtual-time-budget=5000", "--window-size=1400,1000"]
    done = run(browser, *local, "--dump-dom", probe.as_uri())
    assert "CONSOLE" not in done.stderr, done.stderr
    return json.loads(re.search(r"<title>(\{.*?\})</title>", done.stdout).group(1))


@pytest.mark.parametrize(("width", "size"), [(375, "narrow"), (1280, "wide")])
def test_nothing_scrolls_sideways(browser, site, width, size):
    found = measured(browser, site, width)
    assert found["inner"] == width
    assert found["scroll"] <= width
    assert found["text"] == 0
    assert found["sizes"] == [size]
    assert found["drawings"] == 17
    assert found["font"]


@pytest.mark.parametrize("width", [500, 1280])
def test_a_picture_can_be_taken_offline(browser, site, tmp_path, width):
    picture = tmp_path / f"{width}.png"
    offline = "--host-resolver-rules=MAP * ~NOTFOUND"
    run(
        browser,
        offline,
        f"--screenshot={picture}",
        f"--window-size={width},1500",
        (site / "index.html").as_uri(),
    )
    content = picture.read_bytes()
    assert content.startswith(b"\x89PNG")
    assert int.from_bytes(content[16:20], "big") == width
    assert len(content) > 50_000
