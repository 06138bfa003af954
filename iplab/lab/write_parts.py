"""The single things of a lab file as text: addresses, routes, and what a device carries."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from iplab.draft import Draft
from iplab.network import (
    Address,
    Bridge,
    End,
    Interface,
    Macvlan,
    Namespace,
    Network,
    Route,
    Tuntap,
    Vlan,
    Vxlan,
)
from iplab.operations.link import born_mtu


def flow(values: Sequence[str]) -> str:
    """One value as it is, several as a list."""
    return values[0] if len(values) == 1 else f"[{', '.join(values)}]" if values else ""


def address_problem(address: Address) -> str:
    """What a lab file cannot say of an address; '' where it says all."""
    beyond = []
    if address.peer is not None:
        beyond.append(f"the peer {address.peer}")
    if address.label is not None:
        beyond.append(f"the label {address.label}")
    usual_broadcast = (None, address.local.network.broadcast_address)
    if address.broadcast not in usual_broadcast:
        beyond.append(f"the broadcast address {address.broadcast}")
    if address.metric is not None:
        beyond.append(f"the metric {address.metric}")
    if address.noprefixroute:
        beyond.append("noprefixroute")
    if address.valid is not None or address.preferred is not None:
        beyond.append("its lifetime")
    if address.protocol is not None:
        beyond.append(f"the protocol {address.protocol}")
    local = address.local
    usual = "host" if local.version == 4 and local.ip.is_loopback else "global"
    if local.version == 4 and address.scope != usual:
        beyond.append(f"the scope {address.scope}")
    return f"a lab file does not say {' and '.join(beyond)}" if beyond else ""


def carried(interface: Interface) -> dict[str, str]:
    """What an end carries besides addresses, by the lab file's keys, where it is not the usual."""
    found = {}
    if interface.mtu is not None and interface.mtu != interface.kind.default_mtu:
        found["mtu"] = str(interface.mtu)
    if interface.lladdr is not None:
        found["lladdr"] = interface.lladdr
    if interface.master is not None:
        found["master"] = interface.master
    if not interface.up:
        found["state"] = "down"
    shaping = interface.shaping
    if shaping is not None and not shaping.other:
        found |= {"rate": shaping.rate_words} if shaping.rate is not None else {}
        found |= {"delay": f"{shaping.delay}us"} if shaping.delay is not None else {}
        found |= {"jitter": f"{shaping.jitter}us"} if shaping.jitter is not None else {}
        found |= {"loss": f"{shaping.loss:g}%"} if shaping.loss is not None else {}
    return found


def born(network: Network, end: End) -> int | None:
    """The mtu a device is born with."""
    found = network.interface(end)
    return born_mtu(Draft(network), end, found.kind) if found else None


def interface_lines(
    end: End, interface: Interface, addresses: Sequence[str], mtu: int | None
) -> Iterator[str]:
    """A device under ``interfaces:``; ``mtu`` is what it is born with."""
    values = _kind(end, interface)
    if addresses:
        values["addresses"] = flow(addresses)
    own = carried(interface)
    if interface.mtu == mtu:
        own.pop("mtu", None)
    yield f"      {interface.name}:"
    yield from (f"        {key}: {value}" for key, value in (values | own).items())


def _kind(end: End, interface: Interface) -> dict[str, str]:
    kind = interface.kind
    match kind:
        case Vxlan():
            found = {"type": "vxlan", "id": str(kind.id)}
            if kind.remote is not None:
                found["group" if kind.remote.is_multicast else "remote"] = str(kind.remote)
            found |= {"local": str(kind.local)} if kind.local is not None else {}
            found |= {"dev": kind.dev} if kind.dev is not None else {}
            return found | ({"dstport": str(kind.dstport)} if kind.dstport != 4789 else {})
        case Macvlan():
            link = kind.link
            below = "" if link is None else link.device if link.node == end.node else str(link)
            return {"type": "macvlan", "link": below, "mode": kind.mode}
        case Vlan():
            return {
                "type": "vlan",
                "link": kind.link.device if kind.link else "",
                "id": f"{kind.id}",
            }
        case Tuntap():
            return {"type": kind.mode} | ({"user": kind.user} if kind.user else {})
        case Bridge():
            found = {"type": "bridge"}
            found |= {"stp": "on"} if kind.stp else {}
            return found | ({"vlan_filtering": "on"} if kind.vlan_filtering else {})
    return {"type": kind.type}


def route_words(route: Route, namespace: Namespace) -> str:
    """A route as ``routes:`` takes it, without a device that its gateway tells."""
    words = str(route).split()
    if route.destination.version == 6 and route.gateway is None:
        words = ["::/0" if word == "default" else word for word in words]
    gateway = route.gateway
    if gateway is None or route.onlink or gateway.is_link_local:
        return " ".join(words)
    holders = {
        (address.local.network.prefixlen, interface.name)
        for interface in namespace.interfaces.values()
        for address in interface.addresses
        if address.local.version == gateway.version and gateway in address.local.network
    }
    narrowest = {name for length, name in holders if length == max(n for n, _ in holders)}
    if narrowest == {route.device}:
        at = words.index("dev")
        del words[at : at + 2]
    return " ".join(words)
