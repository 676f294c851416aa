"""The seal on what identifies a participant: one key for each stream, itself wrapped under a master key that is kept elsewhere.

To destroy the key of a stream is to forget whom it is about; every other entry, and every proof, stays as it was.
"""

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from store.errors import Sealed

NONCE_BYTES = 12
KEY_BYTES = 32
ELSEWHERE = b"elsewhere"
"""What stands in its place in a ledger that was read in from a copy: no copy holds a key."""
DESTROYED = b""
"""What stands in place of a wrapped key once it has been destroyed, and no file of its table holds it any more.

On SQLite that is every file of the ledger, its log of writes included. The log of writes of PostgreSQL, and an archive of that, let go of
it in their own time.
"""
OVERWRITTEN = b"overwritten"
"""What stands there until then: the key opens nothing any more, but a file of its table may still hold it."""
GONE = frozenset({DESTROYED, OVERWRITTEN})


class Keyring:
    """Makes and uses the keys of streams. Without a master key it reads no contact data and seals none."""

    def __init__(self, master: bytes | None) -> None:
        if master is not None and len(master) != KEY_BYTES:
            raise ValueError(f"a master key has {KEY_BYTES} bytes, not {len(master)}")
        self._master = None if master is None else AESGCM(master)

    @property
    def opens(self) -> bool:
        """Whether the master key is at hand."""
        return self._master is not None

    def new_key(self, stream: str) -> bytes:
        """A fresh key for a stream, wrapped."""
        if self._master is None:
            raise Sealed("Daybook was started without the master key, so contact data cannot be recorded. Tell the administrator.")
        return _encrypted(self._master, AESGCM.generate_key(KEY_BYTES * 8), stream.encode())

    def seal(self, wrapped: bytes, stream: str, place: bytes, plain: bytes) -> bytes:
        """Encrypt contact data for one place in a stream."""
        key = self._unwrapped(wrapped, stream)
        if key is None:
            why = "were erased for good" if wrapped in GONE else "are sealed under another master key"
            raise Sealed(f"The contact data of {stream} {why}; nothing can be added to them. Tell the administrator.")
        return _encrypted(key, plain, place)

    def open(self, wrapped: bytes | None, stream: str, place: bytes, sealed: bytes) -> bytes | None:
        """What was sealed at a place in a stream; None when the key is gone or is not ours to use."""
        key = self._unwrapped(wrapped, stream)
        return None if key is None else _decrypted(key, sealed, place)

    def _unwrapped(self, wrapped: bytes | None, stream: str) -> AESGCM | None:
        if not wrapped or self._master is None:
            return None
        key = _decrypted(self._master, wrapped, stream.encode())
        return None if key is None else AESGCM(key)


def _encrypted(key: AESGCM, plain: bytes, bound_to: bytes) -> bytes:
    nonce = os.urandom(NONCE_BYTES)
    return nonce + key.encrypt(nonce, plain, bound_to)


def _decrypted(key: AESGCM, sealed: bytes, bound_to: bytes) -> bytes | None:
    try:
        return key.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], bound_to)
    except (InvalidTag, ValueError):
        return None
