"""The application that browsers and programs talk to, put together from its parts. Making it connects to nothing."""

from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

from fastapi import APIRouter, FastAPI
from fastapi.responses import FileResponse
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from app.web.accesses_page import watched
from app.web.api import api
from app.web.api_of_keeping import of_keeping
from app.web.api_of_the_record import of_the_record
from app.web.api_of_the_study import of_the_study
from app.web.calendars import Feeds, calendars
from app.web.charting import charting
from app.web.cuts import cuts
from app.web.deviating import deviating
from app.web.door import Turnstile, door
from app.web.erasing import erasing
from app.web.glancing import Glancing
from app.web.guarding import Guarded
from app.web.heads import heads
from app.web.histories import histories
from app.web.identity import identity
from app.web.judging import judging
from app.web.knowing import Known
from app.web.looking import looking
from app.web.office import Office
from app.web.overviews import overviews
from app.web.problems import tell_problems
from app.web.profile import profile
from app.web.pulse import Pulse
from app.web.raw_page import raw_records
from app.web.recording import recording
from app.web.registering import registering
from app.web.reminders import reminders
from app.web.running import running
from app.web.saved_views import saved_views
from app.web.searching import searching
from app.web.staff import people
from app.web.steps_and_visits import taking
from app.web.unsent import unsent
from app.web.vouching import vouching

OURS = Path(__file__).with_name("static")
HTMX = {"htmx.js": "htmx-2.min.js", "htmx-sse.js": "ext/hx-sse-2.min.js"}
"""Our names for the files of htmx, which another package carries."""
ROUTERS: tuple[APIRouter, ...] = (
    door,
    identity,
    unsent,
    registering,
    looking,
    saved_views,
    recording,
    taking,
    judging,
    charting,
    histories,
    raw_records,
    searching,
    watched,
    heads,
    deviating,
    calendars,
    overviews,
    reminders,
    people,
    vouching,
    profile,
    running,
    cuts,
    erasing,
    api,
    of_the_study,
    of_keeping,
    of_the_record,
)


def application(office: Office, hosts: tuple[str, ...]) -> ASGIApp:
    """The whole desk; `hosts` are the names under which it may be asked for."""
    app = FastAPI(title="Daybook", docs_url=None, redoc_url=None, openapi_url="/api/openapi.json", redirect_slashes=False)
    app.state.office, app.state.turnstile, app.state.pulse = office, Turnstile(), Pulse(office.daybook.views, office.daybook.ledger.clock)
    app.state.feeds = Feeds()
    for router in ROUTERS:
        app.include_router(router)
    for name, file in HTMX.items():
        app.add_api_route(f"/static/{name}", _served(file), include_in_schema=False, response_class=FileResponse)
    app.mount("/static", StaticFiles(directory=OURS))
    tell_problems(app)
    app.add_middleware(Known)
    app.add_middleware(Glancing)
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=list(hosts))
    return Guarded(app, secure=office.secure)


def shipped(file: str) -> Path:
    """Where a file of htmx lies."""
    return Path(str(files("django_htmx") / "static" / "django_htmx" / file))


def _served(file: str) -> Callable[[], FileResponse]:
    path = shipped(file)

    def answer() -> FileResponse:
        return FileResponse(path, media_type="text/javascript")

    return answer
