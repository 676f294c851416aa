"""The keys of the ledger's heads: the secret one, read only by whoever signs, and the public one, by which everybody checks."""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from app.keyfiles import SIGNING, secret_in, written_whole
from app.settings import Settings
from domain.entry import Entry
from store.errors import Fault, in_plain_words
from store.heads import Head, PublicKey, SigningKey, Unproven, stated
from store.ledger import Ledger
from store.sealing import Seal, standing

ABSENT = "There is no signing key at {path}, so no head can be signed. Put the key back, or name its file in DAYBOOK_SIGNING."
SIGNED_EVERY = timedelta(hours=1)
"""Within what time after it was recorded an entry is stated by a head, if the ledger is signed as it should be."""
LATE = timedelta(minutes=15)
"""How much longer nobody is troubled: a worker may have to be started again."""
NO_PUBLIC = (
    "There is no public key at {path}, so no head can be checked. Put it back: it stands in every certified copy, "
    "and everybody who holds a head was sent it. Where no head was ever signed, `daybook up` makes the keys."
)


@dataclass(frozen=True, slots=True)
class Signing:
    """The files of the keys; nothing is read before it is needed."""

    settings: Settings

    @property
    def public(self) -> Path:
        """The file of the public key that signed first; heads name those that came after it."""
        return self.settings.signing.with_suffix(".pub")

    @property
    def name(self) -> str:
        """What the ledger is called in its heads."""
        return f"daybook/{self.settings.study}"

    def make(self, ledger: Ledger) -> None:
        """Make the keys, unless heads are checked with one or there are heads: another key would hide that theirs was lost."""
        if self.public.exists():
            return
        with in_plain_words():
            if ledger.recorder.heads():
                return
        self.publish(self._key(create=True).public)

    def publish(self, key: PublicKey) -> None:
        """Put the public key where everybody of this machine finds it."""
        written_whole(self.public, f"{key}\n".encode(), SIGNING)

    def first(self) -> PublicKey:
        """The public key that signed first. Raises a Fault where it is not at hand."""
        try:
            return PublicKey.read(self.public.read_text())
        except FileNotFoundError:
            raise Fault(NO_PUBLIC.format(path=self.public)) from None
        except OSError as error:
            raise Fault(f"Daybook cannot read the public key at {self.public}: {error.strerror}. Put it right.") from error
        except (UnicodeDecodeError, Unproven) as error:
            raise Fault(f"{self.public} holds no public key. Put the right file back.") from error

    def seal(self) -> Seal:
        """What signs. Raises a Fault where the secret is kept away from this process."""
        return Seal(self._key(), self.first())

    def renew(self, ledger: Ledger) -> Head:
        """Have the key that signs now sign for a new one, which takes its place. Whatever befell an earlier attempt, it is completed."""
        coming = self.settings.signing.with_name(f"{self.settings.signing.name}.next")
        secret = secret_in(coming, SIGNING, create=True)
        assert secret is not None, "it was just made"  # noqa: S101 - This cannot happen; see the house style.
        new = SigningKey(self.name, secret)
        with in_plain_words():
            _, head, signer = standing(ledger.recorder, self.first())
        if head is None or signer != new.public:
            head = self.seal().seal(ledger, next_key=new.public)
        coming.replace(self.settings.signing)
        return head

    def behind(self, ledger: Ledger) -> int:
        """How many entries no head states, once the first of them has waited for too long; before that none."""
        with in_plain_words():
            notes = [note for _, note in ledger.recorder.heads()]
        signed = _stated(notes[-1]) if notes else 0
        for first in ledger.after(signed, 1):
            if not isinstance(first, Entry) or ledger.clock() > first.recorded_at + SIGNED_EVERY + LATE:
                return ledger.head() - signed
        return 0

    def _key(self, *, create: bool = False) -> SigningKey:
        secret = secret_in(self.settings.signing, SIGNING, create=create)
        if secret is None:
            raise Fault(ABSENT.format(path=self.settings.signing))
        return SigningKey(self.name, secret)


def _stated(note: str) -> int:
    """How many entries a head states, whoever signed it; one that is none states nothing."""
    try:
        return stated(note)
    except Unproven:
        return 0
