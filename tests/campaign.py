"""How long a campaign lasts and how its dice fall: a seeded tenth in every test run, all of it with fresh dice in `make torture`."""

from dataclasses import dataclass
from random import Random


@dataclass(frozen=True)
class Campaign:
    """The length and the dice that a test of the mark `torture` asks for as the fixture `campaign`."""

    full: bool
    dice: Random

    def rounds(self, in_full: int) -> int:
        """How many rounds to run now, of those that the campaign has in full."""
        return in_full if self.full else max(1, in_full // 10)
