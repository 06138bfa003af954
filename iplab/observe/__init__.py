"""``ip -j`` text → Network.  Pure: what was asked for and how is ``iplab.run.look``'s matter."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from iplab.errors import IplabError
from iplab.names import ip_interface
from iplab.network import (
    Address,
    Bridge,
    Dummy,
    End,
    Interface,
    Kind,
    Loopback,
    Macvlan,
    Namespace,
    Network,
    Other,
    Shaping,
    Tuntap,
    Veth,
    Vlan,
    Vxlan,
)
from iplab.observe.nft import nat_table
from iplab.observe.qdisc import KERNELS_OWN, shapings
from iplab.observe.routes import every_route, route
from iplab.observe.seen import Object, Seen, ip, number, word
from iplab.observe.wires import ambiguous, wire

__all__ = [
    "KERNELS_OWN",
    "Object",
    "Seen",
    "ambiguous",
    "documents",
    "every_route",
    "nat_table",
    "network",
]

_STEADY = 4294967295  # INFINITY_LIFE_TIME: not given by a router, does not run out


def documents(text: str, what: str) -> list[list[Object]]:
    """The JSON lists in ``text``, one for each command of a batch.

    Raises ``IplabError`` where the text is no such thing.
    """
    decoder = json.JSONDecoder()
    found: list[list[Object]] = []
    position, end = 0, len(text)
    try:
        while True:
            while position < end and text[position].isspace():
                position += 1
            if position >= end:
                return found
            value, position = decoder.raw_decode(text, position)
            if not isinstance(value, list) or not all(isinstance(o, dict) for o in value):
                raise ValueError("not a list of objects")
            found.append([o for o in value if o])  # `ip -j` prints {} for what it filtered out
    except (ValueError, RecursionError) as error:
        raise IplabError(f"{what} answered with something that cannot be read: {error}") from error


def network(seen: Iterable[Seen]) -> Network:
    """The namespaces that were read, with the ends of each veth pair found."""
    every = list(seen)
    try:
        return wire(Network({s.name: _namespace(s) for s in every}), every)
    except (KeyError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
        raise IplabError(f"`ip -j` answered in a form iplab does not know: {error!r}") from error


def _namespace(seen: Seen) -> Namespace:
    shaped = dict(shapings(seen.qdiscs))
    interfaces = [_interface(link, shaped) for link in seen.addresses]
    return Namespace(
        seen.name,
        {interface.name: interface for interface in interfaces},
        tuple(r for r in map(route, seen.routes) if r is not None),
        dict(seen.sysctls or {}),
        dict(seen.nat or {}),
        seen.identity,
    )


def _interface(link: Object, shaped: Mapping[str, Shaping]) -> Interface:
    flags = tuple(link["flags"])
    return Interface(
        name=link["ifname"],
        kind=_kind(link),
        up="UP" in flags,
        mtu=number(link["mtu"]),
        lladdr=word(link.get("address")),
        master=word(link.get("master")),
        addresses=tuple(_address(a, link) for a in link.get("addr_info", ()) if a),
        index=number(link["ifindex"]),
        flags=flags,
        state=word(link.get("operstate")) or "",
        txqueuelen=number(link.get("txqlen")),
        shaping=shaped.get(link["ifname"]),
    )


def _kind(link: Object) -> Kind:
    info = link.get("linkinfo", {})
    data = info.get("info_data", {})
    match info.get("info_kind"):
        case None if "LOOPBACK" in link["flags"]:
            return Loopback()
        case "veth":
            return Veth()
        case "bridge":
            return Bridge(bool(data.get("stp_state")), bool(data.get("vlan_filtering")))
        case "vxlan":
            far = (
                data.get("remote") or data.get("group") or data.get("remote6") or data.get("group6")
            )
            near = data.get("local") or data.get("local6")
            below = word(data.get("link"))
            return Vxlan(data["id"], ip(far), ip(near), below, data["port"])
        case "macvlan":
            return Macvlan(_lower(link), data["mode"])
        case "vlan":
            return Vlan(_lower(link), data["id"])
        case "dummy":
            return Dummy()
        case "tun":
            return Tuntap(data["type"], data.get("user"))
        case other:
            return Other(word(other) or word(link.get("link_type")) or "?")


def _lower(link: Object) -> End | None:
    """The device below, which ``ip`` names where it is in the same namespace (or see ``_wire``)."""
    name = word(link.get("link"))
    return End("", name) if name else None


def _address(info: Object, link: Object) -> Address:
    local = ip_interface(f"{info['local']}/{info['prefixlen']}")
    peer = info.get("address")  # with a peer, `local` is ours and `address` theirs
    label = word(info.get("label"))
    scope = word(info.get("scope")) or "global"
    automatic = (
        info.get("dynamic", False)
        or info.get("valid_life_time", _STEADY) != _STEADY
        or (scope == "host" and "LOOPBACK" in link["flags"])
        or (local.version == 6 and local.ip.is_link_local and local.network.prefixlen == 64)
    )
    return Address(
        local=local,
        broadcast=ip(info.get("broadcast")),
        scope="global" if local.version == 6 else scope,  # IPv6 scopes follow from the address
        peer=ip_interface(f"{peer}/{info['prefixlen']}") if peer else None,
        label=label if label != link["ifname"] else None,
        automatic=bool(automatic),
        tentative=bool(info.get("tentative", False)),
        failed=bool(info.get("dadfailed", False)),
        metric=number(info.get("metric")) or None,
        # On IPv6 addresses that a router gave the kernel sets this itself.
        noprefixroute=bool(info.get("noprefixroute")) and (local.version == 4 or not automatic),
        valid=_lifetime(info, "valid_life_time"),
        preferred=_lifetime(info, "preferred_life_time"),
        protocol=word(info.get("protocol")),
    )


def _lifetime(info: Object, name: str) -> int | None:
    seconds = number(info.get(name, _STEADY))
    return None if seconds == _STEADY else seconds
