"""Where things are: a Network turned round, so that a search finds what stands on what."""

from __future__ import annotations

import ipaddress
from collections import defaultdict
from collections.abc import Iterator

from iplab.names import IPAddress, IPNetwork
from iplab.network import Address, Bridge, End, Interface, Macvlan, Network, Vlan, Vxlan


class Places:
    """The network, by address, by bridge, by lower device."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.holders: dict[IPAddress, list[End]] = defaultdict(list)
        self.ports: dict[End, list[End]] = defaultdict(list)
        self.above: dict[End, list[End]] = defaultdict(list)
        self.bridges: dict[str, list[str]] = defaultdict(list)
        self.vxlans: list[End] = []
        for end, interface in network.ends():
            for address in interface.addresses:
                self.holders[address.local.ip].append(end)
            if interface.master:
                self.ports[End(end.node, interface.master)].append(end)
            match interface.kind:
                case Macvlan(link=End() as below) | Vlan(link=End() as below):
                    self.above[below].append(end)
                case Bridge():
                    self.bridges[end.node].append(end.device)
                case Vxlan():
                    self.vxlans.append(end)

    def at(self, end: End) -> Interface | None:
        """The device, if it is there."""
        return self.network.interface(end)

    def nodes_with(self, address: IPAddress) -> list[str]:
        """The nodes that have the address, each once."""
        return list(dict.fromkeys(end.node for end in self.holders.get(address, ())))

    def has(self, node: str, address: IPAddress) -> bool:
        """Whether the address is one of the node's."""
        return any(end.node == node for end in self.holders.get(address, ()))

    def interfaces(self, node: str) -> Iterator[tuple[End, Interface]]:
        """The devices of a node but ``lo``."""
        for device, interface in self.network.namespaces[node].interfaces.items():
            if device != "lo":
                yield End(node, device), interface

    def addresses(self, end: End, version: int) -> list[Address]:
        """The addresses of a device in one family, without link-local ones."""
        interface = self.at(end)
        return [
            a
            for a in (interface.addresses if interface else ())
            if a.local.version == version and not a.local.ip.is_link_local
        ]

    def free(self, subnet: IPNetwork) -> IPAddress | None:
        """An address in ``subnet`` that no node has: one that routes name as their gateway, else
        the one after the highest, else the first."""
        for namespace in self.network.namespaces.values():
            for gateway in (r.gateway for r in namespace.routes):
                if gateway and gateway not in self.holders and gateway in subnet:
                    return gateway
        used = {a for a in self.holders if a.version == subnet.version and a in subnet}
        if subnet.num_addresses <= 2:
            rest = [a for a in subnet if a not in used]
            return rest[0] if rest else None
        first, last = int(subnet.network_address) + 1, int(subnet.broadcast_address) - 1
        make = ipaddress.IPv4Address if subnet.version == 4 else ipaddress.IPv6Address
        following = max((int(a) for a in used), default=0) + 1
        for number in (following, *range(first, min(last, first + 4096) + 1)):
            if first <= number <= last and make(number) not in used:
                return make(number)
        return None
