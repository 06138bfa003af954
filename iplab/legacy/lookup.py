"""Questions to the state: whose an address is, and which device reaches it directly."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network

from iplab.network import Namespace, Neighbour

DEPENDS = "give the state: --live, --netns NAME or --state FILE"


def is_own(state: Namespace, address: IPv4Address) -> bool:
    """Whether the kernel counts ``address`` as the machine's own (RTN_LOCAL)."""
    return any(
        a.local.ip == address
        or (address.is_loopback and interface.name == "lo" and address in a.local.network)
        for interface in state.interfaces.values()
        for a in interface.addresses
    )


def direct_device(state: Namespace, address: IPv4Address) -> tuple[str | None, bool]:
    """The device of the best route to ``address`` without a gateway, as SIOCSARP looks for it
    (RTO_ONLINK), and whether that is beyond doubt."""
    fitting = [c for c in _direct(state) if address in c[0]]
    if not fitting:
        return None, True
    longest = max(prefix.prefixlen for prefix, _, _ in fitting)
    best = [c for c in fitting if c[0].prefixlen == longest]
    least = min(metric for _, metric, _ in best)
    devices = [device for _, metric, device in best if metric == least]
    return devices[0], len(set(devices)) == 1


def _direct(state: Namespace) -> Iterator[tuple[IPv4Network, int, str]]:
    for interface in state.interfaces.values():
        if not interface.up:
            continue
        for a in interface.addresses:
            network = (a.peer or a.local).network
            if not isinstance(network, IPv4Network) or a.noprefixroute:
                continue
            if network.prefixlen < 32 or a.peer:
                yield network, a.metric or 0, interface.name
    for route in state.routes:
        network = route.destination
        if not isinstance(network, IPv4Network) or route.type != "unicast" or route.table:
            continue
        if route.device and route.gateway is None:
            yield network, route.metric or 0, route.device


def device_with(state: Namespace, lladdr: str) -> str | None:
    """The first device with that MAC address (dev_getbyhwaddr)."""
    ordered = sorted(state.interfaces.values(), key=lambda i: i.index or 0)
    return next((i.name for i in ordered if i.lladdr == lladdr), None)


def neighbour(
    state: Namespace, address: IPv4Address, device: str | None, *, proxy: bool
) -> Neighbour | None:
    """The entry for ``address``, on ``device`` where one is given."""
    for entry in state.neighbours or ():
        if entry.address == address and entry.proxy is proxy and device in (None, entry.device):
            return entry
    return None
