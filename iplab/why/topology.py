"""Who could pass a packet on to whom: the subnets on the wires, whatever the routes say."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from itertools import count

from msgspec import Struct

from iplab.names import IPAddress, IPInterface
from iplab.network import End
from iplab.why.facts import Facts
from iplab.why.places import Places
from iplab.why.report import Cause
from iplab.why.wire import Wires


class Step(Struct, frozen=True):
    """From a node's device to an address on the same wire and in the same subnet."""

    near: End
    own: IPInterface
    far: End
    gateway: IPAddress
    faults: tuple[Cause, ...]


class Topology:
    """A network's subnets as a graph of nodes."""

    def __init__(self, facts: Facts, places: Places, wires: Wires) -> None:
        self.facts = facts
        self.places = places
        self.wires = wires

    def steps(self, node: str, version: int) -> Iterator[Step]:
        """Every neighbour of a node in the family, over whole wires and broken ones."""
        for near, _ in self.places.interfaces(node):
            for own in self.places.addresses(near, version):
                for far, way in self.wires.segment(near).ways.items():
                    for theirs in self.places.addresses(far, version):
                        together = (
                            theirs.local.ip in own.local.network
                            and own.local.ip in theirs.local.network
                        )
                        if far.node != node and together:
                            yield Step(near, own.local, far, theirs.local.ip, way.faults)

    def first_step(self, node: str, target: IPAddress) -> Step | None:
        """The step that leads to ``target`` over the fewest nodes, forwarding ones preferred."""
        goals = set(self.places.nodes_with(target))
        number = count()
        queue: list[tuple[int, int, str, Step | None]] = [(0, next(number), node, None)]
        seen: set[str] = set()
        while queue:
            cost, _, here, first = heapq.heappop(queue)
            if here in seen:
                continue
            seen.add(here)
            if here in goals and here != node:
                return first
            price = cost + (1 if here == node or self.forwards(here, target.version) else 4)
            for step in self.steps(here, target.version):
                if step.far.node not in seen:
                    entry = (price + 5 * len(step.faults), next(number), step.far.node)
                    heapq.heappush(queue, (*entry, first or step))
        return None

    def way_out(self, node: str, target: IPAddress) -> Step | None:
        """For a target nobody here has: a neighbour that forwards and has a route to it."""
        for step in self.steps(node, target.version):
            there = step.far.node
            if step.faults or not self.forwards(there, target.version):
                continue
            onward = self.facts.lookup(there, target)
            if not onward.refused and onward.device != step.far.device:
                return step
        return None

    def forwards(self, node: str, version: int) -> bool:
        """Whether the node passes packets on at all."""
        key = "net/ipv4/ip_forward" if version == 4 else "net/ipv6/conf/all/forwarding"
        return self.facts.sysctl(node, key) not in ("0", None)
