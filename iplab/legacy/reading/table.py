"""Questions that scripts ask the old tools, and the iproute2 command with the same answer.

Each row was run beside the old pipelines (tests/kernel/test_idioms.py).  ``{dev}`` is the device,
``{label}`` the word as the script has it (``eth0:1``), ``{ip}`` an address it looks for.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from iplab.legacy.reading.machines import Iface, Machine, Route, Subject
from iplab.legacy.reading.outputs import first, mask_of, shown

Answer = Callable[[Machine, Subject], list[str]]

DEVICE, LISTS, ROUTES, NEIGHBOURS = ("device",), ("up", "all"), ("routes", "names"), ("neighbours",)


@dataclass(frozen=True, slots=True)
class Idiom:
    """What is asked, of which kind of output; the lines that are the answer; the command.

    ``note`` names where the answers may differ after all; without one they are the same.
    ``aliases``: it also holds where the device word is an alias.  ``yes_or_no``: only whether the
    command prints anything is the answer.
    """

    name: str
    families: tuple[str, ...]
    answer: Answer
    command: str
    note: str = ""
    aliases: bool = False
    yes_or_no: bool = False


def _of_device(ask: Callable[[Iface, str], str | None]) -> Answer:
    def answer(machine: Machine, subject: Subject) -> list[str]:
        iface = machine.iface(subject.device)
        found = ask(iface, subject.device) if iface is not None else None
        return [] if found is None else [found]

    return answer


def _address(iface: Iface, word: str) -> str | None:
    address = first(iface, word)
    return address.local if address else None


def _netmask(iface: Iface, word: str) -> str | None:
    address = first(iface, word)
    return mask_of(address.length) if address else None


def _broadcast(iface: Iface, word: str) -> str | None:
    address = first(iface, word)
    return (address.brd or "0.0.0.0") if address and "BROADCAST" in iface.flags else None


def _sixth(iface: Iface, word: str) -> str | None:
    address = first(iface, word)
    if address is None:
        return None
    return _broadcast(iface, word) or address.peer


def _peer(iface: Iface, word: str) -> str | None:
    address = first(iface, word)
    return address.peer if address and "POINTOPOINT" in iface.flags else None


def _six(machine: Machine, subject: Subject) -> list[str]:
    iface = machine.iface(subject.device)
    return [a for a, _, _ in iface.six] if iface is not None else []


def _six_of(scope: str) -> Answer:
    def answer(machine: Machine, subject: Subject) -> list[str]:
        iface = machine.iface(subject.device)
        return [a for a, _, s in iface.six if s == scope] if iface is not None else []

    return answer


def _flag(name: str) -> Answer:
    return _of_device(lambda iface, word: "yes" if name in iface.flags else None)


def _list(ask: Callable[[Iface, str], str | None], family: str = "") -> Answer:
    def answer(machine: Machine, subject: Subject) -> list[str]:
        blocks = shown(machine, everything=family == "all")
        return [text for iface, word in blocks if (text := ask(iface, word)) is not None]

    return answer


def _name_but_lo(iface: Iface, word: str) -> str | None:
    return None if word == "lo" else word


def _address_but_home(iface: Iface, word: str) -> str | None:
    found = _address(iface, word)
    return None if found == "127.0.0.1" else found


def _gateways(everything: bool = False, length: int | None = 0) -> Answer:
    def answer(machine: Machine, subject: Subject) -> list[str]:
        return [
            r.gateway or ("-" if r.kind != "unicast" else "0.0.0.0")
            for r in machine.routes
            if r.dest == "0.0.0.0" and length in (None, r.length) and (everything or r.gateway)
        ]

    return answer


def _all_gateways(machine: Machine, subject: Subject) -> list[str]:
    return [r.gateway for r in machine.routes if r.gateway]


def _dev(route: Route) -> str:
    return route.dev if route.kind == "unicast" else "-"


def _default_devices(machine: Machine, subject: Subject) -> list[str]:
    return [_dev(r) for r in machine.routes if r.dest == "0.0.0.0" and not r.length]


def _default_gateway_devices(machine: Machine, subject: Subject) -> list[str]:
    return [r.dev for r in machine.routes if r.dest == "0.0.0.0" and not r.length and r.gateway]


def _to_address(machine: Machine, subject: Subject) -> list[str]:
    return ["yes" for r in machine.routes if r.dest == subject.address]


def _naming_address(machine: Machine, subject: Subject) -> list[str]:
    return ["yes" for r in machine.routes if subject.address in (r.dest, r.gateway)]


def _using_device(machine: Machine, subject: Subject) -> list[str]:
    return ["yes" for r in machine.routes if r.dev == subject.device and r.kind == "unicast"]


def _network_gateways(machine: Machine, subject: Subject) -> list[str]:
    return [r.gateway for r in machine.routes if r.gateway and r.length < 32]


def _devices_of_zero(machine: Machine, subject: Subject) -> list[str]:
    return [_dev(r) for r in machine.routes if r.dest == "0.0.0.0"]


def _lladdr(machine: Machine, subject: Subject) -> list[str]:
    return [n.mac for n in machine.neighbours if n.address == subject.address]


def _known(machine: Machine, subject: Subject) -> list[str]:
    return ["yes" for n in machine.neighbours if n.address == subject.address]


_V4 = "ip -4 -o addr show dev {dev} label {label}"
_MASK = (
    '{p=substr($0,RSTART+1,RLENGTH-1)+0;for(i=1;i<5;i++){b=p>8?8:p;m=m (i>1?".":"") 256-2^(8-b);'
    "p-=b};print m;exit}"
)
_LINK = "ip -o link show dev {dev}"
_DEFAULT = "ip -4 -o route show default"
# route shows `-` for a route of type unreachable or prohibit, `*` for blackhole and throw.
_DEVICE_OF = '{d=$1~/^(un|pro)/?"-":"*";for(i=2;i<NF;i++)if($i=="dev"){d=$(i+1);break};print d}'
_ORDER = "ip lists devices by number, ifconfig by name: the order is that of `sort -V`"
_NAMES = (
    '{show} | awk \'/^[0-9]/{{sub(/[:@].*/,"",$2);print $2}} $1=="inet"&&$NF~/:/{{print $NF}}\''
    " | sort -V"
)
_ADDRESSES = (
    "{show} | awk '{{match($0,/[^ ]*\\\\/);l=substr($0,RSTART,RLENGTH-1);"
    "sub(/\\/.*/,\"\",$4);print l,$4}}' | sort -sVuk1,1 | sed 's/.* //'"
)
_ETHERS = "s/.*link\\/ether \\([^ ]*\\).*/\\1/p"
_PATTERN = "the old pattern also took addresses that only begin the same, such as {ip}0"


def _counter(name: str, direction: str, column: int) -> Idiom:
    def ask(iface: Iface, word: str) -> str:
        pair = iface.rx if direction == "RX" else iface.tx
        return str(pair[0 if column == 2 else 1])

    command = (
        f"ip -s link show dev {{dev}} | awk '/^ *{direction}:/{{getline;print ${column};exit}}'"
    )
    return Idiom(name, DEVICE, _of_device(ask), command)


IDIOMS: tuple[Idiom, ...] = (
    # -------------------------------------------------------- one device
    Idiom(
        "address",
        DEVICE,
        _of_device(_address),
        _V4 + " | awk '{sub(/\\/.*/,\"\",$4);print $4;exit}'",
        aliases=True,
    ),
    Idiom(
        "netmask",
        DEVICE,
        _of_device(_netmask),
        _V4 + " | awk 'match($0,/\\/[0-9]+/)" + _MASK + "'",
        aliases=True,
    ),
    Idiom(
        "broadcast",
        DEVICE,
        _of_device(_broadcast),
        'ip -4 addr show dev {dev} | awk -v l={label} \'/BROADCAST/{b="0.0.0.0"} '
        '$1=="inet"&&$NF==l&&b{for(i=3;i<NF;i++)if($i=="brd")b=$(i+1);print b;exit}\'',
        aliases=True,
    ),
    Idiom(
        "broadcast or peer",
        DEVICE,
        _of_device(_sixth),
        'ip -4 addr show dev {dev} | awk -v l={label} \'/BROADCAST/{b="0.0.0.0"} '
        '$1=="inet"&&$NF==l{for(i=3;i<NF;i++)if($i=="brd"||$i=="peer")b=$(i+1);'
        'sub(/\\/.*/,"",b);print b;exit}\'',
        aliases=True,
    ),
    Idiom(
        "peer",
        DEVICE,
        _of_device(_peer),
        _V4 + " | sed -n '1s/.* peer \\([^ /]*\\).*/\\1/p'",
        aliases=True,
    ),
    Idiom(
        "MAC address",
        DEVICE,
        _of_device(lambda iface, word: iface.mac or None),
        f"{_LINK} | sed -n '{_ETHERS}'",
        aliases=True,
    ),
    Idiom(
        "MAC address, in capitals",
        DEVICE,
        _of_device(lambda iface, word: iface.mac.upper() or None),
        f"{_LINK} | sed -n '{_ETHERS}' | tr a-f A-F",
        aliases=True,
    ),
    Idiom(
        "MTU",
        DEVICE,
        _of_device(lambda iface, word: str(iface.mtu)),
        f"{_LINK} | sed -n 's/.* mtu \\([0-9]*\\).*/\\1/p'",
        aliases=True,
    ),
    Idiom(
        "IPv6 addresses",
        DEVICE,
        _six,
        "ip -6 -o addr show dev {dev} | awk '{sub(/\\/.*/,\"\",$4);print $4}'",
        note="ip lists addresses of wider scope first, ifconfig in another order",
    ),
    Idiom(
        "link-local IPv6 address",
        DEVICE,
        _six_of("link"),
        "ip -6 -o addr show dev {dev} scope link | awk '{sub(/\\/.*/,\"\",$4);print $4}'",
    ),
    Idiom(
        "global IPv6 address",
        DEVICE,
        _six_of("global"),
        "ip -6 -o addr show dev {dev} scope global | awk '{sub(/\\/.*/,\"\",$4);print $4}'",
        note="ip may list several addresses in another order",
    ),
    _counter("received packets", "RX", 2),
    _counter("received bytes", "RX", 1),
    _counter("sent packets", "TX", 2),
    _counter("sent bytes", "TX", 1),
    Idiom(
        "is it there",
        DEVICE,
        _of_device(lambda iface, word: "yes"),
        _LINK,
        yes_or_no=True,
    ),
    Idiom("is it up", DEVICE, _flag("UP"), _LINK + " up", yes_or_no=True),
    Idiom(
        "is it running",
        DEVICE,
        _flag("RUNNING"),
        _LINK + " up | grep -v NO-CARRIER",
        yes_or_no=True,
    ),
    Idiom("is it promiscuous", DEVICE, _flag("PROMISC"), _LINK + " | grep PROMISC", yes_or_no=True),
    # -------------------------------------------------------- all devices
    Idiom(
        "names, up", ("up",), _list(lambda i, w: w), _NAMES.format(show="ip addr show up"), _ORDER
    ),
    Idiom("names", ("all",), _list(lambda i, w: w, "all"), _NAMES.format(show="ip addr"), _ORDER),
    Idiom(
        "names with a colon, up",
        ("up",),
        _list(lambda i, w: w + ":"),
        _NAMES.format(show="ip addr show up") + " | sed 's/$/:/'",
        _ORDER,
    ),
    Idiom(
        "names with a colon",
        ("all",),
        _list(lambda i, w: w + ":", "all"),
        _NAMES.format(show="ip addr") + " | sed 's/$/:/'",
        _ORDER,
    ),
    Idiom(
        "names, an alias as its device, up",
        ("up",),
        _list(lambda i, w: i.name),
        _NAMES.format(show="ip addr show up") + " | cut -d: -f1",
        _ORDER,
    ),
    Idiom(
        "names, an alias as its device",
        ("all",),
        _list(lambda i, w: i.name, "all"),
        _NAMES.format(show="ip addr") + " | cut -d: -f1",
        _ORDER,
    ),
    Idiom(
        "names but lo, up",
        ("up",),
        _list(_name_but_lo),
        _NAMES.format(show="ip addr show up") + " | sed '/^lo$/d'",
        _ORDER,
    ),
    Idiom(
        "names but lo",
        ("all",),
        _list(_name_but_lo, "all"),
        _NAMES.format(show="ip addr") + " | sed '/^lo$/d'",
        _ORDER,
    ),
    Idiom(
        "addresses, up",
        ("up",),
        _list(_address),
        _ADDRESSES.format(show="ip -4 -o addr show up"),
        _ORDER,
    ),
    Idiom(
        "addresses",
        ("all",),
        _list(_address, "all"),
        _ADDRESSES.format(show="ip -4 -o addr"),
        _ORDER,
    ),
    Idiom(
        "addresses but 127.0.0.1, up",
        ("up",),
        _list(_address_but_home),
        _ADDRESSES.format(show="ip -4 -o addr show up") + " | sed '/^127\\.0\\.0\\.1$/d'",
        _ORDER,
    ),
    Idiom(
        "addresses but 127.0.0.1",
        ("all",),
        _list(_address_but_home, "all"),
        _ADDRESSES.format(show="ip -4 -o addr") + " | sed '/^127\\.0\\.0\\.1$/d'",
        _ORDER,
    ),
    # -------------------------------------------------------- routes
    Idiom(
        "default gateways",
        ROUTES,
        _gateways(),
        _DEFAULT + " | sed -n 's/^default[^v]* via \\([^ ]*\\).*/\\1/p'",
    ),
    Idiom(
        "default gateways, 0.0.0.0 for a route without",
        ROUTES,
        _gateways(everything=True),
        _DEFAULT + ' | awk \'{g=$1~/^(un|pro)/?"-":"0.0.0.0";for(i=2;i<NF;i++)if($i=="via")'
        "{g=$(i+1);break};print g}'",
    ),
    Idiom(
        "gateways of routes to 0.0.0.0",
        ROUTES,
        _gateways(everything=True, length=None),
        "ip -4 -o route show table main | awk '/(^| )default|(^| )0\\.0\\.0\\.0\\//"
        '{g=$1~/^(un|pro)/?"-":"0.0.0.0";for(i=2;i<NF;i++)if($i=="via"){g=$(i+1);break};print g}\'',
    ),
    Idiom(
        "gateways of routes to 0.0.0.0 that have one",
        ROUTES,
        _gateways(length=None),
        "ip -4 -o route show table main | "
        "sed -n 's/^\\(default\\|0\\.0\\.0\\.0\\/\\)[^v]* via \\([^ ]*\\).*/\\2/p'",
    ),
    Idiom(
        "all gateways",
        ROUTES,
        _all_gateways,
        "ip -4 -o route show table main | "
        "awk '{for(i=2;i<NF;i++)if($i==\"via\"){print $(i+1);break}}'",
    ),
    Idiom(
        "gateways of routes to networks",
        ROUTES,
        _network_gateways,
        "ip -4 -o route show table main | awk '$1~/\\/|^default/"
        '{for(i=2;i<NF;i++)if($i=="via"){print $(i+1);break}}\'',
    ),
    Idiom(
        "devices of routes to 0.0.0.0",
        ROUTES,
        _devices_of_zero,
        f"ip -4 -o route show table main | awk '/(^| )default|(^| )0\\.0\\.0\\.0\\//{_DEVICE_OF}'",
    ),
    Idiom(
        "devices of default routes",
        ROUTES,
        _default_devices,
        _DEFAULT + f" | awk '{_DEVICE_OF}'",
    ),
    Idiom(
        "devices of default routes with a gateway",
        ROUTES,
        _default_gateway_devices,
        _DEFAULT + " | awk '/ via /{for(i=2;i<NF;i++)if($i==\"dev\"){print $(i+1);break}}'",
    ),
    Idiom(
        "is there a route to",
        ROUTES,
        _to_address,
        "ip -4 -o route show table main | awk -v d={ip} "
        '\'{t=$1~/^[a-z]/&&$1!="default"?$2:$1;sub(/\\/.*/,"",t)} t==d\'',
        note=_PATTERN,
        yes_or_no=True,
    ),
    Idiom(
        "does a route name",
        ROUTES,
        _naming_address,
        "ip -4 -o route show table main | sed 's/ src [^ ]*//' | grep -F -- {ip}",
        yes_or_no=True,
    ),
    Idiom(
        "does a route use the device",
        ROUTES,
        _using_device,
        "ip -4 route show table main dev {dev}",
        yes_or_no=True,
    ),
    # -------------------------------------------------------- neighbours
    Idiom(
        "a neighbour's MAC address",
        NEIGHBOURS,
        _lladdr,
        "ip -4 neigh show {ip} | sed -n 's/.* lladdr \\([^ ]*\\).*/\\1/p'",
        note=_PATTERN + "; of an entry without a MAC address it printed another column",
    ),
    Idiom(
        "is a neighbour known",
        NEIGHBOURS,
        _known,
        "ip -4 neigh show {ip} | grep lladdr",
        note=_PATTERN + "; it counted entries without a MAC address",
        yes_or_no=True,
    ),
)
