"""From one node to the next over a wire: the wire itself, address resolution, bridges' filters."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

from iplab.names import IPAddress
from iplab.network import Bridge, End
from iplab.why import mend
from iplab.why.facts import Facts
from iplab.why.filters import at_hook
from iplab.why.narrow import narrows
from iplab.why.packet import Packet, resolution
from iplab.why.places import Places
from iplab.why.report import Cause, Weight
from iplab.why.wire import Segment, Way

_BRIDGED = {4: "net/bridge/bridge-nf-call-iptables", 6: "net/bridge/bridge-nf-call-ip6tables"}


Below = Callable[[str, IPAddress, int], Cause | None]


class Crossing:
    """The checks between two stations.

    ``below`` says what is too narrow for vxlan's own packets from a node to a remote.
    """

    def __init__(self, facts: Facts, places: Places, below: Below) -> None:
        self.facts = facts
        self.places = places
        self.below = below

    def owner(
        self, segment: Segment, address: IPAddress, sender: str, expected: str | None
    ) -> tuple[End, Way] | None:
        """Who on the wire has ``address``: the expected node, else whoever is easiest to come to.

        An IPv4 address is its whole node's, whichever device it is on; IPv6 asks the device's own.
        """
        best: tuple[tuple[bool, bool, int, End], Way] | None = None
        for end, way in segment.ways.items():
            if end.node == sender:
                continue
            here = self._on(end, address)
            if not here and (address.version == 6 or not self.places.has(end.node, address)):
                continue
            rank = (end.node != expected, not here, way.cost, end)
            if best is None or rank < best[0]:
                best = (rank, way)
        return (best[0][3], best[1]) if best else None

    def _on(self, end: End, address: IPAddress) -> bool:
        interface = self.places.at(end)
        return any(a.local.ip == address for a in (interface.addresses if interface else ()))

    def wire(self, way: Way) -> Sequence[Cause]:
        """What the frame meets on its way, first things first."""
        return way.faults[:1]

    def narrow(self, way: Way) -> list[Cause]:
        """What is too narrow for large packets."""
        return list(narrows(self.facts, self.places, way, self.below))

    # ------------------------------------------------------------ resolution

    def resolve(
        self, start: End, far: End, hop: IPAddress, packet: Packet, segment: Segment
    ) -> list[Cause]:
        """Does the sender find the next hop's link-layer address, and the right one?"""
        found = [*self._failed(far, hop, segment)]
        if not found:
            found = [*self._twice(start, far, hop, segment), *self._silent(start, far)]
            found += self._ignored(far, hop)
        return [*found, *self._believed(start, far, hop), *self._filtered(start, far, hop, packet)]

    def _failed(self, far: End, hop: IPAddress, segment: Segment) -> Iterator[Cause]:
        """An IPv6 address that duplicate address detection took out of use (RFC 4862, 5.4.5)."""
        interface = self.places.at(far)
        for address in interface.addresses if interface else ():
            if address.local.ip != hop or not address.failed:
                continue
            others = [e for e in segment.ways if e.node != far.node and self._on(e, hop)]
            again = mend.both(
                mend.ip(far.node, "addr", "del", address.local, "dev", far.device),
                mend.ip(far.node, "addr", "add", address.local, "dev", far.device),
            )
            what = "is not used: duplicate address detection found it elsewhere"
            if others:
                other = others[0]
                theirs = self._as_held(other, hop)
                delete = mend.ip(other.node, "addr", "del", theirs, "dev", other.device)
                again = mend.both(delete, again)
                what += f", at {other}"
            yield Cause(far.node, f"address {address.local} on {far.device}", what, again)

    def _as_held(self, end: End, address: IPAddress) -> object:
        interface = self.places.at(end)
        held = interface.addresses if interface else ()
        return next((a.local for a in held if a.local.ip == address), address)

    def _twice(self, start: End, far: End, hop: IPAddress, segment: Segment) -> Iterator[Cause]:
        for end, way in segment.ways.items():
            if end.node == far.node or way.faults or not self._on(end, hop):
                continue
            held = self._as_held(end, hop)
            what = f"{far} has {hop} as well: whichever answers first gets the packets"
            line = mend.ip(end.node, "addr", "del", held, "dev", end.device)
            other = self.places.at(end)
            for entry in self.facts.neighbours(start.node):
                if entry.address == hop and other and entry.lladdr == other.lladdr:
                    forget = mend.ip(start.node, "neigh", "del", hop, "dev", start.device)
                    line = mend.both(line, forget)
            name = f"address {held} on {end.device}"
            yield Cause(end.node, name, what, line, Weight.TWICE)
            return

    def _silent(self, start: End, far: End) -> Iterator[Cause]:
        """Devices on which nobody asks or answers who has an address."""
        for end in (start, far):
            interface = self.places.at(end)
            if interface is not None and "NOARP" in interface.flags:
                what = "has ARP and neighbour discovery switched off"
                line = mend.ip(end.node, "link", "set", end.device, "arp", "on")
                yield Cause(end.node, f"device {end.device}", what, line)
                return

    def _ignored(self, far: End, hop: IPAddress) -> Iterator[Cause]:
        """ARP for an address of the node that it does not answer (ip-sysctl: arp_ignore)."""
        if hop.version == 6:
            return
        keys = [f"net/ipv4/conf/{name}/arp_ignore" for name in (far.device, "all")]
        values = [int(self.facts.sysctl(far.node, key) or 0) for key in keys]
        level, key = max(zip(values, keys, strict=True), key=lambda pair: pair[0])
        if level == 8:
            yield Cause(far.node, f"sysctl {key}", *_unheard("answers no ARP at all", far, key))
        elif level in (1, 2) and not self._on(far, hop):
            what = f"answers no ARP for {hop}, which is not on {far.device}"
            yield Cause(far.node, f"sysctl {key}", *_unheard(what, far, key))

    def _believed(self, start: End, far: End, hop: IPAddress) -> Iterator[Cause]:
        """A neighbour entry that says something else than the device at the other end."""
        interface = self.places.at(far)
        for entry in self.facts.neighbours(start.node):
            if entry.address != hop or entry.device != start.device or not entry.lladdr:
                continue
            if interface is None or entry.lladdr == interface.lladdr:
                continue
            if entry.state != "PERMANENT" and self._lives_at(far.node, entry.lladdr):
                continue
            what = f"says {hop} is at {entry.lladdr}, and {far} is {interface.lladdr}"
            line = mend.ip(start.node, "neigh", "del", hop, "dev", start.device)
            weight = Weight.STOPS if entry.state == "PERMANENT" else Weight.MAY
            yield Cause(start.node, f"neighbour {hop} on {start.device}", what, line, weight)

    def _lives_at(self, node: str, lladdr: str) -> bool:
        return any(i.lladdr == lladdr for _, i in self.places.interfaces(node))

    def _filtered(self, start: End, far: End, hop: IPAddress, packet: Packet) -> Iterator[Cause]:
        question, answer = resolution(packet.source, hop)
        for sender, receiver, asked in ((start, far, question), (far, start, answer)):
            out = self.facts.ruleset(sender.node)
            into = self.facts.ruleset(receiver.node)
            # An address is all that is asked about here; nat and conntrack do not see this.
            yield from at_hook(sender.node, out, "output", asked, outgoing=sender.device).causes
            yield from at_hook(receiver.node, into, "input", asked, incoming=receiver.device).causes

    # ------------------------------------------------------------ bridges that filter

    def frames(self, way: Way, hop: IPAddress, packet: Packet) -> list[Cause]:
        """What sees a frame on the way, the question for ``hop``'s address first: the filters of
        devices (nft's netdev family) and of bridges, and what bridges do with it."""
        question, _ = resolution(packet.source, hop)
        for one in (question, packet):
            found = [*self._at_doors(way, one), *self._bridged(way, one)]
            if found:
                return found
        return []

    def _at_doors(self, way: Way, packet: Packet) -> Iterator[Cause]:
        families = ("netdev", "inet")
        for spot in way.spots:
            node, device = spot.end.node, spot.end.device
            rules = self.facts.ruleset(node)
            if not rules.chains:
                continue
            hook, seat = ("ingress", "incoming") if spot.inward else ("egress", "outgoing")
            yield from at_hook(
                node, rules, hook, packet, families=families, **{seat: device}
            ).causes

    def _bridged(self, way: Way, packet: Packet) -> list[Cause]:
        """The filters of the bridges on the way: nft's bridge family, and br_netfilter."""
        found: list[Cause] = []
        for one, two in pairwise(way.spots):
            node = one.end.node
            through = one.inward and not two.inward and two.end.node == node
            rules = self.facts.ruleset(node) if through else None
            if rules is None or not rules.chains:
                continue
            ports = {"incoming": one.end.device, "outgoing": two.end.device}
            found += at_hook(node, rules, "forward", packet, families=("bridge",), **ports).causes
            if packet.protocol == "arp" or self.facts.sysctl(node, _BRIDGED[packet.version]) != "1":
                continue
            bridge = self._bridge(one.end)
            why = f"br_netfilter shows it what {bridge} passes on"
            families = ("ip", "inet") if packet.version == 4 else ("ip6", "inet")
            for hook in ("prerouting", "forward", "postrouting"):
                seat = {
                    "incoming": bridge if hook != "postrouting" else "",
                    "outgoing": bridge if hook != "prerouting" else "",
                }
                found += at_hook(
                    node, rules, hook, packet, families=families, why=why, **seat
                ).causes
        return found

    def _bridge(self, port: End) -> str:
        interface = self.places.at(port)
        if interface is not None and isinstance(interface.kind, Bridge):
            return port.device
        return (interface.master if interface else None) or port.device


def _unheard(what: str, far: End, key: str) -> tuple[str, str]:
    return what, mend.sysctl(far.node, key, 0)
