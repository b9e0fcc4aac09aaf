"""A second reading of the rules: endpoints and responses of each line (EP 3 and 4), one patient at a time."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from itertools import pairwise

from tests.end_to_end.referee import History
from tests.end_to_end.referee_lines import Line, Walk
from tests.end_to_end.referee_progressions import worst
from tests.end_to_end.referee_seeds import Profile


@dataclass(frozen=True)
class Endpoint:
    """EP 4: one time-to-event endpoint of one line."""

    start: int
    end: int
    event_type: str | None
    censor_reason: str | None
    entry_days: int


@dataclass(frozen=True)
class Response:
    """EP 4: the response of one line; clinical benefit is null while immature."""

    bor: str
    cbor: str
    objective_response: bool
    clinical_benefit: bool | None
    clinical_benefit_161: bool | None
    clinical_benefit_recist: bool | None
    evaluable: bool


def _endpoint(history: History, start: int, end: int, event: str | None, reason: str | None) -> Endpoint:
    # EP 4: entry_days = max(0, observed_from - start_date)
    entry = max(0, (history.chart.observed_from or start) - start)
    return Endpoint(start, end, event, None if event else reason, entry)


def _assessments(walk: Walk, profile: Profile) -> dict[int, str]:
    """EP 1 and 3: the profile's evaluable assessments by date, the worst reading of each date."""
    history = walk.history
    last_day = history.cut if history.death is None else history.death
    by_date: dict[int, list[str]] = defaultdict(list)
    for one in history.chart.readings:
        if one.source in profile.sources and one.day <= last_day:
            by_date[one.day].append(one.response)
    return {day: worst(responses) for day, responses in by_date.items()}


def _end_of_visits(history: History, start: int, gap_days: int) -> tuple[int, bool]:
    """EP 3: the contact before the first gap, else the last before death; and whether by a gap."""
    contacts = sorted({day for day in history.contacts if day >= start} | {start})
    for before, after in pairwise(contacts):
        if after - before > gap_days:
            return before, True
    return contacts[-1], False


def pfs(walk: Walk, line: Line, profile: Profile) -> Endpoint:
    """EP 4: PFS of a line under a profile."""
    history, start, next_start = walk.history, line.start, line.next_start
    visits_end, by_gap = None, False
    if profile.visit_gap_days is not None:
        visits_end, by_gap = _end_of_visits(history, start, profile.visit_gap_days)

    def counts(day: int, belongs_to: int | None) -> bool:
        if belongs_to is None or day <= start or (visits_end is not None and day > visits_end):
            return False
        # EP 3: progression after the next line's start counts for this line
        if profile.late_progression == "any_line":
            return belongs_to >= line.number
        if profile.late_progression == "never" and next_start is not None and day > next_start:
            return False
        return belongs_to == line.number

    progression = min(
        (
            event.day
            for event in walk.events
            if event.source in profile.sources and counts(event.day, walk.line_of(event))
        ),
        default=None,
    )
    death = history.death if _death_counts(walk, line, profile, visits_end) else None
    candidates = [
        (day, what) for day, what in ((progression, "progression"), (death, "death")) if day is not None
    ]
    # on a tie progression wins
    event = min(candidates, key=lambda one: one[0], default=None)

    # censored at the last evaluable assessment without progression after F and up to the day of the next
    # line's start; EP 3: the profile may ignore a next line without progression
    censoring_line = next_start if profile.next_line_censors else None
    limit = min(day for day in (censoring_line, visits_end, history.cut) if day is not None)
    assessments = _assessments(walk, profile)
    evaluable = [day for day, response in assessments.items() if response != "NE"]
    clean = [day for day in evaluable if assessments[day] != "PD" and day > line.f]
    if event is not None:
        if profile.censor_missed_assessments:
            # EP 3: two missed assessments before the event: censored at the last before it
            seen = max([day for day in clean if day < event[0]], default=start)
            if event[0] - seen > profile.longest_interval:
                return _endpoint(history, start, seen, None, "missed_assessments")
        return _endpoint(history, start, event[0], event[1], None)
    # visit_gap where one ended follow-up before that
    reason = "new_therapy" if censoring_line is not None else None
    if by_gap and visits_end is not None and (censoring_line is None or visits_end < censoring_line):
        reason = "visit_gap"
    if profile.censor_at == "activity":
        seen = max([day for day in history.activity if start <= day <= limit], default=start)
        return _endpoint(history, start, seen, None, reason or "last_activity")
    clean = [day for day in clean if day <= limit]
    if not clean:
        return _endpoint(history, start, start, None, "no_assessment")
    return _endpoint(history, start, max(clean), None, reason or "last_assessment")


def assessed(walk: Walk, line: Line, profile: Profile) -> tuple[int | None, int | None, int]:
    """While PFS of a line ran: last day clear of progression, last evaluable day, number of evaluable days.

    A progression lies after the last clear day; a death or a censoring may fall on it.
    """
    one = pfs(walk, line, profile)
    days = {
        day: response
        for day, response in _assessments(walk, profile).items()
        if response != "NE" and line.start < day <= one.end
    }
    before = one.end if one.event_type == "progression" else one.end + 1
    clear = [day for day, response in days.items() if response != "PD" and line.f < day < before]
    return max(clear, default=None), max(days, default=None), len(days)


def _death_counts(walk: Walk, line: Line, profile: Profile, visits_end: int | None) -> bool:
    death = walk.history.death
    if death is None:
        return False
    # EP 3: death after the day of the next line's start
    if not profile.late_death_counts and line.next_start is not None and death > line.next_start:
        return False
    if profile.death_window_days is None:
        return True
    # EP 3: later than this after the last activity before it (with a visit gap: after the end of follow-up)
    last = visits_end if visits_end is not None else max(walk.history.activity)
    return death - last <= profile.death_window_days


def ttnt(walk: Walk, line: Line) -> Endpoint:
    """EP 4: next line start or death; else last contact."""
    if line.next_start is not None:
        return _endpoint(walk.history, line.start, line.next_start, "next_line", None)
    return overall_survival(walk, line)


def ttd(walk: Walk, line: Line) -> Endpoint:
    """EP 4: line_end, an event unless its end_reason is ongoing; then censored at last contact."""
    if line.end_reason == "ongoing":
        return overall_survival(walk, line)
    what = {"stopped": "stop"}.get(line.end_reason, line.end_reason)
    return _endpoint(walk.history, line.start, line.end, what, None)


def overall_survival(walk: Walk, line: Line) -> Endpoint:
    """EP 4: death; else last contact."""
    history = walk.history
    if history.death is not None:
        return _endpoint(history, line.start, history.death, "death", None)
    reason = "data_cut" if history.last_contact == history.cut else "last_contact"
    return _endpoint(history, line.start, history.last_contact, None, reason)


def response(walk: Walk, line: Line, profile: Profile) -> Response:
    """EP 4: BOR, confirmed BOR and clinical benefit, on the primary profile's assessments."""
    history = walk.history
    last_day = history.cut if history.death is None else history.death
    progression = min(
        (event.day for event in walk.events if walk.line_of(event) == line.number), default=None
    )
    # after F and up to and including the line's first progression, or, where it has none, up to the day of
    # the next line's start
    limit = progression or line.next_start or last_day
    others = {event.progression_id for event in walk.events if walk.line_of(event) != line.number}
    by_date: dict[int, list[str]] = defaultdict(list)
    for one in history.chart.readings:
        # a PD reading of another line's episode counts for nothing
        if one.source in profile.sources and line.f < one.day <= limit and one.assessment_id not in others:
            by_date[one.day].append(one.response)
    if progression is not None:
        # that progression counts as PD whatever its source
        by_date[progression].append("PD")
    seen = [(day - line.start, worst(by_date[day])) for day in sorted(by_date)]

    bor = _best(seen, {what for _, what in seen}, profile)
    confirmed = {what for place, (_, what) in enumerate(seen) if _confirmed(seen, place, profile)}
    cbor = _best(seen, confirmed, profile)
    responded = bor in ("CR", "PR")
    # while not true, null as long as neither CR or PR nor a progression, death or next line, no assessment at
    # cb_days or later, and begun less than cb_days + cb_maturity_days before the data cut
    immature = (
        not responded
        and progression is None
        and history.death is None
        and line.next_start is None
        and not any(day >= profile.cb_days for day, _ in seen)
        and history.cut - line.start < profile.cb_days + profile.cb_maturity_days
    )

    def benefit(from_day: int) -> bool | None:
        if responded or any(day >= from_day and what in ("CR", "PR", "SD") for day, what in seen):
            return True
        return None if immature else False

    primary = pfs(walk, line, profile)
    late_event = primary.event_type is not None and primary.end - primary.start >= profile.cb_days
    clinical_benefit = benefit(profile.cb_days)
    return Response(
        bor=bor,
        cbor=cbor,
        objective_response=responded,
        clinical_benefit=clinical_benefit,
        clinical_benefit_161=benefit(profile.cb_variant_days),
        clinical_benefit_recist=True if bor == "SD" and late_event else clinical_benefit,
        evaluable=bor not in ("NE", "not_assessed"),
    )


def _best(seen: list[tuple[int, str]], responses: set[str], profile: Profile) -> str:
    # CR > PR > SD (needs an SD or better at sd_min_days or later) > PD > NE > not_assessed
    for best in ("CR", "PR"):
        if best in responses:
            return best
    if any(day >= profile.sd_min_days and what in ("CR", "PR", "SD") for day, what in seen):
        return "SD"
    if any(what == "PD" for _, what in seen):
        return "PD"
    return "NE" if seen else "not_assessed"


def _confirmed(seen: list[tuple[int, str]], place: int, profile: Profile) -> bool:
    # a CR needs a CR, a PR a CR or PR confirmation_days or more later, the first such one with nothing but
    # such responses and at most one NE between, and no PR after a CR between
    first, what = seen[place]
    if what not in ("CR", "PR"):
        return False
    such = ("CR",) if what == "CR" else ("CR", "PR")
    between: list[str] = []
    for day, later in seen[place + 1 :]:
        after_complete = later == "PR" and "CR" in between
        if later in such and day - first >= profile.confirmation_days:
            return not after_complete
        if (later not in such and later != "NE") or (later == "NE" and "NE" in between) or after_complete:
            return False
        between.append(later)
    return False
