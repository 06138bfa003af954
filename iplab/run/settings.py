"""Settings of the kernel (sysctl), which each namespace has its own of."""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Iterable, Mapping
from contextlib import suppress

from iplab.errors import IplabError
from iplab.keys import path
from iplab.names import HOST
from iplab.run.netns import NETNS, CannotEnter, standing_in

_LONGEST = 64 * 1024  # bytes of a value
_NO_MORE_FILES = (errno.EMFILE, errno.ENFILE)


def settings(wanted: Mapping[str, Iterable[str]]) -> dict[str, dict[str, str]]:
    """The values of each node's settings, from /proc/sys as it is in there (proc_sysctl(5)).

    ``wanted`` has the keys of each node as sysctl(8) takes them.  A value's blanks are one each.
    What the kernel does not have, or does not let be read, is left out; of a node that is not
    there, everything.  ``IplabError`` where there can be no thread, or no more open files: it is a
    thread of its own that enters the namespaces, so that whatever interrupts iplab finds it at
    home.
    """
    found: dict[str, dict[str, str]] = {node: {} for node in wanted}
    trouble: list[OSError] = []

    def read() -> None:
        try:
            for node, keys in wanted.items():
                file = None if node == HOST else f"{NETNS}/{node}"
                with suppress(CannotEnter), standing_in(file):
                    found[node] = _values(keys)
        except OSError as error:
            trouble.append(error)

    thread = threading.Thread(target=read, name="settings", daemon=True)
    try:
        thread.start()
    except RuntimeError as error:  # the user may have no more of them (RLIMIT_NPROC)
        raise IplabError(f"no setting can be read: {error}") from error
    thread.join()
    if trouble:
        raise IplabError(f"no setting can be read: {trouble[0].strerror}") from trouble[0]
    return found


def _values(keys: Iterable[str]) -> dict[str, str]:
    values: dict[str, str] = {}
    for key in keys:
        try:
            values[key] = " ".join(_text(path(key)).split())
        except OSError as error:  # some settings answer with one of their own (stable_secret: EIO)
            if error.errno in _NO_MORE_FILES:
                raise
    return values


def _text(path: str) -> str:
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        return os.read(handle, _LONGEST).decode(errors="replace")
    finally:
        os.close(handle)
