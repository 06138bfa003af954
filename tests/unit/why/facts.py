"""Facts for tests: a Network and answers that are simply given."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence

from msgspec import Struct, field

from iplab.names import IPAddress
from iplab.network import Address, Bridge, End, Interface, Kind, Namespace, Network, Route, Veth
from iplab.why.facts import Entry, Lookup, Neighbour, PolicyRule, Port, Ruleset

ON = {"net/ipv4/ip_forward": "1", "net/ipv6/conf/all/forwarding": "1"}


def device(
    name: str,
    kind: Kind,
    *addresses: str,
    up: bool = True,
    mtu: int = 1500,
    master: str | None = None,
    flags: tuple[str, ...] = (),
) -> Interface:
    """A device as it would be observed; its MAC address is made from its name."""
    held = tuple(Address(ipaddress.ip_interface(a)) for a in addresses)
    number = sum(map(ord, name)) % 256
    return Interface(name, kind, up, mtu, f"02:00:00:00:00:{number:02x}", master, held, flags=flags)


def lo(up: bool = True) -> Interface:
    """Every namespace's first device."""
    from iplab.network import Loopback

    return Interface("lo", Loopback(), up, 65536)


def veth(name: str, peer: str, *addresses: str, **more: object) -> Interface:
    """A veth end; ``peer`` is ``NODE:DEV``."""
    node, _, other = peer.partition(":")
    return device(name, Veth(End(node, other)), *addresses, **more)  # type: ignore[arg-type]


def bridge(name: str, *addresses: str, **more: object) -> Interface:
    """A bridge."""
    return device(name, Bridge(), *addresses, **more)  # type: ignore[arg-type]


def network(**nodes: Sequence[Interface]) -> Network:
    """Namespaces of these devices, ``lo`` added."""
    return Network(
        {
            node: Namespace(node, {i.name: i for i in (lo(), *interfaces)})
            for node, interfaces in nodes.items()
        }
    )


def route(
    text: str, via: str | None = None, dev: str | None = None, type: str = "unicast"
) -> Route:
    """A route that somebody wrote."""
    gateway = ipaddress.ip_address(via) if via else None
    return Route(ipaddress.ip_network(text), gateway, dev, type=type)


class Given(Struct):
    """Facts that a test wrote down; ``lookup`` reads routes and addresses as a kernel would."""

    network: Network
    routes: Mapping[str, Sequence[Route]] = field(default_factory=dict)
    sysctls: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    known: Mapping[str, Sequence[Neighbour]] = field(default_factory=dict)
    bridged: Mapping[str, Mapping[str, Port]] = field(default_factory=dict)
    rules: Mapping[str, Ruleset] = field(default_factory=dict)

    def lookup(
        self,
        node: str,
        to: IPAddress,
        *,
        source: IPAddress | None = None,
        arriving: str | None = None,
    ) -> Lookup:
        """Longest prefix first."""
        found = self._connected(node, to)
        if found and found[0][1].type == "local":
            return found[0][1]
        for one in self.routes.get(node, ()):
            if to.version != one.destination.version or to not in one.destination:
                continue
            length = one.destination.prefixlen
            if one.type == "local":
                found.append((length, Lookup("lo", None, to, "local")))
            elif one.type != "unicast":
                found.append((length, Lookup(refused=one.type)))
            elif one.gateway is not None:
                for _, way in self._connected(node, one.gateway):
                    found.append((length, Lookup(way.device, one.gateway, way.source)))
        if not found:
            return Lookup(refused="Network is unreachable")
        return max(found, key=lambda f: f[0])[1]

    def _connected(self, node: str, to: IPAddress) -> list[tuple[int, Lookup]]:
        """What addresses alone lead to; a device that is down has no connected routes."""
        found: list[tuple[int, Lookup]] = []
        for interface in self.network.namespaces[node].interfaces.values():
            for address in interface.addresses:
                if address.local.ip == to:
                    return [(to.max_prefixlen, Lookup("lo", None, to, "local"))]
                if interface.up and to in address.local.network:
                    answer = Lookup(interface.name, None, address.local.ip)
                    found.append((address.local.network.prefixlen, answer))
        return found

    def fitting(self, node: str, to: IPAddress) -> Entry | None:
        """The longest of what the test wrote."""
        fit = [r for r in self.routes.get(node, ()) if to in r.destination]
        best = max(fit, key=lambda r: r.destination.prefixlen, default=None)
        if best is None:
            return None
        return Entry(best.type, str(best.destination), best.device or "", best.table or "main")

    def policy(self, node: str, version: int) -> Sequence[PolicyRule]:
        """The kernel's own."""
        return (
            PolicyRule(0, table="local"),
            PolicyRule(32766, table="main"),
            PolicyRule(32767, table="default"),
        )

    def sysctl(self, node: str, key: str) -> str | None:
        """What the test wrote."""
        return self.sysctls.get(node, {}).get(key)

    def neighbours(self, node: str) -> Sequence[Neighbour]:
        """What the test wrote."""
        return self.known.get(node, ())

    def forward_delay(self, node: str, bridge: str) -> float:
        """The kernel's default."""
        return 15.0

    def ports(self, node: str) -> Mapping[str, Port]:
        """What the test wrote."""
        return self.bridged.get(node, {})

    def ruleset(self, node: str) -> Ruleset:
        """What the test wrote."""
        return self.rules.get(node, Ruleset())
