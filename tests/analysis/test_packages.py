"""The packages of the analysis lean one way: who may import whom."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ANALYSIS = Path(__file__).parents[2] / "analysis"
MAY = {
    "statistics": set(),
    "figures": {"statistics"},
    "estimation": {"statistics"},
    "report": {"statistics", "estimation", "figures"},
    "disclosure": {"statistics", "estimation", "figures", "report"},
    "manuscript": {"statistics", "estimation", "figures", "report"},
    "patients": {"statistics", "estimation", "figures", "report"},
}


@pytest.mark.parametrize("package", MAY)
def test_a_package_imports_only_what_lies_under_it(package: str):
    found = {
        name
        for module in (ANALYSIS / package).glob("*.py")
        for name in re.findall(r"^from analysis\.(\w+)", module.read_text(encoding="utf-8"), flags=re.M)
    }
    assert found <= MAY[package] | {package}, found - MAY[package]


def test_every_package_has_its_place():
    assert {path.parent.name for path in ANALYSIS.glob("*/__init__.py")} == set(MAY)
