"""What `ip addr` would print of a projected state.

What the kernel chooses by itself (MAC addresses, link-local addresses) is shown as ``…``.  Sources:
ipaddress.c and iplink.c of iproute2, rtnl_fill_ifinfo and register_netdevice in the kernel.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from iplab.names import HOST
from iplab.network import (
    Address,
    Bridge,
    End,
    Interface,
    Loopback,
    Macvlan,
    Network,
    Tuntap,
    Veth,
    Vlan,
)

UNSAID = "…"


class Numbers:
    """Interface numbers: a new device gets its namespace's next, a moved one keeps its own where
    that is free (net/core/dev.c: dev_new_index, __dev_change_net_namespace)."""

    def __init__(self) -> None:
        self.of: dict[End, int] = {}
        self._last: dict[str, int] = {}

    def see(self, network: Network) -> None:
        """Number what is new in this state, and forget what is gone."""
        now = dict(network.ends())
        gone = {end.device: self.of.pop(end) for end in list(self.of) if end not in now}
        new = [end for end in now if end not in self.of]
        # Of a new pair the peer is registered first (veth_newlink in drivers/net/veth.c).
        for end in sorted(new, key=lambda e: (e.device != "lo",)):
            kind = now[end].kind
            peer = kind.peer if isinstance(kind, Veth) else None
            if peer in new and peer not in self.of and end.device not in gone:
                self._give(peer, None)
            if end not in self.of:
                self._give(end, gone.get(end.device))

    def _give(self, end: End, kept: int | None) -> None:
        taken = {number for other, number in self.of.items() if other.node == end.node}
        if kept is not None and kept not in taken:
            self.of[end] = kept
            return
        number = self._last.get(end.node, 0) + 1
        while number in taken:
            number += 1
        self._last[end.node] = self.of[end] = number


def ip_addr(network: Network, node: str, numbers: Numbers) -> str:
    """The output of `ip addr` in ``node``."""
    interfaces = network.namespaces[node].interfaces.values()
    ordered = sorted(interfaces, key=lambda i: numbers.of[End(node, i.name)])
    return "".join(f"{line}\n" for i in ordered for line in _device(network, node, i, numbers))


def _device(network: Network, node: str, interface: Interface, numbers: Numbers) -> Iterator[str]:
    end = End(node, interface.name)
    other = _other(interface)
    carrier = _carrier(network, node, interface)
    name, tail = interface.name, ""
    if other is not None:
        same = other.node == node
        name += f"@{other.device}" if same else f"@if{numbers.of.get(other, UNSAID)}"
        # The host's namespace has no name, only a number; it is the first that others know.
        there = "link-netnsid 0" if other.node == HOST else f"link-netns {other.node}"
        tail = "" if same else f" {there}"
    flags = ",".join(_flags(network, node, interface, carrier))
    qdisc = ("noqueue" if _queueless(interface) else "fq_codel") if interface.up else "noop"
    master = f" master {interface.master}" if interface.master else ""
    state = _state(interface, carrier)
    yield (
        f"{numbers.of[end]}: {name}: <{flags}> mtu {interface.mtu or 1500} qdisc {qdisc}{master} "
        f"state {state} group default qlen 1000"
    )
    if isinstance(interface.kind, Loopback):
        yield "    link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00"
    elif isinstance(interface.kind, Tuntap) and interface.kind.mode == "tun":
        yield "    link/none"
    else:
        yield f"    link/ether {interface.lladdr or UNSAID} brd ff:ff:ff:ff:ff:ff{tail}"
    yield from _addresses(interface, carrier)


def _addresses(interface: Interface, carrier: bool) -> Iterator[str]:
    loopback = isinstance(interface.kind, Loopback)
    four = [a for a in interface.addresses if a.local.version == 4]
    six = [a for a in interface.addresses if a.local.version == 6]
    lines: list[str] = []
    if loopback and interface.up:
        lines.append("inet 127.0.0.1/8 scope host lo")
    lines += [
        _inet(a, four, interface.name) for a in four if not (loopback and a.local.is_loopback)
    ]
    if loopback and interface.up:
        lines.append("inet6 ::1/128 scope host")
    lines += [f"inet6 {a.local} scope global" for a in six if not a.local.ip.is_loopback]
    if interface.up and carrier and not loopback and not interface.lladdr:
        lines.append(f"inet6 fe80::{UNSAID}/64 scope link")
    for line in lines:
        yield f"    {line}"
        yield "       valid_lft forever preferred_lft forever"


def _inet(address: Address, every: Sequence[Address], device: str) -> str:
    first = next(a for a in every if a.local.network == address.local.network)
    words = ["inet", str(address.local)]
    if address.peer:
        words = ["inet", str(address.local.ip), "peer", str(address.peer)]
    if address.broadcast:
        words += ["brd", str(address.broadcast)]
    words += ["scope", address.scope]
    if first is not address:
        words.append("secondary")
    return " ".join([*words, address.label or device])


def _other(interface: Interface) -> End | None:
    match interface.kind:
        case Veth(peer=peer):
            return peer
        case Macvlan(link=link) | Vlan(link=link):
            return link
    return None


def _queueless(interface: Interface) -> bool:
    return not isinstance(interface.kind, Tuntap)


def _carrier(network: Network, node: str, interface: Interface) -> bool:
    """Whether it would have carrier, were it up: both ends of a cable up, a port of a bridge."""
    match interface.kind:
        case Veth():
            other = _other(interface)
            far = network.interface(other) if other else None
            return interface.up and far is not None and far.up
        case Bridge():
            ports = network.namespaces[node].interfaces.values()
            return any(
                p.master == interface.name and p.up and _carrier(network, node, p) for p in ports
            )
        case Tuntap():
            return False
    return True


def _flags(network: Network, node: str, interface: Interface, carrier: bool) -> Iterator[str]:
    if interface.up and not carrier:
        yield "NO-CARRIER"
    if isinstance(interface.kind, Loopback):
        yield "LOOPBACK"
    elif isinstance(interface.kind, Tuntap) and interface.kind.mode == "tun":
        yield "POINTOPOINT"
        yield "MULTICAST"
        yield "NOARP"
    else:
        yield "BROADCAST"
        yield "MULTICAST"
    if interface.up:
        yield "UP"
    if interface.up and carrier:
        yield "LOWER_UP"
    other = _other(interface)
    if other is not None and other.node == node:
        below = network.interface(other)
        if below is not None and not below.up:
            yield "M-DOWN"


def _state(interface: Interface, carrier: bool) -> str:
    if not interface.up:
        return "DOWN"
    if isinstance(interface.kind, Loopback):
        return "UNKNOWN"
    if carrier:
        return "UP"
    return "LOWERLAYERDOWN" if _other(interface) is not None else "DOWN"
