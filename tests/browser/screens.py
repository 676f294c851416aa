"""The pictures of the README: the demonstration as it runs, its whole stack included, seen in a browser. `make screens` takes them anew."""

import os
import subprocess
import sysconfig
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urljoin

from playwright.sync_api import Browser, Page, sync_playwright

from app.demo.people import PASSWORD
from tests.browser.at_a_browser import chromium, town

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
    "calendar": ("a-kim", "/calendar"),
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


def main() -> None:
    """Take every picture, in light; of the worklist also one in dark, and one of the set-up of a desk that is empty."""
    PICTURES.mkdir(exist_ok=True)
    with TemporaryDirectory() as folder:
        environment = os.environ | {"DAYBOOK_FOLDER": f"{folder}/daybook"}
        stack = subprocess.Popen([DAYBOOK, "up", "--demo"], env=environment, stdout=subprocess.DEVNULL)
        try:
            _wait_until_whole(environment, stack)
            _take("http://127.0.0.1:8080", Path(folder))
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


def _take(address: str, folder: Path) -> None:
    with sync_playwright() as playwright:
        browser = chromium(playwright)
        for name, (person, path) in {**SCREENS, "worklist-dark": SCREENS["worklist"]}.items():
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


def _sign_in(page: Page, person: str, url: str) -> None:
    page.goto(urljoin(url, "/sign-in"))
    page.fill("[name=person]", person)
    page.fill("[name=password]", PASSWORD)
    page.click("main button")
    page.wait_for_url(lambda url: "/sign-in" not in url)


if __name__ == "__main__":
    main()
