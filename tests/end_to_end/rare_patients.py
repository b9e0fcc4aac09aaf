"""Patients that chance draws too seldom: each tells two readings of one sentence of the rules apart."""

from __future__ import annotations

from tests.end_to_end.random_site import ADVANCED, DATA_CUT, Assessment, Medication, Patient

CUT = (DATA_CUT - ADVANCED).days


def _given(drug: str, first: int, last: int, stop_reason: str = "") -> Medication:
    return Medication(drug, first, end=last, stop_reason=stop_reason)


def _scans(*readings: tuple[int, str]) -> tuple[Assessment, ...]:
    return tuple(Assessment(day, response, "radiology") for day, response in readings)


def _notes(*on: int) -> tuple[Assessment, ...]:
    return tuple(Assessment(day, "PD", "clinician") for day in on)


def _patient(
    *medications: Medication, readings: tuple[Assessment, ...] = (), seen: int = 700, death: int | None = None
) -> Patient:
    return Patient(medications, readings, (seen,), death)


LETROZOLE = _given("letrozole", 0, 400)

RARE = {
    # TL 2: an administration that takes no part says nothing of the orders of others
    "administration-cancelled": _patient(
        Medication("paclitaxel", 50, supply=21, record_type="administration", status="cancelled")
    ),
    "order-of-the-cancelled": _patient(Medication("paclitaxel", 100, end=200, record_type="order")),
    "administration-after-cut": _patient(
        LETROZOLE, Medication("cisplatin", CUT + 30, supply=21, record_type="administration")
    ),
    "order-before-cut": _patient(Medication("cisplatin", 100, end=200, record_type="order")),
    "administration": _patient(Medication("eribulin", 50, supply=21, record_type="administration")),
    "order-of-the-administered": _patient(
        LETROZOLE, Medication("eribulin", 100, end=200, record_type="order")
    ),
    # TL 2: the hoard is not capped, what a record carries over is
    "hoard": _patient(
        *(Medication("letrozole", 20 * fill, supply=90) for fill in range(8)),
        Medication("letrozole", 600, supply=30),
        Medication("letrozole", 0, supply=10, record_type="order"),
    ),
    # TL 4: carried over beside another, and alone
    "carried-over-two": _patient(
        _given("letrozole", -300, 200),
        _given("everolimus", -300, 50),
        _given("capecitabine", 91, 300),
        readings=_scans((60, "PD")),
    ),
    # TL 5, rule 2 beside rules 4, 5 and 6: one sub-line, named by the other rule
    "back-with-late-addition": _patient(
        _given("letrozole", 0, 100),
        _given("exemestane", 101, 300),
        _given("pembrolizumab", 0, 600),
        _given("letrozole", 301, 600),
        _given("palbociclib", 301, 600),
    ),
    "back-with-substitution": _patient(
        _given("palbociclib", 0, 100),
        _given("ribociclib", 101, 600),
        _given("letrozole", 0, 300),
        _given("palbociclib", 301, 600),
        _given("exemestane", 301, 600),
    ),
    "back-with-another-of-its-group": _patient(
        _given("letrozole", 0, 100),
        _given("exemestane", 101, 300),
        _given("palbociclib", 0, 220),
        _given("letrozole", 301, 600),
        _given("palbociclib", 301, 600),
        _given("fulvestrant", 301, 600),
    ),
    "back-with-maintenance": _patient(
        _given("paclitaxel", 0, 100),
        _given("nab-paclitaxel", 101, 290),
        _given("pembrolizumab", 0, 600),
        _given("paclitaxel", 301, 400),
        _given("letrozole", 301, 600),
    ),
    # TL 5, rule 4: the targeted drug, whichever came first, is a CDK4/6 inhibitor
    "late-endocrine-to-two-targeted": _patient(
        _given("everolimus", 0, 400), _given("palbociclib", 0, 400), _given("letrozole", 150, 400)
    ),
    "late-endocrine-to-everolimus": _patient(_given("everolimus", 0, 500), _given("letrozole", 200, 400)),
    "late-two-targeted": _patient(LETROZOLE, _given("everolimus", 150, 400), _given("palbociclib", 150, 400)),
    # TL 5, rule 5: what restarts on the day goes on; what is replaced does not
    "restart-beside-its-mate": _patient(
        _given("letrozole", 0, 100),
        _given("palbociclib", 0, 100),
        _given("letrozole", 190, 400),
        _given("exemestane", 190, 400),
    ),
    "partner-replaced": _patient(
        _given("letrozole", 0, 100),
        _given("palbociclib", 0, 400),
        _given("letrozole", 200, 400),
        _given("fulvestrant", 200, 400),
        _given("ribociclib", 200, 400),
    ),
    # TL 5, rule 5: all of D takes the place of the drugs of its groups, a restart beside the substitute too
    "restart-replaces-with-the-substitute": _patient(
        _given("palbociclib", 0, 30),
        _given("ribociclib", 10, 210),
        _given("fulvestrant", 39, 70),
        _given("letrozole", 240, 400),
        _given("palbociclib", 240, 280),
    ),
    "partner-restarts": _patient(
        _given("letrozole", 0, 200),
        _given("palbociclib", 0, 150),
        _given("palbociclib", 220, 400),
        _given("fulvestrant", 220, 400),
    ),
    # TL 5: spent on the day after pd_spent_days, not on that day
    **{
        f"spent-after-{days}": _patient(
            _given("letrozole", 0, 500),
            _given("palbociclib", 0, 180),
            _given("ribociclib", 100 + days, 400),
            readings=_scans((100, "PD")),
        )
        for days in (60, 61, 90, 91)
    },
    # TL 5 and 6: a drug of an earlier line that ran on beside this one, and came back
    "tail-of-a-former-line": _patient(
        _given("palbociclib", 0, 190),
        _given("letrozole", 0, 180),
        _given("fulvestrant", 165, 600),
        _given("palbociclib", 252, 500),
    ),
    # TL 6: stopped and run out on one day
    "ran-out-on-the-day-of-a-stop": _patient(
        _given("letrozole", 0, 99), Medication("palbociclib", 0, supply=100), seen=130
    ),
    # EP 1: a stop after death is a plan
    "stop-after-death": _patient(
        _given("letrozole", 0, 260, "progression"), _given("capecitabine", 240, 245), seen=200, death=250
    ),
    # EP 1: scans within a chain of notes
    "chain-split-twice": _patient(
        _given("letrozole", 0, 600),
        _given("capecitabine", 140, 400),
        readings=_notes(130, 144, 168, 171) + _scans((150, "SD"), (156, "PD"), (160, "SD"), (168, "PD")),
    ),
    "chain-with-a-scan-on-its-first-day": _patient(
        _given("letrozole", 0, 600),
        _given("capecitabine", 140, 400),
        readings=_notes(130, 150) + _scans((130, "SD"), (140, "PD"), (140, "SD"), (155, "SD"), (160, "PD")),
    ),
    # EP 4: two missed assessments are counted to a death too
    **{
        f"death-{days}-after-the-scan": _patient(
            _given("letrozole", 0, 100), readings=_scans((20, "SD")), seen=100, death=20 + days
        )
        for days in (182, 183)
    },
    # EP 4: what confirms a response
    "partial-complete-partial": _patient(
        LETROZOLE, readings=_scans((50, "PR"), (60, "CR"), (90, "PR"), (130, "SD"))
    ),
    "partial-complete-partial-complete": _patient(
        LETROZOLE, readings=_scans((50, "PR"), (60, "CR"), (70, "PR"), (90, "CR"), (100, "SD"))
    ),
    "partial-and-two-not-evaluable": _patient(
        LETROZOLE, readings=_scans((50, "PR"), (60, "NE"), (70, "NE"), (90, "PR"))
    ),
    # EP 4: immature until cb_days + cb_maturity_days, or an assessment at cb_days or later
    **{
        f"began-{days}-before-the-cut": _patient(
            Medication("letrozole", CUT - days, supply=30), seen=CUT - 10
        )
        for days in (258, 259, 260)
    },
    "not-evaluable-at-24-weeks": _patient(
        Medication("letrozole", CUT - 240, supply=30), readings=_scans((CUT - 240 + 170, "NE")), seen=CUT - 10
    ),
}
