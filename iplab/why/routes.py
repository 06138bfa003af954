"""Why a node knows no way to an address, and the line that gives it one."""

from __future__ import annotations

from msgspec.structs import replace

from iplab.names import IPAddress, IPInterface, IPNetwork
from iplab.network import End, Route
from iplab.why import mend, policy
from iplab.why.devices import Devices, down
from iplab.why.facts import Facts
from iplab.why.places import Places
from iplab.why.report import Cause
from iplab.why.strangers import stranger
from iplab.why.topology import Step, Topology
from iplab.why.wire import Wires

_REFUSING = ("blackhole", "unreachable", "prohibit", "throw")


class Routes:
    """Explains what ``ip route get`` refused."""

    def __init__(
        self, facts: Facts, places: Places, wires: Wires, topology: Topology, devices: Devices
    ) -> None:
        self.facts = facts
        self.places = places
        self.wires = wires
        self.topology = topology
        self.devices = devices

    def matching(self, node: str, target: IPAddress) -> Route | None:
        """The route of table main that the kernel takes for ``target``, if somebody wrote it."""
        routes = [
            r
            for r in self.places.network.namespaces[node].routes
            if r.destination.version == target.version and target in r.destination
        ]
        return max(routes, key=lambda r: (r.destination.prefixlen, -(r.metric or 0)), default=None)

    def missing(
        self,
        node: str,
        target: IPAddress,
        refused: str,
        *,
        source: IPAddress | None = None,
        answering: bool = False,
    ) -> Cause:
        """What stands behind ``refused``, the kernel's words about the way to ``target``.

        ``source`` is that of the packet, if it had one; ``answering``: whether it is on its way
        back.
        """
        route = self.matching(node, target)
        if route is not None and route.type in _REFUSING:
            what = f"the route `{route}` refuses packets to {target}"
            return Cause(node, f"route {route}", what, _delete(node, route))
        if self._has_route(node, target):
            cause = policy.refusing(self.facts, node, target, source)
            if cause is not None:
                return cause
        found = (
            self.devices.leading(node, target)
            or self._on_the_wire(node, target)
            or self._by_gateway(node, target, answering)
            or self.devices.bare(node, target)
            or self._apart(node, target)
            or stranger(self.places, self.wires, node, target.version)
        )
        if found:
            return found
        back = "no route back to" if answering else "no route to"
        return Cause(node, f"route to {target}", f"{back} {target}: the kernel says {refused!r}")

    def _has_route(self, node: str, target: IPAddress) -> bool:
        """Whether a route fits in table main, one of the kernel's own perhaps."""
        route = self.matching(node, target)
        if route is not None and route.table is None:
            device = self.places.at(End(node, route.device or ""))
            return device is None or device.up
        return any(
            interface.up and target in address.local.network
            for end, interface in self.places.interfaces(node)
            for address in self.places.addresses(end, target.version)
        )

    # ------------------------------------------------------------ the wires

    def _on_the_wire(self, node: str, target: IPAddress) -> Cause | None:
        """The target is on a wire of ours, but no address of ours says so."""
        for end, interface in self.places.interfaces(node):
            mine = self.places.addresses(end, target.version)
            ways = self.wires.segment(end).ways
            for far, way in ways.items():
                held = self.places.at(far)
                theirs = next(
                    (a.local for a in (held.addresses if held else ()) if a.local.ip == target),
                    None,
                )
                if theirs is None or far.node == node or way.cost >= 10:
                    continue
                if not interface.up:
                    return down(end)
                for own in (a.local for a in mine):
                    if target in own.network:
                        what = f"{own.network} is the subnet of {own}, but its route is gone"
                        line = mend.ip(node, "route", "add", own.network, "dev", end.device)
                        return Cause(node, f"route {own.network}", what, line)
                for own in (a.local for a in mine):
                    if own.ip in theirs.network:
                        return wrong_prefix(end, own, theirs)
                if mine and not any(target.version == s.own.version for s in self._uses(node, end)):
                    return self._no_common_subnet(end, mine[0].local, far, theirs)
        return None

    def _apart(self, node: str, target: IPAddress) -> Cause | None:
        """An address that shares a subnet with nobody on its wire, or only seen from there."""
        for end, _ in self.places.interfaces(node):
            for own in (a.local for a in self.places.addresses(end, target.version)):
                for far, way in self.wires.segment(end).ways.items():
                    for theirs in self.places.addresses(far, target.version):
                        if far.node == node or way.cost >= 10:
                            continue
                        if own.ip in theirs.local.network and theirs.local.ip not in own.network:
                            return wrong_prefix(end, own, theirs.local)
                        if theirs.local.ip == target:
                            return self._no_common_subnet(end, own, far, theirs.local)
        return None

    def _uses(self, node: str, end: End) -> list[Step]:
        version = 6 if any(self.places.addresses(end, 6)) else 4
        return [s for s in self.topology.steps(node, version) if s.near == end]

    def _no_common_subnet(self, end: End, own: IPInterface, far: End, theirs: IPInterface) -> Cause:
        what = f"{own} and {theirs} of {far} share a wire, but no subnet"
        free = self.places.free(theirs.network)
        word = f"{free}/{theirs.network.prefixlen}"
        line = mend.ip(end.node, "addr", "add", word, "dev", end.device) if free else ""
        return Cause(end.node, f"address {own} on {end.device}", what, line)

    # ------------------------------------------------------------ the gateways

    def _by_gateway(self, node: str, target: IPAddress, answering: bool) -> Cause | None:
        step = self.topology.first_step(node, target) or self.topology.way_out(node, target)
        if step is None:
            return None
        near = self.places.at(step.near)
        if near is not None and not near.up:
            return down(step.near)
        prefix = self._prefix(node, target)
        words = "default" if prefix is None else str(prefix)
        back = "no route back to" if answering else "no route to"
        six = ("-6",) if target.version == 6 else ()
        line = mend.ip(node, *six, "route", "add", words, "via", step.gateway)
        return Cause(node, f"route to {target}", f"{back} {target}", line)

    def _prefix(self, node: str, target: IPAddress) -> IPNetwork | None:
        """The subnet to write a route for; ``None`` (a default route) for a node at the edge."""
        networks = {
            a.local.network
            for end, _ in self.places.interfaces(node)
            for a in self.places.addresses(end, target.version)
        }
        written = self.places.network.namespaces[node].routes
        default = any(
            r.destination.prefixlen == 0 and r.destination.version == target.version
            for r in written
        )
        if len(networks) == 1 and not default:
            return None
        return self.subnet_of(target)

    def subnet_of(self, target: IPAddress) -> IPNetwork | None:
        """The subnet of ``target`` as its holder has it."""
        for end in self.places.holders.get(target, ()):
            for address in self.places.addresses(end, target.version):
                if address.local.ip == target:
                    return address.local.network
        return None

    def better(self, node: str, target: IPAddress, wrong: IPAddress | None) -> str:
        """What replaces the route to ``target`` by one over a neighbour that does lead there."""
        step = self.topology.first_step(node, target) or self.topology.way_out(node, target)
        if step is None or step.gateway == wrong:
            return ""
        six = ("-6",) if target.version == 6 else ()
        route = self.matching(node, target)
        words: list[object] = [self.subnet_of(target) or f"{target}"]
        if route is not None:
            zero = route.destination.prefixlen == 0
            words = ["default" if zero else route.destination]
        onward = [] if step.gateway == target else ["via", step.gateway]
        words += [*onward, "dev", step.near.device]
        words += ["metric", route.metric] if route and route.metric is not None else []
        if target.version == 6 and route is not None:
            # IPv6 appends where IPv4 replaces: another gateway is another route (RFC 4861's lists).
            return mend.both(_delete(node, route), mend.ip(node, *six, "route", "add", *words))
        return mend.ip(node, *six, "route", "replace", *words)

    def resourced(self, node: str, route: Route, source: IPAddress) -> str:
        """The line that gives ``route`` another source address."""
        six = ("-6",) if route.destination.version == 6 else ()
        words = str(replace(route, source=source)).split()
        if six:
            return mend.both(_delete(node, route), mend.ip(node, *six, "route", "add", *words))
        return mend.ip(node, "route", "replace", *words)


def wrong_prefix(end: End, own: IPInterface, theirs: IPInterface) -> Cause:
    """An address whose prefix is not that of the others on the wire."""
    right = f"{own.ip}/{theirs.network.prefixlen}"
    what = (
        f"has prefix length {own.network.prefixlen}, and {theirs.ip} on the same wire has "
        f"{theirs.network.prefixlen}"
    )
    device = ("dev", end.device)
    add = mend.ip(end.node, "addr", "add", right, *device)
    delete = mend.ip(end.node, "addr", "del", own, *device)
    # IPv4 keeps both side by side for a moment, so that no route over the device is lost.
    line = mend.both(add, delete) if own.version == 4 else mend.both(delete, add)
    return Cause(end.node, f"address {own} on {end.device}", what, line)


def _delete(node: str, route: Route) -> str:
    six = ("-6",) if route.destination.version == 6 else ()
    kind = [] if route.type == "unicast" else [route.type]
    name = "default" if route.destination.prefixlen == 0 else route.destination
    words: list[object] = [*kind, name]
    words += ["via", route.gateway] if route.gateway else []
    words += ["dev", route.device] if route.device else []
    words += ["metric", route.metric] if route.metric is not None else []
    return mend.ip(node, *six, "route", "del", *words)
