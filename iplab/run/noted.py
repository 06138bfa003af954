"""What is noted of a user's sandboxes: a file for each that has a holder."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

from iplab.errors import IplabError
from iplab.run.process import lives
from iplab.run.records import private_directory, state_directory

RUN_USER = Path("/run/user")
TMP = Path("/tmp")


class Holder(Struct, frozen=True):
    """A running sandbox: its name, its holder's process number, and when that started (proc(5))."""

    name: str
    pid: int
    started: str


@contextlib.contextmanager
def locked() -> Iterator[None]:
    """Hold the lock on what is noted: it is the directory's own, so that no file is left."""
    handle = os.open(_directory(), os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def holders() -> list[Holder]:
    """The sandboxes that are running; files of ended ones are removed (the lock is held)."""
    found = []
    for path in (path for place in _places() for path in sorted(place.glob("*.json"))):
        try:
            value = json.loads(path.read_text(encoding="utf-8"))
            holder = Holder(str(value["name"]), int(value["pid"]), str(value["started"]))
        except (OSError, ValueError, KeyError, TypeError):
            holder = None
        if holder is not None and lives(holder.pid, holder.started):
            found.append(holder)
        else:
            path.unlink(missing_ok=True)
    return found


def note(holder: Holder) -> None:
    """Write a holder's file: whole or not at all (the lock is held)."""
    path = _directory() / f"{holder.name}.json"
    new = path.with_suffix(".new")
    value = {"name": holder.name, "pid": holder.pid, "started": holder.started}
    new.write_text(json.dumps(value), encoding="utf-8")
    new.rename(path)


def _directory() -> Path:
    """Where this user's holders are noted, made if need be."""
    return private_directory(_candidates()[0])


def _places() -> list[Path]:
    """Everywhere they may have been noted, by commands that saw another place first."""
    first, *others = _candidates()
    found = [private_directory(first)]
    for other in others:
        with contextlib.suppress(IplabError):
            if other.is_dir():
                found.append(private_directory(other))
    return found


def _candidates() -> list[Path]:
    """The runtime directory (file-hierarchy(7)), else one below /tmp, whatever TMPDIR is.

    /tmp is sticky: once a directory there is this user's, nobody else can put another in its place.
    A runtime directory that is set and is not the usual one is this user's will: it alone counts.
    """
    user = os.geteuid()
    if user == 0:
        return [private_directory(state_directory() / "sandboxes")]
    usual, below = RUN_USER / str(user), f"iplab-{user}"
    asked = Path(os.environ.get("XDG_RUNTIME_DIR") or usual)
    if asked != usual and _ours(asked):
        return [asked / "iplab"]
    found = [usual / "iplab"] if _ours(usual) else []
    before = os.environ.get("TMPDIR")  # where they were noted once
    return [*found, TMP / below, *([Path(before) / below] if before else [])]


def _ours(path: Path) -> bool:
    with contextlib.suppress(OSError):
        return path.is_dir() and path.stat().st_uid == os.geteuid()
    return False
