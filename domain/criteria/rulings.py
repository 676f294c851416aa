"""Requirements on what the study has ruled: once, for everybody, and never participant by participant."""

from domain.criteria.answers import Answer
from domain.criteria.episode import Episode
from domain.criteria.language import RuledSo
from domain.instants import ALWAYS
from domain.rules.judgement import Found


def ruled_so(rule: RuledSo, episode: Episode) -> Answer:
    """It is so at all times or, until the study has ruled, not known at any."""
    chosen = episode.study.record.rulings.get(rule.ruling)
    says = f"the study has ruled on {rule.ruling}: {rule.choice}"
    if chosen is None:
        return Answer.by(says, [Found("not yet known", ALWAYS, not_ruled(rule.ruling), supplied_by="medical-monitor")])
    return Answer.by(says, [Found("passes" if chosen == rule.choice else "fails", ALWAYS, f"the study has ruled: {chosen}")])


def not_ruled(ruling: str) -> str:
    """What is missing until the study has ruled."""
    return f"the study has not ruled on {ruling}"
