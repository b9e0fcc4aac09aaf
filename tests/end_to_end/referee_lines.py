"""A second reading of the rules: the walk and its lines (EP 2; TL 4 to 7), one patient at a time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from tests.end_to_end.referee import Coverage, Era, History
from tests.end_to_end.referee_progressions import Event, progression_events
from tests.end_to_end.referee_seeds import Drug

# TL 6: the order of reasons on a tie
STOP_REASONS = ("progression", "toxicity", "completed", "patient_choice", "death", "other")


@dataclass
class Line:
    """One line while the walk builds it: S, R, L, F and what the marts show of it."""

    number: int
    start: int
    opened_by: str
    f: int
    current: set[Drug]
    joined_by: dict[Drug, str]
    eras: list[Era]
    # sub-lines: start, reason, R at the end
    sublines: list[tuple[int, str, set[Drug]]] = field(default_factory=list)
    has_maintenance: bool = False
    next_start: int | None = None
    end: int = 0
    end_reason: str = ""
    stop_reason: str | None = None

    @property
    def drugs(self) -> set[Drug]:
        """L: all its drugs so far."""
        return set(self.joined_by)

    def change(self, day: int, reason: str) -> None:
        """Begin the next sub-line."""
        self.sublines.append((day, reason, set()))


@dataclass(frozen=True)
class Walk:
    """What became of one patient: events with episodes, lines, and the eras left to early therapy."""

    history: History
    events: tuple[Event, ...]
    lines: tuple[Line, ...]
    early: tuple[Era, ...]

    def line_of(self, event: Event) -> int | None:
        """EP 2: an episode belongs to the last line with F < episode date, or to none."""
        return max((line.number for line in self.lines if line.f < event.episode), default=None)


class Walker:
    """TL 4 and 5: the walk over the line-defining era starts of one patient."""

    def __init__(self, history: History) -> None:
        self.history = history
        self.rules = history.rules
        self.events = progression_events(history)
        self.episodes = sorted({event.episode for event in self.events})
        self.lines: list[Line] = []

    def walk(self) -> Walk:
        """All lines of the patient, ended and named."""
        history, rules = self.history, self.rules
        if history.advanced is None:
            # TL 4: without an advanced date every era is early
            return Walk(history, self.events, (), history.eras)
        a = history.advanced - rules.advanced_tolerance_days
        carried = [era for era in history.eras if era.start < a <= era.end]
        starts = sorted({era.start for era in history.eras if era.start >= a})
        self._open_carried_over_alone(carried, starts, history.advanced)
        for t in starts:
            started = [era for era in history.eras if era.start == t]
            if not self.lines:
                self._open(t, started, "first", carried)
            else:
                self._step(t, started)
        for line in self.lines:
            self._end(line)
        used = {id(era) for line in self.lines for era in line.eras}
        early = tuple(era for era in history.eras if id(era) not in used)
        return Walk(history, self.events, tuple(self.lines), early)

    def _open_carried_over_alone(self, carried: Sequence[Era], starts: Sequence[int], advanced: int) -> None:
        # TL 4: runs on for more than addition_window_days beyond advanced_date, and no line-defining era
        # starts from A to advanced_date + addition_window_days: it opens line 1 on advanced_date
        limit = advanced + self.rules.addition_window_days
        long = [era for era in carried if era.end > limit]
        if long and not any(t <= limit for t in starts):
            self._open(advanced, long, "carried_over_alone", [era for era in carried if era not in long])

    def _goes_on(self, eras: Iterable[Era], drug: Drug, t: int) -> Era | None:
        # TL 5: one of its eras in the line starts before t and covers t and t + regimen_window_days + 1 (or
        # the end of follow-up, if that is earlier)
        until = min(t + self.rules.regimen_window_days + 1, self.history.end_of_follow_up)
        for era in eras:
            if era.drug == drug and era.start < t and era.covers(t) and era.end >= until:
                return era
        return None

    def _replaced(self, drug: Drug, t: int) -> bool:
        # TL 5: among the drugs starting from t to t + regimen_window_days there is one of its substitution
        # group, or it is endocrine and there is an endocrine one, or it is endocrine or targeted and there
        # is a chemo one
        return any(
            bool(era.drug.groups & drug.groups)
            or (drug.modality == "endocrine" and era.drug.modality == "endocrine")
            or (drug.modality in ("endocrine", "targeted") and era.drug.modality == "chemo")
            for era in self.history.eras
            if t <= era.start <= t + self.rules.regimen_window_days
        )

    def _open(self, t: int, started: Sequence[Era], opened_by: str, carried: Sequence[Era] = ()) -> None:
        old = self.lines[-1] if self.lines else None
        # TL 5: at the opening of a line a drug of the previous line's R (for line 1: a carried-over drug) is
        # kept if it goes on over t and is not replaced
        candidates = {era.drug for era in carried} if old is None else old.current
        kept = []
        for drug in candidates:
            era = self._goes_on(carried if old is None else old.eras, drug, t)
            if era is not None and not self._replaced(drug, t):
                kept.append(era)
        first = "carried_over" if opened_by == "carried_over_alone" else "start"
        joined = {era.drug: first for era in started}
        joined |= {era.drug: "carried_over" if old is None else "continued" for era in kept}
        if old is not None:
            old.next_start = t
        line = Line(
            number=len(self.lines) + 1,
            start=t,
            opened_by=opened_by,
            f=self._f(t, old),
            current=set(joined),
            joined_by=joined,
            eras=[*started, *kept],
            sublines=[(t, "line_start", set())],
        )
        self.lines.append(line)
        self._note(line)

    def _f(self, t: int, old: Line | None) -> int:
        # TL 5: f0 = greatest(t, the old line's F) (t for line 1); the first episode x with f0 < x <= t + n,
        # where there is one, otherwise f0
        f0 = t if old is None else max(t, old.f)
        n = min(self.rules.pd_episode_days, self.rules.pd_attribution_days)
        if old is not None and not any(old.f < x <= t for x in self.episodes):
            n = self.rules.pd_attribution_days
        return next((x for x in self.episodes if f0 < x <= t + n), f0)

    def _spent(self, x: int, t: int) -> bool:
        # TL 5: answered by going on: some line-defining drug covered on x is covered by the same era at
        # x + pd_spent_days, no line-defining era starts from x + 1 to x + pd_spent_days, t is later than that
        until = x + self.rules.pd_spent_days
        eras = self.history.eras
        return (
            t > until
            and any(era.covers(x) and era.covers(until) for era in eras)
            and not any(x < era.start <= until for era in eras)
        )

    def _step(self, t: int, started: Sequence[Era]) -> None:
        line, rules = self.lines[-1], self.rules
        d = {era.drug for era in started}
        before = line.current
        p_all = [x for x in self.episodes if line.f < x <= t + rules.pd_attribution_days]
        counted = [x for x in p_all if not self._spent(x, t)]
        p, p0 = bool(counted), any(x <= t for x in counted)
        # TL 5: the whole line was uncovered for more than line_gap_days before t
        last_covered = max(min(era.end, t - 1) for era in line.eras)
        gap = t - last_covered - 1 > rules.line_gap_days

        if t <= line.start + rules.regimen_window_days:
            self._join(line, started, "window")
            line.current |= d
            self._note(line)
            return
        # rule 2: the drug is in L, no P0, and not both gap and gap_advances
        known = {drug for drug in d if drug in line.drugs and not p0 and not (gap and rules.gap_advances)}
        left = d - known
        back = known - before
        rule = self._rule_for(line, left, known, t, p, gap) if left else "known_drug"
        if rule is None:
            if p_all:
                opened_by = "progression"
            elif gap:
                opened_by = "gap"
            elif _any_chemo(d) and not _any_chemo(line.drugs):
                opened_by = "escalation"
            else:
                opened_by = "switch"
            self._open(t, started, opened_by)
            return
        if rule in ("late_addition", "substitution", "maintenance"):
            line.change(t, rule)
        elif back:
            line.change(t, "known_drug")
        # rule 5: D takes the place of the drugs of its groups, an endocrine drug that of every endocrine one
        replacing = d if rule == "substitution" else back
        line.current = (
            {drug for drug in before if drug in d or not _takes_place(replacing, drug)} | back | left
        )
        line.has_maintenance |= rule == "maintenance"
        self._join(line, started, rule)
        self._note(line)

    def _rule_for(
        self, line: Line, left: set[Drug], known: set[Drug], t: int, p: bool, gap: bool
    ) -> str | None:
        """The first of rules 3 to 6 that takes every drug left; none where a new line opens."""
        rules, r = self.rules, line.current
        if p or gap:
            return None
        targeted = {drug for drug in r if drug.modality == "targeted"}
        endocrine = {drug for drug in r if drug.modality == "endocrine"}
        # rule 3: targeted while R has an endocrine and no targeted drug, or endocrine while R has a targeted
        # and no endocrine drug
        partners = all(
            (drug.modality == "targeted" and bool(endocrine) and not targeted)
            or (drug.modality == "endocrine" and bool(targeted) and not endocrine)
            for drug in left
        )
        if partners and t <= line.start + rules.addition_window_days:
            return "addition"
        # rule 4: as 3 but later, and the targeted drug is a CDK4/6 inhibitor
        new_targeted = targeted | {drug for drug in left if drug.modality == "targeted"}
        if partners and all(drug.drug_class == "cdk46_inhibitor" for drug in new_targeted):
            return "late_addition"
        if rules.substitution_allowed and self._substitutes(line, left, known, t):
            return "substitution"
        # rule 6: the drugs left are endocrine, with or without a CDK4/6 inhibitor, R has chemo and no
        # endocrine drug, and t <= last covered day of R's chemo + maintenance_window_days
        chemo = {drug for drug in r if drug.modality == "chemo"}
        if (
            chemo
            and not endocrine
            and any(drug.modality == "endocrine" for drug in left)
            and all(drug.modality == "endocrine" or drug.drug_class == "cdk46_inhibitor" for drug in left)
        ):
            last = max(era.end for era in line.eras if era.drug in chemo)
            if t <= last + rules.maintenance_window_days:
                return "maintenance"
        return None

    def _substitutes(self, line: Line, left: set[Drug], known: set[Drug], t: int) -> bool:
        r = line.current
        going_on = {drug for drug in r if self._goes_on(line.eras, drug, t) is not None}
        # endocrine for endocrine only when a drug of R that is not endocrine goes on over t or is taken by
        # rule 2 at t
        other_goes_on = any(drug.modality != "endocrine" for drug in going_on | (r & known))
        for drug in left:
            shares = any(drug.groups & one.groups for one in r)
            endocrine = drug.modality == "endocrine" and any(one.modality == "endocrine" for one in r)
            if not shares and not (endocrine and other_goes_on):
                return False
        # where R has two or more drugs one of them goes on over t and is not replaced, or is taken by rule 2
        return len(r) < 2 or bool(r & known) or any(not self._replaced(drug, t) for drug in going_on)

    def _join(self, line: Line, started: Sequence[Era], rule: str) -> None:
        for era in started:
            line.joined_by.setdefault(era.drug, rule)
        line.eras += started

    def _note(self, line: Line) -> None:
        # TL 7: the sub-line's regimen is R at its end
        day, reason, _ = line.sublines[-1]
        line.sublines[-1] = (day, reason, set(line.current))

    def _end(self, line: Line) -> None:
        """TL 6."""
        history = self.history
        last = max(era.end for era in line.eras)
        # ongoing: a living patient's last contact is no later than it; or, where it only ran out (case 2 or
        # 4), no later than era_gap_days after it
        only_ran_out = all(one.case in (2, 4) for one in records_of(line) if one.covered_to == last)
        grace = self.rules.era_gap_days if only_ran_out else 0
        ongoing = history.death is None and history.last_contact <= last + grace
        ends = [(last, "ongoing" if ongoing else "stopped")]
        if history.death is not None:
            ends.insert(0, (history.death, "death"))
        if line.next_start is not None:
            ends.insert(0, (line.next_start - 1, "next_line"))
        line.end, line.end_reason = min(ends, key=lambda one: one[0])
        # stop_reason: the recorded reason of the last stopped record of those eras: it starts by line_end and
        # has the latest end date from the line's start to line_end + pd_attribution_days
        stops = [
            (-one.record.end, STOP_REASONS.index(one.record.stop_reason), one.record.stop_reason)
            for one in records_of(line)
            if one.record.stop_reason
            and one.record.end is not None
            and one.record.start <= line.end
            and line.start <= one.record.end <= line.end + self.rules.pd_attribution_days
            and one.record.end <= history.cut
        ]
        line.stop_reason = min(stops)[2] if stops else None


def records_of(line: Line) -> list[Coverage]:
    """The records of the line's eras."""
    return [one for era in line.eras for one in era.coverages]


def _any_chemo(drugs: Iterable[Drug]) -> bool:
    return any(drug.modality == "chemo" for drug in drugs)


def _takes_place(replacing: Iterable[Drug], drug: Drug) -> bool:
    return any(
        bool(one.groups & drug.groups) or one.modality == drug.modality == "endocrine" for one in replacing
    )


def category(drugs: Iterable[Drug]) -> str:
    """TL 7: the first that fits."""
    modalities = {drug.modality for drug in drugs}
    classes = {drug.drug_class for drug in drugs}
    if "chemo" in modalities:
        return "chemo"
    if "endocrine" not in modalities:
        return "other"
    for drug_class, partner in (
        ("cdk46_inhibitor", "cdk46"), ("mtor_inhibitor", "mtor"), ("pi3k_akt_inhibitor", "pi3k_akt"),
    ):  # fmt: skip
        if drug_class in classes:
            return f"endocrine + {partner}"
    return "endocrine"
