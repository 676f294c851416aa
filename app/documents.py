"""The pages of `docs/` that tell people what stands in the files of a study: every reading of a protocol, every value of a reference."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from domain.criteria.language import Lasted, Leaf, Never, NoneWithin, NoSustainedDose, NotPresent, RuledSo, VolumeBelow, WashedOut
from domain.protocol import Interpretation, NoTherapeuticSteroid, Protocol, Rule, Ruling
from domain.protocol_checks.names import SETTINGS
from domain.protocol_checks.requirements import leaves_of
from domain.reference import Drug, HalfLife, Reference, Standing
from domain.rules.steroids import LOCAL_INJECTIONS

READ: Mapping[Standing, str] = {"verified": "read", "memory": "from memory"}
OF_VACCINES = {"live-vaccine", "inactivated-vaccine"}


def readings(protocol: Protocol) -> str:
    """How a protocol is read, as Markdown: what waits for a ruling, and every interpretation with its reason and where it is used."""
    return "\n".join(_readings(protocol)) + "\n"


def reference_values(reference: Reference) -> str:
    """What a drug reference reckons with, as Markdown: every value with its source, and whether that was read or is remembered."""
    return "\n".join(_values(reference)) + "\n"


def _readings(protocol: Protocol) -> Iterator[str]:
    read = protocol.interpretations
    proposed = sum(one.approved is None for one in read.values())
    yield from (f"# How the protocol {protocol.study}@{protocol.version} is read", "")
    yield f"{protocol.title}. The registry entry of the trial leaves much open. What follows is every place where we had to read it, how,"
    yield f"and why: {len(read)} readings, {proposed} of them only proposed. A verdict that rests on a proposed one says *assumption*."
    yield "Where no reading would be safe, the study itself must rule."
    yield from ("", "This page is made from the protocol's file by `make docs`.")
    yield from ("", f"## What the study must rule on: {len(protocol.rulings)} questions", "")
    yield "Until it has ruled, a participant whose evidence lies on that edge is *not yet known*. A ruling holds for everybody."
    for name, ruling in protocol.rulings.items():
        yield from _ruling(name, ruling, _waiting_for(name, protocol))
    yield from ("", "## How it is read, and why")
    for name, reading in read.items():
        yield from _reading(name, reading, _users(name, protocol))


def _ruling(name: str, ruling: Ruling, asked_by: Sequence[str]) -> Iterator[str]:
    yield from ("", f"### {name}", "", ruling.asks, "")
    yield from (f"- **{choice}**: {says}" for choice, says in ruling.choices.items())
    yield from ("", f"Asked by: {', '.join(asked_by)}.")


def _reading(name: str, reading: Interpretation, used_by: Sequence[str]) -> Iterator[str]:
    approved = reading.approved
    standing = "Proposed" if approved is None else f"Approved by {approved.role} on {approved.on} ({approved.signature})"
    yield from ("", f"### {name}", "", reading.reads, "")
    yield from (f"*Why:* {reading.because}", "", f"*{standing}.* Used by: {', '.join(used_by)}.")


def _users(name: str, protocol: Protocol) -> list[str]:
    """The parts of criteria, rules of gates, visits and settings that rest on an interpretation."""
    parts = [one.id for one in protocol.criteria if name in one.interpretations]
    rules = [f"{rule.id} at {step}" for step, gate in protocol.steps.items() for rule in gate.rules if name in rule.interpretations]
    visits = [visit.title for visit in protocol.visits.values() if name in visit.interpretations]
    setting = [f"the setting `{name.replace('-', '_')}`"] if name in SETTINGS else []
    promises = [f"the promise {one}" for one, promise in protocol.conduct.items() if name in promise.interpretations]
    return [*parts, *rules, *promises, *visits, *setting]


def _waiting_for(ruling: str, protocol: Protocol) -> list[str]:
    """The parts of criteria and the rules of gates that ask for a ruling."""
    parts = [part.id for part in protocol.criteria if any(ruling in _asked_by(leaf) for _, leaf in leaves_of(part, part.id))]
    rules = [f"{rule.id} at {step}" for step, gate in protocol.steps.items() for rule in gate.rules if ruling in _asked_by(rule)]
    return [*parts, *rules]


def _asked_by(one: Leaf | Rule) -> set[str]:
    """The rulings that a leaf of a requirement, or a rule of a gate, asks for."""
    match one:
        case RuledSo():
            return {one.ruling}
        case NoSustainedDose() | NoTherapeuticSteroid():
            return {LOCAL_INJECTIONS}
        case NoneWithin() | Never() | NotPresent() | VolumeBelow() | WashedOut() | Lasted():
            return {asked.ruling for asked in one.of.if_ruled}
        case _:
            return set()


def _values(reference: Reference) -> Iterator[str]:
    yield f"# What version {reference.version} of the drug reference reckons with"
    yield from ("", f"{len(reference.drugs)} drugs and vaccines. {reference.atc_edition}", "")
    yield "*Read* means that the source was read; *from memory*, that somebody must check the value before it is used on real participants."
    yield from ("", "This page is made from the reference's file by `make docs`.")
    yield from ("", "## Classes", "")
    yield from _table(("Class", "What it means"), ((name, says) for name, says in reference.classes.items()))
    yield from ("", "## Steroids: how much equals 5 mg of prednisone", "")
    yield "Where sources differ, a dose counts for the most that any of them says: the smaller amount decides."
    yield ""
    steroids = {name: (drug, drug.steroid) for name, drug in reference.drugs.items() if drug.steroid}
    yield from _table(
        ("Drug", "Equals 5 mg of prednisone", "Source was", "Source"),
        ((name, f"{_range(dose.least_mg, dose.most_mg)} mg", *_source(drug)) for name, (drug, dose) in steroids.items()),
    )
    yield from ("", "## How long a drug stays", "")
    yield "The upper end decides; the longest of parent and active metabolite is in it. A drug that is not in this table and must be washed"
    yield "out stays *not yet known*."
    yield ""
    stays = ((name, *_stay(drug, drug.half_life)) for name, drug in reference.drugs.items() if drug.half_life or drug.washout)
    yield from _table(("Drug", "Half-life", "Measured in", "Source was", "Source"), stays)
    vaccines = {name: drug for name, drug in reference.drugs.items() if not OF_VACCINES.isdisjoint(drug.classes)}
    yield from ("", "## Vaccines", "", *_listed(vaccines))
    yield from ("", "## Every drug, with its classes", "")
    yield "A drug without a class is known to be outside every class. Vaccines are in the table above."
    yield from ("", *_listed({name: drug for name, drug in reference.drugs.items() if name not in vaccines}))


def _listed(drugs: Mapping[str, Drug]) -> Iterator[str]:
    rows = ((name, ", ".join(drug.classes) or "none", drug.atc or "", *_source(drug)) for name, drug in drugs.items())
    return _table(("Name", "Classes", "ATC", "Source was", "Source"), rows)


def _stay(drug: Drug, half_life: HalfLife | None) -> tuple[str, str, str, str]:
    if half_life is None:
        return f"in its place {drug.washout}", "", *_source(drug)
    hours = f"{_range(half_life.least_hours, half_life.most_hours)} h"
    return hours, half_life.population, READ[half_life.standing], half_life.source


def _source(drug: Drug) -> tuple[str, str]:
    return READ[drug.standing], drug.source


def _range(least: Decimal, most: Decimal) -> str:
    return f"{least:f}" if least == most else f"{least:f} to {most:f}"


def _table(heading: Sequence[str], rows: Iterator[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(heading)} |"
    yield f"|{'---|' * len(heading)}"
    yield from (f"| {' | '.join(row)} |" for row in rows)
