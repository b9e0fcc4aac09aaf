"""What drove the choice, as rows: logistic models of the other strategy against the reference.

Each covariate alone over the patients in whom it is known; then together, the covariates of the study in
their order, one for each five patients of the smaller group (Vittinghoff and McCulloch, Am J Epidemiol
2007;165:710), unknown values multiply imputed. Firth's penalty where fewer than ten patients of the
smaller group stand behind a column, or where a column separates the groups.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from analysis.estimation.adjustment import completed_sets, why_not
from analysis.estimation.covariates import Bools, Comparison, compare, design
from analysis.estimation.rows import Place, Row, from_estimate, from_test
from analysis.estimation.study import Pair, StudyCovariate, StudyData, left_out_note
from analysis.statistics.association import auc
from analysis.statistics.estimates import Estimate, Interval, Variance
from analysis.statistics.imputation import pooled
from analysis.statistics.logistic import LogisticModel, logistic_model

PATIENTS_PER_COVARIATE, PATIENTS_PER_COLUMN = 5, 10
FEWEST = 5  # patients of a group without whom nothing is said of a covariate
TOGETHER = "multivariable"
# the step that an odds ratio belongs to, where one unit would say little
STEPS = {"age_years": (10.0, "per 10 years"), "disease_free_months": (12.0, "per year")}
DOUBLING = float(np.log(2))
COMPARED = "compared"


def choice_rows(data: StudyData) -> list[Row]:
    """Odds ratios of each pair: alone, together, and the AUC of the model of all."""
    rows: list[Row] = []
    for pair in data.study.pairs:
        everything = compare(data.patients, data.study, pair, None)
        if everything.smaller:
            for covariate in everything.covariates:
                rows += _alone(everything, covariate)
        rows += _together(compare(data.patients, data.study, pair, PATIENTS_PER_COVARIATE))
    return rows


def odds_labels(data: StudyData, pair: Pair) -> list[tuple[str, str]]:
    """Term and label of every odds ratio of a pair, in the order of the covariates."""
    comparison = compare(data.patients, data.study, pair, None)
    labels: list[tuple[str, str]] = []
    for covariate in comparison.covariates:
        for term in _terms(_design(comparison, covariate)):
            _, level = term.rsplit("=", 1) if "=" in term else (term, step_of(covariate)[1])
            labels.append((term, f"{covariate.label}, {level}" if level else covariate.label))
    return labels


def step_of(covariate: StudyCovariate) -> tuple[float, str]:
    """How far a covariate moves in its odds ratio, in its transformed unit and in words."""
    if covariate.transformation == "log":
        return DOUBLING, "per doubling"
    return STEPS.get(covariate.column, (1.0, ""))


def _alone(comparison: Comparison, covariate: StudyCovariate) -> list[Row]:
    known = comparison.where(comparison.covariate_values[covariate.column].notna().to_numpy())
    columns = _design(known, covariate)
    rows: list[Row] = []
    for term in _terms(_design(comparison, covariate)):
        place = _place(comparison.pair, "odds_ratio", "ratio", term)
        if term not in columns or known.smaller < FEWEST:
            few = f"known in fewer than {FEWEST} patients of a group"
            note = few if known.smaller < FEWEST else "does not vary"
            rows.append(Row(place, None, known.data.n, None, "logistic regression", note=note))
            continue
        model = _fitted(columns, known.other)
        rows.append(from_estimate(place, model.odds_ratio(term)))
        rows.append(from_test(_place(comparison.pair, "p_value", "p", term), model.test(term)))
    return rows


def _together(comparison: Comparison) -> list[Row]:
    """The model of all, pooled over the imputed sets; one row with the reason where there is none.

    The AUC's note says how many patients take no part.
    """
    sets = completed_sets(comparison)
    area = _place(comparison.pair, "auc", "area", None, TOGETHER)
    if not sets:
        return [Row(area, None, comparison.data.n, None, "logistic regression", note=why_not(comparison))]
    designs = [_scaled(comparison, columns) for _, columns in sets]
    models = [_fitted(columns, comparison.other) for columns in designs]
    if len({model.firth for model in models}) > 1:
        models = [logistic_model(columns, comparison.other, firth=True) for columns in designs]
    failed = next((model.note for model in models if model.note), None)
    if failed is not None:
        return [Row(area, None, comparison.data.n, None, models[0].method, note=failed)]
    rows = [
        from_estimate(_place(comparison.pair, "odds_ratio", "ratio", term, TOGETHER), _odds(models, term))
        for term in _terms(designs[0])
    ]
    areas = [auc(comparison.other, model.probability) for model in models]
    left_out = left_out_note(comparison.data.left_out)
    return [*rows, from_estimate(area, _area(areas), left_out)]


def _odds(models: list[LogisticModel], term: str) -> Estimate:
    """Odds ratio of one set with its own limits, or of several by Rubin's rules on the log odds."""
    first = models[0]
    if len(models) == 1:
        return first.odds_ratio(term)
    fits = [model.log_odds(term) for model in models]
    freedom = max(1.0, first.n - len(first.names) - 1)
    found = pooled([beta for beta, _ in fits], [error**2 for _, error in fits], freedom)
    low, high = (float(np.exp(limit)) for limit in found.limits())
    method = f"{first.method}, {len(models)} imputed sets"
    limits = Interval(low, high, Variance.RUBIN)
    return Estimate(float(np.exp(found.estimate)), first.n, first.events, method, first.reference, limits)


def _area(areas: list[Estimate]) -> Estimate:
    """Area of one set, or of several by Rubin's rules: a set without variance adds none of its own."""
    first = areas[0]
    values = [area.estimate for area in areas if area.estimate is not None]
    errors = [area.standard_error for area in areas if area.standard_error is not None]
    if len(areas) == 1 or len(values) < len(areas) or len(errors) < len(areas):
        # everybody made the same choice, in all sets alike
        return first
    found = pooled(values, [error**2 for error in errors], first.n - 2)
    low, high = found.limits()
    limits = Interval(max(0.0, low), min(1.0, high), Variance.RUBIN) if found.error > 0 else None
    note = first.note if limits is None else None
    return replace(first, estimate=found.estimate, interval=limits, note=note, standard_error=found.error)


def _fitted(columns: pd.DataFrame, other: Bools) -> LogisticModel:
    """By maximum likelihood where patients suffice and nothing separates them, else with Firth's penalty."""
    smaller = min(int(other.sum()), int((~other).sum()))
    if smaller >= PATIENTS_PER_COLUMN * len(columns.columns):
        plain = logistic_model(columns, other)
        if plain.note is None:
            return plain
    return logistic_model(columns, other, firth=True)


def _terms(columns: pd.DataFrame) -> list[str]:
    return [str(name) for name in columns]


def _design(comparison: Comparison, covariate: StudyCovariate) -> pd.DataFrame:
    """The columns of one covariate over the patients in whom it is known, in steps."""
    known = comparison.covariate_values[[covariate.column]].dropna()
    return _scaled(comparison, design(known))


def _scaled(comparison: Comparison, columns: pd.DataFrame) -> pd.DataFrame:
    steps = {covariate.column: step_of(covariate)[0] for covariate in comparison.covariates}
    return pd.DataFrame({name: columns[name] / steps.get(str(name), 1.0) for name in columns})


def _place(pair: Pair, statistic: str, unit: str, term: str | None, adjustment: str = "none") -> Place:
    return Place("choice", pair.group, COMPARED, statistic, unit, term, adjustment=adjustment)
