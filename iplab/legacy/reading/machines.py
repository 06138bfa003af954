"""Made-up machines: what devices, addresses, routes and neighbours there may be.

A pipeline is known to give the same as a new command only if it does so on all of these; each is
here because it tells apart two pipelines that look alike.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache

from msgspec import Struct, field
from msgspec.structs import replace


class Addr(Struct, frozen=True):
    """An IPv4 address: ``brd`` empty where it has none, ``peer`` on a point-to-point device."""

    local: str
    length: int
    brd: str = ""
    label: str = ""
    peer: str = ""


class Iface(Struct, frozen=True):
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


class Route(Struct, frozen=True):
    """An IPv4 route of the main table; ``kind`` as `ip route` says it."""

    dest: str
    length: int
    gateway: str = ""
    dev: str = "qnic0"
    metric: int = 0
    kind: str = "unicast"


class Neighbour(Struct, frozen=True):
    """An entry of the ARP cache."""

    address: str
    mac: str
    dev: str


class Machine(Struct, frozen=True):
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
_UP = _DOWN | {"UP", "RUNNING"}
_TUN = frozenset({"UP", "POINTOPOINT", "RUNNING", "NOARP", "MULTICAST"})


class _Palette(Struct, frozen=True):
    """Addresses to fill a machine with: a filter may look for one kind of them only.

    ``one``, ``two`` and ``alias``: address, prefix length, broadcast; ``two`` is in the subnet of
    ``one``.  No device has a name that a script would look for.
    """

    one: tuple[str, int, str]
    two: tuple[str, int, str]
    alias: tuple[str, int, str]
    host: str
    peer: tuple[str, str]
    mac: str
    local: str
    wide: tuple[str, str]
    mtu: int
    gateway: str
    near: tuple[str, int]
    far: tuple[str, int]


_PALETTES = (
    _Palette(
        ("10.3.5.77", 22, "10.3.7.255"),
        ("10.3.5.78", 22, "10.3.7.255"),
        ("192.168.70.5", 25, "192.168.70.127"),
        "172.30.5.9",
        ("10.8.0.6", "10.8.0.5"),
        "00:1c:42:0a:b1:c2",
        "fe80::21c:42ff:fe0a:b1c2",
        ("2001:db8:5::17", "fd12:3::4"),
        1500,
        "10.3.4.1",
        ("10.3.4.0", 22),
        ("10.20.0.0", 16),
    ),
    _Palette(
        ("198.51.100.201", 27, "198.51.100.223"),
        ("198.51.100.202", 27, "198.51.100.223"),
        ("9.8.7.6", 8, "9.255.255.255"),
        "100.64.9.1",
        ("203.0.113.30", "203.0.113.29"),
        "de:ad:3e:ef:95:7f",
        "fe80::dcad:3eff:feef:957f",
        ("fd00:aa::1", "2a01:4f8:1:2::3"),
        1280,
        "198.51.100.193",
        ("198.51.100.192", 27),
        ("192.168.144.0", 20),
    ),
    _Palette(
        ("172.19.250.133", 16, "172.19.255.255"),
        ("172.19.4.4", 16, "172.19.255.255"),
        ("10.200.1.1", 30, "10.200.1.3"),
        "192.168.3.3",
        ("192.168.99.2", "192.168.99.1"),
        "7a:00:11:f2:03:e4",
        "fe80::1",
        ("2001:470:1f0a::2", "fc00::9"),
        9000,
        "172.19.0.254",
        ("172.19.0.0", 16),
        ("9.0.0.0", 8),
    ),
)


def _following(palette: _Palette) -> _Palette:
    place = _PALETTES.index(palette) if palette in _PALETTES else 0
    return _PALETTES[(place + 1) % len(_PALETTES)]


def _other(palette: _Palette) -> Iface:
    """A second card, with the addresses of the next palette."""
    following = _following(palette)
    return Iface(
        "qnic7",
        mtu=following.mtu,
        mac=following.mac,
        addrs=(Addr(*following.one, "qnic7"),),
        six=((following.local, 64, "link"),),
    )


class Subject(Struct, frozen=True):
    """What a pipeline asks about: a device word, an address.

    ``names`` and ``numbers`` are the words and the beginnings of addresses that its filters look
    for: there have to be machines that have such devices and addresses, or a filter that takes
    some away would look as if it took nothing.
    """

    device: str = ""
    address: str = "10.3.5.77"
    names: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()


def _palettes(numbers: tuple[str, ...]) -> tuple[_Palette, ...]:
    return (*_PALETTES, *(_themed(number) for number in numbers))


def _themed(number: str) -> _Palette:
    """A palette of which every address begins with ``number``."""

    def made(*rest: int) -> str:
        return ".".join([*number.split("."), *map(str, rest)][:4])

    return replace(
        _PALETTES[0],
        one=(made(5, 77, 1), 24, made(255, 255, 255)),
        two=(made(5, 78, 1), 24, made(255, 255, 255)),
        alias=(made(6, 79, 2), 25, made(6, 255, 255)),
        host=made(7, 80, 3),
        peer=(made(8, 81, 4), made(8, 82, 5)),
        gateway=made(5, 1, 1),
        near=(made(0, 0, 0), 24),
        far=(made(9, 0, 0), 24),
    )


def _renamed(machine: Machine, old: str, new: str) -> Machine:
    """The machine with one of its devices called otherwise."""

    def name(text: str) -> str:
        head, colon, tail = text.partition(":")
        return new + colon + tail if head == old else text

    return Machine(
        tuple(
            replace(
                iface,
                name=name(iface.name),
                addrs=tuple(replace(a, label=name(a.label)) for a in iface.addrs),
            )
            for iface in machine.ifaces
        ),
        tuple(replace(route, dev=name(route.dev)) for route in machine.routes),
        machine.neighbours,
    )


def _with_names(machines: Iterable[Machine], names: tuple[str, ...]) -> tuple[Machine, ...]:
    found = list(machines)
    plain = list(found)
    for machine in plain:
        devices = {i.name for i in machine.ifaces} | {r.dev for r in machine.routes}
        for old in sorted(devices - {"lo"}):
            found += [_renamed(machine, old, new) for new in names if new not in devices]
    return tuple(found)


@lru_cache(maxsize=512)
def for_device(word: str, numbers: tuple[str, ...] = ()) -> tuple[Machine, ...]:
    """Machines that differ in what they have of one device, ``word`` (an alias: of that alias)."""
    if word.partition(":")[0] == "lo":
        other = _other(_PALETTES[0])
        return (
            Machine((_LO, other)),
            Machine((replace(_LO, flags=frozenset({"LOOPBACK"}), addrs=()),)),
            Machine((replace(_LO, mtu=16436, addrs=(*_LO.addrs, Addr("10.9.9.1", 32, "", word))),)),
            Machine((replace(_LO, addrs=(Addr("192.0.2.1", 24, "", word),), six=()),)),
        )
    return tuple(m for palette in _palettes(numbers) for m in _with_device(word, palette))


def _with_device(word: str, palette: _Palette) -> Iterator[Machine]:
    name = word.partition(":")[0]
    one = Addr(*palette.one, name)
    hidden = Addr(*palette.two, name)
    alias = Addr(*palette.alias, word if ":" in word else f"{name}:1")
    link = (palette.local, 64, "link")
    wide, also_wide = ((address, 64, "global") for address in palette.wide)
    plain = Iface(name, mtu=palette.mtu, mac=palette.mac, addrs=(one,), six=(link, wide))
    other = _other(palette)
    yield Machine((_LO, plain, other))
    yield Machine((_LO, other, replace(plain, addrs=(one, hidden, alias), six=())))
    yield Machine((_LO, replace(plain, addrs=(alias, one), six=(wide, also_wide))))
    yield Machine((_LO, replace(plain, addrs=(), six=(also_wide, link, wide)), other))
    yield Machine((_LO, replace(plain, flags=_DOWN, addrs=(), six=())))
    yield Machine((_LO, replace(plain, flags=_DOWN | {"PROMISC"}, mtu=576)))
    lonely = (Addr(palette.host, 32, "", name),)
    yield Machine((_LO, replace(plain, flags=_DOWN | {"UP"}, addrs=lonely)))
    yield Machine((_LO, replace(plain, flags=_UP | {"PROMISC"}, addrs=(), six=(link,))))
    pair = (Addr(palette.peer[0], 32, "", name, palette.peer[1]),)
    yield Machine((_LO, Iface(name, _TUN, 1412, addrs=pair)))
    yield Machine((_LO, other))
    counted = replace(plain, rx=(9_123_456, 7_123_456_789), tx=(812_345, 98_765_432), six=())
    yield Machine((_LO, counted))


@lru_cache(maxsize=64)
def for_all(names: tuple[str, ...] = (), numbers: tuple[str, ...] = ()) -> tuple[Machine, ...]:
    """Machines that differ in which devices they have."""
    return _with_names((m for p in _palettes(numbers) for m in _with_devices(p)), names)


def _with_devices(palette: _Palette) -> Iterator[Machine]:
    card = Iface(
        "qnic0",
        mac=palette.mac,
        mtu=palette.mtu,
        addrs=(
            Addr(*palette.one, "qnic0"),
            Addr(*palette.two, "qnic0"),
            Addr(*palette.alias, "qnic0:1"),
        ),
        six=((palette.local, 64, "link"), (palette.wide[0], 64, "global")),
    )
    other = _other(palette)
    down = Iface("floq2", _DOWN, mac="02:00:00:00:00:02")
    down_too = Iface(
        "qwlan3", _DOWN, mac=palette.mac, addrs=(Addr(palette.host, 32, "", "qwlan3"),)
    )
    ten = replace(other, name="qnic10", addrs=(Addr("11.10.0.1", 8, "11.255.255.255", "qnic10"),))
    tun = Iface(
        "qtun4", _TUN, 1412, addrs=(Addr(palette.peer[0], 32, "", "qtun4", palette.peer[1]),)
    )
    yield Machine((_LO, card))
    yield Machine((_LO, ten, card, other))
    yield Machine((_LO,))
    yield Machine((replace(_LO, flags=frozenset({"LOOPBACK"}), addrs=()), down))
    yield Machine((_LO, tun, down, other))
    yield Machine((_LO, down_too, Iface("loq4", mac="02:00:00:00:00:09"), card))
    yield Machine(())
    # Without lo, without Ethernet, without addresses: what is in every output is no answer.
    lo_down = replace(_LO, flags=frozenset({"LOOPBACK"}), addrs=(), six=())
    yield Machine((lo_down, other))
    yield Machine((lo_down, replace(other, addrs=(), six=())))
    yield Machine((lo_down, tun))
    yield Machine((_LO, tun))


@lru_cache(maxsize=64)
def for_routes(subject: Subject) -> tuple[Machine, ...]:
    """Machines that differ in their routes: some to, some through what is asked about."""
    machines = (
        Machine((), routes)
        for palette in _palettes(subject.numbers)
        for routes in _route_tables(palette, subject.address, subject.device or "qnic0")
    )
    return _with_names(machines, subject.names)


def _route_tables(palette: _Palette, address: str, device: str) -> Iterator[tuple[Route, ...]]:
    following = _following(palette)
    network = Route(*palette.near, dev="qnic7")
    default = Route("0.0.0.0", 0, palette.gateway, "qnic7")
    other_default = replace(default, gateway=following.gateway, metric=600)
    far = Route(*palette.far, following.gateway, "qnic7")
    near = replace(network, dev=device)
    through = replace(default, gateway=address, dev=device)
    half = Route("0.0.0.0", 1, palette.peer[1], "qtun4")
    yield ()
    yield (default, network)
    yield (through, near)
    yield (through, near, far)
    yield (replace(default, metric=100), other_default, network)
    yield (near, far)
    yield (Route("0.0.0.0", 0, dev="qppp5"), Route(palette.peer[1], 32, dev="qppp5"))
    yield (half, default, network, replace(half, dest="128.0.0.0"))
    yield (network, Route("192.168.50.0", 24, palette.gateway, device))
    yield (default, network, Route("10.21.0.0", 16, kind="unreachable"))
    yield (network, Route("0.0.0.0", 0, metric=900, kind="unreachable"))
    yield (default, network, Route(palette.host, 32, palette.gateway, "qnic7"))
    yield (default, network, Route(address, 32, palette.gateway, "qnic7"))
    zero = ".".join([*address.split(".")[:3], "0"])
    yield (default, Route(zero, 24, palette.gateway, "qnic7"))
    yield (Route(address, 24, dev="qnic7"),)


@lru_cache(maxsize=64)
def for_neighbours(address: str, device: str) -> tuple[Machine, ...]:
    """Machines that differ in whether they know a neighbour."""
    machines = []
    for palette in _PALETTES:
        other = Neighbour(palette.gateway, "02:aa:bb:cc:dd:01", "qnic7")
        wanted = Neighbour(address, palette.mac, device or "qnic0")
        lists = ((), (other,), (other, wanted), (wanted, other))
        machines += [Machine(neighbours=found) for found in lists]
    return tuple(machines)


class Question(Struct, frozen=True):
    """An old tool's reading form: whose output it is, and about what."""

    family: str  # device, up, all, routes, names, neighbours
    layout: str  # ifconfig, short, route, netstat, arp, arp-a
    subject: Subject = field(default_factory=Subject)

    def machines(self) -> tuple[Machine, ...]:
        """The machines on which an answer to it has to hold."""
        if self.family == "device":
            return for_device(self.subject.device, self.subject.numbers)
        if self.family in ("up", "all"):
            return for_all(self.subject.names, self.subject.numbers)
        if self.family == "neighbours":
            return for_neighbours(self.subject.address, self.subject.device)
        return for_routes(self.subject)
