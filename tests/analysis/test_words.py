"""Association, never effect: the words of both renderings, drawings included, against a list of forbidden "
"ones."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from analysis.statistics import honesty
from tests.analysis.test_report import published

FORBIDDEN = re.compile(
    r"\b(effects?|effective\w*|efficac\w*|superior\w*|inferior\w*|benefits? (?:of|from)|"
    r"caus(?:e|es|ed|al|ally|ing)|"
    r"works? better|outperform\w*|leads? to (?:longer|shorter))\b",
    re.I,
)
# names that the field has given, and titles that others wrote
DECLARED = (
    "effective sample size",
    "effective size",
    "any cause",
    "Efficacy and activity of treatments after progression",
)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    build, _ = published(tmp_path_factory.mktemp("words"))
    return build.parent / "site"


def words(page: str) -> str:
    page = re.sub(r"<style\b.*?</style>", " ", page, flags=re.S)
    found = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))
    for exception in DECLARED:
        found = re.sub(re.escape(exception), " ", found, flags=re.I)
    return found


@pytest.mark.parametrize("page", ["index.html", "shareable/index.html"])
def test_no_word_says_more_than_association(site, page):
    said = words((site / page).read_text(encoding="utf-8"))
    assert [said[max(0, m.start() - 40) : m.end() + 20] for m in FORBIDDEN.finditer(said)] == []
    assert "associated with a hazard ratio" in said
    assert "interim look, not adjusted for repeated looks" in said


@pytest.mark.parametrize("page", ["index.html", "shareable/index.html"])
def test_every_pointer_has_its_target_and_nothing_is_loaded(site, page):
    text = (site / page).read_text(encoding="utf-8")
    targets = set(re.findall(r'\bid="([^"]+)"', text))
    assert set(re.findall(r'href="#([^"]+)"', text)) <= targets
    assert "<script" not in text.lower()
    assert re.findall(r'(?:src|action|poster)="(?!data:)', text) == []
    assert re.findall(r"url\((?!data:)", text) == []
    links = re.findall(r'href="(?!#|data:)([^"]*)"', text)
    assert all((site / link).is_file() for link in links)
    assert page == "index.html" or links == []


def test_the_same_inputs_give_the_same_shareable_bytes(site, tmp_path):
    build, _ = published(tmp_path)
    again = build.parent / "site" / "shareable" / "index.html"
    assert again.read_bytes() == (site / "shareable" / "index.html").read_bytes()


def test_the_thresholds_are_those_of_the_specification():
    assert (honesty.FEW_EVENTS, honesty.TOO_FEW_EVENTS, honesty.EVENTS_PER_VARIABLE) == (10, 5, 10)
    assert (honesty.FEWEST_EFFECTIVE, honesty.LARGE_SMD, honesty.PATIENTS_PER_COVARIATE) == (10, 0.25, 10)


@pytest.mark.parametrize(
    "sentence",
    ["chemotherapy is superior", "the effect of chemotherapy", "it causes progression", "benefit of it"],
)
def test_the_list_finds_what_it_forbids(sentence):
    assert FORBIDDEN.search(words(sentence))
