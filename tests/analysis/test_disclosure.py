"""The shareable page against an attacker who has nothing but the page, and knows what adds up to what."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import LinearConstraint, milp

from analysis import estimate
from analysis.disclosure import control
from analysis.disclosure.control import Shareable
from analysis.disclosure.grouped import grouped_curve
from analysis.disclosure.shareable_page import shareable_numbers, write_shareable
from analysis.estimation import rows
from analysis.estimation.study import StudyData, connect, read_studies
from analysis.rendering import _environment
from analysis.report.numbers import Numbers, read_numbers
from analysis.report.paper import paper
from analysis.report.parameters import read_parameters
from analysis.statistics.durations import durations
from tests.analysis.marts import make_build
from tests.analysis.test_report import HEADER, visible

SHOWN = re.compile(r'<(?:span|text)\b[^>]*?data-estimate="([^"]+)"(?: data-column="(\w+)")?[^>]*>([^<]*)<')
WITHHELD = "withheld"
CASES = [
    {"seed": 7},
    {"seed": 8, "endocrine": 12, "chemotherapy": 60},
    {"seed": 9, "endocrine": 9, "chemotherapy": 31},
    {"seed": 10, "endocrine": 3, "chemotherapy": 4},
    {"seed": 11, "endocrine": 90, "chemotherapy": 140},
    {"seed": 12, "endocrine": 3, "chemotherapy": 40},
    {"seed": 13, "endocrine": 1, "chemotherapy": 40},
]
NUMERALS = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9}
# a number of persons in running words: "3 patients", "two of the women", "7 study patients"
PERSONS = re.compile(
    rf"\b(\d+|{'|'.join(NUMERALS)}) (?:(?:of|the|other|study|further|compared|censored) )*"
    r"(?:patients?|wom[ae]n|m[ae]n|persons?|responders?|deaths?|progressions?)\b",
    re.I,
)


class Attacked:
    """A study, its internal numbers, and the shareable page an attacker holds."""

    def __init__(self, folder: Path, min_count: int = 5, **options: object) -> None:
        build = make_build(folder / "build.duckdb", **options)
        estimate(build)
        with connect(build, read_only=True) as connection:
            self.data: StudyData = read_studies(connection)[0]
            self.numbers: Numbers = read_numbers(connection, self.data.study.study_id)
            parameters = read_parameters(connection, self.data, HEADER)
        self.shown: Shareable = shareable_numbers(self.data, self.numbers, min_count)
        further = paper(self.data, self.shown.numbers, HEADER, parameters, self.shown)
        environment = _environment()
        write_shareable(self.data, self.shown, folder, HEADER, environment, **further, style="")
        self.page = (folder / "shareable" / "index.html").read_text(encoding="utf-8")
        self.printed = {
            (key.replace("&lt;", "<").replace("&gt;", ">"), column or "estimate"): text.strip()
            for key, column, text in SHOWN.findall(self.page)
        }
        # what is left when the numbers of rows are taken out, drawings included
        words = re.sub(r"<(style|head)\b.*?</\1>", " ", SHOWN.sub("<", self.page), flags=re.S)
        self.prose = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", words))

    def persons(self) -> dict[str, int]:
        """Numbers of persons that the words state, rules ("fewer than 5 patients") left out."""
        return {
            found.group(0): int(NUMERALS.get(found.group(1).lower(), found.group(1)))
            for found in PERSONS.finditer(self.prose)
            if not re.search(r"(fewer than|under|at least) $", self.prose[: found.start()], re.I)
        }


@pytest.fixture(scope="module")
def quick():
    """Few bootstrap samples and no other rule sets: their rows are the same, and are there in no time."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("analysis.estimation.resampling.REPLICATES", 20)
        patched.setattr("analysis.estimation.resampling.REPLICATES_PER_SET", 2)
        patched.setattr("analysis.estimation.run.sensitivity_records", lambda _connection, _data: [])
        yield


@pytest.fixture(scope="module", params=CASES, ids=lambda case: f"seed {case['seed']}")
def attacked(request, tmp_path_factory, quick) -> Attacked:
    return Attacked(tmp_path_factory.mktemp("attacked"), **request.param)


class System:
    """What the attacker writes down: unknown whole numbers, what is printed of them, and what adds up."""

    def __init__(self) -> None:
        self.names: dict[str, int] = {}
        self.equal: list[tuple[dict[str, int], float, float]] = []

    def between(self, terms: Mapping[str, int], low: float, high: float) -> None:
        for name in terms:
            self.names.setdefault(name, len(self.names))
        self.equal.append((dict(terms), low, high))

    def adds_up(self, total: str, parts: Iterable[str]) -> None:
        self.between({total: 1, **dict.fromkeys(parts, -1)}, 0, 0)

    def range_of(self, name: str) -> tuple[int, int]:
        matrix = np.zeros((len(self.equal), len(self.names)))
        for row, (terms, _, _) in enumerate(self.equal):
            for term, factor in terms.items():
                matrix[row, self.names[term]] = factor
        bounds = [[limits[i] for limits in self.equal] for i in (1, 2)]
        goal = np.zeros(len(self.names))
        goal[self.names[name]] = 1
        ends = []
        for sign in (1, -1):
            solved = milp(
                sign * goal,
                constraints=LinearConstraint(matrix, *bounds),
                integrality=np.ones(len(self.names)),
                bounds=(0, 1000),
            )
            assert solved.success, solved.message
            ends.append(round(solved.x[self.names[name]]))
        return ends[0], ends[1]


def whole(text: str) -> int | None:
    return int(text.replace(",", "").replace("−", "")) if re.fullmatch(r"−?[\d,]+", text) else None


def what_the_page_says(attacked: Attacked) -> System:
    """All the attacker can set up from the printed numbers: their values, their shares, their sums."""
    system, study = System(), attacked.data.study
    for (key, column), text in attacked.printed.items():
        number = whole(text)
        row = attacked.numbers.row(key)
        counted = row is not None and row.statistic == "count" and row.population != "published"
        if number is not None and (column in ("n", "events") or counted):
            name = key if column == "estimate" else f"{key}:{column}"
            system.between({name: 1}, number, number)
    groups = {name: f"strategy.{name}.count" for name in study.strategies}
    system.adds_up("attrition.all.count.strategy_compared.left", groups.values())
    steps = [str(step) for step in attacked.data.attrition["step"]]
    for before, after in pairwise(steps):
        left = "attrition.all.count.{}.left"
        system.adds_up(left.format(before), [left.format(after), f"attrition.all.count.{after}.removed"])
    system.adds_up("attrition.all.count.next_line.left", [*groups.values(), "strategy.other.count"])
    _read_the_words(system, attacked, groups)
    sizes = groups | {"all": "attrition.all.count.strategy_compared.left"}
    for group, size in sizes.items():
        _group(system, attacked, group, size)
    for key in {k for k in attacked.numbers.rows if ".all.count." in k and not k.startswith("attrition")}:
        parts = [key.replace(".all.", f".{group}.") for group in groups]
        if key in system.names and all(part in attacked.numbers.rows for part in parts):
            system.adds_up(key, parts)
    return system


def _read_the_words(system: System, attacked: Attacked, groups: Mapping[str, str]) -> None:
    """Grammar, and what a sentence says of the smaller group."""
    singular = re.search(r"(\w+)</span> (?:woman|man|patient) went on", attacked.page)
    if singular and whole(singular.group(1)) is None:
        system.between({next(iter(groups.values())): 1}, 1, 1)
    stated = re.search(r"the smaller group has (\d+)", attacked.prose)
    if stated:
        sizes = {name: len(attacked.data.group(name)) for name in groups}
        smaller = groups[min(sizes, key=lambda name: sizes[name])]
        system.between({smaller: 1}, int(stated.group(1)), int(stated.group(1)))


def _group(system: System, attacked: Attacked, group: str, size: str) -> None:
    levels: dict[str, list[str]] = {}
    for key in attacked.numbers.rows:
        if key.startswith(f"baseline.{group}.count."):
            levels.setdefault(key.split(".count.")[1].split("=")[0], []).append(key)
    for column, keys in levels.items():
        # numbers have their unknown alone; what is known is the rest
        parts = keys if len(keys) > 1 else [*keys, f"{group} known {column}"]
        system.adds_up(size, parts)
    best = [
        f"best_response.{group}.count.{level}" for level in ("CR", "PR", "SD", "PD", "NE", "not_assessed")
    ]
    system.adds_up(size, best)
    response, benefit = (f"{e}.{group}.proportion:events" for e in ("objective_response", "clinical_benefit"))
    system.adds_up(response, best[:2])
    system.adds_up(
        size, [f"clinical_benefit.{group}.proportion:n", f"clinical_benefit.{group}.count.immature"]
    )
    system.adds_up(f"clinical_benefit.{group}.proportion:n", [benefit, f"{group} without benefit"])
    for endpoint in ("pfs2", "ttnt", "ttd", "os"):
        events = f"{endpoint}.{group}.count.events"
        system.adds_up(size, [events, f"{endpoint} {group} without event"])
        system.between({events: 1, f"{endpoint}.{group}.median:events": -1}, 0, 0)
        steps = len(fallen(attacked.page, endpoint, group))
        system.between({events: 1}, attacked.shown.min_count * steps, 1000)
        percent = attacked.printed.get((f"{endpoint}.{group}.proportion.maturity", "estimate"), "")
        if found := re.match(r"(\d+)", percent):
            share = int(found.group(1)) / 100
            n = len(attacked.data.compared) if group == "all" else len(attacked.data.group(group))
            system.between({events: 1}, n * (share - 0.005), n * (share + 0.005))


def fallen(page: str, endpoint: str, group: str) -> list[float]:
    """The heights of a curve's steps, read off the drawing."""
    drawing = re.search(rf'<svg[^>]*aria-labelledby="{endpoint}-wide-title.*?</svg>', page, re.S)
    paths = re.findall(r'<path d="([^"]+)" class="curve stroke-(\w+)"', drawing.group(0)) if drawing else []
    names = ("0", "1") if group in ("endocrine", "chemotherapy") else ("all",)
    wanted = {"endocrine": names[0], "chemotherapy": names[-1]}.get(group, "all")
    for points, colour in paths:
        if colour == wanted:
            heights = [float(y) for _, y in re.findall(r"[ML](-?[\d.]+) (-?[\d.]+)", points)]
            return sorted(set(heights))[1:]
    return []


def test_no_small_count_can_be_told(attacked):
    system = what_the_page_says(attacked)
    small = {
        key
        for key, row in attacked.numbers.rows.items()
        if row.statistic == "count" and row.unit == "patients" and row.population != "published"
        and row.estimate is not None and 0 < row.estimate < attacked.shown.min_count
    }  # fmt: skip
    targets = [name for name in system.names if name in small or _small_rest(attacked, name)]
    assert targets
    for name in targets:
        low, high = system.range_of(name)
        assert low < high, f"{name} is told: {low}"
        assert not (low >= 1 and high < attacked.shown.min_count), f"{name} is told small: {low} to {high}"


def test_the_words_state_no_small_number_of_patients(attacked):
    small = {words for words, number in attacked.persons().items() if 0 < number < attacked.shown.min_count}
    assert not small


def test_words_that_count_are_found(tmp_path, monkeypatch, quick):
    """With the notes as they are stored the attacker has the group: the test is one."""
    monkeypatch.setattr("analysis.disclosure.control._Rules._of_characteristics", lambda _rules, row: row)
    page = Attacked(tmp_path, endocrine=3, chemotherapy=40)
    assert 3 in page.persons().values()
    assert what_the_page_says(page).range_of("strategy.endocrine.count") == (3, 3)


def test_the_attacker_tells_counts_that_are_withheld_alone(tmp_path, monkeypatch, quick):
    """Without the counts that cover the small ones he has them: the attack is one."""

    def alone(counts, min_count):
        return frozenset(k for k, v in counts.value.items() if 0 < v < min_count) - counts.implied

    monkeypatch.setattr("analysis.disclosure.control.withhold", alone)
    page = Attacked(tmp_path)
    system = what_the_page_says(page)
    told = [name for name in system.names if page.shown.numbers.withheld(name) and _told(system, name)]
    assert len(told) > 10
    assert all(system.range_of(name)[0] == page.numbers.value(name) for name in told)


def _told(system: System, name: str) -> bool:
    low, high = system.range_of(name)
    return low == high


def _small_rest(attacked: Attacked, name: str) -> bool:
    found = re.fullmatch(r"(\w+) (\w+) without event", name)
    if not found:
        return False
    row = attacked.numbers.row(f"{found.group(1)}.{found.group(2)}.count.events")
    return row is not None and 0 < (row.n or 0) - (row.estimate or 0) < attacked.shown.min_count


def test_no_printed_count_is_small(attacked):
    """Whatever is printed as a number of patients, in words, cells and drawings."""
    for (key, column), text in attacked.printed.items():
        row = attacked.numbers.row(key)
        number = whole(text)
        patients = column in ("n", "events") or (row is not None and row.unit == "patients")
        if row is not None and row.population != "published" and patients and number is not None:
            assert number == 0 or number >= attacked.shown.min_count, (key, column, text)


def test_no_patient_is_on_the_page(attacked):
    page = attacked.page
    for patient in attacked.data.index_patients["patient_id"].astype(str):
        assert patient not in page
    assert "patients/" not in page
    assert "<circle" not in page
    assert 'class="tick ' not in page
    assert "swimmer" not in page
    assert "<script" not in page.lower()


def test_no_individual_value_is_on_the_page(attacked):
    """Smallest and largest values, times that one patient sets, and rows that hold them."""
    for key, row in attacked.shown.numbers.rows.items():
        if row.population == "published":
            continue
        if row.statistic in ("minimum", "maximum") and row.unit != "sd":
            assert row.estimate is None, key
        assert ".common." not in key
        assert "estimate" not in row.withheld or (row.ci_low is None and row.ci_high is None)
    for (key, _), text in attacked.printed.items():
        row = attacked.numbers.row(key)
        if (
            row
            and row.statistic in ("minimum", "maximum")
            and row.population != "published"
            and row.unit != "sd"
        ):
            assert text == WITHHELD


def test_small_groups_have_no_median_and_no_comparison(attacked):
    sizes = {name: len(attacked.data.group(name)) for name in attacked.data.study.strategies}
    rows = attacked.shown.numbers.rows
    for name, size in sizes.items():
        if size < attacked.shown.fewest:
            assert rows[f"pfs2.{name}.median"].estimate is None
            assert ("pfs2", name) not in attacked.shown.curves
            assert rows["pfs2.chemotherapy_vs_endocrine.hazard_ratio"].estimate is None
            assert rows["pfs2.chemotherapy_vs_endocrine.p_value.log_rank"].estimate is None


def test_the_page_says_on_top_what_was_done(attacked):
    words = visible(attacked.page)
    assert "This is the shareable rendering" in words
    assert f"{attacked.shown.withheld:,} of the {attacked.shown.of:,} numbers" in words
    assert words.index("shareable rendering") < words.index("After palbociclib")
    assert not re.search(r"\b(nan|NaN|inf|None)\b", words)


def test_every_statistic_has_a_rule():
    """What the contract adds is withheld until somebody has thought about it."""
    contract = yaml.safe_load((rows.HERE / "study_estimates.yml").read_text("utf-8"))
    ruled = (
        control.COUNTS | control.SHARES | control.CURVES | control.SUMMARIES
        | control.COMPARISONS | control.WITHHELD
    )  # fmt: skip
    assert set(contract["statistics"]) <= ruled


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 900), st.booleans()), min_size=1, max_size=70), st.integers(2, 8))
def test_a_curve_of_groups_falls_by_whole_groups(patients, at_least):
    data = durations([t / 10 for t, _ in patients], [float(e) for _, e in patients])
    curve = grouped_curve(data, at_least)
    if data.n < 2 * at_least:
        assert curve is None
        return
    fit = curve.fit
    assert set(fit.events) <= {at_least * k for k in range(data.n)}
    steps = fit.events.sum() / at_least
    assert steps <= data.events // at_least
    after = fit.at_risk - fit.events
    assert (after[fit.events > 0] >= at_least).all()
    assert not fit.censored.any()
    assert (data.time >= curve.until - 0.05).sum() >= at_least
    assert fit.last_time <= curve.until + 1e-9
