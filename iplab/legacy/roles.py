"""What each argument of an old tool stands for, by its place: needed where it is a variable.

``/sbin/ifconfig $IF $IP netmask $MASK`` can be translated without knowing the values only if it is
known that the first is a device, the second an address and the third a netmask.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Literal

from msgspec import Struct, field

Role = Literal[
    "device", "address", "address6", "network", "mask", "mac", "number", "mss", "priority", "name"
]

SAID: Mapping[Role, str] = MappingProxyType(
    {
        "device": "one device name (and no alias such as eth0:1)",
        "address": "one IPv4 address",
        "address6": "one IPv6 address with its prefix length",
        "network": "one network address",
        "mask": "a netmask such as 255.255.255.0, shorter than 31 bits",
        "mac": "one MAC address",
        "number": "a number",
        "mss": "a number",
        "priority": "a number",
        "name": "one name",
    }
)


class Grammar(Struct, frozen=True):
    """How the words of a tool (or of a subcommand of it) get their roles.

    ``after``: the role of the word after a keyword or option.  ``operands``: of the words that
    follow nothing, in order.  ``skip``: keywords and options of which the next word is plain text.
    """

    after: Mapping[str, Role] = field(default_factory=dict)
    operands: tuple[Role, ...] = ()
    skip: frozenset[str] = frozenset()
    last: Role | None = None  # of the last operand, where there is more than one


_NUMBER: Role = "number"
_IFCONFIG = Grammar(
    after={
        "netmask": "mask",
        "broadcast": "address",
        "pointopoint": "address",
        "dstaddr": "address",
        "mtu": "number",
        "txqueuelen": "number",
        "ether": "mac",
        "name": "device",
        "add": "address6",
        "del": "address6",
    },
    operands=("device", "address"),
    skip=frozenset({"hw", "inet6", "inet"}),
)
_ROUTE = Grammar(
    after={
        "-net": "network",
        "-host": "address",
        "netmask": "mask",
        "gw": "address",
        "gateway": "address",
        "dev": "device",
        "device": "device",
        "metric": "number",
        "mss": "mss",
        "mtu": "mss",
        "window": "number",
        "irtt": "number",
    },
    operands=("address",),
    skip=frozenset({"-A"}),
    last="device",
)
_ARP = Grammar(
    after={"-i": "device", "dev": "device", "netmask": "mask"},
    operands=("address", "mac"),
    skip=frozenset({"-t", "-H"}),
)
_TUNNEL = Grammar(
    after={
        "remote": "address",
        "local": "address",
        "dev": "device",
        "ttl": "number",
        "key": "number",
    },
    operands=("device",),
    skip=frozenset({"mode", "tos"}),
)
_SUBCOMMANDS: Mapping[str, Mapping[str, tuple[Role, ...]]] = {
    "brctl": {
        "addbr": ("device",),
        "delbr": ("device",),
        "addif": ("device",) * 12,
        "delif": ("device",) * 12,
        "stp": ("device",),
        "setageing": ("device", "number"),
        "setfd": ("device", "number"),
        "sethello": ("device", "number"),
        "setmaxage": ("device", "number"),
        "setbridgeprio": ("device", "number"),
        "setpathcost": ("device", "device", "number"),
        "setportprio": ("device", "device", "priority"),
        "hairpin": ("device", "device"),
        "show": ("device",),
        "showmacs": ("device",),
        "showstp": ("device",),
    },
    "vconfig": {
        "add": ("device", "number"),
        "rem": ("device",),
        "set_flag": ("device",),
        "set_egress_map": ("device", "number", "number"),
        "set_ingress_map": ("device", "number", "number"),
    },
    "ipmaddr": {"add": ("mac",), "del": ("mac",), "delete": ("mac",)},
}
_TOOLS: Mapping[str, Grammar] = {
    "ifconfig": _IFCONFIG,
    "route": _ROUTE,
    "arp": _ARP,
    "tunctl": Grammar(after={"-t": "device", "-d": "device", "-u": "name", "-g": "name"}),
    "ifenslave": Grammar(operands=("device",) * 12),
    "nameif": Grammar(operands=("device", "mac")),
    "mii-tool": Grammar(operands=("device",), skip=frozenset({"-F", "-A", "-p"})),
    "iwconfig": Grammar(
        after={"essid": "name", "channel": "number"},
        operands=("device",),
        skip=frozenset({"mode", "freq", "txpower", "power"}),
    ),
}


def roles(words: Sequence[str | None]) -> list[Role | None]:
    """The role of each word, the tool first; ``None`` where its place does not tell.

    ``words`` are the literal values, ``None`` for those that the shell fills in.
    """
    tool = (words[0] or "").rpartition("/")[2]
    found: list[Role | None] = [None] * len(words)
    grammar = _TOOLS.get(tool, Grammar())
    begin = 1
    if tool in _SUBCOMMANDS and len(words) > 1:
        grammar = Grammar(
            after={"dev": "device"}, operands=_SUBCOMMANDS[tool].get(words[1] or "", ())
        )
        begin = 2
    elif tool == "iptunnel":
        grammar, begin = _TUNNEL, 2
    elif tool == "route":
        begin = next((i + 1 for i, w in enumerate(words) if w in ("add", "del", "delete")), 1)
        if begin == 1:
            return found
    operands: list[int] = []
    index = begin
    while index < len(words):
        word = words[index]
        if word is not None and word in grammar.skip:
            index += 2 if word != "hw" and word not in ("inet6", "inet") else 1
            continue
        if word is not None and word in grammar.after:
            if index + 1 < len(words):
                found[index + 1] = grammar.after[word]
            index += 2
            continue
        if word is None or not (word.startswith("-") or _is_keyword(tool, word)):
            operands.append(index)
        index += 1
    for place, at in enumerate(operands):
        if place < len(grammar.operands):
            found[at] = grammar.operands[place]
        elif grammar.last is not None and at == len(words) - 1:
            found[at] = grammar.last
    if tool == "route":
        _route_extras(words, begin, found, operands)
    return found


_KEYWORDS = {
    "ifconfig": {"up", "down", "arp", "promisc", "allmulti", "multicast", "dynamic", "trailers"},
    "route": {"reject", "default", "mod", "dyn", "reinstate"},
    "arp": {"pub", "temp"},
}


def _is_keyword(tool: str, word: str) -> bool:
    return word in _KEYWORDS.get(tool, ())


def _route_extras(
    words: Sequence[str | None], begin: int, found: list[Role | None], operands: Sequence[int]
) -> None:
    """Where the target was said by a keyword, a bare last word is the device."""
    head = {word for word in words[begin:] if word is not None}
    if head & {"-net", "-host", "default"} and operands and operands[0] == len(words) - 1:
        found[operands[0]] = "device"
    if {word for word in words if word} & {"inet6", "--inet6", "-6"}:
        for index, role in enumerate(found):
            if role in ("address", "network"):
                found[index] = None
