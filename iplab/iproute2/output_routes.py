"""What `ip route` and `ip neighbour` print, field by field (ip/iproute.c, ip/ipneigh.c)."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterator
from typing import TypeVar

from iplab.iproute2.route import TYPES

F = TypeVar("F")  # a field, made by `say(text, area, key, **values)`

STATES = ("REACHABLE", "STALE", "DELAY", "PROBE", "FAILED", "NOARP", "PERMANENT", "INCOMPLETE",
          "NONE")  # fmt: skip
_PAIRS = ("via", "dev", "proto", "scope", "src", "metric", "table", "pref", "mtu", "advmss",
          "weight", "expires", "error", "uid", "hoplimit", "from", "nhid", "window", "rtt",
          "initcwnd", "initrwnd", "iif", "congctl", "encap")  # fmt: skip
_MARKS = ("linkdown", "dead", "onlink", "cache", "offload", "pervasive")


def is_neighbour(line: str) -> bool:
    """``10.0.0.1 dev eth0 lladdr … REACHABLE``."""
    words = line.split()
    if len(words) < 2 or not _address(words[0]):
        return False
    return words[-1] in (*STATES, "proxy") or (words[1] == "dev" and "lladdr" in words)


def is_route(line: str) -> bool:
    """``default via 10.0.0.1 dev eth0``, ``blackhole 10.8.0.0/16``."""
    words = line.split()
    typed = words[:1] != [] and words[0] in TYPES
    rest = words[1:] if typed else words
    if not rest or line[:1].isspace() or not (rest[0] == "default" or _prefix(rest[0])):
        return False
    return typed or rest[1:2] == [] or rest[1] in (*_PAIRS, *_MARKS)


def _address(word: str) -> bool:
    try:
        ipaddress.ip_address(word)
    except ValueError:
        return False
    return True


def _prefix(word: str) -> bool:
    try:
        ipaddress.ip_network(word)
    except ValueError:
        return False
    return True


def neighbour(line: str, say: Callable[..., F]) -> Iterator[F]:
    """The fields of a neighbour's line."""
    words = line.split()
    yield say(words[0], "neighbour", "address", value=words[0])
    position = 1
    while position < len(words):
        word, value = words[position], (words[position + 1 : position + 2] or [""])[0]
        position += 1
        if word in ("dev", "lladdr", "proto"):
            position += 1
            yield say(f"{word} {value}", "neighbour", word, value=value)
        else:
            yield say(word, "neighbour", word)


def route(line: str, say: Callable[..., F]) -> Iterator[F]:
    """The fields of a route's line, or of a line below one (``nexthop via …``)."""
    words = line.split()
    position = 0
    if words[0] in TYPES:
        yield say(words[0], "route", words[0])
        position = 1
    target = words[position] if position < len(words) else ""
    if words[0] == "nexthop":
        yield say("nexthop", "route", "nexthop")
        position = 1
    elif target == "default":
        yield say("default", "route", "default")
        position += 1
    elif _prefix(target):
        key = "to" if "/" in target else "alone"
        yield say(target, "route", key, value=target)
        position += 1
    while position < len(words):
        word, value = words[position], (words[position + 1 : position + 2] or [""])[0]
        position += 1
        if word == "via" and value in ("inet", "inet6"):
            position += 1
            value = (words[position : position + 1] or [""])[0]
        if word in _PAIRS:
            position += 1
            key = f"{word}-{value}" if word in ("proto", "scope") else word
            yield say(f"{word} {value}", "route", key, value=value)
        else:
            yield say(word, "route", word)
