"""Proving who one is at the organisation's identity provider: to come in, and anew for each signature."""

from http import HTTPStatus
from typing import Annotated

import structlog
from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import TypeAdapter, ValidationError

from app.accounts.errands import LASTS, Errand, key_of
from app.accounts.provider import BACK, LEEWAY, NotProven, Provider, Word
from app.web.answering import page
from app.web.door import at_the_door, counted, here, let_in
from app.web.needs import COOKIE, asking_by, office_of
from app.web.office import Asking, ProveAnew
from domain.doorkeeping import SignedIn, TurnedAway
from domain.people import Person
from domain.rejections import Reason, Refused
from domain.words import Name
from store.errors import Fault

identity = APIRouter(include_in_schema=False)
ERRAND = "daybook-errand"
Said = Annotated[str, Query(max_length=8000)]
NOBODYS = Reason(code="not-proven", says="What came back from the identity provider lets nobody in here.")
NOT_THE_SIGNER = Reason(code="not-proven", says="the identity provider did not say that you, who signed in here, proved anew who you are")
RUN_OUT = Reason(code="not-proven", says="This way in has run out, was used, or was begun in another browser. Begin again.")
log = structlog.get_logger()


@identity.get("/identity")
def begin(request: Request, then: Annotated[str, Query(max_length=1024)] = "/") -> Response:
    """The way to the identity provider, to sign in."""
    counted(request)
    office, provider = office_of(request), _provider(request)
    errand = office.accounts.errands.begun(here(then))
    key = key_of(request.cookies.get(ERRAND, ""))
    answer = RedirectResponse(provider.address(provider.ways(), office.accounts.errands.keep(errand, key), errand), HTTPStatus.SEE_OTHER)
    return holding(answer, request, key)


@identity.get(BACK)
def back(request: Request, state: Said = "", code: Said = "") -> Response:
    """Whoever comes back from the identity provider, by a code that is good once."""
    counted(request)
    errand = office_of(request).accounts.errands.take(state, key_of(request.cookies.get(ERRAND, "")))
    if errand is None:
        return at_the_door(request, "/", (RUN_OUT,), HTTPStatus.FORBIDDEN)
    return _signs(request, errand, code) if errand.signs else _comes_in(request, errand, code)


def sent_to_prove(request: Request, trouble: ProveAnew, typed: tuple[tuple[str, str], ...]) -> Response:
    """The page before a signature: what is about to be signed, and the way to the identity provider. What was typed is kept meanwhile."""
    office, asking, provider = office_of(request), trouble.asking, _provider(request)
    key = key_of(request.cookies.get(ERRAND, ""))
    path = f"{request.url.path}?{request.url.query}" if request.url.query else request.url.path
    about = {"person": asking.person.id, "session": asking.session.digest, "meaning": trouble.meaning, "signs": trouble.signs}
    errand = office.accounts.errands.begun(path, typed=typed, **about)
    address = provider.address(trouble.ways, office.accounts.errands.keep(errand, key), errand)
    shown = page(request, asking, "prove.html", meaning=trouble.meaning, address=address, minutes=LASTS.seconds // 60)
    return holding(shown, request, key)


def _comes_in(request: Request, errand: Errand, code: str) -> Response:
    office, person = office_of(request), ""
    try:
        word = _provider(request).word(code, errand)
        person = word.person
        _known(request, word)
    except (NotProven, Refused) as wrong:
        _turned_away(request, person, wrong)
        return at_the_door(request, errand.then, (NOBODYS,), HTTPStatus.FORBIDDEN)
    office.daybook.people.note(SignedIn(person=person, by="identity-provider"), "web")
    return let_in(request, office.accounts.sessions.begin(person, "identity-provider"), errand.then)


def _signs(request: Request, errand: Errand, code: str) -> Response:
    """The form that was sent, to be sent again with the proof; or without one, where there is none, and nothing typed is lost."""
    office, asking = office_of(request), asking_by(request, request.cookies.get(COOKIE, ""))
    if asking is None or asking.session.digest != errand.session:
        return at_the_door(request, "/", (RUN_OUT,), HTTPStatus.FORBIDDEN)
    try:
        _proved_anew(request, errand, _provider(request).word(code, errand))
    except Fault as trouble:
        return _form_again(request, asking, errand, reasons=(Reason(code="not-now", says=str(trouble)),))
    except (NotProven, Refused) as wrong:
        _turned_away(request, errand.person, wrong)
        return _form_again(request, asking, errand, reasons=(NOT_THE_SIGNER,))
    return _form_again(request, asking, errand, proof=office.accounts.errands.prove(errand.signs))


def _proved_anew(request: Request, errand: Errand, word: Word) -> None:
    """Refuse unless it was the very person who signed in, and after they were asked."""
    at = word.proved
    if at is None or at < errand.began.replace(microsecond=0) - LEEWAY or _known(request, word).id != errand.person:
        raise Refused(NOT_THE_SIGNER)


def _form_again(request: Request, asking: Asking, errand: Errand, *, proof: str = "", reasons: tuple[Reason, ...] = ()) -> Response:
    why_not = HTTPStatus.SERVICE_UNAVAILABLE if any(one.code == "not-now" for one in reasons) else HTTPStatus.FORBIDDEN
    status = why_not if reasons else HTTPStatus.OK
    return page(request, asking, "sign_now.html", status, errand=errand, proof=proof, reasons=reasons)


def _known(request: Request, word: Word) -> Person:
    """Whose word it is. Raises Refused where nobody is here under that name, or the account is another's."""
    office = office_of(request)
    person = office.daybook.people.current().persons.get(word.person)
    if person is None or not person.here or not office.accounts.errands.is_whose(person.id, word.known_as):
        raise Refused(NOBODYS)
    return person


def _turned_away(request: Request, person: str, wrong: Exception) -> None:
    """On record under the name that came, where it can be one."""
    log.warning("not-proven", error=type(wrong.__cause__ or wrong).__name__)
    try:
        name = TypeAdapter(Name).validate_python(person)
    except ValidationError:
        return
    office_of(request).daybook.people.note(TurnedAway(person=name), "web")


def holding(answer: Response, request: Request, key: str) -> Response:
    """Give the browser the key to what it is about to do; the provider sends it back here from another site."""
    secure = office_of(request).secure
    answer.set_cookie(ERRAND, key, max_age=int(LASTS.total_seconds()), path="/", secure=secure, httponly=True, samesite="lax")
    return answer


def _provider(request: Request) -> Provider:
    provider = office_of(request).provider
    if provider is None:
        raise Refused(Reason(code="unknown-page", says="no identity provider is set up here"))
    return provider
