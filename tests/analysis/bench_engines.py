"""Time of every primary estimate beside the engines it could come from, at the size of a large registry.

Run by hand: python -m tests.analysis.bench_engines 1000000

Times are whole days turned into months, as the marts give them. Each line takes the better of two runs; an
engine that has no such estimate has no time. Everybody starts from plain columns: `replace` makes our
durations anew, without what they remember of an earlier estimate.
"""

from __future__ import annotations

import sys
import time
import warnings
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
from lifelines import CoxPHFitter, KaplanMeierFitter
from lifelines.statistics import logrank_test, proportional_hazard_test
from lifelines.utils import restricted_mean_survival_time
from scipy.stats import binomtest
from statsmodels.duration.hazard_regression import PHReg
from statsmodels.duration.survfunc import SurvfuncRight, survdiff
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint
from survival import regression, surv_analysis

from analysis import (
    DAYS_PER_MONTH,
    common_tau,
    cox_comparison,
    durations,
    kaplan_meier,
    log_rank,
    median_survival,
    proportion,
    proportion_difference,
    proportional_hazards,
    rmst_difference,
    survival_at,
)

Timed = dict[str, Callable[[], object]]
RUNS = 2


def cases(n: int) -> dict[str, Timed]:
    """For each quantity, ours and the engines'."""
    draw = np.random.default_rng(20_26)
    group = draw.random(n) < 0.4
    ends = np.ceil(draw.exponential(300, n) * np.where(group, 0.8, 1.0))
    seen = np.ceil(draw.uniform(0, 1500, n))
    event = (ends <= seen).astype(float)
    months = np.minimum(ends, seen) / DAYS_PER_MONTH
    data = durations(months, event)
    parts = data.where(~group), data.where(group)
    status, column = event.astype(np.int32), group.astype(float)
    frame = pd.DataFrame({"time": months, "event": event, "group": column})
    matrix, code = column[:, None], group.astype(np.int32)
    tau, tested = common_tau(*parts), 12.0
    curves = [KaplanMeierFitter().fit(part.time, part.event) for part in parts]
    curve = kaplan_meier(data)
    x, a, x0, b = int(event[group].sum()), int(group.sum()), int(event[~group].sum()), int((~group).sum())
    fitted = CoxPHFitter().fit(frame, "time", "event")

    def zph() -> object:
        return regression.cox_zph(regression.coxph_fit(months, status, matrix), transform="km")

    return {
        "Kaplan-Meier and median": {
            "ours": lambda: median_survival(kaplan_meier(replace(data))),
            "lifelines": lambda: KaplanMeierFitter().fit(months, event).median_survival_time_,
            "survival": lambda: surv_analysis.survfitkm(months, status, conf_type="log-log"),
            "statsmodels": lambda: SurvfuncRight(months, event).quantile_ci(0.5),
        },
        "survival at 12 months": {
            "ours": lambda: survival_at(curve, tested),
            "lifelines": lambda: curves[0].predict(tested),
        },
        "log-rank": {
            "ours": lambda: log_rank(replace(data), group),
            "lifelines": lambda: (
                logrank_test(parts[0].time, parts[1].time, parts[0].event, parts[1].event).p_value
            ),
            "survival": lambda: surv_analysis.survdiff(months, status, code),
            "statsmodels": lambda: survdiff(months, event, code),
        },
        "hazard ratio and its test": {
            "ours": lambda: cox_comparison(replace(data), group),
            "lifelines": lambda: CoxPHFitter().fit(frame, "time", "event"),
            "survival": lambda: regression.coxph_fit_raw(months, status, matrix, resid=False),
            "statsmodels": lambda: PHReg(months, matrix, status=event, ties="efron").fit(),
        },
        "proportional hazards": {
            "ours": lambda: proportional_hazards(replace(data), group),
            "lifelines": lambda: proportional_hazard_test(fitted, frame, time_transform="km"),
            "survival": zph,
        },
        "RMST difference": {
            "ours": lambda: rmst_difference(replace(parts[0]), replace(parts[1]), tau),
            "lifelines": lambda: [
                restricted_mean_survival_time(one, t=tau, return_variance=True) for one in curves
            ],
        },
        "share, exact limits": {
            "ours": lambda: proportion(x, a),
            "scipy": lambda: binomtest(x, a).proportion_ci(),
            "statsmodels": lambda: proportion_confint(x, a, method="beta"),
        },
        "difference of shares": {
            "ours": lambda: proportion_difference(x, a, x0, b),
            "statsmodels": lambda: confint_proportions_2indep(x, a, x0, b, compare="diff", method="newcomb"),
        },
    }


def seconds(run: Callable[[], object]) -> float:
    """The best of two runs, or of as many as fit into a fifth of a second."""
    found: list[float] = []
    while len(found) < RUNS or sum(found) < 0.2:
        start = time.perf_counter()
        run()
        found.append(time.perf_counter() - start)
    return min(found)


def main(n: int) -> None:
    """Print a markdown table: seconds of ours and of each engine, and ours over the fastest of theirs."""
    engines = ("lifelines", "survival", "statsmodels", "scipy")
    print(f"{n:,} patients, seconds\n")
    print(f"| quantity | ours | {' | '.join(engines)} | ours / fastest |")
    print(f"|---|---:|{'---:|' * len(engines)}---:|")
    warnings.simplefilter("ignore")
    for quantity, timed in cases(n).items():
        found = {name: seconds(run) for name, run in timed.items()}
        fastest = min(value for name, value in found.items() if name != "ours")
        theirs = " | ".join(f"{found[name]:.4f}" if name in found else "" for name in engines)
        ratio = found["ours"] / fastest
        print(f"| {quantity} | {found['ours']:.4f} | {theirs} | {ratio:.2f} |", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
