"""The figures: words that never meet, small files for large studies, files that stand alone."""

from __future__ import annotations

import re
import struct
import xml.etree.ElementTree as ElementTree
import zlib
from itertools import combinations, pairwise
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest

from analysis.estimation.sequences import (
    DIED,
    LAST_PLACE,
    OFF,
    ONGOING,
    Stop,
    Taken,
    counted,
    flow_id,
    stops_of,
)
from analysis.estimation.study import StudyData, connect, read_studies
from analysis.figures import NARROW, WIDE, Curve, strip_figure, survival_figure
from analysis.figures.files import pixels, png, standalone
from analysis.figures.forest import Block, Ratio, forest_figure
from analysis.figures.labels import Box, place_labels
from analysis.figures.lettering import shortened, width, wrapped
from analysis.figures.love import Balance, love_figure
from analysis.figures.propensity import Scores, propensity_figure
from analysis.figures.sankey import SankeyFlow, SankeyStop, sankey_figure
from analysis.figures.strip import MOST_DOTS, Strip
from analysis.figures.survival import MOST_MARKS
from analysis.report.numbers import Numbers, read_numbers
from analysis.report.pictures import Pictures, pictures
from analysis.report.specified_numbers import read_specified
from analysis.statistics.durations import durations
from analysis.statistics.kaplan_meier import kaplan_meier
from tests.analysis.marts import estimate_quickly, make_build

HOSTILE = "<script>alert('x')</script>&\""
SIZES = pytest.mark.parametrize("size", [WIDE, NARROW], ids=lambda size: size.name)
NEW = ("incidence", "ratio", "sankey", "love", "propensity", "forest")


def drawn(place: Path, change: str = "", **options: object) -> tuple[StudyData, Numbers, Pictures]:
    build = make_build(place / "build.duckdb", **options)
    if change:
        with duckdb.connect(str(build)) as con:
            con.execute(change)
    estimate_quickly(build)
    with connect(build, read_only=True) as con:
        data = read_studies(con)[0]
        numbers = read_numbers(con, data.study.study_id)
        others = read_specified(con, data.study.study_id).at("primary", "primary")
    return data, numbers, pictures(data, numbers, others)


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> tuple[StudyData, Numbers, Pictures]:
    return drawn(tmp_path_factory.mktemp("figures"))


def parsed(svg: str) -> ElementTree.Element:
    return ElementTree.fromstring(svg)  # noqa: S314 - our own drawings


def boxes(svg: str, narrow: bool) -> list[tuple[Box, str]]:
    """Where each line of text stands, by the letters' own widths."""
    found = []
    for text in parsed(svg).iter("{http://www.w3.org/2000/svg}text"):
        css = text.get("class", "").split()
        size = (12 if narrow else 13) if "small" in css else (13 if narrow else 14)
        long = width(text.text or "", size, "strong" in css)
        x, y = float(text.get("x", 0)), float(text.get("y", 0))
        left = x - {"start": 0.0, "middle": long / 2, "end": long}[text.get("text-anchor", "start")]
        found.append((Box(left, y - 0.72 * size, left + long, y + 0.2 * size), text.text or ""))
    return found


def overlaps(svg: str, narrow: bool) -> list[tuple[str, str]]:
    pairs = combinations(boxes(svg, narrow), 2)
    return [(one, other) for (a, one), (b, other) in pairs if a.meets(b)]


@SIZES
def test_no_words_meet_and_none_leave_the_drawing(study, size):
    for name, sizes in study[2].items():
        svg = sizes[size.name]
        assert overlaps(svg, size.narrow) == [], name
        for box, text in boxes(svg, size.narrow):
            assert box.left >= -1, (name, text)
            assert box.right <= size.width + 1, (name, text)


@SIZES
def test_every_figure_is_described_and_says_what_is_pointed_at(study, size):
    for name, sizes in study[2].items():
        root = parsed(sizes[size.name])
        assert root.find("{*}title").text, name
        assert len(root.find("{*}desc").text) > 30, name
        if name in ("sankey", "love", "propensity", "forest"):
            groups = root.findall("{*}g")
            assert groups
            assert all(group.find("{*}title").text for group in groups), name


def test_every_number_of_a_figure_is_a_row(study):
    _, numbers, figures = study
    for name in figures:
        for key in re.findall(r'data-estimate="([^"]+)"', figures[name]["wide"]):
            assert numbers.row(key.replace("&lt;", "<").replace("&gt;", ">")), (name, key)


def test_the_study_has_the_new_figures(study):
    assert set(NEW) <= set(study[2])


def test_numbers_at_risk_stand_under_their_ticks(study):
    for name in ("pfs2", "os", "incidence", "ratio"):
        root = parsed(study[2][name]["wide"])
        texts = list(root.iter("{http://www.w3.org/2000/svg}text"))
        ticks = {
            t.get("x") for t in texts if t.get("class") == "number quiet" and t.get("text-anchor") == "middle"
        }
        at_risk = [t for t in texts if "at_risk" in t.get("data-estimate", "")]
        assert at_risk
        assert {t.get("x") for t in at_risk} == ticks, name


@pytest.mark.parametrize(
    "options",
    [{"empty": True}, {"endocrine": 0, "chemotherapy": 1}, {"endocrine": 3, "chemotherapy": 4}],
    ids=["empty", "one patient", "a handful"],
)
def test_small_studies_draw_what_they_have(tmp_path, options):
    _, _, figures = drawn(tmp_path, **options)
    assert "attrition" in figures
    for sizes in figures.values():
        for size in ("wide", "narrow"):
            assert not re.search(r"\b(nan|inf|None)\b", sizes[size])
            parsed(sizes[size])


def test_three_strategies_have_a_set_of_figures_a_pair(tmp_path):
    change = """
        insert into marts.study_strategies values ('palbociclib', 3, 'third', 'A third strategy');
        update marts.study_patients set strategy = 'third' where patient_id in (
            select patient_id from marts.study_patients where strategy = 'chemotherapy' limit 12)
    """
    _, _, figures = drawn(tmp_path, change)
    for name in ("love", "propensity", "forest"):
        assert name not in figures
        assert {f"{name}-chemotherapy", f"{name}-third"} <= set(figures)
    for size in (WIDE, NARROW):
        assert overlaps(figures["pfs2"][size.name], size.narrow) == []
    assert 'class="curve stroke-2"' in figures["pfs2"]["wide"]


def test_hostile_words_are_only_words(tmp_path):
    quoted = HOSTILE.replace("'", "''")
    change = f"""
        update marts.study_strategies set label = '{quoted}' || strategy;
        update marts.studies set index_label = '{quoted}';
        update marts.therapy_lines set regimen_category = '{quoted}' where line_number = 2;
    """
    _, _, figures = drawn(tmp_path, change)
    for sizes in figures.values():
        for size in (WIDE, NARROW):
            assert "<script" not in sizes[size.name]
            parsed(sizes[size.name])
    assert b"PNG" in png(figures["sankey"]["wide"], WIDE)[:8]


def test_a_file_stands_alone_in_light_colours(study):
    text = standalone(study[2]["pfs2"]["wide"], WIDE)
    root = parsed(text)
    assert root.get("width") == "182mm"
    assert "var(" not in text
    assert "prefers-color-scheme" not in text
    assert "@font-face" in text
    assert 'class="hit"' not in text
    assert parsed(standalone(study[2]["pfs2"]["narrow"], NARROW)).get("width") == "85mm"


@pytest.mark.parametrize(("size", "smallest"), [(WIDE, 7.0), (NARROW, 7.0)], ids=["page", "column"])
def test_print_is_never_smaller_than_seven_points(size, smallest):
    millimetres = {"wide": 182, "narrow": 85}[size.name]
    pixel = millimetres / size.width / 25.4 * 72
    assert (12 if size.narrow else 13) * pixel >= smallest


def test_a_picture_has_its_size_and_resolution_and_is_the_same_again(study):
    svg = study[2]["forest"]["wide"]
    picture = png(svg, WIDE)
    assert picture == png(svg, WIDE)
    across, high, depth, kind = struct.unpack(">IIBB", picture[16:26])
    assert (across, depth, kind) == (pixels(WIDE), 8, 6) and across == 2150
    chunks = dict(chunks_of(picture))
    assert struct.unpack(">IIB", chunks[b"pHYs"]) == (11811, 11811, 1)
    raw = zlib.decompress(chunks[b"IDAT"])
    assert len(raw) == high * (1 + 4 * across)
    assert len(set(raw[::4001])) > 3  # something is drawn


def chunks_of(picture: bytes) -> list[tuple[bytes, bytes]]:
    """Chunks of a PNG by name, IDAT joined, each with its checksum held to be right."""
    place, found = 8, {}
    while place < len(picture):
        long = struct.unpack(">I", picture[place : place + 4])[0]
        name, body = picture[place + 4 : place + 8], picture[place + 8 : place + 8 + long]
        assert struct.unpack(">I", picture[place + 8 + long : place + 12 + long])[0] == zlib.crc32(
            name + body
        )
        found[name] = found.get(name, b"") + body
        place += 12 + long
    return list(found.items())


def test_letters_of_a_picture_are_drawn(study):
    """The renderer finds the fonts: without text the picture is another."""
    svg = study[2]["forest"]["wide"]
    assert png(svg, WIDE) != png(re.sub(r"<text.*?</text>", "", svg), WIDE)


@SIZES
def test_a_large_study_is_a_small_file(size):
    rng = np.random.default_rng(3)
    months, event = rng.exponential(20, 20000), rng.random(20000) < 0.5
    curve = Curve("Endocrine therapy", "0", kaplan_meier(durations(months, event)), 10.0, {})
    ticks = [0.0, 60.0, 120.0, 240.0]
    svg = survival_figure("pfs2", "PFS2", "%", "Months", [curve], ticks, size)
    assert svg.count('class="tick') <= MOST_MARKS
    assert "one in" in parsed(svg).find("{*}desc").text
    assert any("censoring marks is drawn" in text for _, text in boxes(svg, size.narrow))
    assert overlaps(svg, size.narrow) == []
    assert len(svg) < 150_000
    strip = Strip("Endocrine therapy", "0", list(months), (5.0, 14.0, 28.0))
    dots = strip_figure("strip", "PFS1", "Months", [strip], ticks, size)
    assert dots.count("<circle") <= MOST_DOTS
    assert "of 20,000 patients are drawn" in parsed(dots).find("{*}desc").text
    assert overlaps(dots, size.narrow) == []


def test_thinned_curves_keep_their_ends():
    fit = kaplan_meier(durations(np.arange(1.0, 4001.0), np.ones(4000)))
    curve = Curve("All", "all", fit, None, {})
    svg = survival_figure("os", "OS", "%", "Months", [curve], [0.0, 4000.0], WIDE)
    path = re.search(r'<path d="M([^"]+)" class="curve', svg).group(1)
    points = [tuple(map(float, point.split())) for point in path.split("L")]
    assert points[0] == (140.0, 30.0)
    assert points[-1] == (846.0, 370.0)
    assert all(a[0] <= b[0] and a[1] <= b[1] for a, b in pairwise(points))


@SIZES
@pytest.mark.parametrize("seed", range(12))
def test_the_labels_of_any_sankey_keep_apart(seed, size):
    rng = np.random.default_rng(seed)
    words = ["Chemotherapy", "Endocrine + PI3K/AKT", "A regimen of an exceedingly long name indeed", "Other"]
    stops = [
        SankeyStop(column, str(rng.choice(words)), int(rng.integers(1, 4000)), "0", f"n{column}.{i}")
        for column in range(4)
        for i in range(int(rng.integers(1, 9)))
    ]
    flows = [
        SankeyFlow(a, b, int(rng.integers(1, 300)), f"f{a}.{b}")
        for a, one in enumerate(stops)
        for b, other in enumerate(stops)
        if other.column == one.column + 1 and rng.random() < 0.5
    ]
    heads = ["Palbociclib line", "Next line", "Second line after", "Third line after"]
    svg = sankey_figure("sankey", "Regimens", heads, stops, flows, size)
    assert overlaps(svg, size.narrow) == []
    root = parsed(svg)
    heights = [float(r.get("height")) for r in root.findall("{*}rect")]
    assert min(heights) >= 1.5
    bottom = max(float(r.get("y")) + float(r.get("height")) for r in root.findall("{*}rect"))
    assert bottom <= float(root.get("viewBox").split()[3])


def test_a_sankey_conserves_patients(study):
    data, numbers, _ = study
    stops, flows = counted(data.lines)
    assert sum(n for stop, n in stops.items() if stop.place == 0) == len(data.patients)
    for stop, patients in stops.items():
        assert numbers.value(stop.estimate_id) == patients
        out = sum(n for flow, n in flows.items() if flow[0] == stop)
        into = sum(n for flow, n in flows.items() if flow[1] == stop)
        ends = stop.name in (ONGOING, OFF, DIED) or stop.place == LAST_PLACE
        assert out == (0 if ends else patients)
        assert into == (0 if stop.place == 0 else patients)
    for flow, patients in flows.items():
        assert numbers.value(flow_id(flow)) == patients


@pytest.mark.parametrize(
    ("end_reason", "died", "end"),
    [("ongoing", False, ONGOING), ("stopped", False, OFF), ("stopped", True, DIED), ("death", True, DIED)],
)
def test_how_a_patients_treatment_stands(end_reason, died, end):
    hers = [Taken(0, "endocrine + cdk46", "next_line", died), Taken(1, "chemo", end_reason, died)]
    assert stops_of(hers) == [Stop(0, "endocrine + cdk46"), Stop(1, "chemo"), Stop(2, end)]


def test_lines_after_the_last_column_are_not_counted():
    hers = [Taken(place, "chemo", "next_line", True) for place in range(6)]
    assert [stop.place for stop in stops_of(hers)] == list(range(LAST_PLACE + 1))


def test_twenty_thousand_patients_are_a_small_sankey():
    lines = pd.DataFrame(
        {
            "patient_id": np.repeat([f"p{n:05d}" for n in range(20000)], 3),
            "place": np.tile([0, 1, 2], 20000),
            "regimen_category": np.tile(["endocrine + cdk46", "chemo", "endocrine"], 20000),
            "end_reason": np.tile(["next_line", "next_line", "ongoing"], 20000),
            "died": False,
        }
    )
    stops, flows = counted(lines)
    assert set(stops.values()) == set(flows.values()) == {20000}
    assert list(stops)[-1] == Stop(3, ONGOING)
    places = {stop: number for number, stop in enumerate(stops)}
    bars = [SankeyStop(stop.place, stop.name, n, "0", stop.estimate_id) for stop, n in stops.items()]
    bands = [SankeyFlow(places[f[0]], places[f[1]], n, flow_id(f)) for f, n in flows.items()]
    svg = sankey_figure("sankey", "Regimens", ["One", "Two", "Three", "Four"], bars, bands, WIDE)
    assert len(parsed(svg).findall(".//{*}rect")) == 4
    assert len(svg) < 10_000


@SIZES
def test_a_forest_keeps_its_columns_apart_and_its_axis_round_the_estimates(size):
    long = "An analysis whose name does not end before the column of the events begins"
    ratios = [
        Ratio(long, "1,042/2,048", "12.38 (0.20–140.71)", 12.38, 0.2, 140.71, "a", strong=True),
        Ratio("No limits", "4/9", "0.03", 0.03, None, None, "b"),
        Ratio("Not reached", "4/9", "2.00 (0.90–NR)", 2.0, 0.9, None, "c"),
        Ratio("Cannot be had", "0/9", "a group has no event", None, None, None, None),
    ]
    svg = forest_figure("forest", "Forest", "chemotherapy", [Block("All", ratios)], size)
    assert overlaps(svg, size.narrow) == []
    squares = parsed(svg).findall(".//{*}rect[@class='fill-all']") + parsed(svg).findall(
        ".//{*}rect[@class='ink']"
    )
    assert len(squares) == 3


@SIZES
@pytest.mark.parametrize("largest", [0.0, 0.3, 1.2, 2.0, 17.0])
def test_a_love_plot_holds_guides_and_every_point(size, largest):
    rows = [
        Balance("Age", largest, None, True),
        Balance("ECOG performance status", -largest / 2, 0.01, False),
    ]
    svg = love_figure("love", "Balance", "with overlap weights", rows, size)
    assert overlaps(svg, size.narrow) == []
    discs = [float(c.get("cx")) for c in parsed(svg).findall(".//{*}g/{*}circle")]
    arrows = parsed(svg).findall(".//{*}g/{*}path")
    assert (len(discs), len(arrows)) == ((1, 2) if largest > 2 else (3, 0))
    assert all(0 <= x <= size.width for x in discs)
    assert "0.25" in [text for _, text in boxes(svg, size.narrow)]


@SIZES
def test_a_propensity_figure_counts_everybody(size):
    rng = np.random.default_rng(5)
    groups = Scores("Chemotherapy", "1", rng.beta(4, 2, 700)), Scores("Endocrine", "0", np.array([0.0, 1.0]))
    svg = propensity_figure("propensity", "Scores", "Probability", *groups, size)
    assert overlaps(svg, size.narrow) == []
    counts = [int(title.text.rsplit(": ", 1)[1]) for title in parsed(svg).findall("{*}g/{*}title")]
    assert sum(counts) == 702


def test_labels_avoid_curves_and_rules():
    area = Box(0, 0, 400, 200)
    curve = [(0.0, 20.0), (200.0, 20.0), (200.0, 150.0), (400.0, 150.0)]
    rule = [(100.0, 0.0), (100.0, 200.0)]
    ((x, y),) = place_labels(["Chemotherapy"], [curve], area, [rule])
    assert not x - 2 <= 100 <= x + width("Chemotherapy", strong=True) + 2
    assert 0 <= x <= 400 - width("Chemotherapy", strong=True)
    assert 0 <= y <= 200


def test_lettering_measures_shortens_and_wraps():
    assert width("iiii") < width("MMMM")
    assert width("Chemotherapy", 28) == pytest.approx(2 * width("Chemotherapy", 14))
    assert width("Chemotherapy", strong=True) > width("Chemotherapy")
    assert width("漢字") > 0
    assert shortened("Chemotherapy", 500) == "Chemotherapy"
    assert width(shortened("Chemotherapy", 40), 14) <= 40
    assert shortened("Chemotherapy", 40).endswith("…")
    lines = wrapped("Alive, no further line of an unpronounceablyverylongword", 70)
    assert all(width(line) <= 70 for line in lines)


def test_a_label_stands_near_its_curve_where_all_places_beside_it_are_taken():
    mine = [(0.0, 20.0), (100.0, 20.0), (100.0, 100.0), (260.0, 100.0)]
    crowd = [[(0.0, y), (300.0, y)] for y in (112.0, 88.0)]
    x, y = place_labels(["Chemotherapy", "", ""], [mine, *crowd], Box(0, 0, 300, 200))[0]
    assert abs(y - 100) < 60 or abs(y - 20) < 60
    assert x < 260
