"""Every screen of the desk, by the route that shows it: who looks at it and where, and the forms that come back with faults.

What no screen comes from is named as well, so that a new route must be told of here, and is then seen in light and in dark.
"""

from collections.abc import Mapping
from typing import NamedTuple

from fastapi.routing import APIRoute

from app.demo.people import PASSWORD
from app.web.application import ROUTERS

WHO, TO_BE_CONFIRMED, ERASED = (f"/participants/BER-00{n}" for n in (1, 2, 3))
SOME_DAY = {"at": "some day"}
WRONG = {"meaning": "I have judged this myself", "password": f"{PASSWORD}?"}

SCREENS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "k-adler": {
        "/worklist": ("/worklist", "/worklist?site=BER"),
        "/participants": ("/participants",),
        "/calendar": ("/calendar", "/calendar?view=agenda"),
        "/matrix": ("/matrix",),
        "/deviations": ("/deviations",),
        "/participants/new": ("/participants/new",),
        "/participants/{participant}": (WHO, f"{WHO}?span=whole", TO_BE_CONFIRMED, ERASED),
        "/participants/{participant}/steps/{step}": tuple(f"{WHO}/steps/{it}" for it in ("leukapheresis", "lymphodepletion", "infusion")),
        "/participants/{participant}/visits/{visit}": (f"{WHO}/visits/screening", f"{WHO}/visits/day-28"),
        "/participants/{participant}/eligibility": (f"{WHO}/eligibility", f"{TO_BE_CONFIRMED}/eligibility"),
        "/participants/{participant}/screening": (f"{WHO}/screening",),
        "/participants/{participant}/consent": (f"{WHO}/consent",),
        "/participants/{participant}/medications": (f"{WHO}/medications",),
        "/participants/{participant}/reviews": (f"{WHO}/reviews",),
        "/participants/{participant}/safety": (f"{WHO}/safety",),
        "/participants/{participant}/deviations": (f"{WHO}/deviations",),
        "/participants/{participant}/entries/{entry}": (f"{WHO}/entries/3",),
        "/participants/{participant}/record": (f"{WHO}/record",),
        "/participants/{participant}/record/{name}": (f"{WHO}/record/screening.score", f"{WHO}/record/steps.override"),
        "/records/{participant}": ("/records/BER-001",),
    },
    "m-weber": {
        "/reminders": ("/reminders", "/reminders?view=log"),
        "/reminders/{participant}/{tag}": ("/reminders/BER-001/{tag}",),
    },
    "r-haas": {
        "/search": ("/search", "/search?late_hours=1", "/search?mark=signature", "/search?shelf=people"),
        "/reviews": ("/reviews",),
        "/system/cuts/{cut}": ("/system/cuts/dsmb-1",),
        "/participants/{participant}/history": tuple(
            f"{WHO}/history{moment}" for moment in ("", "?at=9", "?at=20&against=now", "?happened=2026-01-10+10:00")
        ),
    },
    "t-berg": {
        "/accesses": ("/accesses", "/accesses?check=yes"),
        "/people": ("/people",),
        "/people/{person}": ("/people/m-weber",),
        "/access": ("/access",),
        "/system": ("/system",),
        "/system/cuts": ("/system/cuts",),
        "/system/erasures": ("/system/erasures",),
        "/system/erase": ("/system/erase",),
        "/vouching": ("/vouching",),
        "/profile": ("/profile",),
    },
}
"""The screens that stand at an address, by who looks at them."""
AT_THE_DOOR = frozenset({"/sign-in", "/set-up"})
"""The screens of whoever has not signed in."""
COME_BACK = frozenset({"/unsent"})
"""The screen of whoever was away for longer than a session lasts while they filled in a form."""
SHOWS_NOTHING = frozenset(
    {
        "/", "/identity", "/identity/back", "/worklist/live", "/worklist.csv", "/deviations.csv", "/search.csv", "/accesses.csv",
        "/head.txt", "/calendar/{secret}.ics",
    }
)  # fmt: skip
"""What leads on to another address, or answers with something else than a screen."""


class Answered(NamedTuple):
    """A form that is answered with a screen: who sends it, where it stands, by which selector it is found, and what they type."""

    person: str
    path: str
    form: str
    typed: Mapping[str, str]


def sheet(key: str) -> str:
    return f'form:has(input[name=sheet][value="{key}"])'


def sent_to(address: str) -> str:
    return f'form[method=post][action="{address}"]'


ANSWERED: Mapping[str, Answered] = {
    "/worklist/views": Answered("k-adler", "/worklist?site=BER", sent_to("/worklist/views"), {}),
    "/worklist/views/rename": Answered("k-adler", "/worklist?site=SAO", sent_to("/worklist/views/rename"), {"to": ""}),
    "/participants/new": Answered("k-adler", "/participants/new", "form.form", {"code": "Mrs Somebody"}),
    "/participants/{participant}/steps/{step}": Answered(
        "k-adler", f"{TO_BE_CONFIRMED}/steps/leukapheresis", sheet("plan"), {"start": "x"}
    ),
    "/participants/{participant}/visits/{visit}": Answered("k-adler", f"{WHO}/visits/day-28", sheet("visit"), SOME_DAY),
    "/participants/{participant}/eligibility": Answered("k-adler", f"{TO_BE_CONFIRMED}/eligibility", sheet("confirm"), WRONG),
    "/participants/{participant}/screening": Answered("k-adler", f"{WHO}/screening", sheet("screening"), {"found_body_weight": "heavy"}),
    "/participants/{participant}/consent": Answered("k-adler", f"{WHO}/consent", sheet("consent"), SOME_DAY),
    "/participants/{participant}/medications": Answered(
        "k-adler", f"{WHO}/medications", sheet("medication"), {"drug": "prednisone", "line.0": "much", "line.2": "soon"}
    ),
    "/participants/{participant}/reviews": Answered("k-adler", f"{WHO}/reviews", sheet("review:medicines"), SOME_DAY),
    "/participants/{participant}/safety": Answered("k-adler", f"{WHO}/safety", sheet("adverse-event"), {}),
    "/participants/{participant}/deviations": Answered("k-adler", f"{WHO}/deviations", sheet("record"), {}),
    "/participants/{participant}/entries/{entry}": Answered("k-adler", f"{WHO}/entries/3", sheet("correct"), {}),
    "/participants/{participant}/record/{name}": Answered(
        "k-adler", f"{WHO}/record/screening.attest", sheet("screening.attest"), {"at": "some day", "reason": "x" * 2001}
    ),
    "/search": Answered("r-haas", "/search?shelf=participants", sent_to("/search"), WRONG),
    "/people": Answered("t-berg", "/people", sent_to("/people"), {}),
    "/people/{person}/grant": Answered("t-berg", "/people/m-weber", sent_to("/people/m-weber/grant"), {}),
    "/people/{person}/password": Answered("t-berg", "/people/m-weber", sent_to("/people/m-weber/password"), {}),
    "/system": Answered("t-berg", "/system", "main form[method=post]", {}),
    "/vouching": Answered("k-adler", "/vouching", sent_to("/vouching"), {"code": "00000000"}),
    "/profile/notifications": Answered("k-adler", "/profile", sent_to("/profile/notifications"), {"mail": "nowhere"}),
    "/system/cuts": Answered("t-berg", "/system/cuts", sent_to("/system/cuts"), {"name": "The first", "recorded_by": "soon"}),
    "/system/erase": Answered(
        "t-berg",
        "/system/erase",
        sent_to("/system/erase"),
        {"participant": "BER-001", "approved_by": "the data protection officer", "legal_decision": "an order", "reason": "as ordered"},
    ),
    "/profile/calendar": Answered("k-adler", "/profile", sent_to("/profile/calendar"), {}),
    "/profile/password": Answered("k-adler", "/profile", sent_to("/profile/password"), {"password": PASSWORD, "chosen": PASSWORD}),
}
"""Of each such route one form, most of them with faults."""
FILTERED_WRONGLY: Mapping[str, tuple[str, ...]] = {
    "k-adler": (f"{WHO}/eligibility?at=soon",),
    "r-haas": ("/search?recorded_from=soon", "/accesses?since=soon", f"{WHO}/history?known=soon"),
    "t-berg": ("/access?on=soon",),
}
"""Screens that are asked for by what nobody can read, which is said beside its field."""
LEADS_ON = frozenset(
    {
        "/sign-out", "/worklist/views/remove", "/reminders/{participant}/{tag}", "/reminders/{participant}/{tag}/again",
        "/people/{person}/withdraw", "/people/{person}/leave", "/people/{person}/unlock", "/people/{person}/sessions",
        "/profile/sessions", "/profile/calendar/end", "/system/cuts/{cut}",
    }
)  # fmt: skip
"""What leads on to another address once it is done, or answers with a file, and says no more than the page of a problem where it is not."""


def routes(method: str) -> frozenset[str]:
    """The routes of the desk in the browser, by how they are asked."""
    ours = (route for router in ROUTERS for route in router.routes if isinstance(route, APIRoute))
    return frozenset(route.path for route in ours if method in (route.methods or ()) and not route.path.startswith("/api"))
