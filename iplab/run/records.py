"""What each lab made on this machine, kept below /run/iplab until the lab is down.

A record is written before the first command and again after the last; in between, a journal gets a
line (on disk, fsync) ahead of each process.  So whatever happens, what a lab may have made is
known; and after a reboot, which empties /run, nothing is.
"""

from __future__ import annotations

import fcntl
import json
import os
import stat
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from iplab.claims import Claim, Ownership
from iplab.errors import IplabError
from iplab.names import HOST
from iplab.network import End, Network

STATE = Path("/run/iplab")


@dataclass(frozen=True, slots=True)
class Record:
    """One lab that is up (or half-way): its file's text as it was run, and what it made.

    ``claims`` maps each object to its identity: a namespace's inode, a device's ifindex, a sysctl's
    value before the lab; '' where that is not known (yet).  ``finished`` is False from before the
    first command until after the last.
    """

    lab: str
    file: str
    text: str
    settings: Mapping[str, str] = field(default_factory=dict)
    style: str = "direct"
    claims: Mapping[Claim, str] = field(default_factory=dict)
    finished: bool = True


def state_directory() -> Path:
    """The directory of records, made if need be; refused where it is not ours alone."""
    return private_directory(STATE)


def private_directory(path: Path) -> Path:
    """``path`` as a directory of this user's that nobody else may enter; made if need be.

    Raises ``IplabError`` where it is somebody else's, a link, or open to others.
    """
    try:
        path.mkdir(mode=0o700, exist_ok=True)
        info = os.lstat(path)
    except OSError as error:
        raise IplabError(f"{path} cannot be used: {error.strerror}") from error
    if not stat.S_ISDIR(info.st_mode) or info.st_uid != os.geteuid() or info.st_mode & 0o077:
        raise IplabError(
            f"{path} is not a directory that only this user may enter",
            hint=f"look at it (ls -ld {path}), and remove it if no lab is up",
        )
    return path


@contextmanager
def locked(waiting: Callable[[str], None], patience: float = 60.0) -> Iterator[None]:
    """Hold the machine's lock: one change at a time, so that plans stay true.

    ``waiting`` is told once who has it; after ``patience`` seconds ``IplabError``.
    """
    path = state_directory() / "lock"
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        until = time.monotonic() + patience
        told = False
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                holder = (
                    os.pread(handle, 100, 0).decode(errors="replace").strip() or "another iplab"
                )
                if time.monotonic() > until:
                    raise IplabError(
                        f"{holder} is still changing this machine", hint="wait for it, or end it"
                    ) from None
                if not told:
                    waiting(f"{holder} is changing this machine; waiting for it")
                    told = True
                time.sleep(0.05)
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"process {os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(handle)


def load_all() -> dict[str, Record]:
    """Every record by lab name."""
    directory = state_directory()
    found = {}
    for path in sorted(directory.glob("*.json")):
        record = _read(path)
        found[record.lab] = record
    return found


def _read(path: Path) -> Record:
    try:
        value = json.loads(_text(path))
        record = Record(
            lab=value["lab"],
            file=value["file"],
            text=value["text"],
            settings=value["settings"],
            style=value["style"],
            claims={Claim(kind, node, name): known for kind, node, name, known in value["claims"]},
            finished=value["finished"],
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise IplabError(
            f"the record cannot be read: {error}", where=str(path), hint="move it away"
        ) from error
    journal = path.with_suffix(".journal")
    if record.finished or not journal.exists():
        return record
    return _replay(record, journal)


def _replay(record: Record, journal: Path) -> Record:
    """What a run that did not come to its end had made when it stopped."""
    claims = dict(record.claims)
    for line in _text(journal).splitlines():
        try:
            entry = json.loads(line)
            made = [Claim(*claim) for claim in entry["makes"]]
        except (ValueError, KeyError, TypeError):
            break  # the line that was being written when the power went
        for claim in made:
            claims.setdefault(claim, "")
        claims.update({Claim(*c): old for *c, old in entry.get("was", ())})
    return Record(
        record.lab, record.file, record.text, record.settings, record.style, claims, False
    )


def _text(path: Path) -> str:
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    with os.fdopen(handle, encoding="utf-8") as file:
        return file.read()


def save(record: Record) -> None:
    """Write a record: whole or not at all."""
    path = _path(record.lab)
    value: dict[str, Any] = {
        "lab": record.lab,
        "file": record.file,
        "text": record.text,
        "settings": dict(record.settings),
        "style": record.style,
        "finished": record.finished,
        "claims": [[c.kind, c.node, c.name, known] for c, known in sorted(record.claims.items())],
    }
    new = path.with_suffix(".new")
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        with os.fdopen(os.open(new, flags, 0o600), "w", encoding="utf-8") as file:
            json.dump(value, file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        os.rename(new, path)
        if record.finished:
            path.with_suffix(".journal").unlink(missing_ok=True)
    except OSError as error:
        new.unlink(missing_ok=True)
        raise IplabError(f"the record of lab {record.lab} cannot be written: {error}") from error


def forget(lab: str) -> None:
    """The lab is down: its record goes."""
    _path(lab).with_suffix(".journal").unlink(missing_ok=True)
    _path(lab).unlink(missing_ok=True)


def _path(lab: str) -> Path:
    return state_directory() / f"{lab}.json"


class Journal:
    """The lines ahead of each process: what it is about to make."""

    def __init__(self, lab: str) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
        self._handle = os.open(_path(lab).with_suffix(".journal"), flags, 0o600)

    def about_to(self, command: str, makes: Iterable[Claim], was: Mapping[Claim, str]) -> None:
        """Note that ``command`` starts now.  ``was`` holds sysctls with their values before."""
        entry = {
            "command": command,
            "makes": [[c.kind, c.node, c.name] for c in makes],
            "was": [[c.kind, c.node, c.name, old] for c, old in was.items()],
        }
        try:
            os.write(self._handle, (json.dumps(entry) + "\n").encode())
            os.fsync(self._handle)
        except OSError as error:
            raise IplabError(f"the journal cannot be written: {error.strerror}") from error

    def close(self) -> None:
        """No more lines."""
        os.close(self._handle)


def ownership(lab: str, records: Mapping[str, Record], *, adopt: bool = False) -> Ownership:
    """Whose each object is, from the records, as ``lab`` sees it."""
    mine = records[lab].claims if lab in records else {}
    others = {
        claim: name for name, record in records.items() if name != lab for claim in record.claims
    }
    return Ownership(dict(mine), others, adopt)


def verified(owner: Ownership, observed: Network) -> Ownership:
    """``owner`` without claims on what is gone, or what somebody has since replaced.

    A namespace is known by its inode, a device outside the lab's namespaces by its ifindex.
    """
    mine: dict[Claim, str] = {}
    for claim, known in sorted(owner.mine.items(), key=lambda item: item[0].kind != "netns"):
        namespace = observed.namespaces.get(claim.node)
        if namespace is None:
            continue
        if claim.kind == "netns" and known and known != str(namespace.inode):
            continue
        if claim.kind == "link":
            found = namespace.interfaces.get(claim.name)
            sheltered = Claim("netns", claim.node) in mine
            if found is None or (known and not sheltered and known != str(found.index)):
                continue
        mine[claim] = known
    return Ownership(mine, owner.others, owner.adopt)


def identified(claims: Mapping[Claim, str], observed: Network) -> dict[Claim, str]:
    """``claims`` with the identity of each namespace and device as it is now."""
    found: dict[Claim, str] = {}
    for claim, known in claims.items():
        namespace = observed.namespaces.get(claim.node)
        if claim.kind == "netns" and namespace and claim.node != HOST:
            known = str(namespace.inode)
        elif claim.kind == "link":
            interface = observed.interface(End(claim.node, claim.name))
            known = str(interface.index) if interface else known
        found[claim] = known
    return found
