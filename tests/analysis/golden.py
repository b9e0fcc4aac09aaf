"""Our numbers beside R's: every pair of `reference/reference.json`, by the function that made ours.

The tests (`test_reference.py`) hold each pair to 1e-6; `python -m tests.analysis.golden_table` prints how
many there are for each function and the largest difference.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from analysis import (
    Durations,
    Estimate,
    auc,
    chi_square_test,
    common_tau,
    cox_hazard_ratio,
    cox_model,
    cox_test,
    cumulative_incidence,
    durations,
    effective_sample_size,
    firth_cox_hazard_ratio,
    firth_cox_test,
    fisher_test,
    follow_up,
    interval_censored,
    kaplan_meier,
    kendall_tau,
    log_rank,
    logistic_model,
    median_survival,
    number_at_risk,
    proportion,
    proportion_difference,
    proportional_hazards,
    rmst,
    rmst_difference,
    rmst_test,
    smd_continuous,
    survival_at,
    weighted_at_risk,
)
from analysis.statistics.durations import Floats

REFERENCE = json.loads((Path(__file__).parent / "reference" / "reference.json").read_text())
SETS = REFERENCE["sets"]
ADJUSTED = REFERENCE["adjusted"]
Z = 1.959963984540054

# a function of ours, the case it was asked, our number and R's; None is a limit that is not reached
Pair = tuple[str, str, float | None, float | None]


def data_of(name: str) -> tuple[Durations, np.ndarray]:
    """A data set and its groups."""
    s = SETS[name]
    return durations(s["time"], s["event"], s.get("entry")), np.array(s["group"]) == 1


def case_weights(n: int) -> Floats:
    """The weights of make_reference.R: from 0.3 to 1.55."""
    return 0.3 + ((np.arange(1, n + 1) * 7) % 11) / 8


def interval(function: str, case: str, ours: Estimate, theirs: dict[str, Any], key: str) -> Iterator[Pair]:
    """The estimate and both limits."""
    yield function, f"{case} estimate", ours.estimate, theirs[key]
    yield function, f"{case} low", ours.ci_low, theirs["low"]
    yield function, f"{case} high", ours.ci_high, theirs["high"]


def with_error(function: str, case: str, ours: Estimate, value: float, error: float) -> Iterator[Pair]:
    """The estimate, and its limits' half width as a standard error where neither was cut at a boundary."""
    yield function, f"{case} estimate", ours.estimate, value
    if ours.ci_low is not None and ours.ci_high is not None and ours.estimate is not None:
        half = max(ours.estimate - ours.ci_low, ours.ci_high - ours.estimate)
        yield function, f"{case} standard error", half / Z, error


def curve(
    case: str, data: Durations, expected: dict[str, Any], weight: Floats | None = None
) -> Iterator[Pair]:
    """Median with limits, survival with limits, and numbers at risk."""
    name = " (weighted)" if weight is not None else ""
    fitted = kaplan_meier(data, weight=weight)
    yield from interval(f"median_survival{name}", case, median_survival(fitted), expected, "median")
    for i, when in enumerate(expected["times"]):
        point, at = survival_at(fitted, when), f"{case} S({when})"
        if when > fitted.last_time:
            continue  # R repeats its last value, we say that nobody was observed so long
        yield f"survival_at{name}", at, point.estimate, expected["survival"][i]
        if point.interval:
            yield f"survival_at{name}", f"{at} low", point.ci_low, expected["lower"][i]
            yield f"survival_at{name}", f"{at} high", point.ci_high, expected["upper"][i]
        if (
            when in data.time
        ):  # between a curve's times R counts late entries up to its next time; we count before
            there = number_at_risk(data, when) if weight is None else weighted_at_risk(fitted, when)
            yield (
                "number_at_risk" if weight is None else "weighted_at_risk",
                f"{case} at risk {when}",
                there,
                expected["at_risk"][i],
            )


def curves() -> Iterator[Pair]:
    """Kaplan-Meier, plain and weighted, over all and by group."""
    for name, s in SETS.items():
        data, group = data_of(name)
        weight = case_weights(data.n)
        for part, mask in (("all", np.ones_like(group)), ("0", ~group), ("1", group)):
            theirs = s["km"] if part == "all" else s["km_by_group"][int(part)]
            yield "median_survival", f"{name} {part} n", data.where(mask).n, theirs["n"]
            yield from curve(f"{name} {part}", data.where(mask), theirs)
            w = s["weighted"]
            theirs = w["km"] if part == "all" else w["km_by_group"][int(part)]
            yield from curve(f"{name} {part}", data.where(mask), theirs, weight[mask])
        yield from curve(f"{name} same weights", data, s["weighted"]["same_weights"], np.full(data.n, 0.7))
        if "follow_up" in s:
            yield from interval("follow_up", name, follow_up(data), s["follow_up"], "median")


def comparisons() -> Iterator[Pair]:
    """Two groups: log-rank, Cox plain, robust and weighted, proportional hazards."""
    for name, s in SETS.items():
        data, group = data_of(name)
        tests = {"log_rank": (log_rank(data, group), s["logrank"])}
        if "logrank_stratified" in s:
            stratified = log_rank(data, group, np.array(s["stratum"]))
            tests["log_rank (stratified)"] = stratified, s["logrank_stratified"]
        tests["proportional_hazards"] = proportional_hazards(data, group), s["zph"]
        for function, (ours, theirs) in tests.items():
            yield function, f"{name} chi-square", ours.statistic, theirs["chi_square"]
            yield function, f"{name} p", ours.p_value, theirs["p"]
        yield from interval("cox_hazard_ratio", name, cox_hazard_ratio(data, group), s["cox"], "hr")
        yield "cox_test", f"{name} p", cox_test(data, group).p_value, s["cox"]["p"]
        design = pd.DataFrame({"group": group.astype(float)})
        weight = case_weights(data.n)
        models = {
            "cox_model": (cox_model(data, design), s["cox"]),
            "cox_model (robust)": (cox_model(data, design, robust=True), s["weighted"]["cox_robust"]),
            "cox_model (weighted)": (cox_model(data, design, weight, robust=True), s["weighted"]["cox"]),
        }
        for function, (model, theirs) in models.items():
            yield from interval(function, name, model.hazard_ratio("group"), theirs, "hr")
            yield function, f"{name} p", model.test("group").p_value, theirs["p"]


def means() -> Iterator[Pair]:
    """Restricted means and their differences, plain and weighted."""
    for name, s in SETS.items():
        data, group = data_of(name)
        parts = data.where(~group), data.where(group)
        weight = case_weights(data.n)
        if "rmst" in s:
            yield "common_tau", name, common_tau(*parts), s["rmst"]["reference"]["tau"]
            yield from _means(name, parts, s["rmst"], s["rmst"]["reference"]["tau"], None)
        weighted = s["weighted"]["rmst"]
        yield from _means(name, parts, weighted, weighted["tau"], (weight[~group], weight[group]))


def _means(
    name: str,
    parts: tuple[Durations, Durations],
    theirs: dict[str, Any],
    tau: float,
    weights: tuple[Floats, Floats] | None,
) -> Iterator[Pair]:
    kind = "" if weights is None else " (weighted)"
    for i, side in enumerate(("reference", "other")):
        ours = rmst(parts[i], tau, None if weights is None else weights[i])
        expected = theirs[side]
        cut = ours.estimate is not None and (ours.ci_low == 0.0 or ours.ci_high == tau)
        if cut:  # a limit at the edge of 0 to tau says nothing of the standard error
            yield f"rmst{kind}", f"{name} {side}", ours.estimate, expected["rmst"]
        else:
            yield from with_error(f"rmst{kind}", f"{name} {side}", ours, expected["rmst"], expected["se"])
    difference = rmst_difference(*parts, tau, weights)
    yield from interval(f"rmst_difference{kind}", name, difference, theirs, "difference")
    yield f"rmst_test{kind}", f"{name} p", rmst_test(*parts, tau, weights).p_value, theirs["p"]


def incidences() -> Iterator[Pair]:
    """Aalen-Johansen: every third event is the competing one."""
    for name, s in SETS.items():
        theirs, n = s["cumulative_incidence"], len(s["time"])
        other = (np.arange(1, n + 1) % 3 == 0) & (np.array(s["event"]) == 1)
        fitted = cumulative_incidence(s["time"], np.array(s["event"]) + other, s.get("entry"))
        for i, when in enumerate(theirs["times"]):
            point = fitted.at(when)
            yield "cumulative_incidence", f"{name} F({when})", point.estimate, theirs["incidence"][i]
            if point.interval:
                yield "cumulative_incidence", f"{name} F({when}) low", point.ci_low, theirs["lower"][i]
                yield "cumulative_incidence", f"{name} F({when}) high", point.ci_high, theirs["upper"][i]


def intervals() -> Iterator[Pair]:
    """Turnbull's estimate, intervals open on the left."""
    for name, s in SETS.items():
        if "interval_censored" in s:
            theirs = s["interval_censored"]
            right = [np.inf if value is None else value for value in theirs["right"]]
            fitted = interval_censored(theirs["left"], right)
            yield "interval_censored", f"{name} median", fitted.median().estimate, theirs["median"]
            for when, survival in zip(theirs["times"], theirs["survival"], strict=True):
                if when <= fitted.time[-1]:
                    ours = fitted.survival_at(when).estimate
                    yield "interval_censored", f"{name} S({when})", ours, survival


def associations() -> Iterator[Pair]:
    """Kendall's tau under censoring, chi-square."""
    for name, s in SETS.items():
        if "tau" in s:
            data, _ = data_of(name)
            value = (np.arange(data.n) + 1.0) * 13 % 17
            yield from with_error(
                "kendall_tau", name, kendall_tau(value, data), s["tau"]["tau"], s["tau"]["se"]
            )
    for case in REFERENCE["chi_square"]:
        ours = chi_square_test(np.array(case["table"]))
        yield "chi_square_test", f"{case['table']} statistic", ours.statistic, case["statistic"]
        yield "chi_square_test", f"{case['table']} p", ours.p_value, case["p"]


def shares() -> Iterator[Pair]:
    """Clopper-Pearson, Newcombe, Fisher."""
    for case in REFERENCE["clopper_pearson"]:
        ours, name = proportion(case["x"], case["n"]), f"{case['x']}/{case['n']}"
        yield "proportion", f"{name} low", ours.ci_low, case["low"]
        yield "proportion", f"{name} high", ours.ci_high, case["high"]
    for case in REFERENCE["newcombe"]:
        table = case["x1"], case["n1"], case["x0"], case["n0"]
        yield from interval(
            "proportion_difference", str(table), proportion_difference(*table), case, "difference"
        )
        yield "fisher_test", str(table), fisher_test(*table).p_value, case["fisher_p"]


def firth() -> Iterator[Pair]:
    """Firth's Cox and logistic, separated data among them."""
    for name, s in REFERENCE["firth_cox"].items():
        data, group = durations(s["time"], s["event"]), np.array(s["group"]) == 1
        yield from interval("firth_cox_hazard_ratio", name, firth_cox_hazard_ratio(data, group), s, "hr")
        yield "firth_cox_test", name, firth_cox_test(data, group).p_value, s["p"]
    s = REFERENCE["separated_logistic"]
    design, outcome = pd.DataFrame({"x": s["x"], "z": s["z"]}), np.array(s["y"]) == 1
    yield from _logistic("logistic_model (Firth)", "separated", design, outcome, s["firth"], True)


def _logistic(
    function: str,
    case: str,
    design: pd.DataFrame,
    outcome: np.ndarray,
    theirs: list[dict[str, Any]],
    firth: bool,
) -> Iterator[Pair]:
    model = logistic_model(design, outcome, firth=firth)
    for name, expected in zip(design.columns, theirs, strict=True):
        yield from interval(function, f"{case} {name}", model.odds_ratio(name), expected, "or")
        yield function, f"{case} {name} p", model.test(name).p_value, expected["p"]


def adjusted() -> Iterator[Pair]:
    """The chain of the adjusted comparison: propensity, overlap weights, and all that is weighted by them."""
    for name, s in ADJUSTED.items():
        frame = pd.DataFrame(s["columns"])
        data, group = durations(frame["time"], frame["event"]), (frame["group"] == 1).to_numpy()
        design = frame[s["covariates"]]
        yield from _logistic("logistic_model", name, design, group, s["logistic"], False)
        yield from _logistic("logistic_model (Firth)", name, design, group, s["firth_logistic"], True)
        propensity = logistic_model(design, group).probability
        yield from with_error("auc", name, auc(group, propensity), s["auc"]["auc"], s["auc"]["se"])
        model = cox_model(data, frame[["group", *s["covariates"]]])
        for column, theirs in zip(model.names, s["cox"], strict=True):
            function = "cox_model (several columns)"
            yield from interval(function, f"{name} {column}", model.hazard_ratio(column), theirs, "hr")
            yield function, f"{name} {column} p", model.test(column).p_value, theirs["p"]
        yield from _overlap(name, s, frame, data, group, np.where(group, 1 - propensity, propensity))


def _overlap(
    name: str, s: dict[str, Any], frame: pd.DataFrame, data: Durations, group: np.ndarray, weight: Floats
) -> Iterator[Pair]:
    theirs, case = s["overlap"], f"{name} overlap"
    model = cox_model(data, frame[["group"]], weight, robust=True)
    yield from interval(
        "cox_model (weighted)", case, model.hazard_ratio("group"), theirs["hazard_ratio"], "hr"
    )
    yield "cox_model (weighted)", f"{case} p", model.test("group").p_value, theirs["hazard_ratio"]["p"]
    masks = ~group, group
    for i, mask in enumerate(masks):
        yield from curve(f"{case} {i}", data.where(mask), theirs["km"][i], weight[mask])
        ours = effective_sample_size(weight[mask])
        yield "effective_sample_size", f"{case} {i}", ours, theirs["effective"][i]
    parts, weights = (data.where(masks[0]), data.where(masks[1])), (weight[masks[0]], weight[masks[1]])
    yield from _means(case, parts, theirs["rmst"], theirs["rmst"]["tau"], weights)
    for i, column in enumerate(s["covariates"]):
        sides = frame.loc[masks[0], column], frame.loc[masks[1], column]
        before, after = smd_continuous(*sides).estimate, smd_continuous(*sides, weights).estimate
        yield "smd_continuous", f"{case} {column}", before, theirs["smd_before"][i]
        yield "smd_continuous (weighted)", f"{case} {column}", after, theirs["smd_after"][i]


GROUPS: tuple[Callable[[], Iterator[Pair]], ...] = (
    curves,
    comparisons,
    means,
    incidences,
    intervals,
    associations,
    shares,
    firth,
    adjusted,
)


def distance(ours: float | None, theirs: float | None) -> float:
    """Difference over the larger of 1 and R's number; infinite where only one of them is there."""
    if ours is None or theirs is None:
        return 0.0 if ours is theirs else float("inf")
    return abs(ours - theirs) / max(1.0, abs(theirs))
