"""Many commands in one process: consecutive ones for the same namespace become an ``ip -batch``."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby

from iplab.command import Command, sayable


def group(commands: Iterable[Command]) -> list[Command]:
    """``commands`` in as few processes as their order allows.

    A batch's lines are its commands without ``ip [-n NODE]``.  What is no plain ``ip`` command
    (tc, nft, sysctl, or a template of the user's with options of its own) stays by itself.
    """
    grouped: list[Command] = []
    for key, run in groupby(commands, key=_prefix):
        same = list(run)
        if key is None or len(same) == 1:
            grouped += same
            continue
        lines = tuple(command.argv[len(key) :] for command in same)
        grouped.append(Command((*key, "-batch", "-"), same[0].node, lines))
    return grouped


def _prefix(command: Command) -> tuple[str, ...] | None:
    argv = command.argv
    if argv[0] != "ip" or len(argv) < 2:
        return None
    head = argv[:3] if argv[1] == "-n" else argv[:1]
    rest = argv[len(head) :]
    if not rest or rest[0].startswith("-") or rest[:2] == ("netns", "exec"):
        return None
    if not sayable(rest):
        return None
    return head
