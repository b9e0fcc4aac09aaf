"""Which printed numbers are counts of patients, and which sums tie them: what an attacker writes down.

`ledger` walks the stored rows once. Every count gets a name; `place` says which count a column of a row
prints, so that a count that stands in several rows is one count.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from analysis.disclosure.suppression import LAST, Counts, Sum
from analysis.estimation.baseline_rows import COVARIATES
from analysis.report.numbers import Stored

PAIR = " vs "
COUNTED = ("count", "proportion", "median", "cumulative_incidence")
# costs: what the reader misses least is withheld first
TOTALS, CELLS, ENDPOINTS, STEPS = 0, 1, 2, 3
# a characteristic that lies wholly within another (endpoints.md, section 5): their difference is a count too
WITHIN = (("visceral=yes", "liver=yes"), ("visceral=yes", "cns=yes"), ("visceral=no", "bone_only=yes"))
# unknown together: what is made of the same record; a reader who sees one of them unknown knows the others
UNKNOWN_TOGETHER = (("pfs1_months", "pfs1_class"), ("n_sites", "visceral", "liver", "cns", "bone_only"))
# endpoints whose sums are known here; counts of any other are withheld (the flows between regimens, say)
ENDPOINTS_RULED = frozenset({
    "attrition", "strategy", "baseline", "pfs2", "ttnt", "ttd", "os", "pfs1", "pfs2_ema", "further_line",
    "pfs_ratio", "scan_interval", "scans",
})  # fmt: skip
# the responses and their variants (endpoints.md, section 4): confirmed, by RECIST, from day 161
BENEFIT = re.compile(r"clinical_benefit(_[a-z0-9_]+)?")
RESPONSE = re.compile(r"(confirmed_)?objective_response(_confirmed)?|confirmed_response")
BEST = re.compile(r"(confirmed_)?best_response(_confirmed)?")
MAIN = frozenset({"clinical_benefit", "objective_response"})
RESPONDERS, UNSEEN = ("CR", "PR"), ("NE", "not_assessed")


@dataclass
class Ledger:
    """Counts by name, their sums, and where they are printed: (estimate_id, column) to name."""

    strategies: tuple[str, ...]
    value: dict[str, int] = field(default_factory=dict)
    sums: list[Sum] = field(default_factory=list)
    implied: set[str] = field(default_factory=set)
    cost: dict[str, int] = field(default_factory=dict)
    place: dict[tuple[str, str], str] = field(default_factory=dict)
    unlisted: set[str] = field(default_factory=set)
    sizes: dict[str, str] = field(default_factory=dict)
    roles: dict[tuple[str, ...], dict[str, str]] = field(default_factory=lambda: defaultdict(dict))

    @property
    def counts(self) -> Counts:
        """What `withhold` takes."""
        return Counts(self.value, self.sums, frozenset(self.implied), self.cost)

    def add(self, name: str, value: int, cost: int) -> str:
        """A count that is printed."""
        if name not in self.value:
            self.value[name], self.cost[name] = value, cost
        return name

    def part(self, name: str, value: int, total: str, cost: int) -> str:
        """A printed count and, unprinted, what is left of its total."""
        if name not in self.value:
            self.add(name, value, cost)
            rest = f"{total} without {name}"
            self.value[rest] = self.value[total] - value
            self.implied.add(rest)
            self.sums.append(Sum(total, (name, rest)))
        return name

    def total(self, total: str, parts: Iterable[str]) -> None:
        """A sum, where the numbers agree: a table that counts others is tied to nothing."""
        names = tuple(parts)
        known = bool(names) and total in self.value and all(p in self.value for p in names)
        if known and self.value[total] == sum(self.value[p] for p in names):
            self.sums.append(Sum(total, names))

    def within(self, whole: str, part: str, rest: str) -> str | None:
        """One count lies wholly in another: what is left of the larger is a count too, though unprinted."""
        if whole == part or not (whole in self.value and part in self.value):
            return None
        if self.value[whole] < self.value[part]:
            return None
        self.value[rest] = self.value[whole] - self.value[part]
        self.implied.add(rest)
        self.sums.append(Sum(whole, (part, rest)))
        return rest

    def size(self, population: str, group: str) -> str | None:
        """The count that is the size of a group."""
        name = f"strategy.{group}.count" if group in self.strategies else self.sizes.get(population)
        return name if name in self.value else None


def ruled(endpoint: str) -> bool:
    """Whether the sums that tie an endpoint's counts are known here."""
    return endpoint in ENDPOINTS_RULED or any(
        pattern.fullmatch(endpoint) for pattern in (BENEFIT, RESPONSE, BEST)
    )


def ledger(rows: Mapping[str, Stored], strategies: tuple[str, ...]) -> Ledger:
    """Every count of a study's rows. Published figures and comparisons count nobody of their own."""
    found = Ledger(strategies)
    own = [r for r in rows.values() if ruled(r.endpoint) and counts_its_own(r)]
    _flow(found, own)
    for row in own:
        if row.endpoint == "baseline":
            _characteristic(found, row)
        elif row.endpoint not in ("attrition", "strategy"):
            _endpoint(found, row)
    _levels(found)
    _unknown(found)
    _responses(found, {row.endpoint for row in own})
    for groups in found.roles.values():
        if "all" in groups:
            found.total(groups["all"], [groups[s] for s in strategies if s in groups])
    return found


def counts_its_own(row: Stored) -> bool:
    """Whether the row is of a group of this study's patients."""
    return row.population != "published" and PAIR not in row.group_name


def _flow(found: Ledger, rows: Iterable[Stored]) -> None:
    """The steps of the attrition, and the groups at its end."""
    before, left = None, {}
    for row in rows:
        if row.endpoint == "attrition" and row.term and row.estimate is not None:
            step, what = row.term.rsplit(".", 1)
            name = found.add(row.estimate_id, int(row.estimate), STEPS if what == "left" else CELLS)
            found.place[row.estimate_id, "estimate"] = name
            if what == "left":
                left[step] = name
            elif before:
                found.total(before, (left[step], name))
            if what == "removed":
                before = left[step]
        if row.endpoint == "strategy" and row.estimate is not None:
            # where one size must cover another, that of all together is missed less than a group's
            cost = LAST + 1 if row.group_name in found.strategies else CELLS
            name = found.add(row.estimate_id, int(row.estimate), cost)
            found.place[row.estimate_id, "estimate"] = name
    groups = [f"strategy.{s}.count" for s in found.strategies if f"strategy.{s}.count" in found.value]
    everybody = [name for name in found.value if name.startswith("strategy.")]
    _size(found, "compared", left.get("strategy_compared"), groups)
    _size(found, "study_patients", left.get("next_line"), everybody)
    if "index_line" in left:
        found.sizes["index_patients"] = left["index_line"]


def _size(found: Ledger, population: str, step: str | None, parts: list[str]) -> None:
    """A population's size is the step that leaves it, where that is the sum of its groups."""
    total = sum(found.value[part] for part in parts)
    if step is None or found.value[step] != total:
        step = found.add(f"size of {population}", total, STEPS)
    found.sizes[population] = step
    found.total(step, parts)
    if population == "compared":
        found.cost[step] = LAST  # whoever adds up the groups has it


def _characteristic(found: Ledger, row: Stored) -> None:
    """A level of Table 1, or the known and unknown values of a number."""
    size = found.size(row.population, row.group_name)
    if size is None or row.term is None:
        return
    column, _, level = row.term.partition("=")
    cost = TOTALS if row.group_name == "all" else CELLS
    if row.statistic == "count" and row.estimate is not None:
        name = found.add(row.estimate_id, int(row.estimate), cost)
        found.place[row.estimate_id, "estimate"] = name
        found.roles["level", column, row.group_name][level] = name
        found.roles["baseline", row.term][row.group_name] = name
        if not _declared(column, level):
            found.unlisted.add(name)
    elif row.statistic == "proportion":
        found.place[row.estimate_id, "events"] = row.estimate_id.replace(".proportion.", ".count.")
    elif not level and row.n is not None:
        name = found.add(f"baseline.{row.group_name}.known.{column}", row.n, cost)
        found.place[row.estimate_id, "n"] = name
        found.roles["level", column, row.group_name]["known"] = name
        found.roles["baseline known", column][row.group_name] = name
        return
    found.place[row.estimate_id, "n"] = size


def _declared(column: str, level: str) -> bool:
    """Whether a level is on the page whoever is in it; others are there because somebody has them."""
    return level == "unknown" or any(
        c.column == column and level in dict(c.levels) for c in COVARIATES if not c.numeric
    )


def _levels(found: Ledger) -> None:
    for key, levels in [(k, v) for k, v in found.roles.items() if k[0] == "level"]:
        size = found.size("compared", key[2])
        if size:
            found.total(size, levels.values())
    for outer, inner in WITHIN:
        for group in ("all", *found.strategies):
            whole, part = (f"baseline.{group}.count.{level}" for level in (outer, inner))
            rest = found.within(whole, part, f"{outer} without {inner} in {group}")
            if rest:
                found.roles["within", outer, inner][group] = rest


def _unknown(found: Ledger) -> None:
    """What is unknown together is one count, however often it is printed.

    A disease that was advanced from the start has no disease-free interval (endpoints.md, section 5).
    """
    for group in ("all", *found.strategies):
        at = f"baseline.{group}.count.{{}}".format
        for first, *others in UNKNOWN_TOGETHER:
            for other in others:
                found.total(at(f"{first}=unknown"), [at(f"{other}=unknown")])
        origins = [at(f"de_novo={level}") for level in ("yes", "unknown")]
        found.total(
            at("disease_free_months=unknown"), [origin for origin in origins if origin in found.value]
        )


def _endpoint(found: Ledger, row: Stored) -> None:
    """Patients and events behind a number, and numbers that are counts themselves."""
    size = found.size(row.population, row.group_name)
    if size is None or row.statistic not in COUNTED or row.adjustment != "none" or row.term == "follow_up":
        return
    where = f"{row.endpoint}.{row.group_name}"
    cost = ENDPOINTS if row.endpoint in ENDPOINTS_RULED | MAIN else CELLS  # variants are missed less
    total = size
    if row.n is not None and row.n <= found.value[size] and row.term != "before_entry":
        if row.n != found.value[size]:
            # the same patients stand behind every endpoint, so that one n of a group is one count
            total = found.part(f"{row.group_name} n={row.n} of {size}", row.n, size, ENDPOINTS)
            found.roles[row.endpoint, f"n of {row.statistic} {row.term}"][row.group_name] = total
        found.place[row.estimate_id, "n"] = total
    events = row.estimate if row.term == "events" else row.events
    if events is not None and events <= found.value[total]:
        name = found.part(f"{where} events={int(events)} of {found.value[total]}", int(events), total, cost)
        found.place[row.estimate_id, "events"] = name
        found.roles[row.endpoint, f"events of {row.statistic} {row.term}"][row.group_name] = name
        if row.term == "events":
            found.place[row.estimate_id, "estimate"] = name
    elif row.statistic == "count" and row.estimate is not None and row.estimate <= found.value[total]:
        name = found.part(row.estimate_id, int(row.estimate), total, CELLS)
        found.place[row.estimate_id, "estimate"] = name
        found.roles[row.endpoint, f"count {row.term}"][row.group_name] = name


def _responses(found: Ledger, endpoints: AbstractSet[str]) -> None:
    """Best responses add up to the group; two of them are the responders, two were not seen.

    Whoever has clinical benefit has it in each variant; a confirmed response is a response.
    """
    for group in ("all", *found.strategies):
        size = found.size("compared", group)
        if not size:
            continue
        for endpoint in sorted(endpoints):
            known = found.place.get((f"{endpoint}.{group}.proportion", "n"))
            if BENEFIT.fullmatch(endpoint) and known and known != size:
                immature = f"{endpoint}.{group}.count.immature"
                found.total(found.place.get((immature, "n"), size), [known, immature])
            if BEST.fullmatch(endpoint):
                _best(found, endpoint, group, size)
            if BENEFIT.fullmatch(endpoint):
                _nested(found, group, inner="clinical_benefit", outer=endpoint)
            if RESPONSE.fullmatch(endpoint):
                _nested(found, group, inner=endpoint, outer="objective_response")


def _nested(found: Ledger, group: str, inner: str, outer: str) -> None:
    """Whoever counts as a success of the one does so of the other."""
    part, whole = (found.place.get((f"{e}.{group}.proportion", "events"), "") for e in (inner, outer))
    rest = found.within(whole, part, f"{outer} without {inner} in {group}")
    if rest:
        found.roles["within", outer, inner][group] = rest


def _best(found: Ledger, endpoint: str, group: str, size: str) -> None:
    levels = {k.rsplit(".", 1)[1]: k for k in found.value if k.startswith(f"{endpoint}.{group}.count.")}
    if not levels:
        return
    found.total(found.place.get((next(iter(levels.values())), "n"), size), levels.values())
    confirmed = "confirmed" in endpoint
    for responders in sorted({key[0].split(".")[0] for key in found.place}):
        if RESPONSE.fullmatch(responders) and ("confirmed" in responders) == confirmed:
            named = found.place.get((f"{responders}.{group}.proportion", "events"), "")
            found.total(named, [levels[level] for level in RESPONDERS if level in levels])
            unseen = f"{responders}.{group}.count.not_evaluable"
            found.total(unseen, [levels[level] for level in UNSEEN if level in levels])
