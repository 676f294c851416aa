"""The small words of the trial: identifiers, roles, routes and codes, each with its shape."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

PARTICIPANT_CODE = r"^[A-Z][A-Z0-9]{1,9}-[0-9]{3,6}$"
ParticipantId = Annotated[str, StringConstraints(pattern=PARTICIPANT_CODE)]
"""The study's code for a participant, such as `BER-001`; a pseudonym, never a name."""
SITE_CODE = r"^[A-Z][A-Z0-9]{1,9}$"
SiteId = Annotated[str, StringConstraints(pattern=SITE_CODE)]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$", max_length=60)]
"""A name in a protocol file: lower case, words joined by hyphens."""
RuleId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9]*(-[a-z0-9]+)*$", max_length=60)]
"""A criterion's id in the registry entry's order, such as `E24a`, or the name of a rule of ours, such as `same-identity`."""
Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
"""SHA-256 in hexadecimal."""
Sentence = Annotated[str, StringConstraints(min_length=1, max_length=2000)]
Account = Annotated[str, StringConstraints(min_length=1)]
"""What is derived from any number of sentences, and therefore as long as these make it."""
ChainOfIdentity = Annotated[str, StringConstraints(pattern=r"^[A-Z0-9][A-Z0-9-]{3,39}$")]
"""The code that binds cells to the participant from collection to infusion."""
Milligrams = Annotated[Decimal, Field(gt=0, le=100_000)]
DosesPerDay = Annotated[int, Field(ge=1, le=24)]
CellsPerKilogram = Annotated[Decimal, Field(ge=0, le=100_000)]
"""The yield of a collection, in 10⁶ CD3-positive cells per kg."""
LymphodepletionDay = Annotated[int, Field(ge=-30, le=-1)]
"""A day before the planned infusion, which is day 0."""
Bag = Annotated[int, Field(ge=1, le=20)]
"""A bag of the product, counted from 1."""

FEW = 8


def few(names: Sequence[str]) -> str:
    """A list as it is spoken of: all of a few, else the first ones and how many more there are."""
    return ", ".join(names) if len(names) <= FEW else f"{', '.join(names[:FEW])} and {len(names) - FEW} more"


PersonsRole = Literal[
    "coordinator", "investigator", "sub-investigator", "pharmacist", "cell-lab",
    "medical-monitor", "monitor", "auditor", "administrator",
]  # fmt: skip
Role = Literal[PersonsRole, "journey", "notices", "door"]
"""In which capacity something is asked: a person's, or that of a program that acts by itself."""
Action = Literal[
    "see-participants", "see-history", "register", "record", "plan", "perform", "account", "acknowledge", "judge-by-signature",
    "classify", "run-study", "admit-people", "see-system", "vouch", "review-entries", "see-accesses",
]  # fmt: skip
"""What people do. To *account* is to handle deviations and missed visits; to *judge by signature* is the investigator's alone; to
*vouch* is to say on record that an account is in the hands of the person whose name it bears; to *review entries* is to sign off what
others recorded; *accesses* are who looked at whom."""
Source = Literal["web", "api", "cli", "import", "journey", "notices"]
Urgency = Literal["urgent", "timely", "digest"]
"""When a reminder is sent: at once and at any hour, in the site's working hours, or in the morning."""
Rung = Literal["coordinator", "second-coordinator", "investigator"]
RUNGS: tuple[Rung, ...] = ("coordinator", "second-coordinator", "investigator")
"""The ladder of what is urgent, from where it is climbed."""
Channel = Literal["mail", "webhook"]
Route = Literal[
    "oral", "intravenous", "intramuscular", "subcutaneous", "epidural", "intra-articular", "topical", "inhaled", "nasal", "ocular"
]
HoldPoint = Literal["leukapheresis", "lymphodepletion", "infusion"]
"""The three steps that need leave."""
STEPS: tuple[HoldPoint, ...] = ("leukapheresis", "lymphodepletion", "infusion")
"""The hold points in the order in which they are taken."""
DoseOutcome = Literal["given", "reduced", "omitted"]
"""What became of a planned dose."""
DeviationCategory = Literal["early", "late", "missed", "override", "procedure"]
"""What went otherwise than planned: the time of a visit, a visit that did not take place, a gate that was overridden, or anything else."""
CtcaeGrade = Annotated[int, Field(ge=1, le=5)]
"""How severe an adverse event is by CTCAE v5.0: from 1, mild, to 4, life-threatening; 5 is death by it."""
AstctGrade = Annotated[int, Field(ge=0, le=5)]
"""How severe a toxicity of the cells is by the ASTCT consensus (Lee et al. 2019): 0 is looked for and not there, 5 is death by it."""
IceScore = Annotated[int, Field(ge=0, le=10)]
"""The score of a short test of thinking and writing by which neurotoxicity is graded: 10 is unimpaired."""
Seriousness = Literal["fatal", "life-threatening", "hospitalisation", "disability", "congenital-anomaly", "medically-important"]
SERIOUSNESS: tuple[Seriousness, ...] = (
    "fatal", "life-threatening", "hospitalisation", "disability", "congenital-anomaly", "medically-important",
)  # fmt: skip
"""What makes an adverse event serious by ICH E2A: each by itself. Hospitalisation stands for its prolongation as well."""
Relation = Literal["related", "not-related"]
"""Whether there is a reasonable possibility that the product caused an adverse event."""
Scope = Literal["treatment", "visits", "everything"]
"""What consent is withdrawn from."""
Asked = Literal["participant", "chart", "pharmacy"]
"""Who or what was asked in a review."""
ReviewKind = Literal["history", "medicines", "procedures", "psychiatric", "plans"]
