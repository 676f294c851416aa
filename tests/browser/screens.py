"""The pictures of the README: the demonstration as it runs, its whole stack included, seen in a browser. `make screens` takes them anew."""

import os
import subprocess
import sysconfig
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import Page, sync_playwright

from app.demo.people import PASSWORD
from tests.browser.at_a_browser import chromium

DAYBOOK = str(Path(sysconfig.get_path("scripts"), "daybook"))
PICTURES = Path(__file__).parents[2] / "docs" / "screens"
SCREENS = {
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
    "people": ("t-berg", "/people"),
    "system": ("t-berg", "/system"),
}
"""What each picture shows, and who sees it."""


def main() -> None:
    """Take every picture, in light; of the worklist also one in dark."""
    PICTURES.mkdir(exist_ok=True)
    with TemporaryDirectory() as folder:
        environment = os.environ | {"DAYBOOK_FOLDER": f"{folder}/daybook"}
        stack = subprocess.Popen([DAYBOOK, "up", "--demo"], env=environment, stdout=subprocess.DEVNULL)
        try:
            _wait_until_whole(environment, stack)
            _take("http://127.0.0.1:8080")
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


def _take(address: str) -> None:
    with sync_playwright() as playwright:
        browser = chromium(playwright)
        for name, (person, path) in {**SCREENS, "worklist-dark": SCREENS["worklist"]}.items():
            context = browser.new_context(
                base_url=address, viewport={"width": 1280, "height": 860}, color_scheme="dark" if name.endswith("dark") else "light"
            )
            page = context.new_page()
            _sign_in(page, person)
            page.goto(path)
            page.screenshot(path=PICTURES / f"{name}.png")
            context.close()


def _sign_in(page: Page, person: str) -> None:
    page.goto("/sign-in")
    page.fill("[name=person]", person)
    page.fill("[name=password]", PASSWORD)
    page.click("main button")
    page.wait_for_url(lambda url: "/sign-in" not in url)


if __name__ == "__main__":
    main()
