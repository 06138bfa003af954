"""iptunnel(8), net-tools 2.10: ``ip tunnel``'s forebear; both make the same SIOCADDTUNNEL."""

from __future__ import annotations

from collections.abc import Sequence

from iplab.legacy.answer import Answer, NoEquivalent, Show, ToolFails
from iplab.legacy.words import atoi, device, inet_aton
from iplab.operations import AddTunnel, ChangeTunnel, DeleteTunnel, Operation

_PLAIN = frozenset({"seq", "iseq", "oseq", "csum", "icsum", "ocsum", "nopmtudisc", "pmtudisc"})
_MODES = frozenset({"ipip", "ip/ip", "gre", "gre/ip", "sit", "ipv6/ip"})
_SAME = {"ip/ip": "ipip", "gre/ip": "gre", "ipv6/ip": "sit"}


def read(words: Sequence[str], answer: Answer) -> None:
    """Translate ``iptunnel …`` onto ``answer``."""
    rest = list(words[1:])
    while rest and rest[0].startswith("-"):
        option = rest.pop(0)
        if option in ("-V", "--version", "-h", "--help"):
            raise NoEquivalent("speaks of iptunnel itself: ip -V, ip tunnel help")
        answer.note(f"{option} has no counterpart")
    verb = rest.pop(0) if rest else "show"
    if any(name.startswith(verb) for name in ("show", "list")):
        answer.do(Show(("ip", "tunnel", "show", *([device(rest[-1])] if rest else []))))
        return
    operations: dict[str, type[AddTunnel | ChangeTunnel | DeleteTunnel]] = {
        "add": AddTunnel,
        "change": ChangeTunnel,
        "chg": ChangeTunnel,
        "del": DeleteTunnel,
        "delete": DeleteTunnel,
    }
    if verb not in operations:
        raise ToolFails(f"iptunnel has no {verb!r}")
    name, found = _words(rest, answer)
    if name is None:
        raise NoEquivalent("the tunnel has no name, and gets the kernel's: name it")
    if verb != "add":
        answer.device(name)
    made: Operation = operations[verb](answer.node, name, found)
    answer.do(made)
    answer.doubt(
        "not tried out: no tunnel module where it was tested; the kernel gets the same request"
    )


def _words(rest: list[str], answer: Answer) -> tuple[str | None, tuple[str, ...]]:
    words, name, found = list(rest), None, []
    while words:
        word = words.pop(0)
        if word in _PLAIN:
            found.append(word)
        elif word in ("mode", "remote", "local", "ttl", "hoplimit", "tos", "dev", "key", "name"):
            if not words:
                raise ToolFails(f"{word} wants a value")
            value = words.pop(0)
            if word == "name":
                name = device(value)
            else:
                found += [{"hoplimit": "ttl"}.get(word, word), _value(word, value)]
        elif word in ("ikey", "okey"):
            if not words:
                raise ToolFails(f"{word} wants a value")
            value = words.pop(0)
            if word == "ikey" and "." in value:
                raise NoEquivalent("net-tools sets the output key for a dotted ikey (a bug of its)")
            found += [word, value]
        elif name is None:
            name = device(word)
        else:
            raise ToolFails(f"iptunnel does not know {word!r} here")
    return name, tuple(found)


def _value(word: str, value: str) -> str:
    if word == "mode":
        if value not in _MODES:
            raise ToolFails(f"{value!r} is no mode of iptunnel")
        return _SAME.get(value, value)
    if word in ("remote", "local"):
        if value == "any":
            return value
        address = inet_aton(value)
        if address is None:
            raise NoEquivalent(f"{value!r} is a name that iptunnel looks up: write the address")
        return str(address)
    if word in ("ttl", "hoplimit") and value != "inherit":
        if not 0 <= atoi(value) <= 255 or not value.isdigit():
            raise ToolFails(f"ttl {value} is not from 0 to 255")
        return value
    return device(value) if word == "dev" else value
