"""Network: what a kernel holds, as frozen values.

The wanted, the observed and the projected state are all Networks.  A ``Draft`` is a Network that is
being changed; operations are written against it (see ``iplab.operations``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from operator import attrgetter
from typing import Any, ClassVar

from msgspec import Struct, field

from iplab.names import IPAddress, IPInterface, IPNetwork


class End(Struct, frozen=True, order=True):
    """A device in a namespace, written ``NODE:DEV``."""

    node: str
    device: str

    def __str__(self) -> str:
        return f"{self.node}:{self.device}"


# ---------------------------------------------------------------- kinds of device (ip-link(8))


class Kind(Struct, frozen=True):
    """What ``ip link add … type TYPE`` makes; the fields are the type's own words."""

    type: ClassVar[str] = "?"
    default_mtu: ClassVar[int | None] = 1500


class Loopback(Kind, frozen=True):
    """``lo``: every namespace is born with it."""

    type: ClassVar[str] = "loopback"
    default_mtu: ClassVar[int | None] = 65536


class Veth(Kind, frozen=True):
    """One end of a virtual cable; ``peer`` is ``None`` where the other end is out of sight."""

    type: ClassVar[str] = "veth"
    peer: End | None = None


class Bridge(Kind, frozen=True):
    """A switch in the kernel.  Its mtu follows its ports unless it is set."""

    type: ClassVar[str] = "bridge"
    default_mtu: ClassVar[int | None] = None
    stp: bool = False
    vlan_filtering: bool = False


class Vxlan(Kind, frozen=True):
    """Ethernet in UDP (RFC 7348).  ``remote`` may be an address or a multicast group."""

    type: ClassVar[str] = "vxlan"
    id: int = 0
    remote: IPAddress | None = None
    local: IPAddress | None = None
    dev: str | None = None
    dstport: int = 4789


class Macvlan(Kind, frozen=True):
    """A second MAC address on a device; ``link`` is that device, perhaps in another namespace."""

    type: ClassVar[str] = "macvlan"
    default_mtu: ClassVar[int | None] = None
    link: End | None = None
    mode: str = "bridge"


class Vlan(Kind, frozen=True):
    """An 802.1Q tag on a device."""

    type: ClassVar[str] = "vlan"
    default_mtu: ClassVar[int | None] = None
    link: End | None = None
    id: int = 0


class Dummy(Kind, frozen=True):
    """A device that swallows what it is given."""

    type: ClassVar[str] = "dummy"


class Tuntap(Kind, frozen=True):
    """A device whose other end is a program (``mode`` tun: packets, tap: frames)."""

    type: ClassVar[str] = "tun"
    mode: str = "tap"
    user: str | None = None


class Other(Kind, frozen=True):
    """A device of a type a lab cannot make; iplab shows it and leaves it alone."""

    default_mtu: ClassVar[int | None] = None
    name: str = ""


# ---------------------------------------------------------------- what a device carries


class Partly(Struct, frozen=True, eq=False):
    """A value that is told from others by some of its fields alone: those that ``own`` takes."""

    own: ClassVar[attrgetter[Any]]

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and bool(self.own(self) == self.own(other))

    def __ne__(self, other: object) -> bool:  # the one of Struct knows no `own`
        return not self == other

    def __hash__(self) -> int:
        return hash(self.own(self))


class Address(Partly, frozen=True):
    """An address of a device (ip-address(8)).

    ``automatic`` marks what the kernel gave by itself (IPv6 link-local, router advertisements);
    ``failed`` is set where duplicate address detection found another owner.  ``metric`` is that of
    the subnet's route (``None``: the family's default), which ``noprefixroute`` leaves out;
    ``valid`` and ``preferred`` are lifetimes in seconds (``None``: for ever); ``protocol`` says who
    gave the address (ip-address(8), ``proto``); ``nodad`` asks no other machine whether it has it.
    Two are equal where all of it is that a lab can
    ask for.
    """

    local: IPInterface
    broadcast: IPAddress | None = None
    scope: str = "global"
    peer: IPInterface | None = None
    label: str | None = None  # None: the device's own name
    automatic: bool = False
    tentative: bool = False
    failed: bool = False
    metric: int | None = None
    noprefixroute: bool = False
    valid: int | None = None  # they run while we look
    preferred: int | None = None
    protocol: str | None = None
    nodad: bool = False

    def __str__(self) -> str:
        words = [str(self.local)]
        if self.peer:
            words += ["peer", str(self.peer)]
        if self.broadcast:
            words += ["brd", str(self.broadcast)]
        if self.scope != "global":
            words += ["scope", self.scope]
        if self.label:
            words += ["label", self.label]
        if self.metric is not None:
            words += ["metric", str(self.metric)]
        if self.noprefixroute:
            words.append("noprefixroute")
        if self.failed:
            words.append("dadfailed")
        return " ".join(words)

    own = attrgetter("local", "broadcast", "scope", "peer", "label", "failed")


class Shaping(Struct, frozen=True):
    """What tc holds a device to: ``rate`` in bit/s, ``delay`` and ``jitter`` in microseconds,
    ``loss`` in percent.  Rate alone is a tbf, anything else needs netem."""

    rate: int | None = None
    delay: int | None = None
    jitter: int | None = None
    loss: float | None = None
    other: str | None = None  # a qdisc that somebody else chose, in tc's words

    @property
    def burst(self) -> int:
        """tbf's bucket in bytes: 5 ms at the rate, and never under two full frames."""
        return max((self.rate or 0) // 8 // 200, 3200)

    @property
    def rate_words(self) -> str:
        """The rate as tc(8) takes it: ``10mbit``."""
        rate = self.rate or 0
        for unit, size in (("gbit", 10**9), ("mbit", 10**6), ("kbit", 10**3)):
            if rate and rate % size == 0:
                return f"{rate // size}{unit}"
        return f"{rate}bit"

    def __str__(self) -> str:
        words = []
        if self.rate is not None:
            words += ["rate", self.rate_words]
        if self.delay is not None:
            words += ["delay", f"{self.delay}us"]
        if self.jitter is not None:
            words += ["jitter", f"{self.jitter}us"]
        if self.loss is not None:
            words += ["loss", f"{self.loss:g}%"]
        return self.other or " ".join(words)


class Interface(Partly, frozen=True):
    """A device with all it carries.  ``mtu`` and ``lladdr``: ``None`` where the kernel chooses.

    From ``index`` on it is what the kernel says of a device and nobody asks for: two are equal
    whatever that is.
    """

    name: str
    kind: Kind
    up: bool = False
    mtu: int | None = None
    lladdr: str | None = None
    master: str | None = None
    addresses: tuple[Address, ...] = ()
    shaping: Shaping | None = None
    index: int | None = None
    flags: tuple[str, ...] = ()
    state: str = ""  # the kernel's operstate
    txqueuelen: int | None = None

    own = attrgetter("name", "kind", "up", "mtu", "lladdr", "master", "addresses", "shaping")


class Route(Struct, frozen=True):
    """A route of table main that somebody asked for (ip-route(8)), not one of the kernel's own."""

    destination: IPNetwork
    gateway: IPAddress | None = None
    device: str | None = None
    metric: int | None = None  # None: the family's default (IPv4 0, IPv6 1024)
    type: str = "unicast"
    source: IPAddress | None = None
    mtu: int | None = None
    scope: str | None = None  # None: what ip-route(8) chooses by itself
    onlink: bool = False
    advmss: int | None = None
    window: int | None = None
    rtt: int | None = None  # milliseconds
    table: str | None = None  # None: main

    def __str__(self) -> str:
        zero = self.destination.prefixlen == 0
        words = [] if self.type == "unicast" else [self.type]
        words.append("default" if zero else str(self.destination))
        if self.gateway:
            words += ["via", str(self.gateway)]
        if self.device:
            words += ["dev", self.device]
        if self.source:
            words += ["src", str(self.source)]
        if self.metric is not None:
            words += ["metric", str(self.metric)]
        if self.scope:
            words += ["scope", self.scope]
        if self.mtu is not None:
            words += ["mtu", str(self.mtu)]
        if self.advmss is not None:
            words += ["advmss", str(self.advmss)]
        if self.window is not None:
            words += ["window", str(self.window)]
        if self.rtt is not None:
            words += ["rtt", f"{self.rtt}ms"]
        if self.onlink:
            words.append("onlink")
        if self.table is not None:
            words += ["table", self.table]
        return " ".join(words)


class Neighbour(Struct, frozen=True):
    """An entry of the neighbour table (ip-neighbour(8)); a ``proxy`` one has no link-layer address:
    the machine answers for ``address`` on ``device``."""

    address: IPAddress
    device: str
    lladdr: str | None = None
    state: str = ""
    proxy: bool = False


class NatTable(Struct, frozen=True):
    """The nftables table a lab keeps in a node: which sources leave it under the node's address.

    ``hooked`` is whether the chain at postrouting is there; ``other`` holds rules that iplab did
    not word, as nft's own JSON text.
    """

    sources: tuple[IPNetwork, ...] = ()
    hooked: bool = False
    other: tuple[str, ...] = ()


class Namespace(Partly, frozen=True):
    """A network namespace.

    ``identity`` is the inode of its file below /run/netns and the time that was made: inodes are
    used again, so neither the name nor the inode alone tells one namespace from the next.
    ``only_file`` marks a file there that is no namespace: an ``ip netns add`` that was killed
    leaves it, and ``ip netns del`` takes it away.  Two are equal whatever their identity and their
    ``neighbours``.
    """

    name: str
    interfaces: Mapping[str, Interface] = field(default_factory=dict)
    routes: tuple[Route, ...] = ()
    sysctls: Mapping[str, str] = field(default_factory=dict)
    nat: Mapping[str, NatTable] = field(default_factory=dict)
    identity: str | None = None
    only_file: bool = False
    neighbours: tuple[Neighbour, ...] | None = None  # None: not read

    own = attrgetter("name", "interfaces", "routes", "sysctls", "nat", "only_file")


class Network(Struct, frozen=True):
    """Namespaces by name, in the order they were written or found; the host's is ``host``."""

    namespaces: Mapping[str, Namespace] = field(default_factory=dict)

    def interface(self, end: End) -> Interface | None:
        """The device at ``end``, or ``None``."""
        namespace = self.namespaces.get(end.node)
        return namespace.interfaces.get(end.device) if namespace else None

    def ends(self) -> Iterator[tuple[End, Interface]]:
        """Each device with where it is."""
        for node, namespace in self.namespaces.items():
            for device, interface in namespace.interfaces.items():
                yield End(node, device), interface


# Where a lab has more namespaces than this, what has to be asked of each of them counts.
MANY = 64
