"""What the adjusted comparison may adjust for: a study's covariates, transformed, cut and completed.

The covariates stand in marts.study_covariates in the order in which they are taken. One is allowed for
each ten patients of the smaller group (as Peduzzi et al., J Clin Epidemiol 1996;49:1373, of the rarer
outcome): the first ones, never a selection by what the data show.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cached_property
from numbers import Real

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.estimation.study import Pair, Study, StudyCovariate, left_out_note, months, observed
from analysis.statistics.cox import singular
from analysis.statistics.durations import Durations
from analysis.statistics.honesty import PATIENTS_PER_COVARIATE
from analysis.statistics.imputation import cumulative_hazard, impute

IMPUTED, COMPLETE_CASES, MISSING_LEVEL = "imputed", "complete_cases", "missing_level"
UNKNOWN = "unknown"
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Comparison:
    """The patients of a pair of strategies, and what they are to be adjusted for.

    `data` is their PFS2 in months, `other` (n,) True where the strategy is not the reference,
    `covariate_values` (n, p) the `covariates` taken, as numbers or levels with nulls. `notes` say which
    were left out and why; `obstacle` says why nothing can be adjusted, if so. `per_covariate` patients of
    the smaller group were asked for each column; None asks for none.
    """

    pair: Pair
    patients: pd.DataFrame
    data: Durations
    other: Bools
    covariates: tuple[StudyCovariate, ...]
    covariate_values: pd.DataFrame
    notes: tuple[str, ...] = ()
    obstacle: str | None = None
    per_covariate: int | None = PATIENTS_PER_COVARIATE

    @property
    def needed(self) -> int:
        """Patients of the smaller group without whom nothing can be adjusted."""
        return self.per_covariate or 1

    @cached_property
    def imputed(self) -> list[pd.DataFrame]:
        """The covariates without gaps (n, p), one frame for each imputed set, or one where none is missing.

        Kept, because weights, Cox models and medians ask for them one after the other.
        """
        values = self.covariate_values
        if not values.isna().any(axis=None):
            return [values]
        outcome = {
            "_strategy": self.other.astype(float),
            "_event": self.data.event,
            "_cumulative_hazard": cumulative_hazard(self.data),
        }
        return [filled[values.columns] for filled in impute(values.assign(**outcome))]

    @property
    def smaller(self) -> int:
        """Patients of the smaller group."""
        return int(min(self.other.sum(), (~self.other).sum()))

    @property
    def fewest_events(self) -> int:
        """Events of the group that has fewer."""
        events = self.data.event
        return int(min(events[self.other].sum(), events[~self.other].sum()))

    @property
    def incomplete(self) -> int:
        """Patients with a covariate unknown."""
        return int(self.covariate_values.isna().any(axis=1).sum())

    def arm(self, strategy: str) -> Bools:
        """The patients (n,) of one of the two strategies."""
        return self.other if strategy == self.pair.strategy else ~self.other

    def where(self, mask: Bools) -> Comparison:
        """The patients that the mask (n,) keeps."""
        return replace(
            self,
            patients=self.patients[mask],
            data=self.data.where(mask),
            other=self.other[mask],
            covariate_values=self.covariate_values[mask],
        )


def compare(
    frame: pd.DataFrame, study: Study, pair: Pair, per_covariate: int | None = PATIENTS_PER_COVARIATE
) -> Comparison:
    """The patients of a pair in a frame of study patients, by patient_id.

    One covariate is taken for each `per_covariate` patients of the smaller group, or with None every one
    that is known and differs. Who left before she came under observation takes no part.
    """
    both = frame[frame["strategy"].isin([pair.strategy, pair.reference])]
    both = both.sort_values("patient_id", ignore_index=True)
    everybody = months(both, "pfs2", "pfs2_days", "pfs2_event", "pfs2_entry_days")
    both = observed(both, "pfs2_days", "pfs2_entry_days").reset_index(drop=True)
    other = (both["strategy"] == pair.strategy).to_numpy(dtype=bool)
    usable: dict[str, pd.Series] = {}
    left_out = left_out_note(everybody.left_out)
    notes = [left_out] if left_out else []
    for covariate in study.covariates:
        values = transformed(both, covariate)
        reason = _unusable(values)
        if reason:
            notes.append(f"{covariate.label} is {reason}")
        else:
            usable[covariate.column] = values
    smaller = int(min(other.sum(), (~other).sum()))
    allowed = budget = smaller // per_covariate if per_covariate else len(both)
    taken: list[str] = []
    for name, values in usable.items():
        budget -= parameters(values)
        if budget < 0:
            break
        taken.append(name)
    covariates = tuple(c for c in study.covariates if c.column in taken)
    columns = [parameters(values) for values in usable.values()]
    obstacle = None if taken else _obstacle(smaller, per_covariate or 1, columns, allowed)
    known = pd.DataFrame({name: usable[name] for name in taken}, index=both.index)
    return Comparison(pair, both, everybody, other, covariates, known, tuple(notes), obstacle, per_covariate)


def transformed(frame: pd.DataFrame, covariate: StudyCovariate) -> pd.Series:
    """A covariate as the model takes it: numbers and yes/no as floats, levels as text, unknown as null.

    log: a 0 counts as half the smallest value above it. de_novo_zero: 0 where the disease was metastatic
    at once.
    """
    if covariate.column not in frame:
        return pd.Series(np.nan, index=frame.index, dtype=float)
    values = _numbers(frame[covariate.column])
    if covariate.transformation == "log":
        positive = values[values > 0]
        values = np.log(values.clip(lower=positive.min() / 2 if len(positive) else 1.0))
    elif covariate.transformation == "de_novo_zero" and "de_novo" in frame:
        values = values.where(~frame["de_novo"].fillna(False).astype(bool), 0.0)
    return values


def parameters(values: pd.Series) -> int:
    """Columns that a covariate takes: one, or the number of its levels less one."""
    return 1 if values.dtype == float else max(1, values.nunique() - 1)


def completed(comparison: Comparison, missing: str = IMPUTED) -> list[tuple[Comparison, pd.DataFrame]]:
    """The comparison and its design (n, columns) without gaps, once for each way of filling them.

    `imputed`: multiple imputation with strategy, event and cumulative hazard in the model.
    `complete_cases`: the patients with every covariate known. `missing_level`: unknown is a level, for a
    number an indicator beside the mean.
    """
    values = comparison.covariate_values
    if missing == COMPLETE_CASES:
        kept = comparison.where(values.notna().all(axis=1).to_numpy())
        return [(kept, design(kept.covariate_values))]
    if missing == MISSING_LEVEL:
        return [(comparison, design(_with_unknown(values)))]
    return [(comparison, design(filled)) for filled in comparison.imputed]


def design(values: pd.DataFrame) -> pd.DataFrame:
    """Columns of a model: numbers as they are, an indicator `covariate=level` for each level but the first.

    A column that is constant or follows from those before it is left out.
    """
    columns: dict[str, pd.Series] = {}
    for name in values:
        if values[name].dtype == float:
            columns[str(name)] = values[name]
        else:
            for level in sorted(set(values[name]))[1:]:
                columns[f"{name}={level}"] = (values[name] == level).astype(float)
    made = pd.DataFrame(columns, index=values.index)
    names = tuple(columns)
    if not len(made) or not names:
        return made[[]]
    if singular(made.to_numpy(), names) is None:
        return made
    kept: list[str] = []
    for name in names:
        if singular(made[[*kept, name]].to_numpy(), (*kept, name)) is None:
            kept.append(name)
    return made[kept]


def _with_unknown(values: pd.DataFrame) -> pd.DataFrame:
    columns: dict[str, pd.Series] = {}
    for name in values:
        column = values[name]
        if column.dtype != float:
            columns[str(name)] = column.where(column.notna(), UNKNOWN)
            continue
        columns[str(name)] = column.fillna(column.mean())
        if column.isna().any():
            columns[f"{name}={UNKNOWN}"] = column.isna().astype(float)
    return pd.DataFrame(columns, index=values.index)


def _numbers(column: pd.Series) -> pd.Series:
    """Floats where every known value is a number or a yes or no; text where not."""
    known = column.dropna()
    if all(isinstance(value, Real | Decimal | np.bool_) for value in known):
        return pd.Series(
            [np.nan if pd.isna(value) else float(value) for value in column], index=column.index, dtype=float
        )
    return pd.Series(
        [None if pd.isna(value) else str(value) for value in column], index=column.index, dtype=object
    )


def _unusable(values: pd.Series) -> str | None:
    if not values.notna().any():
        return "unknown in everybody"
    return "the same wherever it is known" if len(set(values.dropna())) == 1 else None


def _obstacle(smaller: int, needed: int, columns: list[int], allowed: int) -> str:
    """Why no covariate was taken; `columns` are those of each usable one, in order."""
    if smaller == 0:
        return "a group has no patient"
    if smaller < needed:
        patients = "1 patient" if smaller == 1 else f"{smaller} patients"
        return f"the smaller group has {patients}, not the {needed} that one covariate needs"
    if columns:
        return f"the first covariate takes {columns[0]} columns and the smaller group allows {allowed}"
    return "no covariate is known and differs between patients"
