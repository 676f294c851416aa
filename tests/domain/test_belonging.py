"""Whose an entry is that stands in no participant's record: in doubt, the whole study's."""

from datetime import date
from typing import Any

import pytest

from domain.belonging import CALLED, Belongs, belongs, shelf_of
from domain.contacts import ContactNamed
from domain.doorkeeping import AccessRefused, SignedIn
from domain.handing_out import CopyCertified, CutHandedOut, HeadGiven
from domain.keeping import IdentifiersErased
from domain.people import PersonAdmitted, RoleGranted
from domain.searching import KINDS_ON, SHELVES, EntriesReviewed, Question, Scope
from domain.study import ReferenceAdopted, SiteOpened
from store.codec import Row, state_of
from tests.builders import BERLIN, DIGEST
from tests.fossils.test_entries import FOSSILS

AROUND = [kind for shelf, kinds in KINDS_ON.items() if shelf != "participants" for kind in kinds]
DAY = date(2026, 1, 5)


def reviewed(*sites: str, whole_study: bool | None = None) -> EntriesReviewed:
    over = None if whole_study is None else Scope(shelves=SHELVES, whole_study=whole_study)
    return EntriesReviewed(question=Question(sites=sites, over=over), upto=1, entries=1, digest=DIGEST)


@pytest.mark.parametrize(
    ("event", "whose"),
    [
        (SiteOpened(site="BER", zone=BERLIN), Belongs("BER")),
        (ReferenceAdopted(reference=1, digest=DIGEST), Belongs()),
        (ContactNamed(person="m-weber", roles=("coordinator",), site="BER", mail="m@clinic.example"), Belongs("BER", None, "m-weber")),
        (ContactNamed(person="m-weber", roles=("coordinator",), mail="m@clinic.example"), Belongs(None, None, "m-weber")),
        (PersonAdmitted(person="m-weber", name="M. Weber"), Belongs(None, None, "m-weber")),
        (RoleGranted(person="m-weber", role="auditor", site="SAO", delegated=DAY), Belongs("SAO", None, "m-weber")),
        (RoleGranted(person="m-weber", role="auditor", delegated=DAY), Belongs(None, None, "m-weber")),
        (SignedIn(person="m-weber", by="password"), Belongs(None, None, "m-weber")),
        (AccessRefused(person="m-weber", action="record", site="SAO"), Belongs("SAO", None, "m-weber")),
        (AccessRefused(person="m-weber", action="record", site="SAO", participant="SAO-001"), Belongs("SAO", "SAO-001", "m-weber")),
        (AccessRefused(person="m-weber", action="register", site="SAO", participant="BER-001"), Belongs(None, "BER-001", "m-weber")),
        (AccessRefused(person="m-weber", action="record", participant="BER-009"), Belongs(None, "BER-009", "m-weber")),
        (IdentifiersErased(participant="BER-001", approved_by="the sponsor"), Belongs("BER", "BER-001")),
        (CopyCertified(participant="BER-001", entries=3, head=DIGEST, manifest=DIGEST), Belongs("BER", "BER-001")),
        (CopyCertified(entries=3, head=DIGEST, manifest=DIGEST), Belongs()),
        (CutHandedOut(cut="board", head=DIGEST, manifest=DIGEST), Belongs()),
        (HeadGiven(site="BER", people=("m-weber",), entries=3, head=DIGEST), Belongs("BER")),
        (reviewed("BER"), Belongs("BER")),
        (reviewed("BER", whole_study=False), Belongs("BER")),
        (reviewed("BER", whole_study=True), Belongs()),
        (reviewed("BER", "SAO"), Belongs()),
    ],
    ids=lambda one: getattr(one, "kind", None),
)
def test_what_names_a_site_is_that_sites_and_everything_else_is_the_whole_studys(event: Any, whose: Belongs) -> None:
    assert belongs(event) == whose


@pytest.mark.parametrize("kind", AROUND)
def test_of_every_kind_that_was_ever_stored_it_is_known_whose_it_is_by_what_it_names(kind: str) -> None:
    event: Any = state_of(Row(1, "door:demo", 1, kind, FOSSILS[kind], b"", b"", b"")).event
    site, participant, person = (getattr(event, name, None) for name in ("site", "participant", "person"))
    assert belongs(event) == Belongs(site or (participant.partition("-")[0] if participant else None), participant, person)


@pytest.mark.parametrize(
    ("stream", "shelf"),
    [*((f"{name}X", shelf) for name, shelf in CALLED.items()), ("", None), ("door", None), ("doors:x", None), ("x:door:", None)],
)
def test_a_stream_stands_on_the_shelf_that_its_name_begins_with(stream: str, shelf: str | None) -> None:
    assert shelf_of(stream) == shelf
