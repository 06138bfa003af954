"""Which of a node's devices should lead somewhere, and what keeps it from that."""

from __future__ import annotations

from collections.abc import Sequence

from iplab.names import MIN_IPV6_MTU, IPAddress, IPInterface
from iplab.network import End, Interface
from iplab.why import mend
from iplab.why.facts import Facts
from iplab.why.places import Places
from iplab.why.report import Cause
from iplab.why.wire import Wires


class Devices:
    """Explains what devices lack: a wire, being up, an address, IPv6."""

    def __init__(self, facts: Facts, places: Places, wires: Wires) -> None:
        self.facts = facts
        self.places = places
        self.wires = wires

    def leading(self, node: str, target: IPAddress) -> Cause | None:
        """A device that would lead there, were it up and had it an address."""
        version = target.version
        devices = list(self.places.interfaces(node))
        if not devices:
            return self.alone(node)
        for end, interface in devices:
            within = [a for a in self.places.addresses(end, version) if target in a.local.network]
            if within and not interface.up:
                return down(end)
        if any(self.places.addresses(end, version) for end, _ in devices):
            return None
        return self._without_address(node, target, devices)

    def without(self, node: str, asker: IPAddress, device: str | None) -> Cause | None:
        """A node without an address of ``asker``'s family: which device should have one?"""
        devices = [(e, i) for e, i in self.places.interfaces(node) if device in (None, e.device)]
        if not devices:
            return self.alone(node)
        return self._without_address(node, asker, devices)

    def alone(self, node: str) -> Cause:
        """A node that no wire leads to."""
        return Cause(node, "devices", "has no device but lo, so nothing leads in or out")

    def _without_address(
        self, node: str, target: IPAddress, devices: Sequence[tuple[End, Interface]]
    ) -> Cause | None:
        """No address of the family in the whole node: find the device that should have one."""
        version = target.version
        holders = set(self.places.nodes_with(target))
        offers: list[tuple[int, End, Interface, IPInterface]] = []
        for end, interface in devices:
            if interface.master:
                continue
            for far, way in self.wires.segment(end).ways.items():
                for theirs in self.places.addresses(far, version):
                    if far.node == node or theirs.local.network.num_addresses < 2:
                        continue
                    near = 0 if far.node in holders else 1
                    offers.append((near * 100 + way.cost, end, interface, theirs.local))
        if not offers:
            for end, interface in devices:
                if not interface.up:
                    return down(end)
                if (cause := self.hindered(end, interface, version)) is not None:
                    return cause
            return None
        _, end, interface, offered = min(offers, key=lambda o: (o[0], o[1]))
        if (cause := self.hindered(end, interface, version)) is not None:
            return cause
        if not interface.up:
            return down(end)
        free = self.places.free(offered.network)
        line = (
            mend.ip(node, "addr", "add", f"{free}/{offered.network.prefixlen}", "dev", end.device)
            if free
            else ""
        )
        what = f"has no IPv{version} address"
        return Cause(node, f"device {end.device}", what, line)

    def hindered(self, end: End, interface: Interface, version: int) -> Cause | None:
        """What keeps IPv6 off a device."""
        if version == 4:
            return None
        if interface.mtu is not None and interface.mtu < MIN_IPV6_MTU:
            what = (
                f"has mtu {interface.mtu}: under {MIN_IPV6_MTU} the kernel takes IPv6 off a device"
            )
            line = mend.ip(end.node, "link", "set", end.device, "mtu", 1500)
            return Cause(end.node, f"device {end.device}", what, line)
        for name in (end.device, "all"):
            key = f"net/ipv6/conf/{name}/disable_ipv6"
            if self.facts.sysctl(end.node, key) == "1":
                what = "IPv6 is switched off here"
                return Cause(end.node, f"sysctl {key}", what, mend.sysctl(end.node, key, 0))
        return None

    def bare(self, node: str, target: IPAddress) -> Cause | None:
        """The target is on the wire of a device of ours that has no address."""
        for end, interface in self.places.interfaces(node):
            if interface.master or self.places.addresses(end, target.version):
                continue
            for far, way in self.wires.segment(end).ways.items():
                theirs = [a.local for a in self.places.addresses(far, target.version)]
                mine = next((a for a in theirs if a.ip == target), None)
                if mine is None or far.node == node or way.cost >= 10:
                    continue
                if (cause := self.hindered(end, interface, target.version)) is not None:
                    return cause
                free = self.places.free(mine.network)
                word = f"{free}/{mine.network.prefixlen}"
                line = mend.ip(node, "addr", "add", word, "dev", end.device) if free else ""
                what = f"has no IPv{target.version} address"
                return Cause(node, f"device {end.device}", what, line)
        return None


def down(end: End) -> Cause:
    line = mend.ip(end.node, "link", "set", end.device, "up")
    return Cause(end.node, f"device {end.device}", "is down", line)
