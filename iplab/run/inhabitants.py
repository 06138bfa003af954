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
from iplab.run.netns import NETNS

PATIENCE = 3.0  # seconds between asking a process to end and ending it


class Inhabitant(Struct, frozen=True):
    """A process in a node's network namespace; ``started`` tells it from a later one of its pid."""

    node: str
    pid: int
    command: str
    started: str

    def __str__(self) -> str:
        return f"{self.node}: process {self.pid} ({self.command})"


def processes(nodes: Sequence[str]) -> list[Inhabitant]:
    """The processes in ``nodes``, read from /proc in one pass (as `ip netns pids` does for one)."""
    wanted: dict[tuple[int, int], str] = {}
    for node in nodes:
        with contextlib.suppress(OSError):
            info = os.stat(NETNS / node)
            wanted[info.st_dev, info.st_ino] = node
    found = []
    for entry in os.scandir("/proc") if wanted else ():
        if not entry.name.isdigit():
            continue
        with contextlib.suppress(OSError):
            info = os.stat(f"{entry.path}/ns/net")
            node = wanted.get((info.st_dev, info.st_ino), "")
            if node:
                name = Path(entry.path, "comm").read_text(errors="replace").strip()
                found.append(Inhabitant(node, int(entry.name), name, _started(int(entry.name))))
    return found


def _started(pid: int) -> str:
    """The start time of a process in clock ticks since boot (proc(5), stat, field 22)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return ""


def end(found: Sequence[Inhabitant]) -> None:
    """End processes: asked first, then not asked.  ``IplabError`` names one that stays."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        for one in found:
            if _lives(one):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(one.pid, number)
        until = time.monotonic() + PATIENCE
        while any(map(_lives, found)) and time.monotonic() < until:
            time.sleep(0.02)
    stays = [str(one) for one in found if _lives(one)]
    if stays:
        raise IplabError(f"these do not end: {', '.join(stays)}")


def _lives(one: Inhabitant) -> bool:
    try:
        state = Path(f"/proc/{one.pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return False
    return state[19] == one.started and state[0] != "Z"
