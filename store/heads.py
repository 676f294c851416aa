"""A head: the signed statement of how many entries the ledger held and which root these have. Whoever keeps one can prove a rewrite.

It is written as a checkpoint of C2SP (tlog-checkpoint) in a signed note with an Ed25519 signature, so that other people's programs
read it too. Three lines of our own follow the root: the instant, the digest of the head before it and, where the next head is
signed by another key, that key: so the old key signs the new one.
"""

import binascii
import re
from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from store.errors import StoreError
from store.merkle import HASH_BYTES

ED25519 = b"\x01"
"""The type of signature, as C2SP numbers them."""
FIRST = "none"
"""What stands for the digest of the head before the first one."""
_SIGNED = re.compile(r"\A(?P<text>.*\n)\n— (?P<name>\S+) (?P<signature>[A-Za-z0-9+/]+={0,2})\n\Z", re.DOTALL)
_TEXT = re.compile(
    r"\A(?P<origin>\S+)\n(?P<size>0|[1-9][0-9]{0,18})\n(?P<root>[A-Za-z0-9+/]{43}=)\n"
    r"at (?P<at>\S+)\nbefore (?P<before>none|[0-9a-f]{64})\n(next-key (?P<next_key>\S+)\n)?\Z"
)
_INSIDE = re.compile(r"^daybook/\S+\n\d+\n\S{44}\nat \S+\nbefore \S+\n(next-key \S+\n)?\n— \S+ \S+\n", re.MULTILINE)


class Unproven(StoreError):
    """What should be a signed head, or a key, is none; the text says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A key that signatures are checked with, under the name of the ledger that it signs for."""

    name: str
    raw: bytes

    @property
    def id(self) -> bytes:
        """The first four bytes of a digest over name and key, by which a signature says whose it is."""
        return sha256(self.name.encode() + b"\n" + ED25519 + self.raw).digest()[:4]

    @classmethod
    def read(cls, text: str) -> "PublicKey":
        """A key from its one line of text. Raises Unproven."""
        name, _, rest = text.strip().partition("+")
        id_, _, encoded = rest.partition("+")
        try:
            raw = b64decode(encoded, validate=True)
        except binascii.Error:
            raw = b""
        if len(raw) == 1 + HASH_BYTES and raw[:1] == ED25519 and (found := cls(name, raw[1:])).id.hex() == id_:
            return found
        raise Unproven("This is no public key of a ledger; it is one line: the ledger's name, a plus, eight digits, a plus, the key.")

    def __str__(self) -> str:
        return f"{self.name}+{self.id.hex()}+{b64encode(ED25519 + self.raw).decode()}"

    def signed(self, text: str, signature: bytes) -> bool:
        """Whether a signature, behind the id of its key, is this key's over a text."""
        if signature[:4] != self.id:
            return False
        try:
            Ed25519PublicKey.from_public_bytes(self.raw).verify(signature[4:], text.encode())
        except (InvalidSignature, ValueError):
            return False
        return True


@dataclass(frozen=True, slots=True)
class SigningKey:
    """The secret with which a ledger signs; it is kept in a file of its own and never in the database."""

    name: str
    seed: bytes

    @property
    def public(self) -> PublicKey:
        return PublicKey(self.name, Ed25519PrivateKey.from_private_bytes(self.seed).public_key().public_bytes_raw())

    def sign(self, text: str) -> str:
        """The text as a signed note."""
        signature = self.public.id + Ed25519PrivateKey.from_private_bytes(self.seed).sign(text.encode())
        return f"{text}\n— {self.name} {b64encode(signature).decode()}\n"


@dataclass(frozen=True, slots=True)
class Head:
    """How many entries the ledger held at an instant, and which root these have; `note` is the signed text as it stands."""

    origin: str
    size: int
    root: bytes
    at: datetime
    before: str
    next_key: PublicKey | None
    note: str

    @property
    def digest(self) -> str:
        """What the next head names."""
        return sha256(self.note.encode()).hexdigest()

    @property
    def day(self) -> str:
        """The day of the instant, by UTC."""
        return self.at.date().isoformat()


def signed_head(size: int, root: bytes, at: datetime, before: Head | None, key: SigningKey, next_key: PublicKey | None = None) -> Head:  # noqa: PLR0913, PLR0917 - It is all that a head says.
    """A head, signed; `next_key` is the one that signs from the next head on, where that changes."""
    instant = at.astimezone(UTC).isoformat(timespec="microseconds")
    text = f"{key.name}\n{size}\n{b64encode(root).decode()}\nat {instant}\nbefore {before.digest if before else FIRST}\n"
    return read_head(key.sign(text if next_key is None else f"{text}next-key {next_key}\n"), key.public)


def read_head(note: str, key: PublicKey) -> Head:
    """A head from its note, once the signature is seen to be the key's. Raises Unproven."""
    text, name, signature = _opened(note)
    if name != key.name or not key.signed(text, signature):
        raise Unproven("it is not signed by the key of this ledger")
    return _parsed(text, note)


def stated(note: str) -> int:
    """How many entries a note states, whoever has signed it. Raises Unproven."""
    text, _, _ = _opened(note)
    return _parsed(text, note).size


def walked(notes: Iterable[str], key: PublicKey) -> Iterator[Head | Unproven]:
    """The heads of a ledger from the first on, each under the key that was to sign it and each naming the one before it.

    What is wrong with one stands in its place; those after it are then followed by what it says of itself.
    """
    last: Head | None = None
    before = FIRST
    for note in notes:
        try:
            last = following(note, key, last, before)
            yield last
        except Unproven as why:
            yield why
        else:
            key = last.next_key or key
        before = sha256(note.encode()).hexdigest()


def following(note: str, key: PublicKey, last: Head | None, before: str) -> Head:
    """The head that comes after another. Raises Unproven."""
    head = read_head(note, key)
    if head.before != before:
        raise Unproven("it does not name the head before it")
    if head.origin != key.name:
        raise Unproven("it is the head of another ledger")
    if last is not None and (head.size < last.size or head.at < last.at):
        raise Unproven("it comes before the head that it follows")
    return head


def held(text: str) -> str:
    """The note in what somebody has kept: the note alone, or a mail around it. Raises Unproven where there is none."""
    found = _INSIDE.search(text.replace("\r\n", "\n") + "\n")
    if found is None:
        raise Unproven("There is no head in this file: keep the file that was enclosed in the mail as it is.")
    return found[0]


def _opened(note: str) -> tuple[str, str, bytes]:
    found = _SIGNED.match(note)
    if found is None:
        raise Unproven("it is no signed note")
    try:
        return found["text"], found["name"], b64decode(found["signature"], validate=True)
    except binascii.Error:
        raise Unproven("it is no signed note") from None


def _parsed(text: str, note: str) -> Head:
    found = _TEXT.match(text)
    try:
        if found is None:
            raise ValueError(text)  # noqa: TRY301 - It is told as what follows is.
        at = datetime.fromisoformat(found["at"])
        next_key = None if found["next_key"] is None else PublicKey.read(found["next_key"])
    except ValueError:
        raise Unproven("it does not say what a head says") from None
    return Head(found["origin"], int(found["size"]), b64decode(found["root"]), at, found["before"], next_key, note)
