"""A check as data: what a YAML file under `checks/` may say, and how the catalogue is read from there."""

from __future__ import annotations

import hashlib
import math
from datetime import date
from functools import cached_property
from pathlib import Path
from string import Template
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from expectations.keys import KEY_COLUMNS

CHECKS = Path(__file__).parent / "checks"

Layer = Literal["landing", "staging", "marts"]
Category = Literal["conformance", "completeness", "plausibility"]
Severity = Literal["fatal", "convention", "characterization"]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]

# Kahn's framework says what each category looks at; a subcategory of another one is a slip of the pen.
SUBCATEGORIES: dict[Category, frozenset[str]] = {
    "conformance": frozenset({"value", "relational", "computational"}),
    "completeness": frozenset({"presence", "delivery"}),
    "plausibility": frozenset({"uniqueness", "atemporal", "temporal"}),
}


class CatalogueError(ValueError):
    """A check file that cannot be used; the message names the file and what is wrong with it."""


class Strict(BaseModel):
    """A frozen model that refuses keys it does not know, so that a misspelt key never passes as a default."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Threshold(Strict):
    """How much is too much, and who said so: one bound, and a version that grows with every change of it."""

    max_count: int | None = Field(default=None, ge=0)
    max_share: float | None = Field(default=None, ge=0, le=1)
    min_rows: int | None = Field(default=None, ge=1)
    version: int = Field(ge=1)
    since: date
    author: Text
    reason: Text

    @model_validator(mode="after")
    def _one_bound(self) -> Threshold:
        bounds = [bound for bound in (self.max_count, self.max_share, self.min_rows) if bound is not None]
        if len(bounds) != 1:
            raise ValueError("give exactly one of max_count, max_share, min_rows")
        return self

    @property
    def value(self) -> float:
        """The bound as a number; which kind it is stands in `bound`."""
        return float(next(n for n in (self.max_count, self.max_share, self.min_rows) if n is not None))

    @property
    def bound(self) -> str:
        """The bound as people read it: `count <= 0`, `share <= 0.05`, `rows >= 1`."""
        if self.min_rows is not None:
            return f"rows >= {self.min_rows}"
        return f"share <= {self.max_share:g}" if self.max_share is not None else f"count <= {self.max_count}"

    def allowed(self, denominator: int) -> int:
        """Most violating rows that still pass, given how many rows the check looks at; 0 for a floor."""
        if self.max_share is None:
            return self.max_count or 0
        # 0.07 * 100 is 7.000000000000001: without the tolerance the bound itself would be a matter of luck
        return math.floor(self.max_share * denominator + 1e-9)


class Check(Strict):
    """One check: its place in the catalogue, its threshold, and one query of the rows that violate it.

    `violations` selects exactly the columns of `key`, one row for each violating row, whose `unit` the one
    number of `denominator` counts. With `for_each`, both are templates (`$table`, ...) filled once for each
    entry and put together. A floor (`min_rows`) needs neither: both follow from its table.
    """

    id: Name
    table: Annotated[str, StringConstraints(pattern=r"^[a-z_]+(\.[a-z_*]+)*$")]
    layer: Layer
    category: Category
    subcategory: Name
    severity: Severity
    threshold: Threshold
    unit: Text
    fault: Text
    rationale: Text
    owner: Text
    key: tuple[Name, ...] = ()
    violations: Text | None = None
    denominator: Text | None = None
    for_each: tuple[dict[str, str], ...] = ()
    only_with: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _belongs_together(self) -> Check:
        if self.subcategory not in SUBCATEGORIES[self.category]:
            known = ", ".join(sorted(SUBCATEGORIES[self.category]))
            raise ValueError(f"subcategory of {self.category} is one of {known}, not {self.subcategory}")
        if self.is_floor:
            if self.key or self.violations or self.denominator or self.for_each:
                raise ValueError("a floor (min_rows) takes no key, violations, denominator or for_each")
        elif not (self.key and self.violations and self.denominator):
            raise ValueError("key, violations and denominator are needed, unless it is a floor (min_rows)")
        if strangers := set(self.key) - KEY_COLUMNS[self.layer]:
            raise ValueError(f"{', '.join(sorted(strangers))} may not stand in a key of {self.layer}")
        return self

    @property
    def is_floor(self) -> bool:
        """True where the check asks for a number of rows instead of looking for wrong ones."""
        return self.threshold.min_rows is not None

    @property
    def key_columns(self) -> tuple[str, ...]:
        """The columns that name a violating row."""
        return ("table_name",) if self.is_floor else self.key

    @cached_property
    def violations_sql(self) -> str:
        """The query of the violating rows, for every table it is declared for."""
        if self.is_floor:
            return (
                f"select '{self.table}' as table_name from (select count(*) as n from {self.table}) "
                f"where n < {self.threshold.min_rows}"
            )
        parts = self._filled(self.violations)
        return parts[0] if len(parts) == 1 else "\nunion all\n".join(f"(\n{part}\n)" for part in parts)

    @cached_property
    def denominator_sql(self) -> str:
        """The query of one number: how many rows the check looks at."""
        if self.is_floor:
            return f"select count(*) from {self.table}"
        parts = self._filled(self.denominator)
        return parts[0] if len(parts) == 1 else "select " + "\n  + ".join(f"({part})" for part in parts)

    @cached_property
    def query_sha256(self) -> str:
        """Changes whenever what is asked changes, so that a trend over runs never mixes two questions."""
        return hashlib.sha256(f"{self.violations_sql}\n;\n{self.denominator_sql}".encode()).hexdigest()

    def _filled(self, template: str | None) -> list[str]:
        entries = self.for_each or ({},)
        return [Template(template or "").substitute(entry) for entry in entries]


def read_check(path: Path) -> Check:
    """One check from its file, which is named after it. Raises CatalogueError naming the file."""
    try:
        check = Check.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
        # fill the templates now: a name that for_each does not give is a fault of the file, not of a run
        _ = check.query_sha256
    except ValidationError as error:
        faults = "; ".join(_sentence(fault["loc"], fault["msg"]) for fault in error.errors())
        raise CatalogueError(f"{path.name}: {faults}") from error
    except KeyError as error:
        raise CatalogueError(f"{path.name}: no entry of for_each gives {error}") from error
    except (ValueError, yaml.YAMLError) as error:
        raise CatalogueError(f"{path.name}: {error}") from error
    if check.id != path.stem:
        raise CatalogueError(f"{path.name}: the file is named after its check, not {check.id}")
    return check


def load_catalogue(folder: Path = CHECKS) -> list[Check]:
    """Every check under `folder`, ordered by layer, then by id. Raises CatalogueError."""
    checks = [read_check(path) for path in sorted(folder.rglob("*.yml"))]
    if not checks:
        raise CatalogueError(f"{folder} declares no check")
    ids = [check.id for check in checks]
    if twice := sorted({check_id for check_id in ids if ids.count(check_id) > 1}):
        raise CatalogueError(f"declared more than once: {', '.join(twice)}")
    layers = ["landing", "staging", "marts"]
    return sorted(checks, key=lambda check: (layers.index(check.layer), check.id))


def _sentence(location: tuple[int | str, ...], message: str) -> str:
    where = ".".join(str(part) for part in location)
    message = message.removeprefix("Value error, ")
    return f"{where}: {message}" if where else message
