"""Following one packet from node to node, up to the first thing that stops it."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from iplab.names import IPAddress
from iplab.network import End
from iplab.why.absent import Absent
from iplab.why.arrival import Arrival
from iplab.why.crossing import Crossing
from iplab.why.devices import Devices
from iplab.why.facts import Facts, Lookup
from iplab.why.filters import at_hook
from iplab.why.journey import Translation, Walk, undone
from iplab.why.packet import Packet
from iplab.why.places import Places
from iplab.why.report import Cause, Hop, Weight
from iplab.why.routes import Routes
from iplab.why.taken import Taken
from iplab.why.topology import Topology
from iplab.why.whole import Whole
from iplab.why.wire import Wires

_DEPTH = 2  # tunnels in tunnels


class Walker:
    """Walks packets through a network."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self.places = Places(facts.network)
        self.wires = Wires(facts, self.places, self._underlay)
        self.topology = Topology(facts, self.places, self.wires)
        self.devices = Devices(facts, self.places, self.wires)
        self.routes = Routes(facts, self.places, self.wires, self.topology, self.devices)
        self._absent = Absent(facts, self.places, self.routes)
        self._taken = Taken(facts, self.places)
        self._arrival = Arrival(facts, self.places, self.routes)
        self._whole = Whole(facts, self.places, self.routes, self.topology)
        self._crossing = Crossing(facts, self.places, self._narrow_below)

    def _underlay(self, node: str, remote: IPAddress, port: int) -> Sequence[Cause]:
        """What stops vxlan's own packets from ``node`` to ``remote``."""
        return [c for c in self._below(node, remote, port) if c.weight is Weight.STOPS][:1]

    def _narrow_below(self, node: str, remote: IPAddress, port: int) -> Cause | None:
        """What is too narrow for vxlan's own packets from ``node`` to ``remote``."""
        found = self._below(node, remote, port)
        return next((c for c in found if c.weight is Weight.LARGE), None)

    def _below(self, node: str, remote: IPAddress, port: int) -> Sequence[Cause]:
        if self.wires.depth >= _DEPTH:
            return ()
        self.wires.depth += 1
        try:
            route = self.facts.lookup(node, remote)
            if route.refused:
                return (self.routes.missing(node, remote, route.refused),)
            if route.source is None:
                return ()
            packet = Packet(route.source, remote, "udp", "datagram", port=port)
            return self.go(node, packet).causes
        finally:
            self.wires.depth -= 1

    def go(
        self,
        node: str,
        packet: Packet,
        *,
        expected: str | None = None,
        known: Sequence[Translation] = (),
        routers: Sequence[str] = (),
    ) -> Walk:
        """Follow ``packet`` from ``node``.

        ``expected`` is the node that is meant to get it, ``known`` the translations that its
        request met, which its answer meets the other way round; ``routers`` passed the request on.
        """
        walk = Walk(packet)
        here, arriving = node, ""
        life = self._whole.life(node, packet)
        seen: set[tuple[str, str, IPAddress]] = set()
        while True:
            if (here, arriving, walk.packet.target) in seen:
                walk.met([self._whole.loop(here, walk)])
                return walk
            seen.add((here, arriving, walk.packet.target))
            if arriving:
                before = walk.packet
                walk.packet = undone(before, here, known)
                passage = self._hook(walk, here, "prerouting", incoming=arriving)
                if passage:
                    return walk
                if self.places.has(here, walk.packet.target):
                    walk.hops.append(self._hop(here, arriving, None, walk.packet))
                    found = self._arrival.taken_in(here, arriving, walk.packet)
                    return self._ends(walk, here, node, found, expected, known)
                if here == node:
                    walk.met([self._whole.loop(here, walk)])
                    return walk
                found = self._arrival.passed_on(here, arriving, walk.packet)
                if walk.met(self._whole.astray(walk, here, found) or found):
                    return walk
                life -= 1
                if life <= 0:
                    walk.met([self._whole.dies(node, here, walk)])
                    return walk
            route = self._route(here, arriving, walk.packet)
            if route.refused:
                answering = walk.packet.state == "established"
                cause = self.routes.missing(
                    here,
                    walk.packet.target,
                    route.refused,
                    source=walk.packet.source if arriving or answering else None,
                    answering=answering,
                )
                if answering:
                    cause = self._whole.masqueraded(cause, routers, walk.packet)
                walk.met([cause])
                return walk
            if route.type == "local":
                walk.hops.append(self._hop(here, "lo", None, walk.packet))
                found = self._arrival.to_itself(here, walk.packet)
                return self._ends(walk, here, node, found, expected, known)
            hook = "forward" if arriving else "output"
            if self._hook(walk, here, hook, incoming=arriving, outgoing=route.device):
                return walk
            if self._hook(walk, here, "postrouting", outgoing=route.device):
                return walk
            walk.hops.append(self._hop(here, route.device, route.gateway, walk.packet))
            landed = self._cross(walk, here, route, expected, known)
            if landed is None:
                return walk
            here, arriving = landed.node, landed.device

    # ------------------------------------------------------------ one station

    def _route(self, node: str, arriving: str, packet: Packet) -> Lookup:
        if not arriving:
            own = packet.source if packet.state == "established" else None
            return self.facts.lookup(node, packet.target, source=own)
        return self.facts.lookup(node, packet.target, source=packet.source, arriving=arriving)

    def _hook(
        self, walk: Walk, node: str, hook: str, *, incoming: str = "", outgoing: str = ""
    ) -> bool:
        """The packet at a hook of the packet filter; whether it ended there."""
        rules = self.facts.ruleset(node)
        if not rules.chains:
            return False
        packet = walk.packet
        passage = at_hook(node, rules, hook, packet, incoming=incoming, outgoing=outgoing)
        if passage.nat is not None and packet.state == "new":
            kind, address = passage.nat
            if kind == "snat":
                address = address or self._masquerade(node, outgoing, packet.version)
            if address is not None:
                source = address if kind == "snat" else packet.source
                target = address if kind == "dnat" else packet.target
                walk.packet = replace(packet, source=source, target=target)
                walk.translations.append(Translation(node, packet, walk.packet, passage.rule))
        return walk.met(passage.causes)

    def _masquerade(self, node: str, device: str, version: int) -> IPAddress | None:
        own = self.places.addresses(End(node, device), version)
        return own[0].local.ip if own else None

    def _cross(
        self,
        walk: Walk,
        node: str,
        route: Lookup,
        expected: str | None,
        known: Sequence[Translation],
    ) -> End | None:
        """Over the wire to the next hop; ``None`` where the walk ends."""
        start = End(node, route.device)
        hop = route.gateway or walk.packet.target
        final = route.gateway is None
        segment = self.wires.segment(start)
        found = self._crossing.owner(segment, hop, node, expected if final else None)
        if found is None:
            if segment.edges and not self.places.nodes_with(hop):
                walk.sight = segment.edges[0]
                walk.notes.append(f"{hop} lies behind {walk.sight}, where iplab does not see")
                return None
            changed = self._whole.changed(hop, [*walk.translations, *known]) if final else None
            absent = changed or self._absent.explain(
                start, hop, segment, walk.packet, gateway=not final
            )
            walk.met([absent])
            return None
        far, way = found
        if walk.met(self._crossing.wire(way)):
            return None
        if walk.met(self._crossing.resolve(start, far, hop, walk.packet, segment)):
            return None
        if walk.met(self._crossing.frames(way, hop, walk.packet)):
            return None
        walk.causes += self._crossing.narrow(way)
        return far

    def _ends(
        self,
        walk: Walk,
        here: str,
        origin: str,
        found: Sequence[Cause],
        expected: str | None,
        known: Sequence[Translation],
    ) -> Walk:
        """The walk, which ends at ``here``; a translated packet may well be meant for it."""
        translated = known or any(t.before.target != t.after.target for t in walk.translations)
        wrong = () if translated else self._taken.wrongly(here, origin, walk.packet, expected)
        if not walk.met((*wrong, *found)):
            walk.arrived = here
        return walk

    def _hop(self, node: str, device: str, via: IPAddress | None, packet: Packet) -> Hop:
        own = [a.local.ip for a in self.places.addresses(End(node, device), packet.version)]
        for address in (packet.source, packet.target):
            if self.places.has(node, address) and (address in own or device == "lo"):
                return Hop(node, device, str(via) if via else None, str(address))
        return Hop(node, device, str(via) if via else None, str(own[0]) if own else None)
