"""``ip -j`` text → Network.  Pure: what was asked for and how is ``iplab.run.look``'s matter."""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from iplab.errors import IplabError
from iplab.names import HOST, IPAddress, IPNetwork
from iplab.network import (
    Address,
    Bridge,
    Dummy,
    End,
    Interface,
    Kind,
    Loopback,
    Macvlan,
    Namespace,
    NatTable,
    Network,
    Other,
    Route,
    Shaping,
    Tuntap,
    Veth,
    Vlan,
    Vxlan,
)

Object = dict[str, Any]

# Root qdiscs the kernel gives a device by itself (net.core.default_qdisc and the driver decide).
KERNELS_OWN = frozenset({"noqueue", "noop", "mq", "pfifo_fast", "fq_codel", "fq", "pfifo", "none"})
_STEADY = 4294967295  # INFINITY_LIFE_TIME: not given by a router, does not run out


@dataclass(frozen=True, slots=True)
class Seen:
    """What was read of one namespace: lists of objects as ``ip -j -d`` and ``tc -j`` print them.

    ``addresses`` is ``ip -j -d addr show``, ``routes`` ``ip -j -d route show table all``, ``names``
    ``ip -j netns list-id`` in that namespace (nsid → name), ``qdiscs`` ``tc -j qdisc show``.
    """

    name: str
    identity: str | None
    addresses: Sequence[Object]
    routes: Sequence[Object] = ()
    names: Mapping[int, str] | None = None
    qdiscs: Sequence[Object] = ()
    sysctls: Mapping[str, str] | None = None
    nat: Mapping[str, NatTable] | None = None


def documents(text: str, what: str) -> list[list[Object]]:
    """The JSON lists in ``text``, one for each command of a batch.

    Raises ``IplabError`` where the text is no such thing.
    """
    decoder = json.JSONDecoder()
    found: list[list[Object]] = []
    position, end = 0, len(text)
    try:
        while True:
            while position < end and text[position].isspace():
                position += 1
            if position >= end:
                return found
            value, position = decoder.raw_decode(text, position)
            if not isinstance(value, list) or not all(isinstance(o, dict) for o in value):
                raise ValueError("not a list of objects")
            found.append([o for o in value if o])  # `ip -j` prints {} for what it filtered out
    except (ValueError, RecursionError) as error:
        raise IplabError(f"{what} answered with something that cannot be read: {error}") from error


def network(seen: Iterable[Seen]) -> Network:
    """The namespaces that were read, with the ends of each veth pair found."""
    every = list(seen)
    try:
        return _wire(Network({s.name: _namespace(s) for s in every}), every)
    except (KeyError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
        raise IplabError(f"`ip -j` answered in a form iplab does not know: {error!r}") from error


def _namespace(seen: Seen) -> Namespace:
    shaped = dict(_shapings(seen.qdiscs))
    interfaces = {}
    for link in seen.addresses:
        interface = _interface(link)
        interfaces[interface.name] = replace(interface, shaping=shaped.get(interface.name))
    return Namespace(
        seen.name,
        interfaces,
        tuple(r for r in map(_route, seen.routes) if r is not None),
        dict(seen.sysctls or {}),
        dict(seen.nat or {}),
        seen.identity,
    )


def _interface(link: Object) -> Interface:
    flags = tuple(link["flags"])
    return Interface(
        name=link["ifname"],
        kind=_kind(link),
        up="UP" in flags,
        mtu=link["mtu"],
        lladdr=link.get("address"),
        master=link.get("master"),
        addresses=tuple(_address(a, link) for a in link.get("addr_info", ()) if a),
        index=link["ifindex"],
        flags=flags,
        state=link.get("operstate", ""),
        txqueuelen=link.get("txqlen"),
    )


def _kind(link: Object) -> Kind:
    info = link.get("linkinfo", {})
    data = info.get("info_data", {})
    match info.get("info_kind"):
        case None if "LOOPBACK" in link["flags"]:
            return Loopback()
        case "veth":
            return Veth()
        case "bridge":
            return Bridge(bool(data.get("stp_state")), bool(data.get("vlan_filtering")))
        case "vxlan":
            far = (
                data.get("remote") or data.get("group") or data.get("remote6") or data.get("group6")
            )
            near = data.get("local") or data.get("local6")
            return Vxlan(data["id"], _ip(far), _ip(near), data.get("link"), data["port"])
        case "macvlan":
            return Macvlan(_lower(link), data["mode"])
        case "vlan":
            return Vlan(_lower(link), data["id"])
        case "dummy":
            return Dummy()
        case "tun":
            return Tuntap(data["type"], data.get("user"))
        case other:
            return Other(other or link.get("link_type", "?"))


def _lower(link: Object) -> End | None:
    """The device below, which ``ip`` names where it is in the same namespace (or see ``_wire``)."""
    name = link.get("link")
    return End("", name) if name else None


def _ip(text: str | None) -> IPAddress | None:
    return ipaddress.ip_address(text) if text else None


def _address(info: Object, link: Object) -> Address:
    local = ipaddress.ip_interface(f"{info['local']}/{info['prefixlen']}")
    peer = info.get("address")  # with a peer, `local` is ours and `address` theirs
    label = info.get("label")
    scope = info.get("scope", "global")
    automatic = (
        info.get("dynamic", False)
        or info.get("valid_life_time", _STEADY) != _STEADY
        or (scope == "host" and "LOOPBACK" in link["flags"])
        or (local.version == 6 and local.ip.is_link_local and local.network.prefixlen == 64)
    )
    return Address(
        local=local,
        broadcast=_ip(info.get("broadcast")),
        scope="global" if local.version == 6 else scope,  # IPv6 scopes follow from the address
        peer=ipaddress.ip_interface(f"{peer}/{info['prefixlen']}") if peer else None,
        label=label if label != link["ifname"] else None,
        automatic=bool(automatic),
        tentative=bool(info.get("tentative", False)),
        failed=bool(info.get("dadfailed", False)),
        metric=info.get("metric") or None,
        # On IPv6 addresses that a router gave the kernel sets this itself.
        noprefixroute=bool(info.get("noprefixroute")) and (local.version == 4 or not automatic),
        valid=_lifetime(info, "valid_life_time"),
        preferred=_lifetime(info, "preferred_life_time"),
        protocol=info.get("protocol"),
    )


def _lifetime(info: Object, name: str) -> int | None:
    seconds: int = info.get(name, _STEADY)
    return None if seconds == _STEADY else seconds


def _route(line: Object) -> Route | None:
    """A route somebody asked for; ``None`` for the kernel's own, a daemon's, another table's."""
    if line.get("table", "main") != "main" or line.get("protocol", "boot") not in (
        "boot",
        "static",
    ):
        return None
    if "nexthops" in line:
        return None  # multipath: a lab has none, and none of its routes looks like it
    return _as_route(line)


def every_route(line: Object) -> Iterator[Route]:
    """Whatever a line of ``ip -j route show table all`` says but the kernel's own routes, a
    multipath one as one route for each hop: what goes when its device loses its last address."""
    if line.get("table") == "local" or line.get("protocol") == "kernel":
        return
    for hop in line.get("nexthops") or [{}]:
        route = _as_route(line | {k: hop[k] for k in ("gateway", "via", "dev") if k in hop})
        yield replace(route, table=line.get("table") if line.get("table") != "main" else None)


def _as_route(line: Object) -> Route:
    gateway = _ip(line.get("gateway") or line.get("via", {}).get("host"))
    source = _ip(line.get("prefsrc"))
    destination = _destination(line, gateway or source)
    six = destination.version == 6
    metric = line.get("metric", 0)
    kind = line.get("type", "unicast")
    scope = line.get("scope")
    usual = "global" if six or gateway is not None or kind != "unicast" else "link"
    metrics: Object = {k: v for m in line.get("metrics", ()) for k, v in m.items()}
    flags = line.get("flags", ())
    # The kernel hangs IPv6's refusals on `lo`; nobody wrote that.
    device = line.get("dev") if kind == "unicast" else None
    return Route(
        destination=destination,
        gateway=gateway,
        device=device,
        metric=None if metric == (1024 if six else 0) else metric,
        type=kind,
        source=source,
        mtu=metrics.get("mtu"),
        advmss=metrics.get("advmss"),
        window=metrics.get("window"),
        rtt=metrics.get("rtt"),
        scope=None if scope is None or scope == usual else scope,
        onlink="onlink" in flags,
    )


def _destination(line: Object, near: IPAddress | None) -> IPNetwork:
    text = line["dst"]
    if text != "default":
        return ipaddress.ip_network(text)
    # `ip` prints "default" for both families; only IPv6 lines carry a router preference.
    six = near.version == 6 if near is not None else "pref" in line
    return ipaddress.ip_network("::/0" if six else "0.0.0.0/0")


# ---------------------------------------------------------------- qdiscs


def _shapings(qdiscs: Sequence[Object]) -> Iterator[tuple[str, Shaping]]:
    for qdisc in qdiscs:
        if qdisc.get("root") and qdisc["kind"] not in KERNELS_OWN:
            yield qdisc["dev"], _shaping(qdisc)


def _shaping(qdisc: Object) -> Shaping:
    options = qdisc.get("options", {})
    if qdisc["kind"] == "tbf":
        shaping = Shaping(rate=options["rate"] * 8)
        # The kernel keeps a bucket in ticks of 64 ns, so it answers with a little less.
        near = abs(options["burst"] - shaping.burst) <= shaping.burst / 50 + 1
        if near and abs(options.get("lat", 0) - 50_000) <= 1_000:
            return shaping
    if qdisc["kind"] == "netem" and not set(options) - {
        "limit", "delay", "loss-random", "rate", "ecn", "gap", "seed",
    }:  # fmt: skip
        return _netem(options)
    return Shaping(other=f"{qdisc['kind']} {json.dumps(options, sort_keys=True)}")


def _netem(options: Object) -> Shaping:
    delay = options.get("delay", {})
    loss = options.get("loss-random", {}).get("loss")
    rate = options.get("rate", {}).get("rate")
    return Shaping(
        rate=rate * 8 if rate else None,
        delay=round(delay["delay"] * 1e6) if delay.get("delay") else None,
        jitter=round(delay["jitter"] * 1e6) if delay.get("jitter") else None,
        loss=round(loss * 100, 4) if loss else None,
    )


# ---------------------------------------------------------------- nft


def nat_table(text: str, table: str) -> NatTable | None:
    """What ``nft -j list table inet TABLE`` printed, as iplab words such tables."""
    try:
        items = json.loads(text)["nftables"]
        hooked, sources, other = False, [], []
        for item in items:
            if "chain" in item:
                chain = item["chain"]
                if chain["name"] == "postrouting" and chain.get("hook") == "postrouting":
                    hooked = chain.get("type") == "nat"
                else:
                    other.append(f"chain {chain['name']}")
            elif "rule" in item:
                source = _masquerade(item["rule"])
                if source is not None:
                    sources.append(source)
                else:
                    other.append(json.dumps(item["rule"]["expr"], sort_keys=True))
        return NatTable(tuple(sources), hooked, tuple(other))
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise IplabError(f"nft answered for table {table} in an unknown form: {error!r}") from error


def _masquerade(rule: Object) -> IPNetwork | None:
    """The source of a rule as ``AddMasquerade`` words it, else ``None``."""
    parts = rule["expr"]
    if len(parts) != 3 or "masquerade" not in parts[2]:
        return None
    found = []
    for part, field, op in ((parts[0], "saddr", "=="), (parts[1], "daddr", "!=")):
        match = part.get("match", {})
        if match.get("op") != op or match["left"].get("payload", {}).get("field") != field:
            return None
        right = match["right"]
        prefix = right.get("prefix") if isinstance(right, dict) else {"addr": right, "len": None}
        if prefix is None:
            return None
        length = "" if prefix["len"] is None else f"/{prefix['len']}"
        found.append(ipaddress.ip_network(f"{prefix['addr']}{length}"))
    return found[0] if found[0] == found[1] else None


# ---------------------------------------------------------------- which ends belong together


def _wire(bare: Network, seen: Sequence[Seen]) -> Network:
    """Find each veth's peer and each lower device that is in another namespace.

    ``ip`` gives the other end's number (``link_index``) and, where that is elsewhere, the nsid of
    its namespace.  ``Seen.names`` turns an nsid into a name; without it the other end is the one
    device anywhere whose number and ``link_index`` answer this one's.
    """
    links = {End(s.name, link["ifname"]): link for s in seen for link in s.addresses}
    numbered = {(end.node, link["ifindex"]): end for end, link in links.items()}
    answering: dict[tuple[int, int], list[End]] = {}
    for end, link in links.items():
        if "link_index" in link:
            answering.setdefault((link["ifindex"], link["link_index"]), []).append(end)
    names = {s.name: s.names for s in seen}

    def points_at(end: End, node: str) -> bool:
        known = names.get(end.node)
        return known is None or known.get(links[end].get("link_netnsid", -1)) == node

    def other(end: End, link: Object) -> End | None:
        if "link" in link:  # in the same namespace `ip` gives its name, not its number
            return End(end.node, link["link"])
        index = link.get("link_index")
        if not index:
            return None
        if "link_netnsid" not in link:
            return numbered.get((end.node, index))
        known = names.get(end.node)
        where = known.get(link["link_netnsid"]) if known is not None else None
        if where is not None:
            return numbered.get((where, index))
        candidates = [
            e
            for e in answering.get((index, link["ifindex"]), ())
            # An nsid without a name is the host's (or a namespace nobody named).
            if e.node != end.node and (known is None or e.node == HOST) and points_at(e, end.node)
        ]
        return candidates[0] if len(candidates) == 1 else None

    namespaces = {}
    for node, namespace in bare.namespaces.items():
        interfaces = {}
        for device, interface in namespace.interfaces.items():
            end = End(node, device)
            kind = interface.kind
            if isinstance(kind, Veth):
                kind = Veth(other(end, links[end]))
            elif isinstance(kind, Macvlan | Vlan):
                below = End(node, kind.link.device) if kind.link else other(end, links[end])
                kind = replace(kind, link=below)
            interfaces[device] = (
                interface if kind is interface.kind else replace(interface, kind=kind)
            )
        namespaces[node] = replace(namespace, interfaces=interfaces)
    return Network(namespaces)


def ambiguous(seen: Iterable[Seen]) -> set[str]:
    """The namespaces whose veth ends numbers alone do not tell apart: ask ``list-id`` there."""
    found: dict[tuple[int, int], list[str]] = {}
    for s in seen:
        for link in s.addresses:
            if "link_netnsid" in link and link.get("link_index"):
                found.setdefault((link["ifindex"], link["link_index"]), []).append(s.name)
    unclear: set[str] = set()
    for (index, other), nodes in found.items():
        if len(found.get((other, index), ())) > (2 if index == other else 1):
            unclear.update(nodes)
    return unclear
