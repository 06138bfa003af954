"""The next hop is nobody on the wire: who should have had it?"""

from __future__ import annotations

from iplab.names import IPAddress, IPInterface
from iplab.network import End
from iplab.why import mend
from iplab.why.facts import Facts
from iplab.why.packet import Packet
from iplab.why.places import Places
from iplab.why.report import Cause
from iplab.why.routes import Routes
from iplab.why.wire import Segment


class Absent:
    """Explains a next hop that no device on the sender's wire has."""

    def __init__(self, facts: Facts, places: Places, routes: Routes) -> None:
        self.facts = facts
        self.places = places
        self.routes = routes

    def explain(
        self, start: End, hop: IPAddress, segment: Segment, packet: Packet, *, gateway: bool
    ) -> Cause:
        """``hop`` was looked for behind ``start``; ``gateway`` is whether a route named it."""
        interface = self.places.at(start)
        if interface is not None and not interface.up:
            line = mend.ip(start.node, "link", "set", start.device, "up")
            return Cause(start.node, f"device {start.device}", "is down", line)
        if gateway:
            return self._gateway(start, hop, segment, packet)
        return self._target(start, hop, segment)

    # ------------------------------------------------------------ a gateway

    def _gateway(self, start: End, hop: IPAddress, segment: Segment, packet: Packet) -> Cause:
        """The route is wrong, unless a device on the wire waits for just that address."""
        holders = self.places.nodes_with(hop)
        where = f"it is at {holders[0]}, not on this wire" if holders else "nobody has it"
        what = f"goes by the gateway {hop}, but {where}"
        route = self.routes.matching(start.node, packet.target)
        name = f"route {route}" if route else f"route to {packet.target}"
        line = self.routes.better(start.node, packet.target, hop)
        if line:
            return Cause(start.node, name, what, line)
        empty = self._empty(segment, start, hop)
        if empty is not None:
            return self._give(start, hop, empty, "the gateway of " + start.node)
        return Cause(start.node, name, what)

    # ------------------------------------------------------------ the target itself

    def _target(self, start: End, hop: IPAddress, segment: Segment) -> Cause:
        own = self._claims(start, hop)
        holders = [e for e in self.places.holders.get(hop, ()) if e.node != start.node]
        if holders:
            return self._elsewhere(start, hop, own, holders[0], segment)
        empty = self._empty(segment, start, hop)
        if empty is not None:
            return self._give(start, hop, empty, "wanted")
        ends = [e for e in segment.ways if e.node != start.node]
        what = f"nobody has {hop}"
        if not ends:
            return Cause(start.node, f"device {start.device}", f"leads to nobody: {what}")
        far = ends[0]
        line = self._add(far, hop, own)
        return Cause(far.node, f"address {hop}", f"{what} on the wire of {start}", line)

    def _elsewhere(
        self, start: End, hop: IPAddress, own: IPInterface | None, holder: End, segment: Segment
    ) -> Cause:
        """Somebody has the address, on another wire: a prefix that takes in too much?"""
        name = f"address {own} on {start.device}" if own else f"route to {hop}"
        others = {
            a.local.network.prefixlen
            for end in segment.ways
            if end.node != start.node
            for a in self.places.addresses(end, hop.version)
            if own is not None and own.ip in a.local.network
        }
        if own is not None and others and own.network.prefixlen < max(others):
            length = max(others)
            what = f"counts {hop} to this wire, but it is at {holder}: the others have /{length}"
            device = ("dev", start.device)
            add = mend.ip(start.node, "addr", "add", f"{own.ip}/{length}", *device)
            delete = mend.ip(start.node, "addr", "del", own, *device)
            line = mend.both(add, delete) if own.version == 4 else mend.both(delete, add)
            return Cause(start.node, name, what, line)
        line = self.routes.better(start.node, hop, None)
        what = f"counts {hop} to the wire of {start}, but no wire leads from there to {holder}"
        return Cause(start.node, name, what, line)

    def _claims(self, start: End, hop: IPAddress) -> IPInterface | None:
        """The own address whose subnet says that ``hop`` is on the wire."""
        for address in self.places.addresses(start, hop.version):
            if hop in address.local.network:
                return address.local
        return None

    def _empty(self, segment: Segment, start: End, hop: IPAddress) -> End | None:
        """A device on the wire that has no address of the family: the nearest one.

        A bridge may well go without, so the others come first.
        """
        waiting = [
            (bool(self.places.ports.get(end)), way.cost, end)
            for end, way in segment.ways.items()
            if end.node != start.node and not self.places.addresses(end, hop.version)
        ]
        return min(waiting)[2] if waiting else None

    def _give(self, start: End, hop: IPAddress, end: End, role: str) -> Cause:
        interface = self.places.at(end)
        if interface is not None:
            hindered = self.routes.devices.hindered(end, interface, hop.version)
            if hindered is not None:
                return hindered
            if not interface.up:
                line = mend.ip(end.node, "link", "set", end.device, "up")
                return Cause(end.node, f"device {end.device}", "is down", line)
        line = self._add(end, hop, self._claims(start, hop))
        what = f"has no IPv{hop.version} address, and nobody has {hop} ({role})"
        return Cause(end.node, f"device {end.device}", what, line)

    def _add(self, end: End, hop: IPAddress, own: IPInterface | None) -> str:
        length = own.network.prefixlen if own else hop.max_prefixlen
        return mend.ip(end.node, "addr", "add", f"{hop}/{length}", "dev", end.device)
