"""A list as its address says it: what it is narrowed to, which page of it, and the address of the same list but for some of that."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, ClassVar, Self
from urllib.parse import urlencode

MOST_DIGITS = 15
"""So few that every database holds the number, multiplied by the rows of a page as well."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody wants to see of a list; each field is a parameter of its address, and an empty one leaves nothing out."""

    PATH: ClassVar[str]
    """Where the list is."""
    LONGEST: ClassVar[int] = 80
    """How many characters are read of what was typed."""
    page: int = field(default=1, kw_only=True)

    @classmethod
    def of(cls, parameters: Mapping[str, str]) -> Self:
        """As the address says; a page that is no number is the first."""
        typed: dict[str, Any] = {name: parameters.get(name, "").strip()[: cls.LONGEST] for name in cls.parts()}
        return cls(**typed, page=page_of(parameters))

    @classmethod
    def parts(cls) -> tuple[str, ...]:
        """What the list can be narrowed by."""
        return tuple(one.name for one in fields(cls) if one.name != "page")

    @property
    def stated(self) -> dict[str, str]:
        """What the list is narrowed by, as its address says it."""
        return {name: str(said) for name in self.parts() if (said := getattr(self, name))}

    def url(self, path: str = "", **but: Any) -> str:
        """The address of the same list, or of its table, but for some parts; it begins with its first page anew."""
        other = replace(self, **{"page": 1, **but})
        said = other.stated | ({"page": str(other.page)} if other.page > 1 else {})
        return f"{path or self.PATH}?{urlencode(said)}" if said else path or self.PATH

    def address(self, page: int) -> str:
        """Where another page of the same list is."""
        return self.url(page=page)


def page_of(parameters: Mapping[str, str]) -> int:
    """The page that an address asks for, counted from 1."""
    return max(1, number_of(parameters.get("page", "")))


def number_of(typed: str) -> int:
    """A number of a page or of an entry as somebody typed it; 0 where it is none, or one that nothing has."""
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) <= MOST_DIGITS else 0


def pages_of(found: int, on_a_page: int) -> int:
    """How many pages so many rows fill; of none there is one page, which says so."""
    return max(1, -(-found // on_a_page))


def chosen(sites: frozenset[str], site: str) -> frozenset[str]:
    """Of the sites of whoever asks the one that is asked for, if it is among them; all, where none is."""
    return sites & {site} if site else sites
