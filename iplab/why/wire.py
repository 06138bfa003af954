"""What a frame can reach: veth pairs, bridges, vxlan, macvlan and vlan, with what stops it there.

A cheapest-way search in which each fault on the way costs something.  So a wire that is broken is
still found, and its faults stand in the order in which the frame meets them.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import count

from msgspec import Struct

from iplab.names import IPAddress
from iplab.network import Bridge, End, Interface, Kind, Macvlan, Veth, Vlan, Vxlan
from iplab.why import mend
from iplab.why.facts import Facts
from iplab.why.obstacles import Obstacles
from iplab.why.overlay import far_ends
from iplab.why.places import Places
from iplab.why.report import Cause

FAULT = 1
SUPPOSED = 10  # a wire that is not there, but that somebody may well have meant


class Spot(Struct, frozen=True, order=True):
    """A frame at a device, on its way in or out; ``tag`` is its 802.1Q tag."""

    end: End
    inward: bool
    tag: int = 0


class Move(Struct, frozen=True):
    """One step of a frame, with what forbids it."""

    to: Spot
    faults: tuple[Cause, ...] = ()
    cost: int = 0


class Way(Struct, frozen=True):
    """How a frame gets to a device: the spots from the start on, and the faults in their order."""

    spots: tuple[Spot, ...]
    faults: tuple[Cause, ...]
    cost: int


class Segment(Struct, frozen=True):
    """What hangs together with a device: the way to each device whose node takes the frame in.

    ``edges`` are the ends behind which iplab does not see (an uplink, a program's tap).
    """

    ways: Mapping[End, Way]
    edges: tuple[End, ...]


Underlay = Callable[[str, IPAddress, int], Sequence[Cause]]


class Wires:
    """The wires of a network.  ``underlay`` says what stops vxlan's own packets to a remote."""

    def __init__(self, facts: Facts, places: Places, underlay: Underlay) -> None:
        self.facts = facts
        self.places = places
        self.underlay = underlay
        self.obstacles = Obstacles(facts, places)
        self.depth = 0  # how many tunnels the asker is in: their wires are looked at less deeply
        self._flooded: set[tuple[End, int]] = set()
        self._known: dict[tuple[End, int], Segment] = {}

    def segment(self, start: End) -> Segment:
        """All that a frame sent out of ``start`` can come to."""
        key = (start, self.depth)
        if key not in self._known:
            outer, self._flooded = self._flooded, set()
            self._known[key] = self._search(start)
            self._flooded = outer
        return self._known[key]

    def _search(self, start: End) -> Segment:
        first = Spot(start, False)
        number = count()  # heapq shall never compare spots of equal cost
        queue: list[tuple[int, int, Spot, Spot | None, tuple[Cause, ...]]] = []
        heapq.heappush(queue, (0, next(number), first, None, self.obstacles.down(start)))
        before: dict[Spot, tuple[Spot | None, tuple[Cause, ...], int]] = {}
        edges: dict[End, None] = {}
        while queue:
            cost, _, spot, previous, faults = heapq.heappop(queue)
            if spot in before:
                continue
            before[spot] = (previous, faults, cost)
            if not spot.inward and self._out_of_sight(spot.end):
                edges[spot.end] = None
            for move in self._moves(spot):
                if move.to not in before:
                    price = cost + (move.cost or FAULT * len(move.faults))
                    heapq.heappush(queue, (price, next(number), move.to, spot, move.faults))
        ways: dict[End, Way] = {}
        for spot, (_, _, cost) in before.items():
            if spot.inward and not spot.tag and self._takes_in(spot.end):
                spots, faults = _trace(spot, before)
                if spot.end not in ways or cost < ways[spot.end].cost:
                    ways[spot.end] = Way(spots, faults, cost)
        return Segment(ways, tuple(edges))

    def _takes_in(self, end: End) -> bool:
        interface = self.places.at(end)
        return interface is not None and interface.master is None

    def _out_of_sight(self, end: End) -> bool:
        kind = self._kind(end)
        if isinstance(kind, Veth):
            return kind.peer is None
        return not isinstance(kind, Bridge | Macvlan | Vlan | Vxlan) and (
            kind is not None and kind.type not in ("dummy", "loopback")
        )

    def _kind(self, end: End) -> Kind | None:
        interface = self.places.at(end)
        return interface.kind if interface else None

    # ------------------------------------------------------------ one step

    def _moves(self, spot: Spot) -> Iterator[Move]:
        interface = self.places.at(spot.end)
        if interface is None:
            return
        if spot.inward:
            yield from self._inward(spot, interface)
            return
        match interface.kind:
            case Veth(peer=End() as peer):
                yield Move(Spot(peer, True, spot.tag), self.obstacles.down(peer))
            case Bridge():
                yield from self._flood(spot.end, None, spot.tag, ())
            case Vlan(link=End() as below, id=tag):
                yield Move(Spot(below, False, tag), self.obstacles.down(below))
            case Macvlan(link=End() as below, mode=mode):
                yield Move(Spot(below, False, spot.tag), self.obstacles.down(below))
                if mode == "bridge":
                    for other in self.places.above[below]:
                        if other != spot.end and isinstance(self._kind(other), Macvlan):
                            yield Move(Spot(other, True, spot.tag), self.obstacles.down(other))
            case Vxlan():
                for far, faults, cost in far_ends(self.places, spot.end, self.underlay):
                    yield Move(
                        Spot(far, True, spot.tag), (*faults, *self.obstacles.down(far)), cost
                    )

    def _inward(self, spot: Spot, interface: Interface) -> Iterator[Move]:
        end = spot.end
        for other in self.places.above.get(end, ()):
            kind = self._kind(other)
            if isinstance(kind, Vlan) and kind.id == spot.tag:
                yield Move(Spot(other, True), self.obstacles.down(other))
            elif isinstance(kind, Macvlan):
                yield Move(Spot(other, True, spot.tag), self.obstacles.down(other))
        if isinstance(interface.kind, Bridge):
            return
        for name in self.places.bridges.get(end.node, ()):
            bridge = End(end.node, name)
            stranger = self.obstacles.not_a_port(end, interface, bridge)
            if stranger is None:
                continue
            into = (*stranger, *self.obstacles.blocked(end, bridge))
            into += self.obstacles.locked(end, bridge)
            tag, refused = self.obstacles.entering(end, bridge, spot.tag)
            faults = (*into, *refused, *self.obstacles.down(bridge))
            price = SUPPOSED + self._ties(end, interface) if stranger else 0
            yield Move(Spot(bridge, True, tag), faults, price)
            for move in self._flood(bridge, end, tag, faults):
                cost = price + len(move.faults) if stranger else move.cost
                yield Move(move.to, move.faults, cost)

    def _flood(
        self, bridge: End, source: End | None, tag: int, faults: tuple[Cause, ...]
    ) -> Iterator[Move]:
        """From a bridge out of each port but the one the frame came in by."""
        apart = source is not None and self.obstacles.port(source).isolated
        if not faults and not apart:
            # Cheaper floods come first: a second one over the same bridge finds nothing new.
            if (bridge, tag) in self._flooded:
                return
            self._flooded.add((bridge, tag))
        for end, interface in self.places.interfaces(bridge.node):
            if end in (source, bridge) or isinstance(interface.kind, Bridge):
                continue
            stranger = self.obstacles.not_a_port(end, interface, bridge)
            if stranger is None:
                continue
            found = [
                *faults,
                *stranger,
                *self.obstacles.blocked(end, bridge),
                *self.obstacles.down(end),
                *self.obstacles.unheard(end, bridge),
            ]
            if apart and self.obstacles.port(end).isolated and not stranger:
                what = f"is isolated from the other isolated ports of {bridge.device}"
                line = mend.bridge(end.node, "link", "set", "dev", end.device, "isolated", "off")
                found.append(Cause(end.node, f"bridge port {end.device}", what, line))
            out, refused = self.obstacles.leaving(end, bridge, tag)
            found += refused
            price = SUPPOSED + self._ties(end, interface) if stranger else 0
            yield Move(Spot(end, False, out), tuple(found), price)

    def _ties(self, end: End, interface: Interface) -> int:
        """How unlikely it is that a port of another bridge is meant to be of this one: it has
        company there."""
        if interface.master is None:
            return 0
        return 2 * min(len(self.places.ports[End(end.node, interface.master)]) - 1, 4)


def _trace(
    spot: Spot, before: Mapping[Spot, tuple[Spot | None, tuple[Cause, ...], int]]
) -> tuple[tuple[Spot, ...], tuple[Cause, ...]]:
    spots: list[Spot] = []
    faults: list[Cause] = []
    here: Spot | None = spot
    while here is not None:
        spots.append(here)
        previous, found, _ = before[here]
        faults[:0] = found
        here = previous
    return tuple(reversed(spots)), tuple(dict.fromkeys(faults))
