"""The running system → the network that a lab file of it would want."""

from __future__ import annotations

from collections.abc import Collection

from msgspec.structs import replace

from iplab import names
from iplab.draft import lower
from iplab.errors import BadName
from iplab.lab.settings import FORWARD4, FORWARD6
from iplab.names import HOST
from iplab.network import (
    Address,
    Bridge,
    End,
    Interface,
    Kind,
    Loopback,
    Namespace,
    Network,
    Other,
    Veth,
)

SETTINGS = frozenset((FORWARD4, FORWARD6))


def wanted(observed: Network, only: Collection[str] = ()) -> tuple[Network, list[str]]:
    """What of ``observed`` a lab can say: the named namespaces (those in ``only``), and of the host
    what is wired to them.

    Also what is left out, in words.  Chance values and what the kernel gives by itself are not
    taken over; nor are MAC addresses, as nobody can tell those that somebody chose (udev sets them
    as people do: addr_assign_type 3).
    """
    return _Taker(observed, only).take()


class _Taker:
    def __init__(self, observed: Network, only: Collection[str]) -> None:
        self.observed = observed
        self.whole = not only
        self.left_out: list[str] = []
        self.nodes = [
            node
            for node in observed.namespaces
            if node != HOST and (not only or node in only) and self._named(node, "namespace")
        ]
        self.ends: set[End] = set()

    def _named(self, name: str, what: str) -> bool:
        try:
            (names.node if what == "namespace" else names.device)(name)
        except BadName:
            self.left_out.append(f"the {what} {name!r}: a lab cannot have that name")
            return False
        return True

    def take(self) -> tuple[Network, list[str]]:
        for node in self.nodes:
            for device in self.observed.namespaces[node].interfaces:
                self._take(End(node, device))
        self._host()
        namespaces = {node: self._namespace(node) for node in self.nodes}
        host = self._namespace(HOST)
        if host.interfaces:
            namespaces[HOST] = host
            self._settings()
        return Network(namespaces), self.left_out

    def _take(self, end: End) -> None:
        interface = self.observed.interface(end)
        assert interface is not None
        if isinstance(interface.kind, Loopback):
            self.ends.add(end)
        elif isinstance(interface.kind, Other):
            self.left_out.append(f"{end}: a {interface.kind.name}, which a lab cannot make")
        elif self._within_reach(end, interface) and self._named(end.device, "device"):
            self.ends.add(end)

    def _within_reach(self, end: End, interface: Interface) -> bool:
        other = lower(end, interface.kind)
        if isinstance(interface.kind, Veth):
            other = interface.kind.peer
            if other is None:
                self.left_out.append(f"{end}: its other end is out of sight")
                return False
        if other is not None and other.node not in (*self.nodes, HOST):
            self.left_out.append(f"{end}: it is bound to {other}, which is not asked for")
            return False
        return True

    def _host(self) -> None:
        """Of the host: the other ends of what was taken, their bridges, and those's own ports."""
        host = self.observed.namespaces.get(HOST, Namespace(HOST)).interfaces
        for device, interface in host.items():
            peer = interface.kind.peer if isinstance(interface.kind, Veth) else None
            both_here = peer is not None and peer.node == HOST and self.whole
            if peer in self.ends or both_here:
                self._take(End(HOST, device))
        masters = {host[e.device].master for e in self.ends if e.node == HOST}
        for device, interface in host.items():
            is_bridge = device in masters and isinstance(interface.kind, Bridge)
            is_port = interface.master in masters and not isinstance(interface.kind, Veth | Other)
            if is_bridge or (interface.master and is_port):
                self._take(End(HOST, device))

    def _namespace(self, node: str) -> Namespace:
        found = self.observed.namespaces.get(node, Namespace(node))
        interfaces = {
            device: self._interface(End(node, device), interface)
            for device, interface in found.interfaces.items()
            if End(node, device) in self.ends
        }
        routes = tuple(
            route
            for route in found.routes
            if (route.device in interfaces or (route.device is None and node != HOST))
        )
        # The host forwards or not as the machine needs it; that is not a lab's to say.
        forward = {k: v for k, v in found.sysctls.items() if v == "1" and node != HOST}
        return Namespace(node, interfaces, routes, forward, found.nat)

    def _settings(self) -> None:
        found = self.observed.namespaces[HOST].sysctls
        self.left_out += [
            f"{HOST}: {key} is {value}, which may be the machine's own business; where the lab "
            f"needs it, write `forward: true` below {HOST}"
            for key, value in sorted(found.items())
            if value == "1"
        ]

    def _interface(self, end: End, interface: Interface) -> Interface:
        kind = interface.kind
        if interface.shaping is not None and interface.shaping.other:
            self.left_out.append(f"{end}: the qdisc {interface.shaping.other}")
        self.left_out += [
            f"{end}: the address {address.local}, which {why}"
            for address in interface.addresses
            if (why := _given(address, kind))
        ]
        shaping = interface.shaping if interface.shaping and not interface.shaping.other else None
        return replace(
            interface,
            lladdr=None,
            # A bridge without an mtu of its own has that of its ports.
            mtu=None if isinstance(kind, Bridge) and interface.mtu == 1500 else interface.mtu,
            addresses=tuple(a for a in interface.addresses if not a.automatic),
            shaping=shaping,
        )


# What the kernel gives `lo` (inetdev_event in net/ipv4/devinet.c).
LOOPBACKS_OWN = frozenset(("127.0.0.1/8", "::1/128"))


def _given(address: Address, kind: Kind) -> str:
    """Why an address that is left out would be missed; '' of one that is taken over, and of those
    that the kernel gives each device."""
    if not address.automatic:
        return ""
    if address.valid is not None:
        return "has a lifetime (of a lab they stay)"
    if isinstance(kind, Loopback):
        return "" if str(address.local) in LOOPBACKS_OWN else "a lab cannot tell from lo's own"
    return "" if address.local.ip.is_link_local else "a router gave"
