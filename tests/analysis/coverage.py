"""How often the 95 % intervals cover the truth, and how often a test rejects where there is nothing to find.

    python -m tests.analysis.coverage 1000      # writes coverage.csv beside this file
    python -m tests.analysis.coverage table     # prints it for analysis/statistics/README.md

`test_coverage.py` runs a shorter form of the same. Every draw has a seed of its own, so that any part can be
made again alone.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, fields
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import expit

from analysis import (
    DAYS_PER_MONTH,
    Durations,
    Estimate,
    Test,
    cox_hazard_ratio,
    cox_test,
    cumulative_incidence,
    durations,
    firth_cox_hazard_ratio,
    interval_censored_median,
    kaplan_meier,
    kendall_tau,
    log_rank,
    logistic_model,
    median_survival,
    proportion,
    proportion_difference,
    rmst,
    rmst_difference,
    survival_at,
)
from analysis.estimation.adjustment import ADJUSTMENTS, adjusted_hazard_ratio, adjusted_medians
from analysis.estimation.adjustment_rows import adjustment_rows
from analysis.estimation.rows import Row
from analysis.estimation.study import Study, StudyCovariate, StudyData
from tests.analysis.simulation import (
    BY_PFS1,
    CHANNELLED,
    DEMO,
    EQUAL,
    OTHER,
    REFERENCE,
    Mechanism,
    draw,
    scans,
)

TABLE = Path(__file__).with_name("coverage.csv")
SIZES = (48, 500)
SEED = 20240517
TAU = 12.0  # months
BENEFIT = 168 / DAYS_PER_MONTH
STUDY = Study(
    "palbociclib",
    "Made up",
    "palbociclib",
    (REFERENCE, OTHER),
    {},
    (
        StudyCovariate("pfs1_months", "PFS1", "log"),
        StudyCovariate("visceral", "Visceral metastases", "none"),
        StudyCovariate("age_years", "Age", "none"),
    ),
    {},
)
(PAIR,) = STUDY.pairs

Found = Iterator[tuple[str, Estimate | Test | Row, float]]
Estimators = Callable[[pd.DataFrame, Mechanism, int], Found]


@dataclass(frozen=True)
class Line:
    """One estimator at one size: of `replicates` intervals, `covered` hold the truth.

    `without` had no estimate; they count as not covered. For a test, `covered` is that it does not reject.
    """

    mechanism: str
    n: int
    quantity: str
    method: str
    replicates: int
    covered: int
    without: int

    @property
    def coverage(self) -> float:
        """As a share of the replicates that had an interval or a p-value."""
        return self.covered / max(1, self.replicates - self.without)


@dataclass(frozen=True)
class Scenario:
    """A mechanism and what is estimated under it, with a `share` of the replicates asked for (the dear ones
    less)."""

    name: str
    mechanism: Mechanism
    estimators: Estimators
    share: float = 1.0
    sizes: tuple[int, ...] = SIZES


def by_strategy(frame: pd.DataFrame) -> dict[str, Durations]:
    """PFS2 in months by strategy."""
    return {
        name: durations(group["pfs2_days"] / DAYS_PER_MONTH, group["pfs2_event"])
        for name, group in ((name, frame[frame["strategy"] == name]) for name in (REFERENCE, OTHER))
    }


def unadjusted(frame: pd.DataFrame, mechanism: Mechanism, _: int) -> Found:
    """What the report gives without adjustment, where the truth is in closed form."""
    arms = by_strategy(frame)
    for name, data in arms.items():
        curve = kaplan_meier(data)
        yield f"median, {name}", median_survival(curve), mechanism.median(name)
        for when in (6.0, 12.0):
            truth = mechanism.survival(name, when)
            yield f"survival at {when:g} months, {name}", survival_at(curve, when), truth
        if data.time.max() >= TAU:
            truth = mechanism.restricted_mean(name, TAU)
            yield f"restricted mean to {TAU:g} months, {name}", rmst(data, TAU), truth
        group = frame[frame["strategy"] == name]
        benefit = proportion(int(group["clinical_benefit"].sum()), len(group))
        yield f"clinical benefit, {name}", benefit, mechanism.survival(name, BENEFIT)
    yield from _differences(frame, arms, mechanism)


def _differences(frame: pd.DataFrame, arms: dict[str, Durations], mechanism: Mechanism) -> Found:
    reference, other = arms[REFERENCE], arms[OTHER]
    both, group = _together(frame)
    ratio = float(np.exp(mechanism.log_hazard_ratio))
    yield "hazard ratio", cox_hazard_ratio(both, group), ratio
    yield "hazard ratio, Firth", firth_cox_hazard_ratio(both, group), ratio
    if min(reference.time.max(), other.time.max()) >= TAU:
        gap = mechanism.restricted_mean(OTHER, TAU) - mechanism.restricted_mean(REFERENCE, TAU)
        yield f"restricted mean difference to {TAU:g} months", rmst_difference(reference, other, TAU), gap
    benefits = frame.groupby("strategy")["clinical_benefit"].agg(["sum", "size"]).astype(int)
    table = [int(count) for name in (OTHER, REFERENCE) for count in benefits.loc[name]]
    gap = mechanism.survival(OTHER, BENEFIT) - mechanism.survival(REFERENCE, BENEFIT)
    yield "clinical benefit difference", proportion_difference(*table), gap


def crude_tests(frame: pd.DataFrame, _: Mechanism, __: int) -> Found:
    """The tests of two groups: how often they reject."""
    both, group = _together(frame)
    yield "log-rank test", log_rank(both, group), 0.0
    yield "Cox, Wald test", cox_test(both, group), 0.0


def interval_censored(frame: pd.DataFrame, mechanism: Mechanism, seed: int) -> Found:
    """The median of each strategy when all that is known of an event is between which scans it fell."""
    for name in (REFERENCE, OTHER):
        left, right = scans(np.random.default_rng(seed), frame[frame["strategy"] == name])
        median = interval_censored_median(left / DAYS_PER_MONTH, right / DAYS_PER_MONTH, seed)
        yield f"median, interval censored, {name}", median, mechanism.median(name)


def adjusted(frame: pd.DataFrame, mechanism: Mechanism, _: int) -> Found:
    """The hazard ratio under each adjustment, robust or model variance, and the weighted medians."""
    for adjustment in ADJUSTMENTS:
        ratio = adjusted_hazard_ratio(frame, STUDY, PAIR, adjustment)
        yield f"hazard ratio, {adjustment}", ratio, float(np.exp(mechanism.log_hazard_ratio))
    if not any(mechanism.prognosis):
        for name, median in adjusted_medians(frame, STUDY, PAIR, "overlap").items():
            yield f"median, overlap, {name}", median, mechanism.median(name)


def reported(frame: pd.DataFrame, mechanism: Mechanism, _: int) -> Found:
    """The report's own adjusted numbers: a bootstrap that refits the propensity model."""
    nothing = pd.DataFrame()
    data = StudyData(STUDY, frame, nothing, nothing, nothing, nothing, False)
    rows = {row.place.estimate_id: row for row in adjustment_rows(data)}
    ratio = float(np.exp(mechanism.log_hazard_ratio))
    for adjustment in ("overlap", "ate"):
        row = rows[f"pfs2.{PAIR.key}.{adjustment}.hazard_ratio"]
        yield f"hazard ratio, {adjustment}, bootstrap", row, ratio
    if not any(mechanism.prognosis):
        for name in (REFERENCE, OTHER):
            row = rows[f"pfs2.{name}.overlap.median.{PAIR.key}"]
            yield f"median, overlap, bootstrap, {name}", row, mechanism.median(name)
        row = rows.get(f"pfs2.{PAIR.key}.overlap.rmst_difference.12_months.{TAU:g}")
        if row is not None:
            gap = mechanism.restricted_mean(OTHER, TAU) - mechanism.restricted_mean(REFERENCE, TAU)
            yield f"restricted mean difference to {TAU:g} months, overlap, bootstrap", row, gap


def incomplete(frame: pd.DataFrame, mechanism: Mechanism, seed: int) -> Found:
    """The same with visceral disease unknown in a quarter of the patients, more often after a short PFS1."""
    rng = np.random.default_rng(seed)
    unknown = rng.random(len(frame)) < np.where(frame["pfs1_months"] < 12, 0.35, 0.15)
    visceral = frame["visceral"].astype(object).where(~unknown, None)
    for quantity, found, truth in adjusted(frame.assign(visceral=visceral), mechanism, seed):
        if quantity != "hazard ratio, none":
            yield f"{quantity}, a quarter unknown", found, truth


def associations(frame: pd.DataFrame, mechanism: Mechanism, seed: int) -> Found:
    """Rank correlation, competing risks and the choice model, where the truth is known as well.

    PFS1 and PFS2 are independent within a strategy. 3 of 20 events are the competing one, at random. The
    choice follows a covariate of the patients' own draw with an odds ratio of 3.
    """
    rng = np.random.default_rng(seed)
    group = frame[frame["strategy"] == OTHER]
    data = by_strategy(frame)[OTHER]
    yield "Kendall's tau", kendall_tau(group["pfs1_months"], data), 0.0
    state = group["pfs2_event"].to_numpy() * np.where(rng.random(len(group)) < 0.15, 2, 1)
    incidence = cumulative_incidence(group["pfs2_days"] / DAYS_PER_MONTH, state)
    yield "cumulative incidence at 6 months", incidence.at(6.0), 0.85 * (1 - mechanism.survival(OTHER, 6.0))
    covariate = rng.random(len(frame)) < 0.5
    chosen = rng.random(len(frame)) < expit(np.log(3.0) * (covariate - 0.5))
    design = pd.DataFrame({"covariate": covariate.astype(float)})
    for firth in (False, True):
        ratio = logistic_model(design, chosen, firth).odds_ratio("covariate")
        yield f"odds ratio{', Firth' if firth else ''}", ratio, 3.0


def _together(frame: pd.DataFrame) -> tuple[Durations, npt.NDArray[np.bool_]]:
    both = durations(frame["pfs2_days"] / DAYS_PER_MONTH, frame["pfs2_event"])
    return both, (frame["strategy"] == OTHER).to_numpy()


SCENARIOS = (
    Scenario("demo", DEMO, unadjusted),
    Scenario("demo", DEMO, associations),
    Scenario("demo, no difference", EQUAL, crude_tests),
    Scenario("demo, scans", DEMO, interval_censored, share=0.3),
    Scenario("demo, adjusted", DEMO, adjusted),
    Scenario("demo, adjusted", DEMO, reported, 0.6, (48,)),
    Scenario("no effect, channelled by PFS1", BY_PFS1, adjusted),
    Scenario("no effect, channelled by PFS1", BY_PFS1, reported, 0.6, (48,)),
    Scenario("no effect, channelled by PFS1 and visceral disease", CHANNELLED, adjusted),
    Scenario("no effect, channelled by PFS1 and visceral disease", CHANNELLED, incomplete, 0.5, (500,)),
)


def holds(found: Estimate | Test | Row, truth: float) -> bool | None:
    """Whether the interval holds the truth, or the test does not reject; None where there is neither."""
    if isinstance(found, Test):
        return None if found.p_value is None else found.p_value >= 0.05
    if (found.variance if isinstance(found, Row) else found.interval) is None:
        return None
    low = -np.inf if found.ci_low is None else found.ci_low
    high = np.inf if found.ci_high is None else found.ci_high
    return bool(low <= truth <= high)


def replicate(scenario: Scenario, n: int, number: int) -> list[tuple[str, str, bool | None]]:
    """One draw: quantity, method, and whether the truth is covered."""
    seed = int(np.random.SeedSequence([SEED, n, number]).generate_state(1)[0])
    frame = draw(np.random.default_rng(seed), n, scenario.mechanism)
    found = scenario.estimators(frame, scenario.mechanism, seed)
    return [(quantity, made.method, holds(made, truth)) for quantity, made, truth in found]


def run(scenario: Scenario, n: int, replicates: int, workers: int = 1) -> list[Line]:
    """All quantities of a scenario at one size."""
    one = partial(replicate, scenario, n)
    if workers == 1:
        draws = [one(number) for number in range(replicates)]
    else:
        with ProcessPoolExecutor(workers) as pool:
            draws = list(pool.map(one, range(replicates), chunksize=10))
    held: dict[str, list[bool | None]] = {}
    methods: dict[str, str] = {}
    for made in draws:
        for quantity, method, covered in made:
            held.setdefault(quantity, []).append(covered)
            methods.setdefault(quantity, method)
    return [
        Line(scenario.name, n, quantity, methods[quantity], len(all_), all_.count(True), all_.count(None))
        for quantity, all_ in held.items()
    ]


def main(replicates: int) -> None:
    """Write the table, a line an estimator and size."""
    names = [field.name for field in fields(Line)]
    with TABLE.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([*names, "coverage"])
        for scenario in SCENARIOS:
            for n in scenario.sizes:
                for line in run(scenario, n, round(replicates * scenario.share), workers=2):
                    writer.writerow([*(getattr(line, name) for name in names), f"{line.coverage:.4f}"])
                file.flush()


def published() -> list[dict[str, str]]:
    """The lines of coverage.csv."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def markdown() -> str:
    """The table as analysis/statistics/README.md shows it: coverage in percent, by size."""
    lines: dict[tuple[str, str], dict[int, str]] = {}
    for row in published():
        share = f"{100 * float(row['coverage']):.1f}"
        lines.setdefault((row["mechanism"], row["quantity"]), {})[int(row["n"])] = share
    head = "| mechanism | 95 % limits of, or test | 48 patients | 500 patients |\n|---|---|---:|---:|\n"
    return head + "".join(
        f"| {mechanism} | {quantity} | {shares.get(48, '')} | {shares.get(500, '')} |\n"
        for (mechanism, quantity), shares in lines.items()
    )


if __name__ == "__main__":
    if sys.argv[1:] == ["table"]:
        sys.stdout.write(markdown())
    else:
        main(int(sys.argv[1]))
