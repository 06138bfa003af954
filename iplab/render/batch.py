"""Many commands in one process: consecutive ones for the same namespace become an ``ip -batch``."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby

from iplab.command import Command, sayable
from iplab.observe import QUESTIONS


def group(commands: Iterable[Command]) -> list[Command]:
    """``commands`` in as few processes as their order allows.

    A batch's lines are its commands without what leads to ``ip`` and its namespace.  What is no
    plain ``ip`` command (tc, nft, sysctl, or a template of the user's with options of its own)
    stays by itself.
    """
    grouped: list[Command] = []
    for key, run in groupby(commands, key=head):
        same = list(run)
        if key is None or len(same) == 1:
            grouped += same
            continue
        lines = tuple(command.argv[len(key) :] for command in same)
        grouped.append(Command((*key, "-batch", "-"), same[0].node, lines))
    return grouped


def asking(command: Command) -> Command | None:
    """``command`` with the questions behind it; ``None`` where it is no `ip` of one namespace."""
    if command.lines:
        lines, leads = command.lines, command.argv[:-2]
    else:
        key = head(command)
        if key is None:
            return None
        lines, leads = (command.argv[len(key) :],), key
    return Command((*leads, "-j", "-d", "-batch", "-"), command.node, (*lines, *QUESTIONS))


def head(command: Command) -> tuple[str, ...] | None:
    """The words up to ``ip`` and its namespace, of a command that can be a line of a batch."""
    argv = command.argv
    if argv[0] == "nsenter" and argv[1:2] and argv[1].startswith("--net=") and argv[2:3] == ("ip",):
        lead = argv[:3]
    elif argv[0] == "ip":
        lead = argv[:3] if argv[1:2] == ("-n",) else argv[:1]
    else:
        return None
    rest = argv[len(lead) :]
    if not rest or rest[0].startswith("-") or rest[:2] == ("netns", "exec") or not sayable(rest):
        return None
    return lead
