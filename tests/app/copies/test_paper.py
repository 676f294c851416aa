"""The document of a record shows every entry, signature and correction to somebody who has nothing but a browser."""

from datetime import timedelta
from html.parser import HTMLParser
from io import BytesIO

import pytest

from app.copies.paper import lines, write_paper
from domain import commands as c
from domain import events as e
from tests.app.copies.given import around
from tests.builders import BERLIN, Story, Trial


class Read(HTMLParser):
    """What a document says, and what it would fetch from elsewhere."""

    def __init__(self) -> None:
        super().__init__()
        self.text: list[str] = []
        self.fetches: list[str] = []
        self.tags: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.fetches += [value or "" for name, value in attrs if name in {"src", "href"}]

    def handle_data(self, data: str) -> None:
        self.text.append(data)


@pytest.fixture
def story() -> Story:
    """Infused, with a correction and a retraction on the way."""
    story = Trial().participant().is_ready().is_infused()
    for _ in range(2):
        story.reports(e.ObservationMade(at=story.at(), test="pregnancy-test", result="negative"))
    last = story.record.version
    story.trial.clock.move(hours=1)
    fact = e.ObservationMade(at=story.at(), test="pregnancy-test", result="positive")
    story.asks(c.Correct(entry=last - 1, fact=fact), reason="<script>alert(1)</script>")
    story.asks(c.Retract(entry=last), reason="written twice")
    return story


def document(story: Story) -> tuple[str, Read]:
    out, read = BytesIO(), Read()
    write_paper(out, around(story.trial), story.record, story.trial.clock() + timedelta(minutes=1))
    read.feed(out.getvalue().decode())
    return " ".join("".join(read.text).split()), read


@pytest.mark.clause("21 CFR 11", "11.10(b)")
@pytest.mark.clause("EU Annex 11", "8", "17")
@pytest.mark.clause("ICH E6(R3)", "4.2.2", "4.2.7")
@pytest.mark.clause("EMA 2023", "archiving")
def test_every_entry_is_shown_with_its_proof_and_the_instant_of_its_recording(story: Story) -> None:
    text, _ = document(story)
    for entry in story.record.entries:
        assert entry.digest in text
        assert f"{entry.recorded_at:%Y-%m-%d %H:%M:%S.%f} UTC" in text


def test_every_signature_is_shown_with_its_meaning_and_what_was_signed(story: Story) -> None:
    text, _ = document(story)
    signatures = [entry.circumstances.signature for entry in story.record.entries if entry.circumstances.signature]
    assert signatures
    assert text.count("Signed by ") == len(signatures)
    for signature in signatures:
        assert f"{signature.meaning}. Bound to {signature.signed}." in text


@pytest.mark.clause("EMA 2023", "sign-off of data")
def test_a_signature_that_no_longer_covers_what_it_was_given_for_says_so(story: Story) -> None:
    assert "Superseded by" not in document(story)[0]
    signed = story.entry_of(e.Attested)
    story.asks(c.Retract(entry=signed), "investigator", reason="of somebody else", signed=True)
    assert (
        f"Superseded by entry {story.entry_of(e.EntryRetracted)}: entry {signed}, which was signed, was taken back." in document(story)[0]
    )


def test_a_signature_whose_digest_is_of_something_else_says_so(story: Story) -> None:
    """The signatures of these stories bind nothing but where a report is confirmed."""
    text, _ = document(story)
    signed = [entry for entry in story.record.entries if entry.circumstances.signature]
    assert 0 < text.count("Its digest is not the one of what stands here: do not rely on it.") < len(signed)


@pytest.mark.clause("21 CFR 11", "11.10(e)")
@pytest.mark.clause("EU Annex 11", "8")
@pytest.mark.clause("ICH E6(R3)", "4.2.2")
@pytest.mark.clause("EMA 2023", "data integrity")
def test_what_was_corrected_or_taken_back_stays_and_says_so(story: Story) -> None:
    amended = {line.entry.version: line.amended for line in lines(around(story.trial), story.record, BERLIN) if line.amended}
    wrong, twice = [entry.version for entry in story.record.entries if isinstance(entry.event, e.ObservationMade)][-2:]
    [corrected] = [entry.version for entry in story.record.entries if isinstance(entry.event, e.EntryCorrected)]
    [retracted] = [entry.version for entry in story.record.entries if isinstance(entry.event, e.EntryRetracted)]
    assert amended == {wrong: f"corrected by entry {corrected}", twice: f"taken back by entry {retracted}"}


def test_it_fetches_nothing_and_runs_nothing(story: Story) -> None:
    text, read = document(story)
    assert read.fetches == []
    assert "script" not in read.tags
    assert "Reason: <script>alert(1)</script>" in text
