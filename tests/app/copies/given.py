"""What stands around the records that the tests write copies of."""

from app.copies.around import Around
from domain.people import People, Person
from tests.builders import Trial


def around(trial: Trial) -> Around:
    """The study of the tests, in which one person is known by name."""
    people = People(1, {"m-weber": Person("m-weber", "M. Weber")})
    return Around(trial.participants.study(), trial.participants.desk.at, people)
