"""Every page: it can be read, carries no code and no style of its own, escapes what it shows, and is light."""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from sys import getrefcount
from types import SimpleNamespace
from typing import Any, cast, get_args

import pytest
from jinja2 import Environment, UndefinedError

from app.web import showing
from app.web.application import HTMX, shipped
from app.web.drawing import Kind as PieceKind
from app.web.fields import Field
from app.web.marks import Tone
from app.web.month_page import KINDS
from app.web.pulse import minute_of
from app.web.worklist_page import ROWS_ON_A_PAGE, WorklistAsked
from projections.worklist_pages import GROUPS
from tests.app.web.test_worklist_page import page_of, row

WEB = Path(showing.__file__).parent
NAMES = sorted(path.name for path in (WEB / "templates").glob("*.html"))
NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
INLINE = re.compile(r"<style|<script(?![^>]*\bsrc=)|\sstyle\s*=|\son[a-z]+\s*=|javascript:|hx-on|hx-vals=[\"']js:", re.IGNORECASE)
OURS = re.compile(r"\{%.*?%\}|\{#.*?#\}", re.DOTALL)
"""What the browser never sees."""
AROUND: Mapping[str, Any] = {
    "study": "cd19-cart-sle",
    "demonstration": True,
    "visitor": SimpleNamespace(name="A coordinator", person="m-weber", roles="coordinator BER"),
    "nav": (SimpleNamespace(href="/worklist", title="Worklist", current=True),),
    "banner": "The journeys do not answer.",
    "csrf": "token",
    "now": NOW,
    "path": "/worklist",
    "asking": SimpleNamespace(may=lambda _: True),
}


@pytest.fixture(scope="module")
def pages() -> Environment:
    return showing.templates()


def test_there_are_pages() -> None:
    assert {"base.html", "components.html", "worklist.html", "participant.html", "problem.html", "sign_in.html"} <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_page_can_be_read(name: str, pages: Environment) -> None:
    pages.get_template(name)


@pytest.mark.parametrize("name", NAMES)
def test_a_page_carries_no_code_and_no_style_of_its_own(name: str) -> None:
    text = OURS.sub("", (WEB / "templates" / name).read_text())
    assert not INLINE.search(text), "Put it into daybook.js or daybook.css: the content security policy lets nothing else run."


@pytest.mark.parametrize(
    "inline",
    ["<style>", "<script>", '<p style="x">', '<p onclick="x">', '<a href="javascript:x">', '<p hx-on:click="x">', "<p hx-vals='js:x'>"],
)
def test_code_and_style_in_a_page_are_found(inline: str) -> None:
    assert INLINE.search(inline)


@pytest.mark.parametrize("name", NAMES)
def test_every_form_that_records_something_carries_its_token(name: str) -> None:
    forms = re.findall(r"<form[^>]*method=\"post\".*?</form>", (WEB / "templates" / name).read_text(), re.DOTALL)
    before_signing_in = {"sign_in.html", "set_up.html"}
    assert name in before_signing_in or all("csrf_field()" in form for form in forms)


ROW = re.compile(r"<\w+(?=[^>]*\sdata-row\b)[^>]*>")


@pytest.mark.parametrize("name", NAMES)
def test_every_row_that_the_keys_walk_over_can_be_told_from_the_others(name: str) -> None:
    rows = ROW.findall((WEB / "templates" / name).read_text())
    assert [row for row in rows if not re.search(r'\sid="[^"]*\{\{', row)] == []


def test_what_a_page_is_not_told_is_never_left_out_in_silence(pages: Environment) -> None:
    with pytest.raises(UndefinedError):
        pages.get_template("worklist.html").render(AROUND)


def worklist_of(pages: Environment, count: int, **given: Any) -> str:
    rows = [row(participant=f"BER-{n:03}", **given) for n in range(count)]
    return pages.get_template("worklist.html").render(dict(AROUND), page=page_of(*rows))


SCRIPTS = (*(shipped(file) for file in HTMX.values()), WEB / "static/daybook.js")


def test_a_full_page_weighs_less_than_150_kilobytes_with_its_style_and_its_scripts(pages: Environment) -> None:
    html = worklist_of(pages, ROWS_ON_A_PAGE, says="Infusion is held: nothing in its slot is possible. " * 20)
    assert html.count("data-row ") == ROWS_ON_A_PAGE
    assert len(html.encode()) + sum(path.stat().st_size for path in (WEB / "static/daybook.css", *SCRIPTS)) <= 150_000


@pytest.mark.parametrize(("name", "most"), [("daybook.css", 46_000), ("daybook.js", 6_000)])
def test_style_and_script_stay_small(name: str, most: int) -> None:
    assert (WEB / "static" / name).stat().st_size <= most


CSS = re.sub(r"/\*.*?\*/", "", (WEB / "static/daybook.css").read_text(), flags=re.DOTALL)
GIVEN = re.compile(r'class="((?:\{\{.*?\}\}|\{%.*?%\}|[^"])*)"', re.DOTALL)
BY_WHAT_IS_SHOWN = {*get_args(Tone), *get_args(PieceKind), *GROUPS, *KINDS, "heading"}
"""Classes that no page writes: a tone, the kind of a piece or of a bar, a group of rows, the line of a step."""


def selectors() -> Iterator[tuple[str, str]]:
    """Each selector of the stylesheet, with the condition under which it holds."""
    within: list[str] = []
    for text, brace in re.findall(r"([^{}]*)([{}])", CSS):
        if brace == "{":
            within.append(text.strip())
            if not within[-1].startswith("@"):
                yield within[0] if len(within) > 1 else "", within[-1]
        else:
            within.pop()


def test_nothing_is_styled_twice() -> None:
    twice = [one for one, times in Counter(selectors()).items() if times > 1]
    assert not twice, "Put what is said of them together: the second place would silently win."


def test_nothing_is_styled_that_no_page_shows() -> None:
    pages = [path.read_text() for path in (*(WEB / "templates").glob("*.html"), *WEB.glob("*.py"))]
    given = {word for page in pages for one in GIVEN.findall(page) for word in re.findall(r"[a-z][\w-]*", one)}
    styled = {re.sub(r"-\d$", "-", name) for _, selector in selectors() for name in re.findall(r"\.([a-z][\w-]*)", selector)}
    assert styled - given - BY_WHAT_IS_SHOWN == set()


def test_a_worklist_escapes_what_it_shows(pages: Environment) -> None:
    html = worklist_of(pages, 1, says="<script>alert(1)</script>", title='"><img src=x>')
    assert "<script>alert" not in html
    assert "<img" not in html


def test_a_state_is_told_by_a_word_beside_its_shape(pages: Environment) -> None:
    assert re.search(r'<span class="chip open"><svg class="icon"[^>]*>.*?</svg>Open</span>', worklist_of(pages, 1))


def test_a_row_leads_to_its_participant_and_to_its_next_action(pages: Environment) -> None:
    html = worklist_of(pages, 1)
    assert 'href="/participants/BER-000"' in html
    assert 'href="/participants/BER-000/visits/day-28"' in html


def test_the_rows_come_anew_when_something_has_changed(pages: Environment) -> None:
    page = page_of(row(), asked=WorklistAsked(site="BER"))
    html = pages.get_template("worklist.html").render(dict(AROUND), page=page)
    assert f'sse-connect="/worklist/live?since=7&amp;minute={minute_of(NOW)}" hx-get="/worklist?site=BER" hx-trigger="sse:changed"' in html
    assert 'hx-select="#rows" hx-select-oob="#as-of"' in html
    assert '<span id="as-of">As of ' in html


def test_a_fault_is_tied_to_its_field(pages: Environment) -> None:
    asked = '{% import "components.html" as ui with context %}{{ ui.field("at", "When", "typed", hint="On the clocks", fault="No time") }}'
    html = pages.from_string(asked).render(dict(AROUND))
    assert 'aria-invalid="true" aria-describedby="at-hint at-fault"' in html
    assert 'id="at-hint">On the clocks<' in html
    assert re.search(r'id="at-fault">.*</svg>No time<', html)
    assert 'value="typed"' in html


def test_a_field_without_fault_points_to_nothing(pages: Environment) -> None:
    asked = '{% import "components.html" as ui with context %}{{ ui.field("at", "When") }}'
    html = pages.from_string(asked).render(dict(AROUND))
    assert "aria-" not in html


def test_a_field_is_drawn_once_for_everybody_but_never_kept_with_what_somebody_wrote(pages: Environment) -> None:
    drawn = cast("Callable[[Field, str], str]", pages.globals["drawn"])
    empty = Field("reason", "Reason", "Why.", "text", optional=True)
    written, faulty = replace(empty, value=("<b>",), filled_in=True), replace(empty, faults=("too long",))
    held = []
    for field in (empty, written, faulty):
        before = getrefcount(field)
        shown = drawn(field, "one-")
        assert drawn(field, "one-") == shown
        assert drawn(field, "two-") != shown
        held.append(getrefcount(field) > before)
    assert held == [True, False, False]
    assert "&lt;b&gt;" in drawn(written, "")
