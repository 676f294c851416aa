"""Pages of the worklist: grouped, counted, filtered and put in order by the database, so that ten thousand participants are no wait.

To which group a row belongs is said here as a condition of SQL; that it is the same as `Kept.category` says is tested row by row.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal, NamedTuple, get_args

from domain.base import Value
from domain.reminding.steps import NEAR
from projections.views import Parked, Views, marked, parked_in, stored
from projections.worklist import LISTED_FROM, SOON, Kept, Row, row_of, unreadable

Group = Literal["unreadable", "held", "safety", "expiring", "overdue", "due", "waiting", "soon", "review"]
"""In the order in which a coordinator looks."""
GROUPS: tuple[Group, ...] = get_args(Group)
CATEGORY = """CASE
    WHEN state IN ('held', 'revoked') AND opens <= :near THEN 'urgent'
    WHEN state = 'to report' THEN CASE WHEN closes <= :now THEN 'overdue' ELSE 'urgent' END
    WHEN state = 'unaccounted' OR closes <= :now THEN CASE WHEN kind = 'notice' THEN NULL ELSE 'overdue' END
    WHEN state = 'superseded' THEN 'due today'
    WHEN state IN ('held', 'revoked', 'waiting', 'not judged') THEN 'waiting'
    WHEN state = 'to confirm' AND (closes IS NULL OR closes > :soon) THEN 'waiting'
    WHEN state = 'to review' THEN 'to review'
    WHEN due <= :now THEN 'due today'
    WHEN opens <= :soon THEN 'soon' END"""
GROUP = """CASE
    WHEN kind = 'safety' THEN 2
    WHEN category = 'urgent' THEN 1
    WHEN category = 'soon' AND kind = 'eligibility' THEN 3
    WHEN category IN ('soon', 'due today') AND name LIKE 'product-expires:%' THEN 3
    WHEN category = 'overdue' THEN 4 WHEN category = 'due today' THEN 5 WHEN category = 'waiting' THEN 6 WHEN category = 'soon' THEN 7
    ELSE 8 END"""
"""The place of a row's group among the groups: a safety clock stays on top until it is reported, what expires before what is overdue."""
STATE = """CASE WHEN state = 'cleared' AND closes <= :now THEN 'no longer valid' WHEN state <> 'open' THEN state
    WHEN opens > :now THEN 'not open' WHEN closes <= :now THEN 'closed' ELSE 'open' END"""
"""The state as it is shown: the window of a visit opens and closes by itself, and leave ends by itself."""


class Wanted(Value):
    """What somebody wants to see of the worklist of their sites; what is empty leaves nothing out."""

    sites: frozenset[str]
    step: str = ""
    visit: str = ""
    state: str = ""
    group: str = ""
    text: str = ""


class Listing(NamedTuple):
    """A page of the worklist: its rows, each with its group; how many rows each group has, and all of them together.

    It tells of what was recorded up to a position of the ledger.
    """

    rows: tuple[tuple[Group, Row], ...]
    counts: Mapping[Group, int]
    found: int
    position: int


def listed(views: Views, now: datetime, wanted: Wanted, page: int, size: int) -> Listing:
    """A page of what there is to do as of `now`, counted from 1; beyond the last page there is the last."""
    asked, given = _question(wanted, now)
    with views.reading() as connection:
        counts = dict(connection.execute(f"SELECT place, count(*) FROM ({asked}) GROUP BY place", given))  # noqa: S608 - The words are ours.
        parked = _parked(parked_in(connection), wanted)
        chosen = [place for place in counts if wanted.group in {"", GROUPS[place]}]
        found = sum(counts[place] for place in chosen) + (len(parked) if wanted.group in {"", GROUPS[0]} else 0)
        first = (min(page, max(1, -(-found // size))) - 1) * size
        rows = [] if wanted.group not in {"", GROUPS[0]} else [(GROUPS[0], unreadable(one)) for one in parked[first : first + size]]
        given |= {"limit": size - len(rows), "first": max(0, first - len(parked)), "group": wanted.group and GROUPS.index(wanted.group)}
        rows += [(GROUPS[place], row_of(Kept(*kept), category, now)) for place, category, *kept in connection.execute(_page(asked), given)]
        position = marked(connection).position
    return Listing(tuple(rows), {GROUPS[place]: count for place, count in counts.items()} | {"unreadable": len(parked)}, found, position)


def _page(asked: str) -> str:
    """The rows of a page in their order, found by what the index holds before any of them is read."""
    order = "place, until, participant, name"
    found = f"SELECT * FROM ({asked}) WHERE :group = '' OR place = :group ORDER BY {order} LIMIT :limit OFFSET :first"  # noqa: S608 - The words are ours.
    return f"""SELECT place, category, worklist.* FROM ({found}) AS page JOIN worklist USING (participant, key)
        ORDER BY page.place, page.until, page.participant, page.name"""  # noqa: S608 - The words are ours.


def _question(wanted: Wanted, now: datetime) -> tuple[str, dict[str, Any]]:
    """The rows that are wanted, each with its category and the place of its group; and what the question is asked with.

    The category is materialised, since the database would else find it out again wherever it is named.
    """
    given: dict[str, Any] = {"now": stored(now), "near": stored(now + NEAR), "soon": stored(now + SOON)}
    given |= {f"site{number}": site for number, site in enumerate(sorted(wanted.sites))}
    among_sites = ", ".join(f":site{number}" for number in range(len(wanted.sites)))
    conditions = [f"site IN ({among_sites})", f"{LISTED_FROM} <= :soon"]
    for kind, name in (("step", wanted.step), ("visit", wanted.visit)):
        if name:
            conditions.append(f"kind = '{kind}' AND name = :{kind}")
            given[kind] = name
    for number, word in enumerate(wanted.text.split()):
        conditions.append(f"participant || ' ' || title || ' ' || says || ' ' || state LIKE :word{number} ESCAPE '\\'")
        given[f"word{number}"] = f"%{_literally(word)}%"
    given["state"] = wanted.state
    judged = f"""SELECT participant, key, kind, name, coalesce(closes, opens, '9999') AS until, {CATEGORY} AS category, {STATE} AS shown
        FROM worklist WHERE {" AND ".join(conditions)}"""  # noqa: S608 - The words are ours.
    wanted_of_them = "category IS NOT NULL AND (:state = '' OR shown = :state)"
    chosen = f"SELECT participant, key, name, until, category, {GROUP} AS place FROM judged WHERE {wanted_of_them}"  # noqa: S608 - So are these.
    return f"WITH judged AS MATERIALIZED ({judged}) {chosen}", given


def _literally(word: str) -> str:
    """A word in which nothing stands for anything else."""
    return word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _parked(parked: tuple[Parked, ...], wanted: Wanted) -> tuple[Parked, ...]:
    """The records that cannot be shown, unless something is wanted that they cannot be known to be."""
    if wanted.step or wanted.visit or wanted.state or wanted.text:
        return ()
    return tuple(one for one in parked if one.site in {"", *wanted.sites})
