"""A command that failed: which line of it, what it said, and what to try."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from iplab.command import Command
from iplab.errors import CommandFailed
from iplab.operations import DeleteLink, DeleteNamespace, Operation

if TYPE_CHECKING:
    from iplab.render import Piece

_TUN = "sudo chmod 0666 /dev/net/tun   (udev does so where it runs)"

# The first whose words were said; `open:` is `ip tuntap`, the path slirp4netns.
_ADVICE = (
    (("open: Permission denied", "/dev/net/tun"), _TUN),
    (
        ("Unknown device type", "Operation not supported"),
        "this kernel lacks it: iplab doctor",
    ),
    (
        ("kind is unknown",),
        "this kernel lacks netem (delay, jitter, loss): iplab doctor; rate alone needs only tbf",
    ),
    (("Operation not permitted", "Permission denied"), "run iplab as root"),
)


def advice(said: str) -> str:
    """What mends what ``said`` tells of; empty where nothing is known."""
    return next((what for words, what in _ADVICE if any(w in said for w in words)), "")


def failed_line(error: CommandFailed, piece: Piece) -> int | None:
    """Which step of the piece failed, counted from 0 (`ip -batch` says `Command failed -:LINE`).

    ``None`` where a batch does not say: `ip` ends at once at a word that it does not know
    (invarg in iproute2's lib/utils.c), and a timeout ends it anywhere.
    """
    if not piece.command.lines:
        return 0
    said = re.search(r"^Command failed -:(\d+)$", error.output, re.MULTILINE)
    return int(said.group(1)) - 1 if said else None


def gone_already(operation: Operation, error: CommandFailed) -> bool:
    """Whether what was to be deleted is gone.

    The kernel ends a namespace in the background, and with it the veth ends in others; somebody
    may have deleted it.  Either way there is nothing left to do.
    """
    said = error.output
    match operation:
        case DeleteLink():
            # The last two are `ip -n` and nsenter without the namespace it was in.
            gone = (
                "Cannot find device",
                "Cannot open network namespace",
                "cannot open /run/netns/",
            )
            return any(words in said for words in gone)
        case DeleteNamespace():
            return "Cannot remove namespace file" in said and "No such file" in said
    return False


def traced(error: CommandFailed, piece: Piece, failed: int) -> CommandFailed:
    """The error with the lab file's line, and of a batch the one line that failed."""
    step = piece.steps[failed]
    command = error.command
    if piece.command.lines:
        head = piece.command.argv[: -4 if piece.asks else -2]  # ahead of `[-j -d] -batch -`
        command = Command((*head, *piece.command.lines[failed]), piece.command.node).text
    words = re.sub(r"^Command failed -:\d+\n?", "", error.output, flags=re.MULTILINE)
    return CommandFailed(command, error.code, words, where=step.origin, hint=advice(words))
