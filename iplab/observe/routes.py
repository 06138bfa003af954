"""Routes, as ``ip -j route`` prints them."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from iplab.names import IPAddress, IPNetwork, ip_network
from iplab.network import Route
from iplab.observe.words import Object, ip, number, word


def asked_for(line: Object) -> Iterator[Route]:
    """The routes of a line that somebody asked for: none of the kernel's own, a daemon's, another
    table's.

    Of IPv6 routes to one destination with one metric the kernel makes a multipath route
    (net/ipv6/ip6_fib.c): as many as it has hops.  An IPv4 one is one route, and no lab's.
    """
    if line.get("table", "main") != "main" or line.get("protocol", "boot") not in (
        "boot",
        "static",
    ):
        return
    if "nexthops" not in line:
        yield _as_route(line)
        return
    hops = list(_hops(line))
    if any(hop.destination.version == 6 for hop in hops):
        yield from hops


def every_route(line: Object) -> Iterator[Route]:
    """Whatever a line of ``ip -j route show table all`` says but the kernel's own routes, a
    multipath one as one route for each hop: what goes when its device loses its last address."""
    if line.get("table") == "local" or line.get("protocol") == "kernel":
        return
    for route in _hops(line):
        yield replace(route, table=line.get("table") if line.get("table") != "main" else None)


def _hops(line: Object) -> Iterator[Route]:
    for hop in line.get("nexthops") or [{}]:
        words = {k: hop[k] for k in ("gateway", "via", "dev", "flags") if k in hop}
        yield _as_route(line | words)


def _as_route(line: Object) -> Route:
    gateway = ip(line.get("gateway") or line.get("via", {}).get("host"))
    source = ip(line.get("prefsrc"))
    destination = _destination(line, gateway or source)
    six = destination.version == 6
    metric = number(line.get("metric", 0))
    kind = word(line.get("type")) or "unicast"
    scope = word(line.get("scope"))
    usual = "global" if six or gateway is not None or kind != "unicast" else "link"
    metrics: Object = {k: v for m in line.get("metrics", ()) for k, v in m.items()}
    flags = line.get("flags", ())
    # The kernel hangs IPv6's refusals on `lo`; nobody wrote that.
    device = word(line.get("dev")) if kind == "unicast" else None
    return Route(
        destination=destination,
        gateway=gateway,
        device=device,
        metric=None if metric == (1024 if six else 0) else metric,
        type=kind,
        source=source,
        mtu=number(metrics.get("mtu")),
        advmss=number(metrics.get("advmss")),
        window=number(metrics.get("window")),
        rtt=number(metrics.get("rtt")),
        scope=None if scope is None or scope == usual else scope,
        onlink="onlink" in flags,
    )


def _destination(line: Object, near: IPAddress | None) -> IPNetwork:
    text = line["dst"]
    if text != "default":
        return ip_network(text)
    # `ip` prints "default" for both families; only IPv6 lines carry a router preference.
    six = near.version == 6 if near is not None else "pref" in line
    return ip_network("::/0" if six else "0.0.0.0/0")
