"""Published figures that stand beside ours; shown, never a pass or a fail."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

from analysis.estimation.rows import Place, Row

AS_PUBLISHED = "as published"
TABLE = Path(__file__).with_name("benchmarks.csv")

MAINTAIN = (
    "Kalinsky K, Accordino MK, Chiuzan C, et al. Randomized phase II trial of endocrine therapy with or "
    "without "
    "ribociclib after progression on cyclin-dependent kinase 4/6 inhibition in hormone receptor-positive, "
    "human "
    "epidermal growth factor receptor 2-negative metastatic breast cancer: MAINTAIN trial. J Clin Oncol "
    "2023;41:4004-4013."
)
POSTMONARCH = (
    "Kalinsky K, et al. Abemaciclib plus fulvestrant in advanced breast cancer after progression on CDK4/6 "
    "inhibition: results from the phase III postMONARCH trial. J Clin Oncol 2025;43:1101-1112."
)
# by source: of a trial, each arm is a source of its own
CITATIONS = {
    "palumbo_2024": (
        "Palumbo R, Quaquarini E, Saltalamacchia G, et al. Efficacy and activity of treatments after "
        "progression from palbociclib plus endocrine therapy in patients with HR+/HER2- metastatic breast "
        "cancer: a prospective, monocentric study. Drugs in Context 2024;13:2023-7-5."
    ),
    "maintain_2023_ribociclib": MAINTAIN,
    "maintain_2023_placebo": MAINTAIN,
    "postmonarch_2025_abemaciclib": POSTMONARCH,
    "postmonarch_2025_placebo": POSTMONARCH,
}


@dataclass(frozen=True)
class Benchmark:
    """One published figure: as `printed`, as a number in `unit`, of whom, and how it has to be read.

    `arm` names a trial's arm; its `group` is the strategy it is set beside.
    """

    study_id: str
    endpoint: str
    group: str
    statistic: str
    value: float
    ci_low: float | None
    ci_high: float | None
    unit: str
    n: int | None
    arm: str
    population: str
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
            b.value, b.n, None, AS_PUBLISHED, b.ci_low, b.ci_high,
            AS_PUBLISHED if b.ci_low is not None else None, b.citation, b.reading or None,
        )
        for b in benchmarks_of(study_id)
    ]  # fmt: skip


def _benchmark(line: dict[str, str]) -> Benchmark:
    return Benchmark(
        line["study_id"], line["endpoint"], line["group_name"], line["statistic"], float(line["value"]),
        _number(line["ci_low"]), _number(line["ci_high"]), line["unit"],
        int(line["n"]) if line["n"] else None, line["arm"], line["population"], line["clock_start"],
        line["printed"], line["reading"], line["source"],
    )  # fmt: skip


def _number(text: str) -> float | None:
    return float(text) if text else None
