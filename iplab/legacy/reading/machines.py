"""Made-up machines: what devices, addresses, routes and neighbours there may be.

A pipeline is known to give the same as a new command only if it does so on all of these; each is
here because it tells apart two pipelines that look alike.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import lru_cache


@dataclass(frozen=True, slots=True)
class Addr:
    """An IPv4 address: ``brd`` empty where it has none, ``peer`` on a point-to-point device."""

    local: str
    length: int
    brd: str = ""
    label: str = ""
    peer: str = ""


@dataclass(frozen=True, slots=True)
class Iface:
    """A device.  ``six`` is in the order of /proc/net/if_inet6."""

    name: str
    flags: frozenset[str] = frozenset({"UP", "BROADCAST", "RUNNING", "MULTICAST"})
    mtu: int = 1500
    mac: str = ""
    addrs: tuple[Addr, ...] = ()
    six: tuple[tuple[str, int, str], ...] = ()
    rx: tuple[int, int] = (31, 4107)  # packets, bytes
    tx: tuple[int, int] = (17, 2093)

    @property
    def loopback(self) -> bool:
        """Whether it is ``lo``."""
        return "LOOPBACK" in self.flags


@dataclass(frozen=True, slots=True)
class Route:
    """An IPv4 route of the main table; ``kind`` as `ip route` says it."""

    dest: str
    length: int
    gateway: str = ""
    dev: str = "eth0"
    metric: int = 0
    kind: str = "unicast"


@dataclass(frozen=True, slots=True)
class Neighbour:
    """An entry of the ARP cache."""

    address: str
    mac: str
    dev: str


@dataclass(frozen=True, slots=True)
class Machine:
    """One state; devices in the order of their numbers, routes in the order of the table."""

    ifaces: tuple[Iface, ...] = ()
    routes: tuple[Route, ...] = ()
    neighbours: tuple[Neighbour, ...] = ()

    def iface(self, name: str) -> Iface | None:
        """The device of a name; an alias is its parent."""
        plain = name.partition(":")[0]
        return next((i for i in self.ifaces if i.name == plain), None)


_LO = Iface(
    "lo",
    frozenset({"UP", "LOOPBACK", "RUNNING"}),
    65536,
    addrs=(Addr("127.0.0.1", 8, label="lo"),),
    six=(("::1", 128, "host"),),
    rx=(6, 504),
    tx=(6, 504),
)
_DOWN = frozenset({"BROADCAST", "MULTICAST"})
_TUN = frozenset({"UP", "POINTOPOINT", "RUNNING", "NOARP", "MULTICAST"})
_LINK_LOCAL = ("fe80::21c:42ff:fe0a:b1c2", 64, "link")
_GLOBAL = ("2001:db8:5::17", 64, "global")
_OTHER = Iface(
    "eth7",
    mac="02:11:22:33:44:55",
    addrs=(Addr("172.29.3.9", 20, "172.29.15.255", "eth7"),),
    six=(("fe80::1:2ff:fe33:4455", 64, "link"),),
)
_NETWORK = Route("10.3.4.0", 22, dev="eth7")
_DEFAULT = Route("0.0.0.0", 0, "10.3.4.1", "eth7")


@dataclass(frozen=True, slots=True)
class Subject:
    """What a pipeline asks about: a device word, an address."""

    device: str = ""
    address: str = "10.3.5.77"


@lru_cache(maxsize=512)
def for_device(word: str) -> tuple[Machine, ...]:
    """Machines that differ in what they have of one device, ``word`` (an alias: of that alias)."""
    name = word.partition(":")[0]
    if name == "lo":
        return (
            Machine((_LO, _OTHER)),
            Machine((replace(_LO, flags=frozenset({"LOOPBACK"}), addrs=()),)),
            Machine((replace(_LO, mtu=16436, addrs=(*_LO.addrs, Addr("10.9.9.1", 32, "", word))),)),
        )
    one = Addr("10.3.5.77", 22, "10.3.7.255", name)
    plain = Iface(name, mac="00:1c:42:0a:b1:c2", addrs=(one,), six=(_LINK_LOCAL, _GLOBAL))
    alias = Addr("192.168.70.5", 25, "192.168.70.127", word if ":" in word else f"{name}:1")
    hidden = Addr("10.3.5.78", 22, "10.3.7.255", name)
    found = [
        Machine((_LO, plain, _OTHER)),
        Machine((_LO, _OTHER, replace(plain, addrs=(one, hidden, alias), six=()))),
        Machine((_LO, replace(plain, addrs=(alias, one), mtu=9000, six=(_GLOBAL,)))),
        Machine((_LO, replace(plain, addrs=()), _OTHER)),
        Machine((_LO, replace(plain, flags=_DOWN, addrs=(), six=()))),
        Machine((_LO, replace(plain, flags=_DOWN | {"PROMISC"}, mtu=576))),
        Machine(
            (_LO, replace(plain, flags=_DOWN | {"UP"}, addrs=(Addr("10.3.5.9", 32, "", name),)))
        ),
        Machine(
            (_LO, replace(plain, flags=plain.flags | {"PROMISC"}, addrs=(), six=(_LINK_LOCAL,)))
        ),
        Machine(
            (_LO, Iface(name, _TUN, 1412, addrs=(Addr("10.8.0.6", 32, "", name, "10.8.0.5"),)))
        ),
        Machine((_LO, _OTHER)),
        Machine(
            (_LO, replace(plain, rx=(9_123_456, 7_123_456_789), tx=(812_345, 98_765_432), six=()))
        ),
    ]
    return tuple(found)


@lru_cache(maxsize=4)
def for_all() -> tuple[Machine, ...]:
    """Machines that differ in which devices they have."""
    eth0 = Iface(
        "eth0",
        mac="00:1c:42:0a:b1:c2",
        addrs=(
            Addr("10.3.5.77", 22, "10.3.7.255", "eth0"),
            Addr("10.3.5.78", 22, "10.3.7.255", "eth0"),
            Addr("192.168.70.5", 25, "192.168.70.127", "eth0:1"),
        ),
        six=(_LINK_LOCAL, _GLOBAL),
    )
    down = Iface("eth2", _DOWN, mac="02:00:00:00:00:02")
    down_too = Iface(
        "eth3",
        _DOWN,
        mac="02:00:00:00:00:03",
        addrs=(Addr("10.77.0.1", 24, "10.77.0.255", "eth3"),),
    )
    ten = replace(_OTHER, name="eth10", addrs=(Addr("10.10.0.1", 8, "10.255.255.255", "eth10"),))
    tun = Iface("tun0", _TUN, 1412, addrs=(Addr("10.8.0.6", 32, "", "tun0", "10.8.0.5"),))
    return (
        Machine((_LO, eth0)),
        Machine((_LO, ten, eth0, _OTHER)),
        Machine((_LO,)),
        Machine((replace(_LO, flags=frozenset({"LOOPBACK"}), addrs=()), down)),
        Machine((_LO, tun, down, replace(_OTHER, mtu=9000))),
        Machine((_LO, down_too, Iface("wlan0", mac="02:00:00:00:00:09"), eth0)),
        Machine(()),
    )


@lru_cache(maxsize=64)
def for_routes(address: str = "10.3.5.77", device: str = "eth0") -> tuple[Machine, ...]:
    """Machines that differ in their routes: some to, some through what is asked about."""
    far = Route("10.20.0.0", 16, "10.3.4.2", "eth7")
    near = replace(_NETWORK, dev=device)
    through = replace(_DEFAULT, gateway=address, dev=device)
    vpn = (Route("0.0.0.0", 1, "10.8.0.5", "tun0"), Route("128.0.0.0", 1, "10.8.0.5", "tun0"))
    lists: list[tuple[Route, ...]] = [
        (),
        (_DEFAULT, _NETWORK),
        (through, near),
        (through, near, far),
        (
            replace(_DEFAULT, metric=100),
            replace(_DEFAULT, gateway="10.3.4.9", metric=600),
            _NETWORK,
        ),
        (near, far),
        (Route("0.0.0.0", 0, dev="ppp0"), Route("10.8.0.5", 32, dev="ppp0")),
        (vpn[0], _DEFAULT, _NETWORK, vpn[1]),
        (_NETWORK, Route("192.168.50.0", 24, "10.3.4.7", device)),
        (_DEFAULT, _NETWORK, Route("10.21.0.0", 16, kind="unreachable")),
        (_NETWORK, Route("0.0.0.0", 0, metric=900, kind="unreachable")),
    ]
    if address != _DEFAULT.gateway:
        lists.append((_DEFAULT, _NETWORK, Route(address, 32, "10.3.4.7", "eth7")))
        network = ".".join([*address.split(".")[:3], "0"]) if address.count(".") == 3 else address
        lists.append((_DEFAULT, Route(network, 24, "10.3.4.7", "eth7")))
        lists.append((Route(address, 24, dev="eth7"),))
    return tuple(Machine((), routes) for routes in lists)


@lru_cache(maxsize=64)
def for_neighbours(address: str, device: str) -> tuple[Machine, ...]:
    """Machines that differ in whether they know a neighbour."""
    other = Neighbour("10.3.4.1", "02:aa:bb:cc:dd:01", "eth7")
    wanted = Neighbour(address, "02:aa:bb:cc:dd:77", device or "eth0")
    return tuple(
        Machine(neighbours=found) for found in ((), (other,), (other, wanted), (wanted, other))
    )


@dataclass(frozen=True, slots=True)
class Question:
    """An old tool's reading form: whose output it is, and about what."""

    family: str  # device, up, all, routes, names, neighbours
    layout: str  # ifconfig, short, route, netstat, arp, arp-a
    subject: Subject = field(default_factory=Subject)

    def machines(self) -> tuple[Machine, ...]:
        """The machines on which an answer to it has to hold."""
        if self.family == "device":
            return for_device(self.subject.device)
        if self.family in ("up", "all"):
            return for_all()
        if self.family == "neighbours":
            return for_neighbours(self.subject.address, self.subject.device)
        return for_routes(self.subject.address, self.subject.device or "eth0")
