"""The pictures of the README: the demonstration as it runs, its whole stack included, seen in a browser. `make screens` takes them anew."""

import os
import subprocess
import sysconfig
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urljoin

from playwright.sync_api import Browser, Page, sync_playwright

from app.demo.people import PASSWORD
from tests.browser.at_a_browser import Somebody, chromium, town
from tests.browser.pages import sent_to

DAYBOOK = str(Path(sysconfig.get_path("scripts"), "daybook"))
PICTURES = Path(__file__).parents[2] / "docs" / "screens"
SCREENS = {
    "sign-in": ("", "/sign-in"),
    "worklist": ("a-kim", "/worklist"),
    "participant": ("a-kim", "/participants/BER-006"),
    "step": ("a-kim", "/participants/SAO-003/steps/infusion"),
    "visit": ("a-kim", "/participants/BER-007/visits/day-14"),
    "eligibility": ("k-adler", "/participants/BER-001/eligibility"),
    "medications": ("a-kim", "/participants/BER-005/medications"),
    "history": ("r-haas", "/participants/BER-006/history"),
    "replay": ("r-haas", "/participants/BER-006/history?at=40"),
    "entries": ("r-haas", "/search"),
    "accesses": ("r-haas", "/accesses"),
    "participants": ("a-kim", "/participants"),
    "register": ("a-kim", "/participants/new"),
    "consent": ("a-kim", "/participants/BER-001/consent"),
    "screening": ("k-adler", "/participants/BER-001/screening"),
    "calendar": ("a-kim", "/calendar"),
    "agenda": ("a-kim", "/calendar?view=agenda"),
    "visits": ("a-kim", "/matrix"),
    "deviations": ("k-adler", "/deviations"),
    "reminders": ("m-weber", "/reminders"),
    "correction": ("a-kim", "/participants/BER-006/entries/12"),
    "people": ("t-berg", "/people"),
    "person": ("t-berg", "/people/m-weber"),
    "access": ("t-berg", "/access"),
    "profile": ("m-weber", "/profile"),
    "system": ("t-berg", "/system"),
}
"""What each picture shows, and who sees it; empty is whoever comes."""
LATER = {
    "safety": ("k-adler", "/participants/BER-007/safety"),
    "vouching": ("k-adler", "/vouching"),
    "reviews": ("r-haas", "/reviews"),
    "cuts": ("t-berg", "/system/cuts"),
    "cut": ("r-haas", "/system/cuts/interim-1"),
    "erase": ("t-berg", "/system/erase"),
    "erasures": ("t-berg", "/system/erasures"),
}
"""What there is to see once people have done at the desk what nobody has done yet where a demonstration begins."""
REVIEWED = ("SAO-005", "BER-007")
HARM = {
    "term": "cytokine release syndrome",
    "grade": "3",
    "serious": "hospitalisation",
    "relation": "related",
    "narrative": "Fever of 39.6 °C two days after the infusion; tocilizumab once, oxygen for a night",
}
GONE = {
    "participant": "BER-008",
    "approved_by": "the data protection officer, letter of this week",
    "legal_decision": "the participant's own request, GDPR article 17",
    "reason": "registered by mistake; nothing was consented to",
}


def main() -> None:
    """Take every picture, in light; of the worklist also one in dark, and one of the set-up of a desk that is empty."""
    PICTURES.mkdir(exist_ok=True)
    with TemporaryDirectory() as folder:
        environment = os.environ | {"DAYBOOK_FOLDER": f"{folder}/daybook"}
        stack = subprocess.Popen([DAYBOOK, "up", "--demo"], env=environment, stdout=subprocess.DEVNULL)
        try:
            _wait_until_whole(environment, stack)
            _take("http://127.0.0.1:8080", Path(folder), whole=datetime.now(UTC))
        finally:
            stack.terminate()
            stack.wait()


def _wait_until_whole(environment: dict[str, str], stack: subprocess.Popen[bytes]) -> None:
    """Wait until every journey has judged what is planned."""
    judged = False
    while not judged:
        assert stack.poll() is None, "the demonstration has ended; is something else running at its ports?"
        time.sleep(1)  # awaits another process
        asked = subprocess.run([DAYBOOK, "worklist", "--json"], env=environment, check=False, capture_output=True)
        judged = asked.returncode == 0 and '"not judged"' not in asked.stdout.decode()


def _take(address: str, folder: Path, whole: datetime) -> None:
    with sync_playwright() as playwright:
        browser = chromium(playwright)
        for name, (person, path) in {**SCREENS, "worklist-dark": SCREENS["worklist"]}.items():
            _picture(browser, name, person, address + path)
        _happens(browser, address, whole)
        for name, (person, path) in LATER.items():
            _picture(browser, name, person, address + path)
        with town(folder / "new", browser, peopled=False) as empty:
            _picture(browser, "set-up", "", f"{empty.address}/set-up")


def _picture(browser: Browser, name: str, person: str, url: str) -> None:
    context = browser.new_context(viewport={"width": 1280, "height": 860}, color_scheme="dark" if name.endswith("dark") else "light")
    page = context.new_page()
    if person:
        _sign_in(page, person, url)
    page.goto(url)
    page.screenshot(path=PICTURES / f"{name}.png")
    context.close()


def _happens(browser: Browser, address: str, whole: datetime) -> None:
    """What happens in a study after a while: reviews, harm, somebody new, data cuts, an erasure."""
    adler, haas, berg, weber = (_somebody(browser, address, person) for person in ("k-adler", "r-haas", "t-berg", "m-weber"))
    for participant in REVIEWED:
        haas.goes_to(f"/search?participant={participant}").sends(sent_to("/search"), {"finds": "Nothing to ask.", **_proof(haas)})
    adler.goes_to("/participants/BER-007/safety").records("cytokine-release", {"grade": "2"}).records("adverse-event", HARM)
    berg.goes_to("/people").sends(sent_to("/people"), {"person": "l-moreau", "name": "L. Moreau (invented)"})
    weber.goes_to("/participants/new").sends("form.form", {"code": GONE["participant"], "name": "Somebody (invented)"})
    _cuts(berg, whole)
    berg.goes_to("/system/erase").sends(sent_to("/system/erase"), GONE)
    for name, said in _proof(berg).items():
        berg.page.fill(f"[name={name}]", said)
    berg.page.click("button[name=confirmed]")
    berg.page.wait_for_url("**/system/erasures*")


def _cuts(berg: Somebody, whole: datetime) -> None:
    """Two data cuts, once the minute is over in which the demonstration was made; of the first, only what happened a month ago counts."""
    while berg.goes_to("/system/cuts").page.input_value("[name=recorded_by]") <= f"{whole:%Y-%m-%d %H:%M}":
        time.sleep(1)  # awaits another process
    month_ago = f"{whole - timedelta(days=30):%Y-%m-%d %H:%M}"
    for typed in (
        {"name": "dsmb-1", "purpose": "first meeting of the data and safety monitoring board", "occurred_by": month_ago},
        {"name": "interim-1", "purpose": "interim analysis of safety"},
    ):
        berg.goes_to("/system/cuts").sends(sent_to("/system/cuts"), typed | _proof(berg))


def _proof(signer: Somebody) -> dict[str, str]:
    """What proves who signs; only the first signature of a session asks for a name."""
    person = signer.page.get_attribute('a[href="/profile"]', "title") or ""
    return {"password": PASSWORD} | ({"signer": person} if signer.page.locator("[name=signer]").count() else {})


def _somebody(browser: Browser, address: str, person: str) -> Somebody:
    page = browser.new_context(base_url=address).new_page()
    _sign_in(page, person, address)
    return Somebody(page)


def _sign_in(page: Page, person: str, url: str) -> None:
    page.goto(urljoin(url, "/sign-in"))
    page.fill("[name=person]", person)
    page.fill("[name=password]", PASSWORD)
    page.click("main button")
    page.wait_for_url(lambda url: "/sign-in" not in url)


if __name__ == "__main__":
    main()
