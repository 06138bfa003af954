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
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from iplab import names
from iplab.claims import KINDS, Claim
from iplab.errors import IplabError
from iplab.run import machine

STATE = Path("/run/iplab")
LONGEST = 256 * 1024 * 1024  # bytes of a record or a journal that are read at most
DOUBTFUL = "?"  # in the place of an identity: the command that makes it may not have run


class Record(Struct, frozen=True):
    """One lab that is up (or half-way): its file's text as it was run, and what it made.

    ``claims`` maps each object to its identity: a namespace's (see ``Namespace``), a device's
    ifindex, a sysctl's value before the lab; '' where that is not known.  ``relies`` are settings
    of the host that the lab wants, whoever made them.  ``finished`` is False from before the first
    command of ``doing`` (up or down) until after the last; ``ran`` are then those begun.
    """

    lab: str
    file: str
    text: str
    settings: Mapping[str, str] = field(default_factory=dict)
    style: str = "direct"
    claims: Mapping[Claim, str] = field(default_factory=dict)
    relies: frozenset[Claim] = frozenset()
    finished: bool = True
    doing: str = "up"
    ran: tuple[str, ...] = ()


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
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        handle = os.open(path, flags, 0o600)
    except OSError as error:
        raise IplabError(f"{path} cannot be used: {error.strerror}") from error
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
                        f"{holder}, or a command it started, is still changing this machine",
                        hint=f"wait for it, or end it (fuser -v {path})",
                    ) from None
                if not told:
                    waiting(f"{holder} is changing this machine; waiting for it")
                    told = True
                time.sleep(0.05)
        with suppress(OSError):  # on a full disk the lock holds without a name in it
            os.ftruncate(handle, 0)
            os.pwrite(handle, f"process {os.getpid()}\n".encode(), 0)
        for unfinished in path.parent.glob("*.new"):  # of a `save` that was killed
            unfinished.unlink(missing_ok=True)
        machine.KEPT_OPEN.add(handle)
        yield
    finally:
        machine.KEPT_OPEN.discard(handle)
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
            lab=names.lab(_word(value["lab"])),
            file=_word(value["file"]),
            text=_word(value["text"]),
            settings={_word(k): _word(v) for k, v in dict(value["settings"]).items()},
            style=_word(value["style"]),
            claims={_claim(*claim): _word(known) for *claim, known in value["claims"]},
            relies=frozenset(_claim(*claim) for claim in value["relies"]),
            finished=value["finished"] is True,
            doing=_word(value["doing"]),
        )
        if path.stem != record.lab:
            raise ValueError(f"it is of lab {record.lab}")
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise IplabError(
            f"the record cannot be read: {error}", where=str(path), hint="move it away"
        ) from error
    if value.get("boot", boot()) != boot():
        # All that it speaks of went with the machine; what has the same name and number is another.
        return replace(record, claims={}, relies=frozenset(), finished=True)
    return record if record.finished else replay(record, path.with_suffix(".journal"))


def _word(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no text")
    return value


def _claim(kind: object, node: object, name: object) -> Claim:
    if kind not in KINDS:
        raise ValueError(f"{kind!r} is no kind of object")
    return Claim(_word(kind), _word(node), _word(name))


def boot() -> str:
    """What tells this run of the kernel from another ('' where it does not say)."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""


def replay(record: Record, journal: Path) -> Record:
    """What a run that did not come to its end had made when it stopped.

    A command with a line but no ``done`` after it may have run or not: what it makes is doubtful.
    """
    claims = dict(record.claims)
    ran: list[str] = []
    try:
        lines = _text(journal).splitlines()
    except FileNotFoundError:
        lines = []
    except (OSError, ValueError) as error:
        raise IplabError(
            f"the journal cannot be read: {error}", where=str(journal), hint="move it away"
        ) from error
    for line in lines:
        try:
            entry = json.loads(line)
            if "about" in entry:
                ran.append(str(entry["about"]))
                for kind, node, name, given in entry["makes"]:
                    claim, given = _claim(kind, node, name), _word(given)
                    if kind == "sysctl":  # `given` is what it was; to set that again does no harm
                        claims.setdefault(claim, given)
                    else:  # where it was claimed before, that one was removed ahead of this
                        claims[claim] = f"{DOUBTFUL} {given}"
            else:
                claims.update({_claim(k, n, d): _word(known) for k, n, d, known in entry["done"]})
        except (ValueError, KeyError, TypeError, RecursionError):
            break  # the line that was being written when the power went
    return replace(record, claims=claims, ran=tuple(ran))


def _text(path: Path) -> str:
    """A file's text; not through a link, and not where it is no plain file, or is endless."""
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
    with os.fdopen(handle, encoding="utf-8", errors="replace") as file:
        info = os.fstat(handle)
        if not stat.S_ISREG(info.st_mode) or info.st_size > LONGEST:
            raise ValueError("it is no plain file, or too long")
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
        "boot": boot(),
        "finished": record.finished,
        "doing": record.doing,
        "relies": [[c.kind, c.node, c.name] for c in sorted(record.relies)],
        "claims": [[c.kind, c.node, c.name, known] for c, known in sorted(record.claims.items())],
    }
    new = path.with_suffix(".new")
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        with os.fdopen(os.open(new, flags, 0o600), "w", encoding="utf-8") as file:
            file.write(json.dumps(value))  # in one go: `json.dump` takes ten times as long
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
    # The record last: a journal without one says nothing.
    journal_path(lab).unlink(missing_ok=True)
    _path(lab).unlink(missing_ok=True)


def _path(lab: str) -> Path:
    return state_directory() / f"{lab}.json"


def journal_path(lab: str) -> Path:
    """Where a lab's journal is while a run is under way."""
    return _path(lab).with_suffix(".journal")
