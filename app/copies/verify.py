"""Checks a certified copy of a Daybook, with nothing of Daybook: Python's standard library and the package `cryptography` suffice.

    python verify.py [FOLDER] [--head FILE]

FOLDER is the copy, by default the folder in which this file lies. FILE is a head of the ledger that you hold yourself, such as the file
that was enclosed in a mail of an earlier day: only what you hold proves anything against whoever made the copy. The exit code is 0 where
everything is as it was recorded, 1 where anything is not, 2 where you asked for something that cannot be done.

It shares no line with the program that writes copies, so that a fault in the one is no fault in the other.
"""

import json
import re
import sys
from base64 import b64decode
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

NOTHING = "0" * 64
ED25519 = b"\x01"
"""The type of signature, as C2SP numbers them."""
UNREADABLE = (ValueError, LookupError, TypeError, AttributeError, OverflowError)
NO_PROOF: dict[str, Any] = {"position": 0, "path": []}
VERSIONS = {
    "protocol-released.v1": ("protocol", "protocol-v{}"),
    "protocol-adopted.v1": ("protocol", "protocol-v{}"),
    "reference-adopted.v1": ("reference", "drugs-v{}"),
}
"""Which facts bind the file of a version by its digest: where they name the version, and what it is called in the manifest."""


class Report:
    """What was checked, and everything that is not as it was recorded."""

    def __init__(self) -> None:
        self.checked: list[str] = []
        self.damage: list[str] = []

    def found(self, *, right: bool, wrong: str) -> bool:
        """Take note of a check."""
        if not right:
            self.damage.append(wrong)
        return right


class Tree:
    """The root over leaves that come one after the other, as RFC 6962 has it."""

    def __init__(self) -> None:
        self.size = 0
        self._whole: list[tuple[int, bytes]] = []

    def add(self, leaf: bytes) -> None:
        width, hash_ = 1, leaf
        while self._whole and self._whole[-1][0] == width:
            hash_ = pair(self._whole.pop()[1], hash_)
            width *= 2
        self._whole.append((width, hash_))
        self.size += 1

    def root(self) -> bytes:
        if not self._whole:
            return sha256().digest()
        root = self._whole[-1][1]
        for _, hash_ in reversed(self._whole[:-1]):
            root = pair(hash_, root)
        return root


def pair(left: bytes, right: bytes) -> bytes:
    """The hash of a node over two others."""
    return sha256(b"\x01" + left + right).digest()


def climbed(index: int, size: int, leaf: bytes, path: list[bytes]) -> bytes | None:
    """The root to which a path leads from a leaf (RFC 9162, section 2.1.3.2); None where it leads nowhere."""
    last, root = size - 1, leaf
    for one in path:
        if last == 0:
            return None
        if index % 2 or index == last:
            root = pair(one, root)
            while index % 2 == 0 and index:
                index, last = index // 2, last // 2
        else:
            root = pair(root, one)
        index, last = index // 2, last // 2
    return root if last == 0 else None


def continued(old: int, new: int, old_root: bytes, path: list[bytes]) -> bytes | None:
    """The root of the larger tree by a proof that it continues the smaller (RFC 9162, section 2.1.4.2); None where it proves nothing."""
    if old == new:
        return old_root if not path else None
    path = [old_root, *path] if old & (old - 1) == 0 else path
    if not path or not 0 < old < new:
        return None
    index, last = old - 1, new - 1
    while index % 2:
        index, last = index // 2, last // 2
    was = root = path[0]
    for one in path[1:]:
        if last == 0:
            return None
        if index % 2 or index == last:
            was, root = pair(one, was), pair(one, root)
            while index % 2 == 0 and index:
                index, last = index // 2, last // 2
        else:
            root = pair(root, one)
        index, last = index // 2, last // 2
    return root if last == 0 and was == old_root else None


def long(part: bytes) -> bytes:
    """A part behind its length in eight bytes."""
    return len(part).to_bytes(8, "big") + part


def hash_of(entry: dict[str, Any]) -> bytes:
    """The hash that an entry must have, over the one before it, its place and its bytes."""
    parts = (entry["stream"].encode(), b"%d" % entry["version"], entry["kind"].encode(), entry["state"].encode())
    return sha256(b"daybook-entry-1" + long(bytes.fromhex(entry["previous"])) + b"".join(map(long, parts))).digest()


def leaf_of(entry: dict[str, Any]) -> bytes:
    """The leaf of an entry in the tree: its position, its hash, and the command that ended with it."""
    content, command = entry["position"].to_bytes(8, "big") + bytes.fromhex(entry["hash"]), entry["command"]
    if command is not None:
        for name in ("actor", "command", "digest", "stream"):
            part = command[name].encode()
            content += b"%d:%b" % (len(part), part)
        content += b"%d-%d" % (command["first"], command["last"])
    return sha256(b"\x00" + content).digest()


class Key:
    """A public key, as one line of text has it: name+id+key."""

    def __init__(self, text: str) -> None:
        self.name, _, rest = text.strip().partition("+")
        raw = b64decode(rest.partition("+")[2], validate=True)
        self.key = Ed25519PublicKey.from_public_bytes(raw[1:])
        self.id = sha256(self.name.encode() + b"\n" + raw).digest()[:4]
        if raw[:1] != ED25519 or rest.partition("+")[0] != self.id.hex():
            raise ValueError(text)

    def opened(self, note: str) -> str:
        """The text of a note that this key has signed. Raises ValueError where it has not."""
        text, _, line = note.rpartition("\n\n")
        found = re.fullmatch(r"— (\S+) (\S+)\n", line)
        signature = b64decode(found[2], validate=True) if found and found[1] == self.name else b""
        if signature[:4] != self.id:
            raise ValueError(note)
        try:
            self.key.verify(signature[4:], f"{text}\n".encode())
        except InvalidSignature:
            raise ValueError(note) from None
        return f"{text}\n"


class Copy:
    """A copy in a folder."""

    def __init__(self, folder: Path, held: list[Path], certificate: str | None = None) -> None:
        """`certificate` is the signature under the manifest, where it is not in the folder."""
        self.folder, self.report = folder, Report()
        self._held, self._certificate = held, certificate
        self._heads: list[tuple[str, int, bytes, str]] = []
        """The note of each head, how many entries it states, their root, and when it was signed."""
        self._key: Key | None = None
        self._files: dict[str, str] = {}

    def check(self) -> Report:
        """Check everything, and go on whatever is found."""
        for step in (self._the_key, self._the_heads, self._the_manifest, self._the_heads_held, self._the_entries):
            try:
                step()
            except (OSError, *UNREADABLE) as error:
                self.report.damage.append(f"{step.__name__.strip('_').replace('_', ' ')}: cannot be read ({type(error).__name__}).")
        return self.report

    def _the_key(self) -> None:
        self._key = Key((self.folder / "public-key.txt").read_text())
        self.report.checked.append(f"The public key is {self._key.name}, {self._key.id.hex()}.")

    def _the_heads(self) -> None:
        """Each head is signed by the key whose turn it was, and names the head before it."""
        before = "none"
        for number, line in enumerate(lines(self.folder / "heads.jsonl"), 1):
            note = line["note"]
            try:
                origin, size, root, at, names, *next_key = self._signed(note).splitlines()
                right = names == f"before {before}" and at.startswith("at ") and origin == (self._key.name if self._key else "")
                self._heads.append((note, int(size), b64decode(root, validate=True), at.removeprefix("at ")))
                self._key = Key(next_key[0].removeprefix("next-key ")) if next_key else self._key
            except UNREADABLE:
                right = False
            self.report.found(right=right, wrong=f"Head {number} is not what this ledger's key signed after the head before it.")
            before = sha256(note.encode()).hexdigest()
        grows = all(one[1] <= other[1] for one, other in zip(self._heads, self._heads[1:], strict=False))
        self.report.found(right=grows, wrong="The heads do not grow.")
        last = self._heads[-1][0] if self._heads else ""
        self.report.found(right=(self.folder / "head.txt").read_text() == last, wrong="head.txt is not the last of the heads.")
        self.report.checked.append(f"{len(self._heads)} heads, each signed and naming the one before it.")

    def _signed(self, note: str) -> str:
        if self._key is None:
            raise ValueError(note)
        return self._key.opened(note)

    def _the_manifest(self) -> None:
        """Every file is the one that was certified, and there is no other."""
        text = (self.folder / "manifest.json").read_bytes()
        try:
            certificate = (self.folder / "manifest.signed.txt").read_text() if self._certificate is None else self._certificate
            stated = self._signed(certificate).splitlines()[1]
        except (OSError, IndexError, *UNREADABLE):
            stated = ""
        self.report.found(right=stated == sha256(text).hexdigest(), wrong="manifest.json is not what this ledger's key signed.")
        self.manifest = json.loads(text)
        self._files = {name: one["sha256"] for name, one in self.manifest["files"].items()}
        ours = {self.folder / name for name in ("manifest.json", "manifest.signed.txt")} | {path.resolve() for path in self._held}
        for path in sorted(
            path for path in self.folder.rglob("*") if not path.is_dir() and path not in ours and path.resolve() not in ours
        ):
            name = path.relative_to(self.folder).as_posix()
            self.report.found(right=name in self._files, wrong=f"{name} is not part of what was certified.")
        for name, digest in self._files.items():
            self.report.found(right=digest_of(self.folder / name) == digest, wrong=f"{name} is not the file that was certified.")
        who, when = self.manifest["certified_by"], self.manifest["certified_at"]
        self.report.checked.append(f"{len(self._files)} files, certified by {who} at {when}.")
        self.report.checked.append(f"That the pages and odm.xml say what the entries say is attested by {who} only; no program proves it.")

    def _the_heads_held(self) -> None:
        """What you hold is one of the heads: if it is not, the ledger was rewritten, or cut off, since you were given it."""
        for path in self._held:
            note = head_in(path)
            right = any(one[0] == note for one in self._heads)
            wrong = f"The head in {path} is none of this ledger: what it states was rewritten or cut off since."
            if self.report.found(right=right, wrong=wrong):
                self.report.checked.append(f"The head in {path} that you hold is one of them.")
        if not self._held:
            self.report.checked.append("No head that you hold was given: whoever made the copy could have made all of it up. Use --head.")

    def _the_entries(self) -> None:
        whole = self.manifest["scope"] == "study"
        count = self._of_the_study() if whole else self._of_a_participant()
        self.report.found(right=count == self.manifest["entries"], wrong=f"{self.manifest['entries']} entries were certified, not {count}.")
        how = "every head states their root" if whole else "each is proved to stand under the last head, which continues every other"
        self.report.checked.append(f"{count} entries, each with its hash, its place and the entry before it; {how}.")

    def _of_the_study(self) -> int:
        """Every entry of the ledger: the root over them must be what each head states."""
        tree, left = Tree(), sorted(self._heads, key=lambda head: head[1])
        for expected, entry in enumerate(self._chained(), 1):
            self._heads_agree(tree, left)
            self.report.found(right=entry["position"] == expected, wrong=f"Line {expected}: position {entry['position']} stands there.")
            tree.add(leaf_of(entry))
        self._heads_agree(tree, left)
        for _, size, _, at in left[:1]:
            self.report.damage.append(f"Entries {tree.size + 1} to {size} are missing, for which the head of {at} was signed.")
        right = not self._heads or tree.size == max(size for _, size, *_ in self._heads)
        self.report.found(right=right or bool(left), wrong="There are more entries than the last head states.")
        return tree.size

    def _heads_agree(self, tree: Tree, left: list[tuple[str, int, bytes, str]]) -> None:
        while left and left[0][1] == tree.size:
            _, size, root, at = left.pop(0)
            self.report.found(right=tree.root() == root, wrong=f"Entries 1 to {size} are not those for which the head of {at} was signed.")

    def _of_a_participant(self) -> int:
        """The entries of one participant: each is proved to stand in the ledger under the last head, and that to continue all others."""
        _, size, root, _ = self._heads[-1]
        for (_, old, old_root, at), line in zip(self._heads, lines(self.folder / "heads.jsonl"), strict=False):
            path = [bytes.fromhex(one) for one in line["continues"]]
            right = (continued(old, size, old_root, path) if old else root) == root
            self.report.found(right=right, wrong=f"The last head does not continue the head of {at}.")
        count, proofs, stream = 0, lines(self.folder / "proofs.jsonl"), f"participant:{self.manifest['participant']}"
        for entry in self._chained():
            count += 1
            self.report.found(right=entry["stream"] == stream, wrong=f"{called(entry)} is not of {stream.partition(':')[2]}.")
            line = next(proofs, NO_PROOF)
            path = [bytes.fromhex(one) for one in line["path"]]
            right = line["position"] == entry["position"] and climbed(entry["position"] - 1, size, leaf_of(entry), path) == root
            self.report.found(right=right, wrong=f"{called(entry)} is not proved to stand in the ledger.")
        self.report.found(right=next(proofs, None) is None, wrong="There are more proofs than entries.")
        return count

    def _chained(self) -> Iterator[dict[str, Any]]:
        """The entries, each proved by itself and by the one before it in its stream."""
        last: dict[str, tuple[int, str]] = {}
        for number, line in enumerate(lines(self.folder / "entries.jsonl"), 1):
            try:
                self._prove(line, last)
                leaf_of(line)
            except UNREADABLE as error:
                self.report.damage.append(f"Line {number} of entries.jsonl cannot be read ({type(error).__name__}).")
            else:
                yield line

    def _prove(self, entry: dict[str, Any], last: dict[str, tuple[int, str]]) -> None:
        version, previous = last.get(entry["stream"], (0, NOTHING))
        hash_, name = bytes.fromhex(entry["hash"]), called(entry)
        self.report.found(right=hash_of(entry) == hash_, wrong=f"{name}: its contents do not agree with its hash.")
        place = sha256(hash_ + entry["position"].to_bytes(8, "big")).hexdigest()
        self.report.found(right=place == entry["placed"], wrong=f"{name} does not stand where it was recorded.")
        follows = entry["version"] == version + 1 and entry["previous"] == previous
        self.report.found(right=follows, wrong=f"{name} does not follow the entry before it.")
        last[entry["stream"]] = (entry["version"], entry["hash"])
        self._bound(json.loads(entry["state"])["event"], name, entry["kind"])

    def _bound(self, event: dict[str, Any], name: str, kind: str) -> None:
        """The kind is the one that the contents have, and a version that is named lies here as it was bound."""
        self.report.found(right=event["kind"] == kind, wrong=f"{name}: its contents are those of another kind.")
        if kind in VERSIONS:
            field, called_ = VERSIONS[kind]
            file = f"studies/{called_.format(event[field])}.toml"
            self.report.found(right=self._files.get(file) == event["digest"], wrong=f"{file} is not the file that {name} binds.")


def called(entry: dict[str, Any]) -> str:
    """An entry as damage names it."""
    return f"Entry {entry['version']} of {entry['stream']} (position {entry['position']})"


def lines(path: Path) -> Iterator[dict[str, Any]]:
    """The objects of a file, one a line."""
    with path.open(encoding="utf-8", newline="\n") as file:
        for line in file:
            yield json.loads(line)


def head_in(path: Path) -> str | None:
    """The head that a file holds, such as a mail in which it was enclosed; None where it holds none."""
    text = path.read_text(encoding="utf-8", errors="replace").replace("\r\n", "\n")
    found = re.search(r"^daybook/\S+\n\d+\n(?:\S.*\n)+\n— \S+ \S+$", text, re.MULTILINE)
    return f"{found[0]}\n" if found else None


def digest_of(path: Path) -> str:
    """The SHA-256 of a file, read piece by piece; of one that is not there, none."""
    digest = sha256()
    try:
        with path.open("rb") as file:
            while piece := file.read(1 << 20):
                digest.update(piece)
    except OSError:
        return ""
    return digest.hexdigest()


def main(arguments: list[str]) -> int:
    """Check a copy, and say in plain words what was checked and what is damaged."""
    held: list[Path] = []
    folders: list[Path] = []
    for one in (words := iter(arguments)):
        (held if one == "--head" else folders).append(Path(next(words, "") if one == "--head" else one))
    folder = folders[0] if folders else Path(__file__).parent
    if len(folders) > 1 or not folder.is_dir() or not all(path.is_file() for path in held):
        sys.stderr.write(f"{__doc__}\n")
        return 2
    if without := [path for path in held if head_in(path) is None]:
        sys.stderr.write(f"There is no head in {without[0]}.\n")
        return 2
    report = Copy(folder, held).check()
    for line in report.checked:
        sys.stdout.write(f"{line}\n")
    for line in report.damage:
        sys.stdout.write(f"DAMAGED: {line}\n")
    sys.stdout.write("NOT as it was recorded.\n" if report.damage else "Everything is as it was recorded.\n")
    return 1 if report.damage else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
