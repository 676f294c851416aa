"""What every test in a browser begins with: Chromium, and a desk that answers."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.browser.at_a_browser import Town, chromium, town


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Of each module its own: what Playwright leaves running would be in the way of other tests of the process."""
    with sync_playwright() as playwright:
        found = chromium(playwright)
        yield found
        found.close()


@pytest.fixture
def place(browser: Browser, tmp_path: Path) -> Iterator[Town]:
    with town(tmp_path / "daybook", browser) as found:
        yield found
        for page in found.pages:
            page.context.close()
