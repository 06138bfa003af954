"""Network → lab file text: the shortest that reads back as the same network.

What a lab file cannot say (a device of a kind that a lab does not make, an address with a peer) is
left out and named in ``left_out``.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct, field

from iplab.lab.gather import port_name
from iplab.lab.settings import FORWARD4, FORWARD6
from iplab.lab.write_parts import (
    address_problem,
    born,
    carried,
    flow,
    interface_lines,
    route_words,
)
from iplab.names import HOST
from iplab.network import (
    Bridge,
    End,
    Interface,
    Loopback,
    Namespace,
    NatTable,
    Network,
    Other,
    Veth,
)


class Written(Struct):
    """A lab file's text, and what of the network it does not say."""

    text: str
    left_out: list[str] = field(default_factory=list)


def write(name: str, network: Network, *, remark: str = "") -> Written:
    """The lab file of a network.  ``remark`` becomes a comment at its top."""
    return _Writer(name, network).write(remark)


class _Writer:
    def __init__(self, name: str, network: Network) -> None:
        self.name = name
        self.network = network
        self.left_out: list[str] = []
        self.said: set[End] = set()  # devices that a link or a bridge has said already
        self.mentioned: dict[str, None] = {}  # nodes, likewise

    def write(self, remark: str) -> Written:
        bridges = list(self._bridges())
        links = list(self._links())
        up = self._loopback()
        nodes = [line for node in self.network.namespaces for line in self._node(node, up)]
        lines = [f"# {line}" for line in remark.splitlines()]
        lines += ["", f"lab: {self.name}"] if lines else [f"lab: {self.name}"]
        for title, part in (("links", links), ("bridges", bridges), ("nodes", nodes)):
            if part:
                lines += ["", f"{title}:", *part]
        if not up:
            lines += ["", "loopback: down"]
        return Written("\n".join(lines) + "\n", self.left_out)

    # ------------------------------------------------------------ links and bridges

    def _say(self, end: End) -> None:
        self.said.add(end)
        self.mentioned[end.node] = None

    def _links(self) -> Iterator[str]:
        for end, interface in self.network.ends():
            if not isinstance(interface.kind, Veth) or end in self.said:
                continue
            peer = interface.kind.peer
            other = self.network.interface(peer) if peer else None
            if peer is None or other is None:
                self.left_out.append(f"{end}: its other end is out of sight")
                self.said.add(end)
                continue
            self._say(end)
            self._say(peer)
            both = {
                key: value
                for key, value in carried(interface).items()
                if carried(other).get(key) == value and key not in ("lladdr", "master")
            }
            ends = ((end, interface), (peer, other))
            for n, (one, device) in enumerate(ends):
                own = {k: v for k, v in carried(device).items() if k not in both}
                mark = "  - " if n == 0 else "    "
                yield mark + self._side(one, device, own)
            yield from (f"    {key}: {value}" for key, value in both.items())

    def _side(self, end: End, interface: Interface, own: dict[str, str]) -> str:
        addresses = self._addresses(end, interface)
        if not own:
            return f"{end}:{' ' if addresses else ''}{flow(addresses)}"
        pairs = {"addresses": flow(addresses)} if addresses else {}
        inner = ", ".join(f"{key}: {value}" for key, value in (pairs | own).items())
        return f"{end}: {{{inner}}}"

    def _addresses(self, end: End, interface: Interface) -> list[str]:
        found = []
        for address in interface.addresses:
            problem = address_problem(address)
            if problem:
                self.left_out.append(f"{end}: of {address}, {problem}")
            found.append(str(address.local))
        return found

    def _bridges(self) -> Iterator[str]:
        for end, interface in self.network.ends():
            if not isinstance(interface.kind, Bridge) or interface.shaping or interface.master:
                continue
            members = list(self._members(end, interface))
            if not members and end.node != HOST:
                continue  # it is as well said under its node
            self._say(end)
            addresses = self._addresses(end, interface)
            yield f"  - {end}:{' ' if addresses else ''}{flow(addresses)}"
            own = {"stp": "on"} if interface.kind.stp else {}
            own |= {"vlan_filtering": "on"} if interface.kind.vlan_filtering else {}
            yield from (f"    {k}: {v}" for k, v in (own | carried(interface)).items())
            if members:
                shaping = {k: v for k, v in members[0][1].items() if k not in ("lladdr", "mtu")}
                yield from (f"    {key}: {value}" for key, value in shaping.items())
                yield "    members:"
            for member, its in members:
                device = self.network.interface(member)
                assert device is not None
                own = {"lladdr": its["lladdr"]} if "lladdr" in its else {}
                yield "      " + self._side(member, device, own)

    def _members(self, bridge: End, switch: Interface) -> Iterator[tuple[End, dict[str, str]]]:
        """The machines on a bridge that its form can say, with what they carry."""
        mtu = None if switch.mtu is None else str(switch.mtu)
        first: dict[str, str] | None = None
        for device, port in self.network.namespaces[bridge.node].interfaces.items():
            member = port.kind.peer if isinstance(port.kind, Veth) else None
            its = self.network.interface(member) if member else None
            if member is None or its is None or port.master != bridge.device or its.master:
                continue
            there, here = carried(its), carried(port)
            here.pop("master")
            shaped = {k: v for k, v in there.items() if k not in ("lladdr", "mtu")}
            plain = {k: v for k, v in here.items() if k != "mtu"} == shaped and not port.addresses
            fits = here.get("mtu") == there.get("mtu") == mtu and "state" not in here
            if not (plain and fits and device == port_name(member)):
                continue
            first = shaped if first is None else first
            if first == shaped:
                self._say(member)
                self._say(End(bridge.node, device))
                yield member, there

    # ------------------------------------------------------------ nodes

    def _loopback(self) -> bool:
        """What most nodes have."""
        states = [n.interfaces["lo"].up for n in self._own_nodes() if "lo" in n.interfaces]
        return not states or states.count(True) >= states.count(False)

    def _own_nodes(self) -> Iterator[Namespace]:
        return (n for name, n in self.network.namespaces.items() if name != HOST)

    def _node(self, node: str, up: bool) -> Iterator[str]:
        namespace = self.network.namespaces[node]
        inner = [
            *self._settings(namespace),
            *self._routes(namespace),
            *self._interfaces(namespace),
        ]
        lo = namespace.interfaces.get("lo")
        if node != HOST and lo is not None and lo.up is not up:
            inner.append(f"    loopback: {'up' if lo.up else 'down'}")
        if inner:
            yield f"  {node}:"
            yield from inner
        elif node not in self.mentioned and node != HOST:
            yield f"  {node}:"

    def _settings(self, namespace: Namespace) -> Iterator[str]:
        sysctls = dict(namespace.sysctls)
        devices = namespace.interfaces.values()
        six = any(a.local.version == 6 for i in devices for a in i.addresses)
        value = sysctls.get(FORWARD4)
        both = {sysctls.get(FORWARD4), sysctls.get(FORWARD6)} if six else {value}
        if value in ("0", "1") and len(both) == 1 and (six or FORWARD6 not in sysctls):
            yield f"    forward: {'true' if value == '1' else 'false'}"
            del sysctls[FORWARD4]
            sysctls.pop(FORWARD6, None)
        for table, nat in namespace.nat.items():
            yield from self._nat(namespace.name, table, nat)
        if sysctls:
            yield "    sysctl:"
            yield from (f"      {key}: {value}" for key, value in sysctls.items())

    def _nat(self, node: str, table: str, nat: NatTable) -> Iterator[str]:
        if table != f"iplab-{self.name}" or nat.other or not nat.hooked or not nat.sources:
            self.left_out.append(f"{node}: the nft table {table}")
        else:
            yield f"    masquerade: [{', '.join(map(str, nat.sources))}]"

    def _routes(self, namespace: Namespace) -> Iterator[str]:
        routes = []
        for route in namespace.routes:
            if (route.table, route.advmss, route.window, route.rtt) == (None,) * 4:
                routes.append(route_words(route, namespace))
            else:
                self.left_out.append(f"{namespace.name}: the route {route}")
        if len(routes) == 1:
            yield f"    routes: [{routes[0]}]"
        elif routes:
            yield "    routes:"
            yield from (f"      - {route}" for route in routes)

    def _interfaces(self, namespace: Namespace) -> Iterator[str]:
        lines: list[str] = []
        for interface in namespace.interfaces.values():
            end = End(namespace.name, interface.name)
            if end in self.said:
                continue
            if isinstance(interface.kind, Loopback):
                addresses = self._addresses(end, interface)
                lines += [f"      lo: {flow(addresses)}"] if addresses else []
            elif isinstance(interface.kind, Other):
                self.left_out.append(f"{end}: a {interface.kind.name}, which a lab cannot make")
            else:
                addresses = self._addresses(end, interface)
                lines += interface_lines(end, interface, addresses, born(self.network, end))
        if lines:
            yield "    interfaces:"
            yield from lines
