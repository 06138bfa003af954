"""What is noted of a user's sandboxes: a file for each that has a holder."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

from iplab.run.process import lives
from iplab.run.records import private_directory, state_directory


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
    for path in sorted(_directory().glob("*.json")):
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
    path = _path(holder.name)
    new = path.with_suffix(".new")
    value = {"name": holder.name, "pid": holder.pid, "started": holder.started}
    new.write_text(json.dumps(value), encoding="utf-8")
    new.rename(path)


def forget(holder: Holder) -> None:
    """It has ended (the lock is held)."""
    _path(holder.name).unlink(missing_ok=True)


def _path(name: str) -> Path:
    return _directory() / f"{name}.json"


def _directory() -> Path:
    """Where this user's holders are noted: the runtime directory, else one below /tmp."""
    if os.geteuid() == 0:
        return private_directory(state_directory() / "sandboxes")
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    if runtime and os.path.isdir(runtime) and os.stat(runtime).st_uid == os.geteuid():
        return private_directory(Path(runtime) / "iplab")
    import tempfile  # only where there is no /run/user

    return private_directory(Path(tempfile.gettempdir()) / f"iplab-{os.geteuid()}")
