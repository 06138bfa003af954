"""What there is to draw of a Network: boxes, plugs, wires.  No coordinates yet."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct
from msgspec.structs import replace

from iplab.names import HOST
from iplab.network import (
    Address,
    End,
    Interface,
    Kind,
    Loopback,
    Macvlan,
    Namespace,
    Network,
    Other,
    Tuntap,
    Veth,
    Vlan,
    Vxlan,
)
from iplab.picture.tunnels import tunnels


class Plug(Struct, frozen=True):
    """An interface: its name, what it is, its addresses, and what else a reader needs to know.

    ``given`` are the addresses that the kernel gave by itself (fe80::…).  ``master`` is the bridge
    (or bond) whose port it is.  ``quiet`` are the loopback and the idle devices that the kernel
    puts into every namespace: they are there, and nobody looks at them.
    """

    end: End
    kind: str
    up: bool
    addresses: tuple[str, ...] = ()
    given: tuple[str, ...] = ()
    details: tuple[str, ...] = ()
    master: str | None = None
    quiet: bool = False

    @property
    def words(self) -> list[str]:
        """All that is said of it, its name first."""
        down = [] if self.up else ["down"]
        return [self.end.device, *self.addresses, *self.given, *down, *self.details]


class Wire(Struct, frozen=True):
    """What binds two interfaces: a ``veth`` cable, a ``vxlan`` tunnel, or a ``macvlan`` or
    ``vlan`` that stands on a device of another namespace.  ``up`` where both ends are."""

    a: End
    b: End
    kind: str = "veth"
    up: bool = True

    @property
    def ends(self) -> tuple[End, End]:
        """Both ends, in an order that does not depend on which was found first."""
        return (self.a, self.b) if self.a <= self.b else (self.b, self.a)


class Note(Struct, frozen=True):
    """A line about a namespace: a ``route``, its ``nat``, that it ``forward``s, or a ``remark``."""

    kind: str
    text: str


class Box(Struct, frozen=True):
    """A namespace with its interfaces."""

    name: str
    plugs: tuple[Plug, ...] = ()
    notes: tuple[Note, ...] = ()

    @property
    def is_host(self) -> bool:
        """Whether it is the namespace in which iplab runs."""
        return self.name == HOST


class Graph(Struct, frozen=True):
    """Everything in a picture."""

    boxes: tuple[Box, ...]
    wires: tuple[Wire, ...]

    def plugs(self) -> Iterator[Plug]:
        """Each interface of each box."""
        for box in self.boxes:
            yield from box.plugs


def graph(network: Network) -> Graph:
    """What there is to draw.  The host is in every picture, as the place all else is beside."""
    wires = tuple(_wires(network))
    tied = {end for wire in wires for end in (wire.a, wire.b)}
    boxes = [_box(namespace, tied) for namespace in network.namespaces.values()]
    if HOST not in network.namespaces:
        boxes.append(Box(HOST, notes=(Note("remark", "nothing of the lab is here"),)))
    return Graph(tuple(boxes), wires)


def _box(namespace: Namespace, tied: set[End]) -> Box:
    plugs = tuple(
        _plug(End(namespace.name, i.name), i, tied) for i in namespace.interfaces.values()
    )
    return Box(namespace.name, plugs, tuple(_notes(namespace)))


def _plug(end: End, interface: Interface, tied: set[End]) -> Plug:
    loopback = isinstance(interface.kind, Loopback)
    ours = tuple(_address(a) for a in interface.addresses if loopback or not a.automatic)
    given = tuple(_address(a) for a in interface.addresses if a.automatic and not loopback)
    idle = isinstance(interface.kind, Other) and not interface.up and not interface.addresses
    quiet = loopback or (idle and not interface.master)
    return Plug(
        end,
        interface.kind.name if isinstance(interface.kind, Other) else interface.kind.type,
        interface.up,
        ours,
        given,
        tuple(_details(interface, end in tied)),
        interface.master,
        quiet and end not in tied,
    )


def _address(address: Address) -> str:
    peer = f" peer {address.peer}" if address.peer else ""
    return f"{address.local}{peer}"


def _details(interface: Interface, tied: bool) -> Iterator[str]:
    word = _kind(interface.kind, tied)
    if word:
        yield word
    usual = interface.kind.default_mtu
    if (
        usual is not None
        and interface.mtu not in (None, usual)
        and not isinstance(interface.kind, Loopback | Vxlan)
    ):
        yield f"mtu {interface.mtu}"
    if interface.shaping:
        yield str(interface.shaping)
    # Only what was observed has flags.  A bridge without ports has no carrier either.
    if interface.up and interface.flags and "LOWER_UP" not in interface.flags:
        yield "no carrier"


def _kind(kind: Kind, tied: bool) -> str:
    """What a device is, where neither its place in the picture nor its wire says it."""
    match kind:
        case Veth(peer=None):
            return "other end out of sight"
        case Veth() | Loopback():
            return ""
        case Vxlan(id=number, remote=remote):
            return f"vxlan {number}" + (f" → {remote}" if remote and not tied else "")
        case Macvlan(link=link, mode=mode):
            return f"macvlan {mode} on {link.device if link else 'a device out of sight'}"
        case Vlan(link=link, id=number):
            return f"vlan {number} on {link.device if link else 'a device out of sight'}"
        case Tuntap(mode=mode):
            return mode
        case Other(name=name):
            return name
    return kind.type


# ---------------------------------------------------------------- what is said of a namespace


def _notes(namespace: Namespace) -> Iterator[Note]:
    for route in namespace.routes:
        words = replace(route, device=None) if route.gateway else route
        yield Note("route", str(words))
    forwards = []
    for family, keys in (
        ("IPv4", ("net.ipv4.ip_forward", "net.ipv4.conf.all.forwarding")),
        ("IPv6", ("net.ipv6.conf.all.forwarding",)),
    ):
        if any(namespace.sysctls.get(key) == "1" for key in keys):
            forwards.append(family)
    if forwards:
        yield Note("forward", f"forwards {' and '.join(forwards)}")
    for name, table in namespace.nat.items():
        for source in table.sources:
            yield Note("nat", f"NAT {source} (masquerade)")
        if table.other:
            yield Note("nat", f"NAT (nft table {name})")


# ---------------------------------------------------------------- wires


def _wires(network: Network) -> Iterator[Wire]:
    seen: set[tuple[End, End]] = set()

    def wire(a: End, b: End, kind: str) -> Iterator[Wire]:
        found = [network.interface(end) for end in (a, b)]
        made = Wire(a, b, kind, all(i is not None and i.up for i in found))
        if None not in found and made.ends not in seen:
            seen.add(made.ends)
            yield made

    for end, interface in network.ends():
        if isinstance(interface.kind, Veth) and interface.kind.peer:
            yield from wire(end, interface.kind.peer, "veth")
    for end, interface in network.ends():
        kind = interface.kind
        if isinstance(kind, Macvlan | Vlan) and kind.link and kind.link.node != end.node:
            yield from wire(end, kind.link, kind.type)
    for a, b in tunnels(network):
        yield from wire(a, b, "vxlan")
