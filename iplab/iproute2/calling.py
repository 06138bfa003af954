"""What stands between a program's name and its command: the options, and `ip`'s objects."""

from __future__ import annotations

from iplab.iproute2.reading import Cursor, Key, Keys

# The order of main() in iproute2's ip/ip.c: `-b` is a batch and `-br` brief, `-n` is netns.
IP_OPTIONS: Keys = (
    Key("-color", values=0),
    Key("-loops"),
    Key("-family"),
    Key("-4", exact=True, values=0),
    Key("-6", exact=True, values=0),
    Key("-0", exact=True, values=0),
    Key("-human-readable", values=0),
    Key("-iec", values=0),
    Key("-statistics", values=0),
    Key("-details", values=0),
    Key("-resolve", values=0),
    Key("-oneline", values=0),
    Key("-timestamp", values=0),
    Key("-tshort", values=0),
    Key("-Version", values=0),
    Key("-force", values=0),
    Key("-batch"),
    Key("-brief", values=0),
    Key("-json", values=0),
    Key("-pretty", values=0),
    Key("-rcvbuf"),
    Key("-help", values=0),
    Key("-netns"),
    Key("-Numeric", values=0),
    Key("-all", values=0),
    Key("-echo", exact=True, values=0),
)
_COLOURS = ("always", "auto", "never")
_FAMILIES = ("inet", "inet6", "mpls", "bridge", "link")
# tc/tc.c and bridge/bridge.c; -stats is the older name of -statistics and the shorter one.
OTHER_OPTIONS: Keys = tuple(
    key for key in IP_OPTIONS if key.name not in ("-all", "-echo", "-tshort", "-loops", "-rcvbuf")
)

# The order of cmds[] in ip/ip.c: `ip r` is route and not rule, `ip n` neigh and not netns.
OBJECTS: Keys = (
    Key("address", values=0),
    Key("addrlabel", values=0),
    Key("maddress", values=0),
    Key("route", values=0),
    Key("rule", values=0),
    Key("neighbor", values=0, full="neighbour"),
    Key("neighbour", values=0),
    Key("ntable", values=0),
    Key("ntbl", values=0, full="ntable"),
    Key("link", values=0),
    Key("l2tp", values=0),
    Key("fou", values=0),
    Key("ila", values=0),
    Key("macsec", values=0),
    Key("tunnel", values=0),
    Key("tunl", values=0, full="tunnel"),
    Key("tuntap", values=0),
    Key("tap", values=0, full="tuntap"),
    Key("token", values=0),
    Key("tcpmetrics", values=0),
    Key("tcp_metrics", values=0, full="tcpmetrics"),
    Key("monitor", values=0),
    Key("xfrm", values=0),
    Key("mroute", values=0),
    Key("mrule", values=0),
    Key("netns", values=0),
    Key("netconf", values=0),
    Key("vrf", values=0),
    Key("sr", values=0),
    Key("nexthop", values=0),
    Key("mptcp", values=0),
    Key("ioam", values=0),
    Key("help", values=0),
    Key("stats", values=0),
)


def options(cursor: Cursor, keys: Keys) -> None:
    """Read the options in front of a command into ``cursor``; ``NotKnown``."""
    while cursor.peek().startswith("-"):
        word = cursor.peek()
        if word == "--":
            cursor.note(1, "option.--")
            return
        name, equals, when = word.lstrip("-").partition("=")
        key = next((key for key in keys if key.fits(f"-{name}")), None)
        if key is None or (equals and (key.name != "-color" or when not in _COLOURS)):
            raise cursor.fail(f"{word!r} is no option that iplab knows")
        values = cursor.argv[cursor.position + 1 : cursor.position + 1 + key.values]
        if len(values) < key.values:
            raise cursor.fail(f"{key.name} needs a value behind it")
        full = (key.name + equals + when, *values)
        cursor.note(1 + key.values, f"option.{key.name}", full, when or " ".join(values))
        cursor.options.add(key.name)
        match key.name:
            case "-4" | "-6":
                cursor.family = int(key.name[1:])
            case "-family":  # read_family in lib/utils.c
                if values[0] not in _FAMILIES:
                    raise cursor.fail(f"{values[0]!r} is no family: {', '.join(_FAMILIES)}", 1)
                cursor.family = {"inet": 4, "inet6": 6}.get(values[0])
            case "-netns":
                cursor.node = cursor.named_node(values[0])
