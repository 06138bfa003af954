"""ipmaddr(8), net-tools 2.10: ``ip maddr``'s forebear by the same hand."""

from __future__ import annotations

import re
from collections.abc import Sequence

from iplab.legacy.answer import Answer, NoEquivalent, Show, ToolFails
from iplab.legacy.words import device
from iplab.operations import AddMulticast, DeleteMulticast


def read(words: Sequence[str], answer: Answer) -> None:
    """Translate ``ipmaddr …`` onto ``answer``."""
    rest = list(words[1:])
    family: tuple[str, ...] = ()
    while rest and rest[0].startswith("-"):
        option = rest.pop(0)
        if option in ("-4", "-6", "-0"):
            family = (option,)
        elif option in ("-s", "-o", "-stats", "-oneline"):
            answer.note(f"{option} has no counterpart for multicast addresses")
        else:
            raise NoEquivalent(f"ipmaddr {option}")
    verb = rest.pop(0) if rest else "show"
    if verb in ("add", "del", "delete"):
        _change(verb == "add", rest, answer)
    elif any(name.startswith(verb) for name in ("show", "list")):
        _show(rest, family, answer)
    else:
        raise ToolFails(f"ipmaddr has no {verb!r}")


def _show(rest: list[str], family: tuple[str, ...], answer: Answer) -> None:
    which: tuple[str, ...] = ()
    if rest:
        name = rest[1] if rest[0] == "dev" and len(rest) > 1 else rest[0]
        which = ("dev", device(name))
    answer.do(Show(("ip", *family, "maddr", "show", *which)))


def _change(adding: bool, rest: list[str], answer: Answer) -> None:
    words = list(rest)
    name, lladdr = None, None
    while words:
        word = words.pop(0)
        if word in ("dev", "name"):
            if not words or name is not None:
                raise ToolFails("one device, with a value")
            name = device(words.pop(0))
        elif lladdr is None:
            lladdr = _lladdr(word)
        else:
            raise ToolFails(f"ipmaddr does not know {word!r} here")
    if name is None or lladdr is None:
        raise ToolFails("ipmaddr wants a link-layer address and `dev DEV`")
    answer.device(name)
    operation = AddMulticast if adding else DeleteMulticast
    answer.do(operation(answer.node, name, lladdr))


def _lladdr(word: str) -> str:
    """As ipmaddr.c's parse_lla: two characters a byte, colons and dots left out."""
    octets: list[int] = []
    at = 0
    while at < len(word):
        if word[at] in ":.":
            at += 1
            continue
        found = re.match(r"[0-9a-fA-F]{1,2}", word[at : at + 2])
        if found is None or at + 1 == len(word):
            raise ToolFails(f"{word!r} is no link-layer address")
        octets.append(int(found.group(), 16))
        at += 2
    if len(octets) != 6:
        raise NoEquivalent(f"{word!r} has {len(octets)} bytes, not the 6 of Ethernet")
    return ":".join(f"{octet:02x}" for octet in octets)
