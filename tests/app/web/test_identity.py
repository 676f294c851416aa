"""Signing in, and signing, by the word of an identity provider that really answers."""

import re
import shutil
from collections.abc import Iterator
from datetime import timedelta
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from httpx import Response
from joserfc.jwk import OctKey, RSAKey

from app.accounts.errands import LASTS, PROVES_FOR
from app.accounts.provider import LEEWAY
from app.demo.people import PASSWORD
from domain.commands import RecordDeviation
from domain.doorkeeping import SignedIn, TurnedAway
from domain.events import DeviationDetails
from domain.people import AccessGiven, IdentityVerified
from tests.app.web.at_the_door import ADMINISTRATOR, COORDINATOR, INVESTIGATOR, Browser, Desk, at_the_door, by
from tests.app.web.at_the_provider import CLIENT, SECRET, ProviderInTests, provider_at
from tests.app.web.test_signing import PATH, last, waiting
from tests.builders import Clock

FORM = "/participants/BER-001/deviations"
MEANING = "I have read this & agree"
FOUND = RecordDeviation(says="the chart was read late", category="procedure", details=DeviationDetails())


@pytest.fixture
def provider(clock: Clock) -> Iterator[ProviderInTests]:
    with provider_at(clock) as provider:
        yield provider


@pytest.fixture
def desk(peopled_study: Path, tmp_path: Path, clock: Clock, provider: ProviderInTests) -> Iterator[Desk]:
    """A study whose people prove who they are at the provider."""
    folder = tmp_path / "daybook"
    shutil.copytree(peopled_study, folder)
    (folder / "oidc.secret").write_text(f"{SECRET}\n")
    oidc: dict[str, Any] = {"oidc_issuer": provider.issuer, "oidc_client": CLIENT, "oidc_secret_file": folder / "oidc.secret"}
    with at_the_door(folder, clock, **oidc) as desk:
        yield desk


def set_out(browser: Browser, then: str = "/") -> str:
    """Where the provider is asked, by whoever wants to sign in."""
    assert "Sign in at your organisation" in browser.get("/sign-in").text
    answer = browser.client.get("/identity", params={"then": then})
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


def back(browser: Browser, location: str) -> Response:
    parts = urlsplit(location)
    return browser.get(f"{parts.path}?{parts.query}")


def comes(desk: Desk, provider: ProviderInTests, person: str, subject: str = "") -> tuple[Browser, Response]:
    browser = desk.browser()
    return browser, back(browser, provider.visited(set_out(browser, "/worklist?site=BER"), person, subject))


def test_whoever_proves_who_they_are_is_let_in_where_they_wanted_to_go(desk: Desk, provider: ProviderInTests) -> None:
    browser, answer = comes(desk, provider, INVESTIGATOR)
    assert (answer.status_code, answer.headers["location"]) == (303, "/worklist?site=BER")
    assert browser.get("/worklist").status_code == 200
    assert desk.happened() == [SignedIn(person=INVESTIGATOR, by="identity-provider")]
    assert "prompt" not in provider.asked[0]
    assert browser.post("/sign-out").status_code == 303
    assert browser.get("/worklist").status_code == 303, "the session here is over"


@pytest.mark.clause("21 CFR 11", "11.10(d)", "11.10(h)")
@pytest.mark.clause("EMA 2023", "security")
@pytest.mark.parametrize(
    "lies",
    [
        {"nonce": "another"}, {"nonce": None}, {"aud": "another"}, {"aud": [CLIENT, "another"]}, {"iss": "https://evil.example"},
        {"exp": "31"}, {"sub": None}, {"auth_time": 10**30}, {"auth_time": "soon"}, {"preferred_username": None},
        {"preferred_username": ["k-adler"]},
    ],
)  # fmt: skip
def test_a_token_that_is_not_for_this_request_here_and_now_lets_nobody_in(
    desk: Desk, provider: ProviderInTests, lies: dict[str, Any]
) -> None:
    provider.lies = lies
    if lies.get("exp") == "31":
        provider.lies = {"exp": int((desk.clock() - LEEWAY).timestamp()) - 1}
    browser, answer = comes(desk, provider, INVESTIGATOR)
    assert (answer.status_code, "lets nobody in here" in answer.text) == (403, True)
    assert browser.get("/worklist").status_code == 303
    provider.lies = {}
    assert comes(desk, provider, INVESTIGATOR)[1].status_code == 303


@pytest.mark.parametrize("key", [RSAKey.generate_key(2048, {"kid": "one"}), OctKey.import_key(SECRET, {"kid": "one"})])
def test_a_token_that_another_signed_or_that_a_shared_secret_signed_lets_nobody_in(desk: Desk, provider: ProviderInTests, key: Any) -> None:
    provider.signs_with = key
    assert comes(desk, provider, INVESTIGATOR)[1].status_code == 403


def test_a_state_and_a_code_are_good_once_and_in_the_browser_that_set_out(desk: Desk, provider: ProviderInTests) -> None:
    mine, other = desk.browser(), desk.browser()
    location = provider.visited(set_out(mine), INVESTIGATOR)
    set_out(other)
    assert back(other, location).status_code == 403
    again = provider.visited(set_out(mine), INVESTIGATOR)
    assert back(mine, again).status_code == 303
    assert "Begin again" in back(desk.browser(), again).text
    replayed = re.sub(r"state=[^&]+", f"state={set_out(mine).partition('state=')[2].partition('&')[0]}", again)
    assert back(mine, replayed).status_code == 403, "the code was used"


@pytest.mark.parametrize(("later", "status"), [(LASTS - timedelta(seconds=1), 303), (LASTS, 403)])
def test_one_has_ten_minutes_at_the_provider(desk: Desk, provider: ProviderInTests, later: timedelta, status: int) -> None:
    browser = desk.browser()
    address = set_out(browser)
    desk.clock.move_to(desk.clock() + later)
    assert back(browser, provider.visited(address, INVESTIGATOR)).status_code == status


@pytest.mark.parametrize("person", ["n-nobody", "Not A Name"])
def test_who_has_no_account_is_turned_away_as_everybody_is_and_on_record_where_the_name_can_be_one(
    desk: Desk, provider: ProviderInTests, person: str
) -> None:
    answer = comes(desk, provider, person)[1]
    provider.lies = {"nonce": "another"}
    said = [re.sub(r"\s+", " ", re.sub(r"datetime=\S+", "", one.text)) for one in (answer, comes(desk, provider, INVESTIGATOR)[1])]
    assert said[0] == said[1]
    assert desk.happened() == ([TurnedAway(person=person)] if person == "n-nobody" else [])


def test_an_account_is_that_of_the_subject_who_came_first_until_an_administrator_lets_another_in(
    desk: Desk, provider: ProviderInTests
) -> None:
    assert comes(desk, provider, INVESTIGATOR)[1].status_code == 303
    assert comes(desk, provider, INVESTIGATOR, "another subject")[1].status_code == 403
    assert desk.happened()[-1] == TurnedAway(person=INVESTIGATOR)
    berg = comes(desk, provider, ADMINISTRATOR)[0]
    assert berg.post(f"/people/{INVESTIGATOR}/password", command_id=str(uuid4())).status_code == 303
    people = desk.office.daybook.people
    assert desk.office.daybook.ledger.read(people.stream)[-1].event == AccessGiven(person=INVESTIGATOR, by="identity-provider")
    assert not people.current().persons[INVESTIGATOR].verified
    assert comes(desk, provider, INVESTIGATOR, "another subject")[1].status_code == 303


def test_no_password_lets_anybody_in_or_is_shown_or_given(desk: Desk, provider: ProviderInTests) -> None:
    assert desk.browser().signs_in(INVESTIGATOR).status_code == 403
    assert desk.program(ADMINISTRATOR).post("/api/session", json={"person": INVESTIGATOR, "password": PASSWORD}).status_code == 403
    berg = comes(desk, provider, ADMINISTRATOR)[0]
    assert "password" not in berg.get("/profile").text
    admitted = berg.post("/people", command_id=str(uuid4()), person="n-new", name="N. New")
    assert admitted.status_code == 303, "no password is shown"
    assert desk.happened()[-1] == SignedIn(person=ADMINISTRATOR, by="identity-provider")


def test_while_the_provider_is_down_people_are_told_so(desk: Desk, provider: ProviderInTests) -> None:
    provider.up = False
    answer = desk.browser().client.get("/identity")
    assert (answer.status_code, "identity provider does not answer" in answer.text) == (503, True)


def test_a_provider_that_answers_with_something_else_is_as_good_as_down(desk: Desk, provider: ProviderInTests) -> None:
    provider.silent_about = "token_endpoint"
    assert desk.browser().client.get("/identity").status_code == 503


def test_a_provider_that_calls_itself_otherwise_is_not_asked(desk: Desk, provider: ProviderInTests) -> None:
    provider.issuer = "https://evil.example"
    assert desk.browser().client.get("/identity").status_code == 503


# Signing


@pytest.fixture
def signer(desk: Desk, provider: ProviderInTests) -> Browser:
    """The investigator, signed in, with a deviation to be reviewed."""
    coordinator = desk.program(COORDINATOR)
    assert coordinator.post(PATH, json={"command": FOUND.model_dump(mode="json")}).status_code == 201
    return comes(desk, provider, INVESTIGATOR)[0]


def review(desk: Desk) -> dict[str, str]:
    known = waiting(desk)
    shown = {"sheet": f"review:{known.key}", "entry": str(known.entry), "command_id": str(uuid4()), "seen": str(last(desk).version)}
    return {**shown, "reason": "it was <read>", "meaning": MEANING}


def way_to_prove(answer: Response) -> str:
    found = re.search(r'<a class="button primary" href="([^"]+)">Prove', answer.text)
    assert found, answer.text
    return unescape(found[1])


def proved(desk: Desk, provider: ProviderInTests, signer: Browser, person: str = INVESTIGATOR, subject: str = "") -> Response:
    """The review is sent, and its sender proves who they are."""
    sent = signer.post(FORM, **review(desk))
    assert sent.status_code == 200
    return back(signer, provider.visited(way_to_prove(sent), person, subject))


def form_of(answer: Response) -> dict[str, str]:
    return {name: unescape(value) for name, value in re.findall(r'name="(\w+)" value="([^"]*)"', answer.text)}


@pytest.mark.clause("21 CFR 11", "11.200(a)(1)")
@pytest.mark.clause("FDA Q&A 2024", "identity")
def test_a_signature_takes_the_provider_anew_and_says_so_on_record(desk: Desk, provider: ProviderInTests, signer: Browser) -> None:
    answer = proved(desk, provider, signer)
    assert (provider.asked[-1]["prompt"], provider.asked[-1]["max_age"]) == ("login", "0")
    assert "K. Adler (invented): I have read this &amp; agree" in answer.text
    before = last(desk).version
    form = form_of(answer)
    assert (form["reason"], form["meaning"]) == ("it was <read>", MEANING)
    assert signer.client.post(FORM, data=form).status_code == 303
    by_ = last(desk).circumstances
    assert last(desk).version > before
    assert by_.signature
    assert (by_.signature.name, by_.signature.meaning, by_.signature.authenticated) == ("K. Adler (invented)", MEANING, True)
    assert by_.assurance == "identity-provider"


def test_nobody_is_sent_to_the_provider_for_what_is_refused_anyway(desk: Desk, provider: ProviderInTests, signer: Browser) -> None:
    assert signer.client.post(FORM, data=form_of(proved(desk, provider, signer))).status_code == 303
    asked = len(provider.asked)
    again = signer.post("/participants/BER-001/record/deviations.review", **review(desk), known=waiting(desk).key)
    assert (again.status_code, "has been reviewed as it stands" in again.text, "Prove who you are" in again.text) == (409, True, False)
    assert len(provider.asked) == asked


def test_a_session_alone_or_a_guess_signs_nothing(desk: Desk, signer: Browser) -> None:
    before = last(desk).version
    for guess in ("", PASSWORD, "a guess of some length"):
        assert "Prove who you are" in signer.post(FORM, password=guess, **review(desk)).text
    assert last(desk).version == before


@pytest.mark.parametrize("changed", [{"meaning": "I have seen this"}, {"reason": "another"}])
def test_what_was_proved_for_one_form_signs_no_other(
    desk: Desk, provider: ProviderInTests, signer: Browser, changed: dict[str, str]
) -> None:
    before = last(desk).version
    form = form_of(proved(desk, provider, signer))
    answer = signer.client.post(FORM, data=form | changed)
    assert answer.status_code != 303
    assert last(desk).version == before


def test_what_was_proved_counts_once_and_for_what_was_signed(desk: Desk) -> None:
    errands = desk.office.accounts.errands
    token = errands.prove("this")
    assert [errands.proves(*one) for one in ((token, "that"), ("another", "this"), (token, "this"), (token, "this"))] == [
        False,
        False,
        True,
        False,
    ]


@pytest.mark.parametrize(("later", "status"), [(PROVES_FOR - timedelta(seconds=1), 303), (PROVES_FOR, 200)])
def test_what_was_proved_counts_for_five_minutes(
    desk: Desk, provider: ProviderInTests, signer: Browser, later: timedelta, status: int
) -> None:
    form = form_of(proved(desk, provider, signer))
    desk.clock.move_to(desk.clock() + later)
    assert signer.client.post(FORM, data=form).status_code == status


@pytest.mark.parametrize(("person", "subject"), [(COORDINATOR, ""), (INVESTIGATOR, "another subject"), ("n-nobody", "")])
def test_another_than_who_signed_in_proves_nothing_and_nothing_typed_is_lost(
    desk: Desk, provider: ProviderInTests, signer: Browser, person: str, subject: str
) -> None:
    before, answer = last(desk).version, proved(desk, provider, signer, person, subject)
    assert (answer.status_code, form_of(answer)["reason"], form_of(answer)["password"]) == (403, "it was <read>", "")
    assert desk.happened()[-1] == TurnedAway(person=INVESTIGATOR)
    assert "Prove who you are" in signer.client.post(FORM, data=form_of(answer)).text
    assert last(desk).version == before


@pytest.mark.parametrize(("earlier", "status"), [(LEEWAY, 200), (LEEWAY + timedelta(seconds=1), 403)])
def test_who_proved_it_before_they_were_asked_has_not_proved_it_anew(
    desk: Desk, provider: ProviderInTests, signer: Browser, earlier: timedelta, status: int
) -> None:
    provider.lies = {"auth_time": int((desk.clock() - earlier).timestamp())}
    assert proved(desk, provider, signer).status_code == status


def test_a_provider_that_does_not_say_when_proves_nothing_anew(desk: Desk, provider: ProviderInTests, signer: Browser) -> None:
    provider.lies = {"auth_time": None}
    assert proved(desk, provider, signer).status_code == 403


def test_while_the_provider_is_down_nothing_that_was_typed_is_lost(desk: Desk, provider: ProviderInTests, signer: Browser) -> None:
    sent = signer.post(FORM, **review(desk))
    location = provider.visited(way_to_prove(sent), INVESTIGATOR)
    provider.up = False
    answer = back(signer, location)
    assert (answer.status_code, form_of(answer)["reason"]) == (503, "it was <read>")
    form = signer.client.post(FORM, data=form_of(answer))
    assert (form.status_code, "it was &lt;read&gt;" in form.text) == (503, True)
    assert "identity provider does not answer" in form.text


def test_the_proof_of_one_session_is_no_good_in_another(desk: Desk, provider: ProviderInTests, signer: Browser) -> None:
    form = form_of(proved(desk, provider, signer))
    thief = comes(desk, provider, INVESTIGATOR)[0]
    before = last(desk).version
    thief.client.post(FORM, data=form | {"csrf": thief.csrf()})
    assert last(desk).version == before


def test_a_program_signs_nothing_where_signers_prove_who_they_are_in_a_browser(desk: Desk, signer: Browser) -> None:  # noqa: ARG001 - A deviation waits.
    body = {"command": waiting(desk).model_dump(mode="json"), "signature": {"meaning": MEANING, "password": PASSWORD}}
    answer = desk.program(INVESTIGATOR).post(PATH, json=body)
    assert (answer.status_code, answer.headers["content-type"]) == (403, "application/problem+json")


def test_vouching_takes_the_provider_anew_too(desk: Desk, provider: ProviderInTests, signer: Browser) -> None:
    desk.office.daybook.people.record((AccessGiven(person=COORDINATOR),), by())
    comes(desk, provider, COORDINATOR)
    [code] = [one.code for one in desk.office.accounts.sessions.of(COORDINATOR) if one.by == "identity-provider"]
    sent = signer.post("/vouching", command_id=str(uuid4()), person=COORDINATOR, code=code)
    form = form_of(back(signer, provider.visited(way_to_prove(sent), INVESTIGATOR)))
    assert signer.client.post("/vouching", data=form).status_code == 303
    assert desk.office.daybook.ledger.read(desk.office.daybook.people.stream)[-1].event == IdentityVerified(person=COORDINATOR)


def test_the_first_account_is_made_without_a_password(opened_study: Path, tmp_path: Path, clock: Clock, provider: ProviderInTests) -> None:
    folder = tmp_path / "daybook"
    shutil.copytree(opened_study, folder)
    (folder / "oidc.secret").write_text(SECRET)
    oidc: dict[str, Any] = {"oidc_issuer": provider.issuer, "oidc_client": CLIENT, "oidc_secret_file": folder / "oidc.secret"}
    with at_the_door(folder, clock, **oidc) as desk:
        browser = desk.browser()
        assert 'name="password"' not in browser.get("/set-up").text
        made = browser.sets_up(person="t-first", name="T. First", code=desk.code())
        assert made.headers["location"] == "/sign-in?then=/people"
        assert comes(desk, provider, "t-first")[1].status_code == 303
