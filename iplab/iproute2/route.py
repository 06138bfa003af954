"""``ip route`` (ip-route(8); the order of comparisons: iproute2's ip/iproute.c)."""

from __future__ import annotations

import ipaddress

from iplab.iproute2.reading import Cursor, Key, Keys, Meaning, knows, looks, means, padded
from iplab.names import IPAddress, IPNetwork
from iplab.network import Route
from iplab.operations import AddRoute, DeleteFirstRoute, DeleteRoute, PrependRoute

VERBS: Keys = (
    Key("list", full="show"),
    Key("show"),
    Key("lst", full="show"),
    Key("get"),
    Key("add"),
    Key("change"),
    Key("chg", exact=True, full="change"),
    Key("replace"),
    Key("prepend"),
    Key("append"),
    Key("test"),
    Key("delete"),
    Key("flush"),
    Key("save"),
    Key("restore"),
    Key("showdump"),
    Key("help"),
)
WORDS: Keys = (
    Key("src", exact=True),
    Key("as", exact=True),
    Key("via", exact=True),
    Key("from", exact=True),
    Key("tos", exact=True),
    Key("dsfield", full="tos"),
    Key("expires", exact=True),
    Key("metric"),
    Key("priority", full="metric"),
    Key("preference", exact=True, full="metric"),
    Key("scope", exact=True),
    Key("mtu", exact=True),
    Key("hoplimit"),
    Key("advmss"),
    Key("reordering"),
    *(Key(n, exact=True) for n in ("rtt", "rttvar", "window", "cwnd", "initcwnd", "initrwnd")),
    Key("features"),
    Key("quickack"),
    Key("congctl"),
    Key("rto_min"),
    Key("protocol"),
    Key("table"),
    Key("vrf", exact=True, full="vrf"),
    Key("dev", exact=True),
    Key("oif", exact=True, full="dev"),
    *(Key(n, exact=True, values=0) for n in ("pervasive", "offload", "trap", "onlink")),
    Key("nhid", exact=True),
    Key("realms"),
    Key("ttl-propagate", exact=True),
    Key("encap", exact=True),
    Key("pref", exact=True),
    Key("to", exact=True),
)
SELECT: Keys = (
    Key("table"),
    Key("vrf", exact=True),
    Key("cached", values=0),
    Key("cloned", values=0, full="cached"),
    Key("tos", exact=True),
    Key("protocol"),
    Key("scope"),
    Key("type"),
    Key("dev", exact=True),
    Key("oif", exact=True, full="dev"),
    Key("iif", exact=True),
    Key("via", exact=True),
    Key("src", exact=True),
    Key("metric", exact=True),
    Key("from", exact=True),
    *(Key(n, exact=True) for n in ("to", "root", "match", "exact")),
    Key("default", exact=True, values=0),
)
GET: Keys = (  # iproute_get
    Key("to", exact=True),
    Key("from", exact=True),
    Key("tos"),
    Key("dsfield", full="tos"),
    Key("iif"),
    Key("mark"),
    Key("oif", exact=True, full="dev"),
    Key("dev", exact=True),
    Key("notify", values=0),
    Key("connected", values=0),
    Key("vrf", exact=True),
    Key("uid"),
    Key("fibmatch", values=0),
    *(Key(n, exact=True) for n in ("ipproto", "sport", "dport")),
)
# rtnl_rtntype_a2n in lib/rt_names.c.
TYPES = ("local", "nat", "broadcast", "brd", "anycast", "multicast", "prohibit", "unreachable",
         "blackhole", "xresolve", "unicast", "throw")  # fmt: skip
_OURS = ("unicast", "blackhole", "unreachable", "prohibit")
_PLAIN = ("src", "via", "metric", "scope", "mtu", "dev", "onlink", "to", "advmss", "window",
          "rtt", "table")  # fmt: skip


def read(cursor: Cursor) -> Meaning:
    """What follows ``ip route``."""
    verb = cursor.verb(VERBS, "route", "show")
    match verb:
        case "add" | "change" | "replace" | "prepend" | "append" | "delete":
            return _modify(cursor, verb)
        case "get":
            return _get(cursor)
        case "flush":
            selected = _select(cursor) | {"node": cursor.node}
            return knows("route.flush-cache" if "cached" in selected else "route.flush", selected)
        case "show" | "save" | "showdump":
            return looks("show.route", **_select(cursor))
    raise cursor.fail(f"`ip route {verb}` is not something iplab reads", 1)


def _select(cursor: Cursor) -> dict[str, str]:
    found: dict[str, str] = {}
    while cursor.more:
        known = cursor.key(SELECT, "route")
        word, value = known or ("to", cursor.word("route.to"))
        found[word.replace("dev", "device")] = value
    return found


def _get(cursor: Cursor) -> Meaning:
    values = {}
    while cursor.more:
        known = cursor.key(GET, "route")
        word, value = known or ("to", cursor.word("route.to"))
        values[word.replace("from", "source").replace("dev", "device")] = value
    if "to" not in values:
        raise cursor.fail("it does not say whereto: ip route get ADDRESS")
    return looks("show.route-get", **values)


def _modify(cursor: Cursor, verb: str) -> Meaning:
    kind = "unicast"
    typed = cursor.peek() in TYPES
    if typed:
        kind = cursor.word("route.type")
    given: dict[str, str] = {}
    while cursor.more:
        if cursor.peek() == "nexthop":
            cursor.note(len(cursor.rest()), "route.nexthop", value=" ".join(cursor.rest()))
            return knows("route.multipath", {"node": cursor.node})
        known: tuple[str, str] | None
        if cursor.peek() == "via" and cursor.rest()[1:2] in (("inet",), ("inet6",)):
            value = "".join(cursor.rest()[2:3])
            cursor.note(3, "route.via", value=value)
            known = "via", value
        elif cursor.rest()[:2] == ("mtu", "lock") and len(cursor.rest()) > 2:
            value = cursor.rest()[2]
            cursor.note(3, "route.mtu-lock", value=value)
            known, given["lock"] = ("mtu", value), ""
        else:
            known = cursor.key(WORDS, "route")
        if known is not None and known[0] == "encap":
            raise cursor.fail("how packets are put into others (encap) is not read", 2)
        if known is None and cursor.peek() in ("gw", "gateway"):
            to = " ".join(cursor.rest()[1:2]) or "GATEWAY"
            raise cursor.fail(f"`ip route` says `via` and not {cursor.peek()!r}: via {to}")
        if known is None and "to" in given:
            there = cursor.peek()
            raise cursor.fail(f"{there!r} is a word too many; a device is said so: dev {there}")
        word, value = known or ("to", cursor.word("route.to"))
        if word in given:
            raise cursor.fail(f"{word} is there twice", 1)
        given[word] = value
    if verb != "delete" and kind == "unicast" and not {"via", "dev", "nhid"} & {*given}:
        raise cursor.fail("a route needs its way: via GATEWAY or dev DEV (kernel: No such device)")
    if given.get("table") in ("main", "254"):
        del given["table"]
    route = _route(cursor, kind, given)
    if given.get("protocol") in ("static", "boot", "3", "4"):
        del given["protocol"]
    beyond = [word for word in given if word not in _PLAIN]
    if kind not in _OURS:
        beyond.append(kind)
    values = {"route": str(route), "node": cursor.node, "words": " ".join(beyond)}
    if verb == "delete":
        if beyond:
            return knows("route.delete-more", values)
        # A plan says all that tells a route from others; with less, the first that fits goes.
        six = route.destination.version == 6
        if (typed and kind == "unicast") or (six and "metric" not in given):
            return means(DeleteFirstRoute(cursor.node, route))
        return means(DeleteRoute(cursor.node, route))
    if beyond:
        return knows("route.add-more", values)
    if verb == "add":
        return means(AddRoute(cursor.node, route))
    if verb == "prepend":
        return means(PrependRoute(cursor.node, route))
    like = (AddRoute(cursor.node, route),) if verb != "change" else ()
    return knows(f"route.{verb}", values, like)


def _route(cursor: Cursor, kind: str, given: dict[str, str]) -> Route:
    gateway = _ip(cursor, given.get("via"))
    source = _ip(cursor, given.get("src"))
    destination = _destination(cursor, given, gateway or source)
    six = destination.version == 6
    metric = _whole(cursor, given.get("metric"))
    device, rtt = given.get("dev"), given.get("rtt")
    usual = "global" if gateway is not None or kind != "unicast" else "link"
    scope = given.get("scope")
    return Route(
        destination,
        gateway,
        cursor.device(device) if device else None,
        # What the kernel takes by itself is not written down twice (IP6_RT_PRIO_USER).
        None if metric == 0 or (six and metric == 1024) else metric,
        kind,
        source,
        _whole(cursor, given.get("mtu")),
        None if six or scope == usual else scope,
        "onlink" in given,
        _whole(cursor, given.get("advmss")),
        _whole(cursor, given.get("window")),
        _whole(cursor, rtt.removesuffix("ms") if rtt else None),
        given.get("table"),
    )


def _destination(cursor: Cursor, given: dict[str, str], near: IPAddress | None) -> IPNetwork:
    text = given.get("to", "default")
    if text in ("default", "any", "all"):
        version = near.version if near is not None else cursor.family or 4
        return ipaddress.ip_network("::/0" if version == 6 else "0.0.0.0/0")
    try:
        return ipaddress.ip_network(padded(text))
    except ValueError as error:
        raise cursor.fail(f"{text!r} is not a destination: {error}", 1) from None


def _ip(cursor: Cursor, text: str | None) -> IPAddress | None:
    if text is None:
        return None
    try:
        return ipaddress.ip_address(padded(text))
    except ValueError:
        raise cursor.fail(f"{text!r} is not an address", 1) from None


def _whole(cursor: Cursor, text: str | None) -> int | None:
    if text is None:
        return None
    if not (text.isascii() and text.isdigit()):
        raise cursor.fail(f"{text!r} is not a number", 1)
    return int(text)
