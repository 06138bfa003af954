"""What tells one process from a later one of its number (proc(5), stat)."""

from __future__ import annotations

from pathlib import Path


def started(pid: int) -> str:
    """The start time of a process in clock ticks since boot (field 22); '' where there is none."""
    return _stat(pid)[19]


def parent(pid: int) -> int:
    """The number of a process's parent (field 4), 0 where there is none."""
    return int(_stat(pid)[1])


def lives(pid: int, since: str) -> bool:
    """Whether the process ``pid`` that started at ``since`` runs; one that has only to be waited
    for does not."""
    stat = _stat(pid)
    return stat[0] != "Z" and bool(since) and stat[19] == since


def _stat(pid: int) -> list[str]:
    """The fields from the third (the state) on: the second, the name, may hold blanks."""
    try:
        found = Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
    except OSError:
        found = []
    return found if len(found) > 19 else ["Z", "0", *[""] * 18]
