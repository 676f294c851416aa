"""From a requirement to its answer: one function for each kind, and how answers of composite ones are put together."""

from typing import assert_never

from domain.criteria import language as c
from domain.criteria.absence import never, none_within, not_present, volume_below
from domain.criteria.answers import Answer, all_of, any_of
from domain.criteria.background import aged, consent_form_current, consented_first, elapsed_since, of_sex, screening_within
from domain.criteria.drugs import lasted, no_sustained_dose, washed_out
from domain.criteria.episode import Episode
from domain.criteria.looking import reviewed
from domain.criteria.results import attested, measured, resulted
from domain.criteria.rulings import ruled_so
from domain.criteria.scores import scored


def answered(rule: c.Requirement, episode: Episode) -> Answer:
    """What a requirement answers over all times of its anchor."""
    match rule:
        case c.NoneWithin():
            return none_within(rule, episode)
        case c.Never():
            return never(rule, episode)
        case c.NotPresent():
            return not_present(rule, episode)
        case c.VolumeBelow():
            return volume_below(rule, episode)
        case c.WashedOut():
            return washed_out(rule, episode)
        case c.NoSustainedDose():
            return no_sustained_dose(rule, episode)
        case c.Lasted():
            return lasted(rule, episode)
        case c.ElapsedSince():
            return elapsed_since(rule, episode)
        case c.Aged():
            return aged(rule, episode)
        case c.Measured():
            return measured(rule, episode)
        case c.Resulted():
            return resulted(rule, episode)
        case c.Scored():
            return scored(rule, episode)
        case c.Attested():
            return attested(rule, episode)
        case c.Reviewed():
            return reviewed(rule, episode)
        case c.ConsentedFirst():
            return consented_first(rule, episode)
        case c.ConsentFormCurrent():
            return consent_form_current(episode)
        case c.ScreeningWithin():
            return screening_within(rule, episode)
        case c.OfSex():
            return of_sex(rule, episode)
        case c.RuledSo():
            return ruled_so(rule, episode)
        case c.AllOf():
            return all_of("all of these", tuple(answered(one, episode) for one in rule.of))
        case c.AnyOf():
            return any_of("any of these", tuple(answered(one, episode) for one in rule.of))
        case c.Not():
            return ~answered(rule.of, episode)
        case c.Whenever():
            condition, then = answered(rule.condition, episode), answered(rule.then, episode)
            return any_of(f"if {condition.says}, then {then.says}", (~condition, then))
        case _:
            assert_never(rule)
