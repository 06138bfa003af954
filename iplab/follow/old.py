"""Old commands (ifconfig, route, brctl …) in a script: what they say in iproute2's words.

The state that a script has brought about so far is known, so most lines have one right answer.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from iplab import legacy
from iplab.draft import Draft
from iplab.legacy import TOOLS, Context
from iplab.legacy.vconfig import USUAL
from iplab.legacy.wrapped import unwrap
from iplab.names import HOST
from iplab.network import Namespace

__all__ = ["TOOLS", "Said", "is_old", "translate"]

# Words with which one takes away; that nothing is there is then no fault (see projection).
_REMOVE = frozenset(("down", "del", "delete", "delbr", "delif", "rem", "-d", "-p"))


class Said(Struct, frozen=True):
    """The new commands, how the old one fails, if so, what is to be told about them, and the
    reason where there are none."""

    commands: tuple[tuple[str, ...], ...]
    fails: tuple[str, ...]
    notes: tuple[str, ...]
    reason: str | None


def is_old(argv: Sequence[str]) -> bool:
    """Whether a command starts one of the old tools, perhaps behind `sudo` or in a namespace."""
    return _tool(argv) is not None


def _tool(argv: Sequence[str]) -> int | None:
    found = unwrap(list(argv))
    if found.at >= len(argv):
        return None
    return found.at if argv[found.at].rpartition("/")[2] in TOOLS else None


def translate(argv: Sequence[str], draft: Draft) -> Said:
    """What an old command comes to where the network is as ``draft`` says."""
    at = _tool(argv)
    assert at is not None
    head, words = argv[:at], list(argv[at:])
    node = HOST
    for place in range(len(head) - 2):
        if tuple(head[place : place + 2]) == ("netns", "exec"):
            node = head[place + 2]
    if "busybox" in [word.rpartition("/")[2] for word in head]:
        words.insert(0, "busybox")
    namespace = draft.namespaces.get(node)
    if namespace is None:
        return Said((), (), (), f"there is no namespace {node}")
    said = legacy.translate(
        words, state=_state(namespace), context=Context(uid=0, vlan_names=USUAL)
    )
    if said.reason is not None:
        return Said((), (), (), said.reason)
    fails = tuple(note for note in said.notes if note.startswith("the old tool fails"))
    notes = (*said.doubts, *(() if _REMOVE & {*words} else fails))
    return Said(said.commands, fails, notes, None)


def _state(namespace: Namespace) -> Namespace:
    """The namespace with what the kernel keeps beside that nobody asked for.

    Of the kernel's defaults one matters: without promote_secondaries, an address takes those of
    its subnet with it.
    """
    every = [*namespace.interfaces, "all"]
    settings = {f"net/ipv4/conf/{name}/promote_secondaries": "0" for name in every}
    return replace(namespace, sysctls=settings | dict(namespace.sysctls))
