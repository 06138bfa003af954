"""What a node does with a packet that comes in: take it, pass it on, or neither."""

from __future__ import annotations

from collections.abc import Iterator

from iplab.network import End
from iplab.why import mend
from iplab.why.facts import Facts
from iplab.why.filters import at_hook
from iplab.why.packet import Packet
from iplab.why.places import Places
from iplab.why.report import Cause
from iplab.why.routes import Routes

_DEAF = {4: "net/ipv4/icmp_echo_ignore_all", 6: "net/ipv6/icmp/echo_ignore_all"}


class Arrival:
    """The checks at the door of a node, in the kernel's order."""

    def __init__(self, facts: Facts, places: Places, routes: Routes) -> None:
        self.facts = facts
        self.places = places
        self.routes = routes

    def taken_in(self, node: str, device: str, packet: Packet) -> list[Cause]:
        """A packet for the node itself."""
        found = [*self._martian(node, device, packet), *self._reverse(node, device, packet)]
        return [*found, *self._input(node, device, packet)]

    def passed_on(self, node: str, device: str, packet: Packet) -> list[Cause]:
        """A packet for somebody else."""
        found = list(self._forwarding(node, device, packet))
        return [
            *found,
            *self._martian(node, device, packet),
            *self._reverse(node, device, packet),
        ]

    def to_itself(self, node: str, packet: Packet) -> list[Cause]:
        """A packet of the node for one of its own addresses: it goes through ``lo``."""
        lo = self.places.at(End(node, "lo"))
        if lo is not None and not lo.up:
            line = mend.ip(node, "link", "set", "lo", "up")
            what = "is down, and a node's packets to itself go through it"
            return [Cause(node, "device lo", what, line)]
        out = at_hook(node, self.facts.ruleset(node), "output", packet, outgoing="lo")
        return [*out.causes, *self._input(node, "lo", packet)]

    def _input(self, node: str, device: str, packet: Packet) -> Iterator[Cause]:
        rules = self.facts.ruleset(node)
        yield from at_hook(node, rules, "input", packet, incoming=device).causes
        if packet.type == "echo-request":
            key = _DEAF[packet.version]
            if self.facts.sysctl(node, key) == "1":
                what = "the node answers no ping"
                yield Cause(node, f"sysctl {key}", what, mend.sysctl(node, key, 0))

    def _forwarding(self, node: str, device: str, packet: Packet) -> Iterator[Cause]:
        """``ip_forward`` and ``ip6_forward``: IPv4 asks the device it came by, IPv6 the node."""
        if packet.version == 6:
            key = "net/ipv6/conf/all/forwarding"
            own = f"net/ipv6/conf/{device}/force_forwarding"
            off = self.facts.sysctl(node, key) == "0" and self.facts.sysctl(node, own) != "1"
            if off:
                what = "does not forward IPv6"
                yield Cause(node, f"sysctl {key}", what, mend.sysctl(node, key, 1))
            return
        key = "net/ipv4/ip_forward"
        own = f"net/ipv4/conf/{device}/forwarding"
        if self.facts.sysctl(node, key) == "0" and self.facts.sysctl(node, own) != "1":
            what = "does not forward IPv4"
            yield Cause(node, f"sysctl {key}", what, mend.sysctl(node, key, 1))
        elif self.facts.sysctl(node, own) == "0":
            what = f"does not forward what comes in by {device}"
            yield Cause(node, f"sysctl {own}", what, mend.sysctl(node, own, 1))

    def _martian(self, node: str, device: str, packet: Packet) -> Iterator[Cause]:
        """A packet that comes from outside with an address of our own (``fib_validate_source``)."""
        if packet.version == 6 or not self.places.has(node, packet.source):
            return
        if self.facts.sysctl(node, f"net/ipv4/conf/{device}/accept_local") == "1":
            return
        ours = next(e for e in self.places.holders[packet.source] if e.node == node)
        mine = next(
            a for a in self.places.addresses(ours, packet.version) if a.local.ip == packet.source
        )
        what = f"has {packet.source} too, so packets from there are dropped as martians"
        line = mend.ip(node, "addr", "del", mine.local, "dev", ours.device)
        yield Cause(node, f"address {mine.local} on {ours.device}", what, line)

    def _reverse(self, node: str, device: str, packet: Packet) -> Iterator[Cause]:
        """Reverse path filtering (ip-sysctl: rp_filter; the stricter of ``all`` and the device)."""
        if packet.version == 6 or self.places.has(node, packet.source):
            return
        own = f"net/ipv4/conf/{device}/rp_filter"
        values = [self.facts.sysctl(node, f"net/ipv4/conf/{n}/rp_filter") for n in (device, "all")]
        level = max((int(v) for v in values if v and v.isdigit()), default=0)
        if level == 0:
            return
        back = self.facts.lookup(node, packet.source)
        if back.refused:
            cause = self.routes.missing(node, packet.source, back.refused, answering=True)
            what = f"{cause.what}, so rp_filter drops what comes from there"
            yield Cause(cause.node, cause.object, what, cause.mend)
        elif level == 1 and back.device != device:
            what = (
                f"is strict: packets from {packet.source} come in by {device}, and the route "
                f"back goes out by {back.device}"
            )
            yield Cause(node, f"sysctl {own}", what, mend.sysctl(node, own, 2))
