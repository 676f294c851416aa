"""What stands around the records of participants in whatever is written of them: the study and its people."""

from dataclasses import dataclass

from domain.people import People
from domain.signatures import StudyThen
from domain.study import Study


@dataclass(frozen=True, slots=True)
class Around:
    """The study as it stands and as it stood when something was signed, and its people."""

    study: Study
    study_then: StudyThen
    people: People

    @property
    def name(self) -> str:
        """What the study is called."""
        return self.study.record.name

    def named(self, id_: str) -> str:
        """Somebody by their name as far as it is known, beside the id of their account."""
        person = self.people.persons.get(id_)
        return f"{person.name} ({id_})" if person else id_
