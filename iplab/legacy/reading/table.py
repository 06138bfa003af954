"""Questions that scripts ask the old tools, and the iproute2 command with the same answer.

Each row was run beside the old pipelines (tests/kernel/test_idioms.py).  ``{dev}`` is the device,
``{label}`` the word as the script has it (``eth0:1``), ``{ip}`` an address it looks for.
"""

from __future__ import annotations

from msgspec import Struct

from iplab.legacy.reading import answers
from iplab.legacy.reading.answers import Answer
from iplab.legacy.reading.machines import Iface

DEVICE, LISTS, ROUTES, NEIGHBOURS = ("device",), ("up", "all"), ("routes", "names"), ("neighbours",)


class Idiom(Struct, frozen=True):
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
    return Idiom(name, DEVICE, answers.of_device(ask), command)


IDIOMS: tuple[Idiom, ...] = (
    # -------------------------------------------------------- one device
    Idiom(
        "address",
        DEVICE,
        answers.of_device(answers.address),
        _V4 + " | awk '{sub(/\\/.*/,\"\",$4);print $4;exit}'",
        aliases=True,
    ),
    Idiom(
        "netmask",
        DEVICE,
        answers.of_device(answers.netmask),
        _V4 + " | awk 'match($0,/\\/[0-9]+/)" + _MASK + "'",
        aliases=True,
    ),
    Idiom(
        "broadcast",
        DEVICE,
        answers.of_device(answers.broadcast),
        'ip -4 addr show dev {dev} | awk -v l={label} \'/BROADCAST/{b="0.0.0.0"} '
        '$1=="inet"&&$NF==l&&b{for(i=3;i<NF;i++)if($i=="brd")b=$(i+1);print b;exit}\'',
        aliases=True,
    ),
    Idiom(
        "broadcast or peer",
        DEVICE,
        answers.of_device(answers.sixth),
        'ip -4 addr show dev {dev} | awk -v l={label} \'/BROADCAST/{b="0.0.0.0"} '
        '$1=="inet"&&$NF==l{for(i=3;i<NF;i++)if($i=="brd"||$i=="peer")b=$(i+1);'
        'sub(/\\/.*/,"",b);print b;exit}\'',
        aliases=True,
    ),
    Idiom(
        "peer",
        DEVICE,
        answers.of_device(answers.peer),
        _V4 + " | sed -n '1s/.* peer \\([^ /]*\\).*/\\1/p'",
        aliases=True,
    ),
    Idiom(
        "MAC address",
        DEVICE,
        answers.of_device(lambda iface, word: iface.mac or None),
        f"{_LINK} | sed -n '{_ETHERS}'",
        aliases=True,
    ),
    Idiom(
        "MAC address, in capitals",
        DEVICE,
        answers.of_device(lambda iface, word: iface.mac.upper() or None),
        f"{_LINK} | sed -n '{_ETHERS}' | tr a-f A-F",
        aliases=True,
    ),
    Idiom(
        "MTU",
        DEVICE,
        answers.of_device(lambda iface, word: str(iface.mtu)),
        f"{_LINK} | sed -n 's/.* mtu \\([0-9]*\\).*/\\1/p'",
        aliases=True,
    ),
    Idiom(
        "IPv6 addresses",
        DEVICE,
        answers.six,
        "ip -6 -o addr show dev {dev} | awk '{sub(/\\/.*/,\"\",$4);print $4}'",
        note="ip lists addresses of wider scope first, ifconfig in another order",
    ),
    Idiom(
        "link-local IPv6 address",
        DEVICE,
        answers.six_of("link"),
        "ip -6 -o addr show dev {dev} scope link | awk '{sub(/\\/.*/,\"\",$4);print $4}'",
    ),
    Idiom(
        "global IPv6 address",
        DEVICE,
        answers.six_of("global"),
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
        answers.of_device(lambda iface, word: "yes"),
        _LINK,
        yes_or_no=True,
    ),
    Idiom("is it up", DEVICE, answers.flag("UP"), _LINK + " up", yes_or_no=True),
    Idiom(
        "is it running",
        DEVICE,
        answers.flag("RUNNING"),
        _LINK + " up | grep -v NO-CARRIER",
        yes_or_no=True,
    ),
    Idiom(
        "is it promiscuous",
        DEVICE,
        answers.flag("PROMISC"),
        _LINK + " | grep PROMISC",
        yes_or_no=True,
    ),
    # -------------------------------------------------------- all devices
    Idiom(
        "names, up",
        ("up",),
        answers.listed(lambda i, w: w),
        _NAMES.format(show="ip addr show up"),
        _ORDER,
    ),
    Idiom(
        "names",
        ("all",),
        answers.listed(lambda i, w: w, "all"),
        _NAMES.format(show="ip addr"),
        _ORDER,
    ),
    Idiom(
        "names with a colon, up",
        ("up",),
        answers.listed(lambda i, w: w + ":"),
        _NAMES.format(show="ip addr show up") + " | sed 's/$/:/'",
        _ORDER,
    ),
    Idiom(
        "names with a colon",
        ("all",),
        answers.listed(lambda i, w: w + ":", "all"),
        _NAMES.format(show="ip addr") + " | sed 's/$/:/'",
        _ORDER,
    ),
    Idiom(
        "names, an alias as its device, up",
        ("up",),
        answers.listed(lambda i, w: i.name),
        _NAMES.format(show="ip addr show up") + " | cut -d: -f1",
        _ORDER,
    ),
    Idiom(
        "names, an alias as its device",
        ("all",),
        answers.listed(lambda i, w: i.name, "all"),
        _NAMES.format(show="ip addr") + " | cut -d: -f1",
        _ORDER,
    ),
    Idiom(
        "names but lo, up",
        ("up",),
        answers.listed(answers.name_but_lo),
        _NAMES.format(show="ip addr show up") + " | sed '/^lo$/d'",
        _ORDER,
    ),
    Idiom(
        "names but lo",
        ("all",),
        answers.listed(answers.name_but_lo, "all"),
        _NAMES.format(show="ip addr") + " | sed '/^lo$/d'",
        _ORDER,
    ),
    Idiom(
        "addresses, up",
        ("up",),
        answers.listed(answers.address),
        _ADDRESSES.format(show="ip -4 -o addr show up"),
        _ORDER,
    ),
    Idiom(
        "addresses",
        ("all",),
        answers.listed(answers.address, "all"),
        _ADDRESSES.format(show="ip -4 -o addr"),
        _ORDER,
    ),
    Idiom(
        "addresses but 127.0.0.1, up",
        ("up",),
        answers.listed(answers.address_but_home),
        _ADDRESSES.format(show="ip -4 -o addr show up") + " | sed '/^127\\.0\\.0\\.1$/d'",
        _ORDER,
    ),
    Idiom(
        "addresses but 127.0.0.1",
        ("all",),
        answers.listed(answers.address_but_home, "all"),
        _ADDRESSES.format(show="ip -4 -o addr") + " | sed '/^127\\.0\\.0\\.1$/d'",
        _ORDER,
    ),
    # -------------------------------------------------------- routes
    Idiom(
        "default gateways",
        ROUTES,
        answers.gateways(),
        _DEFAULT + " | sed -n 's/^default[^v]* via \\([^ ]*\\).*/\\1/p'",
    ),
    Idiom(
        "default gateways, 0.0.0.0 for a route without",
        ROUTES,
        answers.gateways(everything=True),
        _DEFAULT + ' | awk \'{g=$1~/^(un|pro)/?"-":"0.0.0.0";for(i=2;i<NF;i++)if($i=="via")'
        "{g=$(i+1);break};print g}'",
    ),
    Idiom(
        "gateways of routes to 0.0.0.0",
        ROUTES,
        answers.gateways(everything=True, length=None),
        "ip -4 -o route show table main | awk '/(^| )default|(^| )0\\.0\\.0\\.0\\//"
        '{g=$1~/^(un|pro)/?"-":"0.0.0.0";for(i=2;i<NF;i++)if($i=="via"){g=$(i+1);break};print g}\'',
    ),
    Idiom(
        "gateways of routes to 0.0.0.0 that have one",
        ROUTES,
        answers.gateways(length=None),
        "ip -4 -o route show table main | "
        "sed -n 's/^\\(default\\|0\\.0\\.0\\.0\\/\\)[^v]* via \\([^ ]*\\).*/\\2/p'",
    ),
    Idiom(
        "all gateways",
        ROUTES,
        answers.all_gateways,
        "ip -4 -o route show table main | "
        "awk '{for(i=2;i<NF;i++)if($i==\"via\"){print $(i+1);break}}'",
    ),
    Idiom(
        "gateways of routes to networks",
        ROUTES,
        answers.network_gateways,
        "ip -4 -o route show table main | awk '$1~/\\/|^default/"
        '{for(i=2;i<NF;i++)if($i=="via"){print $(i+1);break}}\'',
    ),
    Idiom(
        "devices of routes to 0.0.0.0",
        ROUTES,
        answers.devices_of_zero,
        f"ip -4 -o route show table main | awk '/(^| )default|(^| )0\\.0\\.0\\.0\\//{_DEVICE_OF}'",
    ),
    Idiom(
        "devices of default routes",
        ROUTES,
        answers.default_devices,
        _DEFAULT + f" | awk '{_DEVICE_OF}'",
    ),
    Idiom(
        "devices of default routes with a gateway",
        ROUTES,
        answers.default_gateway_devices,
        _DEFAULT + " | awk '/ via /{for(i=2;i<NF;i++)if($i==\"dev\"){print $(i+1);break}}'",
    ),
    Idiom(
        "is there a route to",
        ROUTES,
        answers.to_address,
        "ip -4 -o route show table main | awk -v d={ip} "
        '\'{t=$1~/^[a-z]/&&$1!="default"?$2:$1;sub(/\\/.*/,"",t)} t==d\'',
        note=_PATTERN,
        yes_or_no=True,
    ),
    Idiom(
        "does a route name",
        ROUTES,
        answers.naming_address,
        "ip -4 -o route show table main | sed 's/ src [^ ]*//' | grep -F -- {ip}",
        yes_or_no=True,
    ),
    Idiom(
        "does a route use the device",
        ROUTES,
        answers.using_device,
        "ip -4 route show table main dev {dev}",
        yes_or_no=True,
    ),
    # -------------------------------------------------------- neighbours
    Idiom(
        "a neighbour's MAC address",
        NEIGHBOURS,
        answers.lladdr,
        "ip -4 neigh show {ip} | sed -n 's/.* lladdr \\([^ ]*\\).*/\\1/p'",
        note=_PATTERN + "; of an entry without a MAC address it printed another column",
    ),
    Idiom(
        "is a neighbour known",
        NEIGHBOURS,
        answers.known,
        "ip -4 neigh show {ip} | grep lladdr",
        note=_PATTERN + "; it counted entries without a MAC address",
        yes_or_no=True,
    ),
)
