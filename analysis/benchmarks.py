"""Published figures that stand beside ours; shown, never a pass or a fail."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

from analysis.rows import Place, Row

TABLE = Path(__file__).with_name("benchmarks.csv")

CITATIONS = {
    "palumbo_2024": (
        "Palumbo R, Quaquarini E, Saltalamacchia G, et al. Efficacy and activity of treatments after "
        "progression from palbociclib plus endocrine therapy in patients with HR+/HER2- metastatic breast "
        "cancer: a prospective, monocentric study. Drugs in Context 2024;13:2023-7-5."
    ),
}


@dataclass(frozen=True)
class Benchmark:
    """One published figure: as `printed`, as a number in `unit`, and how it has to be read."""

    study_id: str
    endpoint: str
    group: str
    statistic: str
    value: float
    unit: str
    n: int | None
    clock_start: str
    printed: str
    reading: str
    source: str

    @property
    def citation(self) -> str:
        """The publication in full."""
        return CITATIONS[self.source]


def benchmarks_of(study_id: str) -> list[Benchmark]:
    """The published figures for a study, in the order of benchmarks.csv."""
    with TABLE.open(encoding="utf-8", newline="") as lines:
        return [_benchmark(line) for line in csv.DictReader(lines) if line["study_id"] == study_id]


def benchmark_rows(study_id: str) -> list[Row]:
    """The published figures as rows of population `published`.

    A printed range is a minimum and a maximum, never a CI.
    """
    return [
        Row(
            Place(b.endpoint, b.group, "published", b.statistic, b.unit, b.source),
            b.value, b.n, None, "as published", reference=b.citation, note=b.reading or None,
        )
        for b in benchmarks_of(study_id)
    ]  # fmt: skip


def _benchmark(line: dict[str, str]) -> Benchmark:
    return Benchmark(
        line["study_id"], line["endpoint"], line["group_name"], line["statistic"], float(line["value"]),
        line["unit"], int(line["n"]) if line["n"] else None, line["clock_start"], line["printed"],
        line["reading"], line["source"], )  # fmt: skip
