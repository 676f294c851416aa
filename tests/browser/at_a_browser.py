"""Real Chromium before a real desk: people sign in, fill in forms and press buttons, at a clock that a test moves."""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread
from typing import Literal

import pytest
import uvicorn
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]  # It comes without types.
from playwright.sync_api import Browser, Locator, Page, Playwright, expect

from app.accounts import accounts_at
from app.accounts.provider import Provider
from app.demo.people import PASSWORD, PEOPLE, admit
from app.settings import Settings
from app.web.application import application
from app.web.office import Office
from app.web.showing import templates
from app.wiring import opened
from tests.builders import Clock, Story, Trial
from tests.conftest import free_port

NAMES = ("chromium", "chromium-browser", "google-chrome")
NO_CHROMIUM = "NO BROWSER: there is no Chromium on this machine, so NOTHING was tried in a browser; `make browser` installs it"
QUIETLY = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-sync")
WCAG_2_2_AA = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
Scheme = Literal["light", "dark"]


def chromium(playwright: Playwright) -> Browser:
    """A Chromium of this machine, or the one that Playwright brought; where there is none the test says so and is skipped."""
    own = playwright.chromium.executable_path
    found = next((path for name in NAMES if (path := shutil.which(name))), own if Path(own).exists() else None)
    if found is None:
        pytest.skip(NO_CHROMIUM)
    return playwright.chromium.launch(executable_path=found, args=list(QUIETLY))


@dataclass
class Town:
    """A desk that answers at an address, its clock, and the browser in which people sit before it."""

    address: str
    trial: Trial
    browser: Browser
    office: Office
    pages: list[Page] = field(default_factory=list)

    @property
    def clock(self) -> Clock:
        return self.trial.clock

    def story(self, participant: str) -> Story:
        return Story(self.trial, participant)

    def opens(self, *, scripts: bool = True, scheme: Scheme = "light") -> Page:
        """A browser of its own, before which nobody has signed in yet."""
        page = self.browser.new_context(java_script_enabled=scripts, color_scheme=scheme, base_url=self.address).new_page()
        self.pages.append(page)
        return page

    def signs_in(self, person: str, *, scripts: bool = True, scheme: Scheme = "light", at: str = "Worklist") -> "Somebody":
        """Somebody sits down at a browser of their own, signs in by the form and comes to where they begin."""
        assert person in {one for one, *_ in PEOPLE}
        page = self.opens(scripts=scripts, scheme=scheme)
        page.goto("/sign-in")
        page.fill("[name=person]", person)
        page.fill("[name=password]", PASSWORD)
        page.click("main button")
        expect(page.get_by_role("heading", level=1)).to_have_text(at)
        return Somebody(page)


@dataclass
class Somebody:
    """A person at a browser."""

    page: Page

    def goes_to(self, path: str) -> "Somebody":
        answer = self.page.goto(path)
        assert answer is not None
        assert answer.status == 200, f"{path}: {answer.status}"
        return self

    def form(self, sheet: str) -> Locator:
        """A form of the page, with what is folded around it opened."""
        form = self.page.locator("form", has=self.page.locator(f'input[name=sheet][value="{sheet}"]'))
        summary = self.page.locator("details:not([open])", has=form).locator("> summary")
        if summary.count():
            summary.first.click()
        return form

    def fills(self, sheet: str, typed: Mapping[str, str]) -> Locator:
        """Fill in a form as a person does: lines, choices and ticks."""
        form = self.form(sheet)
        if {"reason", "document"} & typed.keys() and (folded := form.locator("details.across:not([open]) > summary")).count():
            folded.click()
        for name, said in typed.items():
            where = form.locator(f'[name="{name}"]')
            if name != "signer" or where.count():  # Only the first signature of a session asks who signs.
                _fill(where, said)
        return form

    def records(self, sheet: str, typed: Mapping[str, str] | None = None, *, button: str = "button.primary >> nth=-1") -> "Somebody":
        """Send a form, confirm it where what would move is shown first, and see that it was recorded."""
        self.fills(sheet, typed or {}).locator(button).click()
        confirm = self.page.locator("button[name=confirmed]")
        expect(confirm.or_(self.page.locator(".notice.done"))).to_be_visible()
        if confirm.count():
            for name in {"password"} & (typed or {}).keys():
                self.form(sheet).locator(f"[name={name}]").fill((typed or {})[name])
            confirm.click()
        expect(self.page.locator(".notice.done")).to_be_visible()
        return self

    def sends(self, form: str, typed: Mapping[str, str]) -> int:
        """Fill in a form and send it, whatever the browser thinks of what was typed; returns the status of the answer."""
        self.page.locator("main details").evaluate_all("folds => folds.forEach(fold => { fold.open = true })")
        found = self.page.locator(form).first
        for name, said in typed.items():
            found.locator(f'[name="{name}"]').first.fill(said)
        found.evaluate("form => { form.noValidate = true }")
        with self.page.expect_response(lambda answer: answer.request.method == "POST") as answered:
            found.locator("button:not([name])").last.click()
        return answered.value.status

    def is_accessible(self) -> None:
        """Nothing is wrong at WCAG 2.2 AA, with every fold of the page opened."""
        self.page.locator("main details").evaluate_all("folds => folds.forEach(fold => { fold.open = true })")
        found = Axe().run(self.page, options={"runOnly": WCAG_2_2_AA}).response["violations"]
        said = [(one["id"], [node["html"][:160] for node in one["nodes"]]) for one in found]
        assert not said, f"{self.page.url}: {said}"


def _fill(where: Locator, said: str) -> None:
    if where.first.evaluate("field => field.type") == "checkbox":
        for word in said.split():
            where.locator(f'xpath=self::*[@value="{word}"]').check()
    elif where.first.evaluate("field => field.localName") == "select":
        where.select_option(said)
    else:
        where.first.fill(said)


@contextmanager
def town(folder: Path, browser: Browser, *, peopled: bool = True, **chosen: str | Path) -> Iterator[Town]:
    """A demonstration study whose desk answers over HTTP and whose views are kept up to date, for as long as a test needs it.

    Where it is not `peopled`, nobody has an account yet.
    """
    clock, port = Clock(), free_port()
    settings = Settings.model_validate({"folder": folder, "web_port": port, **chosen})
    with opened(settings, clock, create=True) as daybook, accounts_at(settings.accounts, clock) as accounts:
        trial, feed = Trial(clock, daybook.ledger), daybook.feed()
        if peopled:
            admit(daybook)
        office = Office(daybook, accounts, templates(), provider=Provider.of(settings, clock))
        app = application(office, settings.web_names)
        server = uvicorn.Server(uvicorn.Config(app, port=port, log_config=None, access_log=False, timeout_graceful_shutdown=1))
        threads = [Thread(target=feed.run), Thread(target=server.run)]
        for thread in threads:
            thread.start()
        try:
            assert daybook.views.reached(daybook.ledger.head(), 60)
            yield Town(f"http://127.0.0.1:{port}", trial, browser, office)
        finally:
            feed.stop()
            server.should_exit = True
            for thread in threads:
                thread.join()
