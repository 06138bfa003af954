"""What no single station shows, but the whole of a walk."""

from __future__ import annotations

from collections.abc import Sequence

from iplab.names import IPAddress, IPNetwork
from iplab.why import mend
from iplab.why.facts import Facts
from iplab.why.filters import named
from iplab.why.journey import Translation, Walk
from iplab.why.packet import Packet
from iplab.why.places import Places
from iplab.why.report import Cause
from iplab.why.routes import Routes
from iplab.why.topology import Topology

_TTL = 64


class Whole:
    """Judges walks, from what all of their stations were."""

    def __init__(self, facts: Facts, places: Places, routes: Routes, topology: Topology) -> None:
        self.facts = facts
        self.places = places
        self.routes = routes
        self.topology = topology

    def life(self, node: str, packet: Packet) -> int:
        if packet.version == 4:
            value = self.facts.sysctl(node, "net/ipv4/ip_default_ttl")
        else:
            device = self.facts.lookup(node, packet.target).device
            value = self.facts.sysctl(node, f"net/ipv6/conf/{device}/hop_limit")
        return int(value) if value and value.isdigit() else _TTL

    def dies(self, origin: str, here: str, walk: Walk) -> Cause:
        six = walk.packet.version == 6
        name = (
            f"net/ipv6/conf/{walk.hops[0].device}/hop_limit" if six else "net/ipv4/ip_default_ttl"
        )
        value = self.life(origin, walk.packet)
        what = f"packets leave with ttl {value}, which ends at {here}"
        return Cause(origin, f"sysctl {name}", what, mend.sysctl(origin, name, _TTL))

    def loop(self, here: str, walk: Walk) -> Cause:
        round_trip = [hop.node for hop in walk.hops]
        ring = round_trip[round_trip.index(here) :] if here in round_trip else round_trip
        words = " → ".join([*ring, here])
        for node in reversed(ring):
            hop = next(h for h in reversed(walk.hops) if h.node == node)
            step = self.topology.first_step(node, walk.packet.target)
            if step is not None and str(step.gateway) != hop.via:
                line = self.routes.better(node, walk.packet.target, None)
                what = f"sends packets for {walk.packet.target} in a circle: {words}"
                return Cause(node, f"route to {walk.packet.target}", what, line)
        what = f"packets for {walk.packet.target} go in a circle: {words}"
        return Cause(here, f"route to {walk.packet.target}", what)

    def astray(self, walk: Walk, here: str, found: Sequence[Cause]) -> list[Cause]:
        """A node that does not forward was not to be asked where another way does lead there."""
        target, version = walk.packet.target, walk.packet.version
        if not found or not found[0].what.startswith("does not forward") or not walk.hops:
            return []
        last = walk.hops[-1]
        step = self.topology.first_step(last.node, target)
        if last.via is None or step is None or step.far.node == here or step.faults:
            return []
        there = step.far.node
        if not self.places.has(there, target) and not self.topology.forwards(there, version):
            return []
        route = self.routes.matching(last.node, target)
        line = self.routes.better(last.node, target, None)
        name = f"route {route}" if route else f"route to {target}"
        return [Cause(last.node, name, f"goes by {here}, which {found[0].what}", line)]

    def changed(self, hop: IPAddress, translations: Sequence[Translation]) -> Cause | None:
        """A rule that changed an address to one that nobody has."""
        if self.places.nodes_with(hop):
            return None
        for one in translations:
            if one.rule is None or hop not in (one.after.source, one.after.target):
                continue
            place, handle = one.rule.chain, one.rule.handle
            line = mend.within(one.node, "nft", "delete", "rule", *place, "handle", handle)
            source = hop == one.after.source
            subnet = self.routes.subnet_of(one.before.source) if source else None
            if subnet is not None:
                line = mend.both(line, _masquerade(one.node, place, subnet))
            which = "source" if source else "target"
            what = f"changes the {which} to {hop}, which nobody has"
            return Cause(one.node, named(one.rule), what, line)
        return None

    def masqueraded(self, cause: Cause, routers: Sequence[str], packet: Packet) -> Cause:
        """Where a router on the way there does NAT, the source should have been hidden by it."""
        subnet = self.routes.subnet_of(packet.target)
        if subnet is None or not cause.object.startswith("route to"):
            return cause
        for router in routers:
            for chain in self.facts.ruleset(router).chains:
                if chain.hook != "postrouting" or chain.type != "nat":
                    continue
                what = f"does not masquerade {subnet}, and {cause.node} has {cause.what}"
                line = _masquerade(router, (chain.family, chain.table, chain.name), subnet)
                place = f"nft chain {chain.family} {chain.table} {chain.name}"
                note = f"or a route back: {cause.mend}" if cause.mend else ""
                return Cause(router, place, what, line, notes=(note,) if note else ())
        return cause


def _masquerade(node: str, place: Sequence[str], subnet: IPNetwork) -> str:
    """The rule that hides a subnet, ahead of all others."""
    family = "ip" if subnet.version == 4 else "ip6"
    match = (family, "saddr", subnet, family, "daddr", "!=", subnet, "masquerade")
    return mend.within(node, "nft", "insert", "rule", *place, *match)
