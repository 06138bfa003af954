"""Processes that live in a node (ip-netns(8), `ip netns pids`)."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct

from iplab.errors import IplabError
from iplab.run import process
from iplab.run.netns import NETNS

PATIENCE = 3.0  # seconds between asking a process to end and ending it


class Inhabitant(Struct, frozen=True):
    """A process in a node's network namespace; ``started`` tells it from a later one of its pid."""

    node: str
    pid: int
    command: str
    started: str

    def lives(self) -> bool:
        """Whether it still runs."""
        return process.lives(self.pid, self.started)

    def __str__(self) -> str:
        return f"{self.node}: process {self.pid} ({self.command})"


def processes(nodes: Sequence[str]) -> list[Inhabitant]:
    """The processes in ``nodes``, read from /proc in one pass (as `ip netns pids` does for one).

    This one, and those it was started by, are left out: who asks in a node is not to end itself.
    """
    askers = _askers()
    wanted: dict[tuple[int, int], str] = {}
    for node in nodes:
        with contextlib.suppress(OSError):
            info = os.stat(NETNS / node)
            wanted[info.st_dev, info.st_ino] = node
    found = []
    for entry in os.scandir("/proc") if wanted else ():
        if not entry.name.isdigit() or (pid := int(entry.name)) in askers:
            continue
        with contextlib.suppress(OSError):
            info = os.stat(f"{entry.path}/ns/net")
            node = wanted.get((info.st_dev, info.st_ino), "")
            if node:
                name = Path(entry.path, "comm").read_text(errors="replace").strip()
                found.append(Inhabitant(node, pid, name, process.started(pid)))
    return found


def _askers() -> set[int]:
    found: set[int] = set()
    pid = os.getpid()
    while pid and pid not in found:  # a number may be another's by the time it is looked at
        found.add(pid)
        pid = process.parent(pid)
    return found


def end(found: Sequence[Inhabitant]) -> None:
    """End processes: asked first, then not asked.  ``IplabError`` names one that stays."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        for one in found:
            if one.lives():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(one.pid, number)
        until = time.monotonic() + PATIENCE
        while any(one.lives() for one in found) and time.monotonic() < until:
            time.sleep(0.02)
    stays = [str(one) for one in found if one.lives()]
    if stays:
        raise IplabError(f"these do not end: {', '.join(stays)}")
