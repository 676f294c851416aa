"""Reminders: what became of each that fell due, and which of them wait for somebody to take note."""

import json
import re
import sqlite3
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, NamedTuple, get_args

from domain import events as e
from domain.entry import Entry
from domain.notices import Notice, OfNotices, after, tag
from domain.reminders import that_apply
from domain.words import PARTICIPANT_CODE, Channel, Role, Urgency
from projections.views import Told, Views, among, instant, stored

State = Literal["due", "sent", "failed", "escalated", "acknowledged", "withdrawn", "skipped"]
"""Failed is one of whose recipients somebody was reached by no message, and has not been since."""
STATES: tuple[State, ...] = get_args(State)
Became = Literal["due", "sent", "failed", "escalated", "acknowledged", "sent again", "withdrawn"]
BECAME: Mapping[type[OfNotices], Became] = {
    e.ReminderDue: "due",
    e.ReminderSent: "sent",
    e.ReminderFailed: "failed",
    e.ReminderEscalated: "escalated",
    e.ReminderAcknowledged: "acknowledged",
    e.SendingAgainAsked: "sent again",
    e.ReminderWithdrawn: "withdrawn",
}
TABLES = (
    """notices (participant TEXT, key TEXT, tag TEXT NOT NULL, site TEXT NOT NULL, zone TEXT NOT NULL, urgency TEXT NOT NULL,
    audience TEXT NOT NULL, says TEXT NOT NULL, state TEXT NOT NULL, open INTEGER NOT NULL, applies_until TEXT, since TEXT NOT NULL,
    last_at TEXT NOT NULL, sent INTEGER NOT NULL, told TEXT NOT NULL, kept TEXT NOT NULL, story TEXT NOT NULL,
    PRIMARY KEY (participant, key)) STRICT, WITHOUT ROWID""",
)
INDEXES = (
    "waiting ON notices (open, site, applies_until, audience, urgency, since, told)",
    "latest ON notices (last_at, site, state)",
    "became ON notices (state, last_at, site)",
)
"""Each holds all that a question asks of, so that no row is read but those that are shown."""
COLUMNS = "participant, tag, key, site, zone, urgency, audience, says, state, open, applies_until, since, last_at, sent, story"


class Step(NamedTuple):
    """Something that became of a reminder: when, and by whom or to whom; of a message its channel, and why it did not get through."""

    became: Became
    at: datetime
    who: str
    channel: Channel | None
    call: int
    why: str


class Row(NamedTuple):
    """A reminder that fell due. `open` while nobody needs no longer be told; it is of use before `applies_until` (None: no more)."""

    participant: str
    tag: str
    key: str
    site: str
    zone: str
    urgency: Urgency
    audience: Role
    says: str
    state: State
    open: bool
    applies_until: datetime | None
    since: datetime
    last_at: datetime
    sent: int
    story: tuple[Step, ...]

    def unreached(self, now: datetime) -> bool:
        """Whether somebody was reached by no message who still needs to be told."""
        return self.state == "failed" and self.waits(now)

    def waits(self, now: datetime) -> bool:
        """Whether it waits for somebody to take note: it still applies, and is of use."""
        return self.open and self.applies_until is not None and now < self.applies_until


def inbox(  # noqa: PLR0913 - Who asks, for where, and which part of it.
    views: Views, now: datetime, roles: Mapping[str, Collection[str]], *, person: str, limit: int, skipped: int = 0
) -> tuple[tuple[Row, ...], int]:
    """What waits for somebody who has these roles at each site, most urgent and then oldest first; and how much of it there is."""
    mine = " OR ".join(f"(site = ? AND (audience IN ({', '.join('?' * len(held))}) OR instr(told, ?) > 0))" for held in roles.values())
    condition = f"open = 1 AND {among(roles)} AND applies_until > ? AND ({mine or '0'})"
    given = [*roles, stored(now), *(one for site, held in roles.items() for one in (site, *held, f"|{person}|"))]
    order = "CASE urgency WHEN 'urgent' THEN 0 WHEN 'timely' THEN 1 ELSE 2 END, since, participant, key"
    with views.reading() as connection:
        (found,) = connection.execute(f"SELECT count(*) FROM notices WHERE {condition}", given).fetchone()  # noqa: S608 - Only marks are put in.
        return tuple(_row(*values) for values in connection.execute(_rows(condition, order), (*given, limit, skipped))), found


def reminded(views: Views, now: datetime) -> list[str]:
    """The participants of whom somebody still has to take note of a reminder."""
    with views.reading() as connection:
        question = "SELECT DISTINCT participant FROM notices WHERE open = 1 AND applies_until > ? ORDER BY participant"
        return [participant for (participant,) in connection.execute(question, (stored(now),))]


def log(  # noqa: PLR0913 - Each narrows the question.
    views: Views, sites: Collection[str], limit: int, skipped: int = 0, *, participant: str = "", state: str = ""
) -> tuple[Row, ...]:
    """What became of reminders at these sites, the latest first; of all participants, or of those whose code holds a text."""
    whole = re.fullmatch(PARTICIPANT_CODE, text := participant.strip().upper()) is not None
    of_state, of_whom = "state = ?" if state else "? = ''", "participant = ?" if whole else "instr(participant, ?) > 0"
    condition = f"{among(sites)} AND {of_state} AND {of_whom}"
    question = _rows(condition, "last_at DESC, participant, key")
    with views.reading() as connection:
        return tuple(_row(*values) for values in connection.execute(question, (*sites, state, text, limit, skipped)))


def _rows(condition: str, order: str) -> str:
    """The question for some rows in their order, found in an index before any of them is read."""
    found = f"SELECT participant, key FROM notices WHERE {condition} ORDER BY {order} LIMIT ? OFFSET ?"  # noqa: S608 - Only marks are put in.
    return f"SELECT {COLUMNS} FROM ({found}) JOIN notices USING (participant, key) ORDER BY {order}"  # noqa: S608 - And so are these.


def one(views: Views, participant_id: str, short: str) -> Row | None:
    """The reminder of a participant that has a tag, if it ever fell due."""
    with views.reading() as connection:
        question = f"SELECT {COLUMNS} FROM notices WHERE participant = ? AND tag = ?"  # noqa: S608 - The words are ours.
        found = connection.execute(question, (participant_id, short)).fetchone()
    return None if found is None else _row(*found)


def apply(views: sqlite3.Connection, told: Told) -> None:
    """Take in what became of reminders, and see which of those that wait still apply."""
    new = [(entry.event, entry) for entry in told.entries if isinstance(entry.event, OfNotices)]
    found = _kept(views, told.participant.id, {event.key for event, _ in new})
    for event, entry in new:
        was = found.get(event.key)
        found[event.key] = _Kept(after(was.notice if was else None, event, entry), [*(was.story if was else []), _told(event, entry)])
    applying = that_apply(told.participant, told.study) if any(not kept.notice.over for kept in found.values()) else {}
    until = {key: reminder.pointless_after for key, reminder in applying.items()}
    rows = [kept.row(told, until.get(key)) for key, kept in found.items()]
    views.executemany("INSERT OR REPLACE INTO notices VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)


def forget(views: sqlite3.Connection, participant_id: str) -> None:
    """Take a participant's reminders out."""
    views.execute("DELETE FROM notices WHERE participant = ?", (participant_id,))


@dataclass(frozen=True, slots=True)
class _Kept:
    """What a row of the table is made of, and read back from to go on."""

    notice: Notice
    story: list[list[Any]] = field(default_factory=list)

    def row(self, told: Told, until: datetime | None) -> tuple[Any, ...]:
        notice, due = self.notice, self.notice.due
        return (
            told.participant.id,
            due.key,
            tag(due.key),
            told.participant.site,
            told.zone,
            due.urgency,
            due.to,
            due.says,
            _state(notice),
            not notice.over,
            None if notice.over else stored(until),
            stored(notice.since),
            self.story[-1][1],
            notice.sent,
            "".join(f"|{person}|" for person in sorted({person for person, _ in notice.settled})),
            json.dumps(
                {
                    "due": due.model_dump(mode="json"),
                    "called_at": stored(notice.called_at),
                    "call": notice.call,
                    "settled": sorted(notice.settled),
                    "unreached": sorted(notice.unreached),
                    "acknowledged_by": notice.acknowledged_by,
                    "withdrawn": notice.withdrawn,
                }
            ),
            json.dumps(self.story),
        )


def _kept(views: sqlite3.Connection, participant_id: str, keys: Collection[str]) -> dict[str, _Kept]:
    """Those reminders, and those that still wait."""
    marks = ", ".join("?" * len(keys))
    question = f"SELECT key, since, sent, kept, story FROM notices WHERE participant = ? AND (open = 1 OR key IN ({marks})) ORDER BY key"  # noqa: S608 - Only marks are put in.
    return {key: _read(*values) for key, *values in views.execute(question, (participant_id, *sorted(keys)))}


def _read(since: str, sent: int, kept: str, story: str) -> _Kept:
    found = json.loads(kept)
    notice = Notice(
        due=e.ReminderDue.model_validate(found["due"], strict=False),
        since=datetime.fromisoformat(since),
        called_at=datetime.fromisoformat(found["called_at"]),
        call=found["call"],
        sent=sent,
        settled=frozenset((person, call) for person, call in found["settled"]),
        unreached=frozenset(found["unreached"]),
        acknowledged_by=found["acknowledged_by"],
        withdrawn=found["withdrawn"],
    )
    return _Kept(notice, json.loads(story))


def _told(event: OfNotices, entry: Entry[e.Event]) -> list[Any]:
    """What an entry says became of a reminder, as it is kept."""
    said: tuple[str, Channel | None, int, str]
    match event:
        case e.ReminderSent(to=who, channel=channel, call=call):
            said = (who, channel, call, "")
        case e.ReminderFailed(to=who, channel=channel, call=call, why=why):
            said = (who, channel, call, why)
        case e.ReminderEscalated(rung=rung, call=call):
            said = (rung, None, call, "")
        case e.ReminderAcknowledged() | e.SendingAgainAsked():
            said = (entry.circumstances.actor.id, None, 1, "")
        case _:
            said = ("", None, 1, "")
    return [BECAME[type(event)], stored(entry.recorded_at), *said]


def _state(notice: Notice) -> State:
    found: Sequence[tuple[bool, State]] = (
        (notice.withdrawn, "withdrawn"),
        (notice.acknowledged_by is not None, "acknowledged"),
        (notice.due.skipped, "skipped"),
        (bool(notice.unreached), "failed"),
        (notice.call > 1, "escalated"),
        (notice.sent > 0, "sent"),
    )
    return next((state for holds, state in found if holds), "due")


def _row(*values: Any) -> Row:
    *known, open_, until, since, last_at, sent, story = values
    times = map(datetime.fromisoformat, (since, last_at))
    return Row._make((*known, bool(open_), instant(until), *times, sent, tuple(_steps(json.loads(story)))))


def _steps(story: list[list[Any]]) -> Iterator[Step]:
    for became, at, *said in story:
        yield Step._make((became, datetime.fromisoformat(at), *said))
