"""ipmaddr(8), net-tools 2.10: ``ip maddr``'s forebear by the same hand."""

from __future__ import annotations

import re
from collections.abc import Sequence

from iplab.legacy.answer import Answer, NoEquivalent, Show, ToolFails
from iplab.legacy.words import device
from iplab.operations import AddMulticast, DeleteMulticast


def read(words: Sequence[str], answer: Answer) -> None:
    """Translate ``ipmaddr …`` onto ``answer``."""
    rest = _options(list(words[1:]))
    given = rest.pop(0) if rest else "show"
    verb = next((v for v in ("add", "delete", "list", "show", "lst") if v.startswith(given)), None)
    if verb is None:
        raise ToolFails(f"ipmaddr has no {given!r}")
    if verb in ("add", "delete"):
        _change(verb == "add", rest, answer)
    else:
        _show(rest, answer)


def _options(rest: list[str]) -> list[str]:
    while rest and rest[0].startswith("-"):
        option = rest.pop(0)
        if "-family".startswith(option):
            if not rest or rest.pop(0) not in ("inet", "inet6"):
                raise ToolFails("-family wants inet or inet6")
        elif "-V".startswith(option) or "--version".startswith(option):
            raise NoEquivalent("speaks of ipmaddr itself: ip -V, ip maddr help")
        elif not any(known.startswith(option) for known in ("-stats", "-statistics", "-resolve")):
            raise ToolFails(f"ipmaddr has no option {option}")
    return rest


def _show(rest: list[str], answer: Answer) -> None:
    families = {"ipv4": ("-4",), "ipv6": ("-6",), "link": ("-0",), "all": ()}
    family: tuple[str, ...] = ()
    which: tuple[str, ...] = ()
    words = list(rest)
    while words:
        word = words.pop(0)
        if word in families:
            family = families[word]
            continue
        if word == "dev":
            if not words:
                raise ToolFails("dev wants a value")
            word = words.pop(0)
        which = ("dev", device(word))
    answer.do(Show(("ip", *family, "maddr", "show", *which)))


def _change(adding: bool, rest: list[str], answer: Answer) -> None:
    words = list(rest)
    name, lladdr = None, None
    while words:
        word = words.pop(0)
        if word == "dev":
            if not words or name is not None:
                raise ToolFails("one device, with a value")
            name = device(words.pop(0))
        elif lladdr is None:
            lladdr = _lladdr(word)
        else:
            raise ToolFails(f"ipmaddr does not know {word!r} here")
    if name is None:
        raise ToolFails("ipmaddr wants `dev DEV`")
    if lladdr is None:
        lladdr = "00:00:00:00:00:00"  # what is not said stays nothing
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
