"""How long a period can be, and beyond which length one in a file is a slip."""

from datetime import timedelta

from domain.time import Period

LIFETIME = timedelta(days=120 * 366)


def lengths(period: Period) -> tuple[timedelta, timedelta]:
    """The shortest and the longest time that a period can be; a day with a clock change counts as a day."""
    if period.elapsed is not None:
        return period.elapsed, period.elapsed
    shortest, longest = {"D": (1, 1), "W": (7, 7), "M": (28, 31), "Y": (365, 366)}[period.root[-1]]
    count = int(period.root[1:-1])
    return timedelta(days=count * shortest), timedelta(days=count * longest)


def within_a_lifetime(period: Period) -> bool:
    """Whether it is a length at all, and one that somebody can live through."""
    shortest, longest = lengths(period)
    return timedelta() < shortest <= longest <= LIFETIME
