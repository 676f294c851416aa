"""What people have saved of how they look at the worklist: their own preference and no fact of the trial, so kept beside the ledger."""

from typing import NamedTuple

from sqlalchemy import Column, Engine, String, Table, delete, func, select, update
from sqlalchemy.exc import IntegrityError

from app.accounts.tables import TABLES, put, transaction
from domain.rejections import Reason, Refused, refuse_if
from store.errors import Fault

MOST = 20
"""How many views somebody can keep: more would be no help in finding one."""
LONGEST_NAME, LONGEST_QUERY = 40, 800
saved_views = Table(
    "saved_views",
    TABLES,
    Column("person", String(60), primary_key=True),
    Column("name", String(LONGEST_NAME), primary_key=True),
    Column("query", String(LONGEST_QUERY), nullable=False),
)


class SavedView(NamedTuple):
    """A set of filters under a name of its owner's."""

    name: str
    query: str


class SavedViews:
    """Keeps each person's views, and shows them to nobody else."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def of(self, person: str) -> tuple[SavedView, ...]:
        """Somebody's views, by name."""
        mine = select(saved_views.c.name, saved_views.c.query).where(saved_views.c.person == person).order_by(saved_views.c.name)
        with transaction(self._engine) as connection:
            return tuple(SavedView(*row) for row in connection.execute(mine))

    def save(self, person: str, view: SavedView) -> None:
        """Keep a view; one of the same name is replaced. Raises Refused."""
        refuse_if(_against(view))
        mine = select(func.count()).where(saved_views.c.person == person, saved_views.c.name != view.name)
        with transaction(self._engine) as connection:
            if connection.execute(mine).scalar_one() >= MOST:
                raise Refused(Reason(code="enough-views", says=f"you have saved {MOST} views already; remove one first"))
            put(connection, saved_views, {"person": person, **view._asdict()})

    def rename(self, person: str, name: str, to: str) -> None:
        """Call a view otherwise. Raises Refused where there is none, or another one is called so."""
        refuse_if(_against(SavedView(to, "")))
        change = update(saved_views).where(saved_views.c.person == person, saved_views.c.name == name).values(name=to)
        try:
            with transaction(self._engine) as connection:
                renamed = connection.execute(change).rowcount
        except Fault as fault:
            if isinstance(fault.__cause__, IntegrityError):
                raise Refused(Reason(code="name-taken", says=f"another view of yours is called {to} already")) from fault
            raise
        if not renamed:
            raise Refused(NO_SUCH_VIEW)

    def remove(self, person: str, name: str) -> None:
        """Keep a view no longer. Raises Refused where there is none."""
        gone = delete(saved_views).where(saved_views.c.person == person, saved_views.c.name == name)
        with transaction(self._engine) as connection:
            if not connection.execute(gone).rowcount:
                raise Refused(NO_SUCH_VIEW)


NO_SUCH_VIEW = Reason(code="unknown-view", says="you have saved no such view")


def _against(view: SavedView) -> list[Reason]:
    wrong = not 0 < len(view.name) <= LONGEST_NAME or view.name != view.name.strip() or not view.name.isprintable()
    found = [Reason(code="malformed", says=f"give the view a name of at most {LONGEST_NAME} letters")] if wrong else []
    return found + ([Reason(code="too-long", says="this is more than a view can hold")] if len(view.query) > LONGEST_QUERY else [])
