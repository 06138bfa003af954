"""``routes:`` in the words of ``ip route`` (ip-route(8)) → routes with a device each."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING

from msgspec import Struct, field
from msgspec.structs import replace

from iplab import names
from iplab.errors import BadName
from iplab.lab import words
from iplab.lab.gather import Device, Gathered
from iplab.lab.near import did_you_mean
from iplab.lab.report import Report
from iplab.names import HOST, IPAddress, IPInterface, IPNetwork
from iplab.network import End, Route

if TYPE_CHECKING:
    from iplab.lab.read import Parts

_NOWHERE = ("blackhole", "unreachable", "prohibit")
_TYPES = ("unicast", *_NOWHERE)
_SCOPES = ("global", "site", "link", "host")
_WORDS = ("via", "dev", "src", "metric", "mtu", "scope", "onlink")
_NOT_HERE = {
    word: f"routes of type {word} are not something a lab can say"
    for word in ("local", "broadcast", "multicast", "anycast", "throw", "nat")
} | {
    "nexthop": "routes over several ways (nexthop) are not something a lab can say",
    "nhid": "nexthop objects (nhid) are not something a lab can say",
    "table": "only the main table is a lab's",
    "encap": "encapsulation by a route is not something a lab can say",
    "add": "the route starts with its destination; leave `add` out",
    "ip": "the route starts with its destination; leave `ip route add` out",
}
_IPV6_METRIC = 1024  # IP6_RT_PRIO_USER in include/uapi/linux/ipv6_route.h


def parse(text: str) -> Route:
    """A route as it is written, perhaps without a device; ``BadName`` where it is none."""
    rest = iter(text.split())
    word = next(rest, "")
    kind = word if word in _TYPES else "unicast"
    if word in _TYPES:
        word = next(rest, "")
    if word in _NOT_HERE:
        raise BadName(_NOT_HERE[word], hint="default via 172.20.0.1")
    given = _attributes(rest)
    destination = _destination(word, given)
    six = destination.version == 6
    metric = given.metric
    if metric == 0 or (six and metric == _IPV6_METRIC):
        metric = None
    if kind in _NOWHERE and (given.via or given.dev or given.onlink):
        raise BadName(
            f"a route of type {kind} leads nowhere: no via, dev or onlink", hint=f"{kind} {word}"
        )
    for address in (given.via, given.src):
        if address and address.version != destination.version:
            raise BadName(
                f"{address} and {destination} are of two families", hint="both IPv4 or both IPv6"
            )
    if given.onlink and not (given.via and given.dev):
        raise BadName("onlink needs via and dev", hint=f"{word} via ADDRESS dev DEV onlink")
    # What ip-route(8) chooses by itself is not written down twice; IPv6 has no scopes.
    usual = "global" if given.via or kind in _NOWHERE else "link"
    scope = None if six or given.scope == usual else given.scope
    return Route(
        destination, given.via, given.dev, metric, kind, given.src, given.mtu, scope, given.onlink
    )


class _Given(Struct):
    via: IPAddress | None = None
    dev: str | None = None
    src: IPAddress | None = None
    metric: int | None = None
    mtu: int | None = None
    scope: str | None = None
    onlink: bool = False


def _attributes(rest: Iterator[str]) -> _Given:
    given, seen = _Given(), set()
    for word in rest:
        if word in _NOT_HERE:
            raise BadName(_NOT_HERE[word], hint=f"known here: {', '.join(_WORDS)}")
        if word not in _WORDS:
            hint = did_you_mean(word, _WORDS) or f"known here: {', '.join(_WORDS)}"
            raise BadName(f"{word!r} is not a word of a route that a lab can say", hint=hint)
        if word in seen:
            raise BadName(f"{word!r} is in the route twice", hint="keep one of them")
        seen.add(word)
        if word == "onlink":
            given.onlink = True
            continue
        value = next(rest, None)
        if value is None:
            raise BadName(f"the route ends after {word!r}", hint=f"{word} and its value")
        match word:
            case "via":
                given.via = names.ip(value)
            case "src":
                given.src = names.ip(value)
            case "dev":
                given.dev = value if value == "lo" else names.device(value)
            case "metric":
                given.metric = words.whole(value, 0, 2**32 - 1, "a metric", 100)
            case "mtu":
                given.mtu = words.mtu(value)
            case _:
                given.scope = words.one_of(value, _SCOPES, "a scope")
    return given


def _destination(word: str, given: _Given) -> IPNetwork:
    if word != "default":
        if not word:
            raise BadName("the route has no destination", hint="default via 172.20.0.1")
        return names.prefix(word)
    address = given.via or given.src
    return names.prefix("::/0" if address and address.version == 6 else "0.0.0.0/0")


# ---------------------------------------------------------------- which device; can it be?


class _Subnets(Struct):
    """The subnets a node is in, by family and length: whose device holds an address?"""

    tables: dict[tuple[int, int], dict[int, Device]] = field(default_factory=dict)

    def put(self, network: IPNetwork, device: Device) -> None:
        table = self.tables.setdefault((network.version, network.prefixlen), {})
        table.setdefault(int(network.network_address), device)

    def find(self, address: IPAddress) -> Device | None:
        """The device of the narrowest subnet that holds ``address``."""
        for (version, length), table in sorted(self.tables.items(), reverse=True):
            if version == address.version:
                host_bits = address.max_prefixlen - length
                device = table.get(int(address) >> host_bits << host_bits)
                if device:
                    return device
        return None


def resolve(found: Gathered, parts: Parts, report: Report) -> dict[str, tuple[Route, ...]]:
    """The routes of each node, each with its device; what is wrong with them is reported."""
    return {
        node: _Node(found, parts, report, node).routes()
        for node, form in found.forms.items()
        if form.routes
    }


class _Node:
    def __init__(self, found: Gathered, parts: Parts, report: Report, node: str) -> None:
        self.found, self.report, self.node = found, report, node
        self.sure = parts.sure(node)
        self.texts = found.forms[node].routes
        self.devices = {device.end.device: device for device in found.of(node)}
        self.own: set[IPAddress] = set()
        self.kernels: dict[IPNetwork, tuple[IPInterface, Device]] = {}
        self.subnets = _Subnets()
        self.subnets_of: dict[End, _Subnets] = {}
        for device in found.of(node):
            self.own.update(address.ip for address in device.addresses)
            for address in device.addresses if device.role != "lo" else ():
                self._put(address.network, device)
                if device.up and address.network.prefixlen < address.max_prefixlen:
                    self.kernels.setdefault(address.network, (address, device))

    def _put(self, network: IPNetwork, device: Device) -> None:
        self.subnets.put(network, device)
        self.subnets_of.setdefault(device.end, _Subnets()).put(network, device)

    def routes(self) -> tuple[Route, ...]:
        """All of them, in their order."""
        made: list[Route] = []
        first: dict[tuple[IPNetwork, int | None], int] = {}
        for n, text in enumerate(self.texts):
            path = ("nodes", self.node, "routes", n)
            try:
                route = self._resolved(parse(text))
            except BadName as error:
                self.report.bad(path, error)
                continue
            other = first.setdefault((route.destination, route.metric), n)
            if other != n:
                line = self.report.line((*path[:-1], other))
                self.report.add(
                    path,
                    f"{self.node} has a route to {route.destination} already (line {line})",
                    "another metric: the lowest is used",
                )
            made.append(route)
        return tuple(made)

    def _resolved(self, route: Route) -> Route:
        if route.type in _NOWHERE:
            self._kernels_own(route)
            return route
        if route.source and self.sure and self.node != HOST and route.source not in self.own:
            raise BadName(f"src {route.source} is no address of {self.node}", hint=self._has())
        device = self._given(route) if route.device else None
        if route.gateway:
            device = self._over_gateway(route, route.gateway, device)
        elif route.device is None:
            raise BadName("the route says neither via nor dev", hint=f"{route} via ADDRESS")
        name = device.end.device if device else route.device
        if device and not device.up:
            raise BadName(
                f"{device.end} is down: no route can go through it", hint="state: up there"
            )
        self._kernels_own(route)
        if device and not route.gateway:
            self._put(route.destination, device)  # a gateway may be behind it
        return replace(route, device=name)

    def _given(self, route: Route) -> Device | None:
        device = self.devices.get(route.device or "")
        if device is None and self.node != HOST and self.sure:
            near = self.report.near(route.device or "", self.devices)
            has = ", ".join(list(self.devices)[:8])
            raise BadName(
                f"there is no device {self.node}:{route.device}", hint=near or f"one of: {has}"
            )
        return device

    def _over_gateway(
        self, route: Route, gateway: IPAddress, device: Device | None
    ) -> Device | None:
        if gateway in self.own:
            raise BadName(
                f"{gateway} is {self.node}'s own address: a gateway is the next machine on the way",
                hint="the address of the other end",
            )
        if route.onlink:
            return device
        if gateway.version == 6 and gateway.is_link_local:
            if route.device is None:
                raise BadName(f"{gateway} is on every link: say which", hint=f"{route} dev DEV")
            return device
        if route.device and device is None:
            return None  # a device of the host's own (or one that is reported already)
        holder = self._holder(gateway, device)
        if holder is None and not self.sure:
            return device
        if holder is None and self.node == HOST and device is None:
            raise BadName(
                f"{gateway} is in no subnet that this lab gives the host",
                hint=f"{route} dev DEV, if a device of the machine's own leads there",
            )
        if holder is None:
            raise BadName(
                f"nothing leads from {self.node} to the gateway {gateway}", hint=self._has()
            )
        return holder

    def _holder(self, gateway: IPAddress, device: Device | None) -> Device | None:
        if device is None:
            return self.subnets.find(gateway)
        subnets = self.subnets_of.get(device.end)
        return subnets.find(gateway) if subnets else None

    def _has(self) -> str:
        every = (
            f"{address.network} ({device.end.device})"
            for device in self.found.of(self.node)
            for address in device.addresses
        )
        networks = list(islice(every, 9))
        if not networks:
            return f"{self.node} has no address yet: give it one in links or bridges"
        more = ", …" if len(networks) > 8 else ""
        return f"{self.node} is in {', '.join(networks[:8])}{more}"

    def _kernels_own(self, route: Route) -> None:
        """The kernel routes a device's subnet by itself; a second such route is refused."""
        if route.destination.version == 6 or route.metric is not None:
            return
        if route.destination in self.kernels:
            address, device = self.kernels[route.destination]
            raise BadName(
                f"the kernel makes the route to {route.destination} by itself, for the address"
                f" {address} of {device.end.device}",
                hint="leave it out, or give it a metric",
            )
