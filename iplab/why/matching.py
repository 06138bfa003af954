"""Does an nftables expression match a packet: yes, no, or not to be decided (``None``).

The expressions are those of libnftables-json(5).
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from iplab.why.facts import Ruleset
from iplab.why.packet import Packet

Truth = bool | None

_TRANSPORTS = {"icmp", "icmpv6", "tcp", "udp", "udplite", "sctp", "dccp", "esp", "ah", "th"}
_NUMBERS = {"1": "icmp", "6": "tcp", "17": "udp", "58": "ipv6-icmp", "icmpv6": "ipv6-icmp"}
_UNKNOWN = object()
_ABSENT = object()  # the packet has no such field: no rule that asks for it matches


class Seat(Struct, frozen=True):
    """Where a packet meets a hook: the chain's table, and the devices it came in and leaves by."""

    family: str
    table: str
    incoming: str = ""
    outgoing: str = ""


def matches(expression: Mapping[str, Any], packet: Packet, seat: Seat, rules: Ruleset) -> Truth:
    """Whether a ``match`` holds."""
    value = evaluate(expression.get("left"), packet, seat)
    if value is _ABSENT:
        return False
    if value is _UNKNOWN:
        return None
    op = expression.get("op", "==")
    found = holds(value, expression.get("right"), seat, rules)
    if op in ("==", "in"):
        return found
    if op == "!=":
        return None if found is None else not found
    if op in ("<", ">", "<=", ">=") and isinstance(value, int):
        right = expression.get("right")
        if isinstance(right, int):
            return {
                "<": value < right,
                ">": value > right,
                "<=": value <= right,
                ">=": value >= right,
            }[op]
    return None


def evaluate(left: Any, packet: Packet, seat: Seat) -> Any:
    """What the packet has where ``left`` looks; ``_UNKNOWN`` where that is not known from here."""
    if not isinstance(left, dict) or len(left) != 1:
        return _UNKNOWN
    ((kind, inner),) = left.items()
    if kind == "concat":
        parts = [evaluate(one, packet, seat) for one in inner]
        if any(part is _ABSENT for part in parts):
            return _ABSENT
        return _UNKNOWN if any(part is _UNKNOWN for part in parts) else tuple(parts)
    if not isinstance(inner, dict):
        return _UNKNOWN
    if kind == "meta":
        return _meta(inner.get("key"), packet, seat)
    if kind == "ct":
        key = inner.get("key")
        return packet.state if key == "state" else _UNKNOWN
    if kind == "payload":
        return _payload(inner.get("protocol"), inner.get("field"), packet)
    return _UNKNOWN


def _meta(key: Any, packet: Packet, seat: Seat) -> Any:
    match key:
        case "iifname" | "iif":
            return seat.incoming
        case "oifname" | "oif":
            return seat.outgoing
        case "l4proto":
            return _ABSENT if packet.protocol == "arp" else packet.protocol
        case "nfproto":
            return "ipv4" if packet.version == 4 else "ipv6"
        case "protocol":
            return "arp" if packet.protocol == "arp" else ("ip" if packet.version == 4 else "ip6")
        case "length":
            return packet.size
    return _UNKNOWN


def _payload(protocol: Any, field: Any, packet: Packet) -> Any:
    if protocol in ("ip", "ip6"):
        if packet.protocol == "arp" or packet.version != (4 if protocol == "ip" else 6):
            return _ABSENT
        if field == "saddr":
            return packet.source
        if field == "daddr":
            return packet.target
        if field in ("protocol", "nexthdr"):
            return packet.protocol
        return _UNKNOWN
    if protocol in _TRANSPORTS:
        name = "ipv6-icmp" if protocol == "icmpv6" else protocol
        if name not in (packet.protocol, "th"):
            return _ABSENT
        if field == "type":
            return packet.type
        if field == "dport" and packet.port:
            return packet.port
        return _UNKNOWN
    if protocol == "ether" and field == "type":
        return "arp" if packet.protocol == "arp" else "ip" if packet.version == 4 else "ip6"
    if protocol == "arp":
        if packet.protocol != "arp":
            return _ABSENT
        return packet.type if field == "operation" else _UNKNOWN
    return _UNKNOWN


def holds(value: Any, right: Any, seat: Seat, rules: Ruleset) -> Truth:
    """Whether ``value`` is, or is in, ``right``: a word, a prefix, a range, a set."""
    if isinstance(right, str) and right.startswith("@"):
        named = (rules.sets or {}).get((seat.family, seat.table, right[1:]))
        return None if named is None else _any(value, named, seat, rules)
    if isinstance(right, dict):
        if "set" in right:
            return _any(value, right["set"], seat, rules)
        if "elem" in right:
            return holds(value, right["elem"].get("val"), seat, rules)
        if "prefix" in right:
            text = f"{right['prefix']['addr']}/{right['prefix']['len']}"
            return _in_network(value, text)
        if "range" in right:
            return _between(value, *right["range"])
        if "concat" in right and isinstance(value, tuple):
            answers = [
                holds(v, r, seat, rules) for v, r in zip(value, right["concat"], strict=False)
            ]
            return False if False in answers else (None if None in answers else True)
        return None
    if isinstance(right, list):
        return _any(value, right, seat, rules)
    if isinstance(value, ipaddress.IPv4Address | ipaddress.IPv6Address):
        return _in_network(value, right) if isinstance(right, str) else None
    if isinstance(value, str) and isinstance(right, str):
        if right.endswith("*"):
            return value.startswith(right[:-1])
        return value == _NUMBERS.get(right, right)
    if isinstance(value, str) and isinstance(right, int) and str(right) in _NUMBERS:
        return value == _NUMBERS[str(right)]
    if isinstance(value, int) and isinstance(right, int) and not isinstance(right, bool):
        return value == right
    return None


def _any(value: Any, elements: Sequence[Any], seat: Seat, rules: Ruleset) -> Truth:
    answers = [holds(value, one, seat, rules) for one in elements]
    return True if True in answers else (None if None in answers else False)


def _in_network(value: Any, text: str) -> Truth:
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None
    if not isinstance(value, ipaddress.IPv4Address | ipaddress.IPv6Address):
        return None
    return value.version == network.version and value in network


def _between(value: Any, low: Any, high: Any) -> Truth:
    if isinstance(value, int) and isinstance(low, int) and isinstance(high, int):
        return low <= value <= high
    if not isinstance(value, ipaddress.IPv4Address | ipaddress.IPv6Address):
        return None
    try:
        return int(ipaddress.ip_address(low)) <= int(value) <= int(ipaddress.ip_address(high))
    except (ValueError, TypeError):
        return None
