"""Opening a demonstration study: synthetic, labelled so, and never to become a real one."""

from datetime import date
from hashlib import sha256
from uuid import uuid4

from app.wiring import time_zone_data
from domain.entry import Actor, Circumstances
from domain.study import (
    ConsentFormApproved,
    ProtocolApproved,
    ProtocolReleased,
    ReferenceAdopted,
    Ruled,
    SiteOpened,
    StudyOpened,
    TimeZoneDataAdopted,
)
from store.studies import StudyFiles
from store.study import StudyDesk

FORM = "synthetic consent form 1.0"
FORM_DIGEST = sha256(FORM.encode()).hexdigest()
SITES = (SiteOpened(site="BER", zone="Europe/Berlin"), SiteOpened(site="SAO", zone="America/Sao_Paulo"))


def open_demonstration(desk: StudyDesk, files: StudyFiles) -> None:
    """Open the study with two sites in different time zones, its protocol released and approved, and synthetic rulings."""
    desk.record(
        (
            StudyOpened(study=desk.name, demonstration=True),
            TimeZoneDataAdopted(version=time_zone_data()),
            ReferenceAdopted(reference=1, digest=files.reference(1).digest),
            ProtocolReleased(protocol=1, digest=files.protocol(desk.name, 1).digest),
            *SITES,
            *(ProtocolApproved(protocol=1, site=site.site) for site in SITES),
            *(ConsentFormApproved(site=site.site, form=FORM, digest=FORM_DIGEST, since=date(2020, 1, 1)) for site in SITES),
            Ruled(ruling="local-steroid-injections", choice="three-weeks"),
        ),
        Circumstances(
            actor=Actor(id="demo-administrator", role="administrator"),
            source="cli",
            command_id=uuid4(),
            reason="a synthetic study for demonstration",
        ),
    )
