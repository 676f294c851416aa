"""The screens of whoever proves who they are at an identity provider, to come in and to sign, at WCAG 2.2 AA in light and in dark."""

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, expect

from domain import events as e
from tests.app.web.at_the_provider import BACK, CLIENT, SECRET, ProviderInTests, provider_at
from tests.browser.at_a_browser import Scheme, Somebody, town
from tests.browser.pages import sheet
from tests.builders import Clock

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
PERSON = "k-adler"


def comes_back(somebody: Somebody, provider: ProviderInTests, address: str) -> None:
    """Somebody proves who they are at the provider, and their browser is sent back to the desk."""
    way = urlsplit(provider.visited(address, PERSON))
    somebody.page.goto(f"{way.path}?{way.query}")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_screens_on_the_way_to_a_provider_and_back_are_accessible(scheme: Scheme, browser: Browser, tmp_path: Path) -> None:
    (tmp_path / "oidc.secret").write_text(f"{SECRET}\n")
    with provider_at(Clock()) as provider:
        known: dict[str, Any] = {"oidc_issuer": provider.issuer, "oidc_client": CLIENT, "oidc_secret_file": tmp_path / "oidc.secret"}
        with town(tmp_path / "daybook", browser, web_address=BACK.removesuffix(urlsplit(BACK).path), **known) as place:
            story, provider.clock = place.trial.participant("BER-001").is_eligible(), place.clock
            investigator = Somebody(place.opens(scheme=scheme)).goes_to("/sign-in")
            investigator.is_accessible()
            set_out = investigator.page.context.request.get("/identity?then=/worklist", max_redirects=0)
            comes_back(investigator, provider, set_out.headers["location"])
            path, name = (
                "/participants/BER-001/record/screening.attest",
                next(iter(story.trial.participants.study().protocol(1).attestations)),
            )
            investigator.goes_to(path).sends(sheet("screening.attest"), {"holds": name, "meaning": "I have judged this myself"})
            address = investigator.page.get_by_role("link", name="Prove who you are").get_attribute("href")
            investigator.is_accessible()
            comes_back(investigator, provider, address or "")
            investigator.is_accessible()
            investigator.page.get_by_role("button", name="Sign", exact=True).click()
            expect(investigator.page.locator(".notice.done")).to_be_visible()
            assert isinstance(story.record.entries[-1].event, e.Attested)
            investigator.page.context.close()
