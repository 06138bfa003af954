"""Settings of the kernel (sysctl), which each namespace has its own of."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Mapping
from contextlib import suppress

from iplab.errors import IplabError
from iplab.names import HOST
from iplab.run.netns import NETNS, CannotEnter, standing_in

_LONGEST = 64 * 1024  # bytes of a value


def settings(wanted: Mapping[str, Iterable[str]]) -> dict[str, dict[str, str]]:
    """The values of each node's settings, from /proc/sys as it is in there (proc_sysctl(5)).

    ``wanted`` has the keys of each node as sysctl(8) takes them: with slashes as they are, else
    dots become slashes.  A value's blanks are one each.  What the kernel does not have, or does not
    let be read, is left out; of a node that is not there, everything.  ``IplabError`` where there
    can be no thread: it is a thread of its own that enters the namespaces, so that whatever
    interrupts iplab finds it at home.
    """
    found: dict[str, dict[str, str]] = {node: {} for node in wanted}

    def read() -> None:
        for node, keys in wanted.items():
            with suppress(CannotEnter), standing_in(None if node == HOST else f"{NETNS}/{node}"):
                for key in keys:
                    with suppress(OSError):
                        found[node][key] = " ".join(_text(_path(key)).split())

    thread = threading.Thread(target=read, name="settings", daemon=True)
    try:
        thread.start()
    except RuntimeError as error:  # the user may have no more of them (RLIMIT_NPROC)
        raise IplabError(f"no setting can be read: {error}") from error
    thread.join()
    return found


def _path(key: str) -> str:
    return f"/proc/sys/{key if '/' in key else key.replace('.', '/')}"


def _text(path: str) -> str:
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        return os.read(handle, _LONGEST).decode(errors="replace")
    finally:
        os.close(handle)
