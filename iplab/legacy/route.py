"""route(8), net-tools 2.10: getopt's options, then add or del (route.c, lib/inet_sr.c)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network

from iplab.legacy import route6, routeshow
from iplab.legacy.answer import Answer, NoEquivalent, ToolFails
from iplab.legacy.lookup import is_own
from iplab.legacy.words import atoi, device, getopt, ipv4, mask_length, prefix_after_slash
from iplab.network import Route
from iplab.operations import DeleteFirstRoute, PrependRoute

_LONG = {
    "extend": "e",
    "verbose": "v",
    "version": "V",
    "numeric": "n",
    "symbolic": "N",
    "protocol=": "A",
    "cache": "C",
    "fib": "F",
    "help": "h",
    "inet": "4",
    "inet6": "6",
    "ip": "4",
    "tcpip": "4",
}


def read(words: Sequence[str], answer: Answer) -> None:
    """Translate ``route …`` onto ``answer``."""
    # getopt would take these for bundled options; route.c hides them from it in the same way.
    hidden = [{"-net": "#net", "-host": "#host"}.get(w, w) for w in words[1:]]
    options, rest = getopt(hidden, "A:eCFhnN64Vv", _LONG)
    letters = [letter for letter, _ in options]
    if "V" in letters or "h" in letters:
        raise NoEquivalent("speaks of route itself: ip -V, ip route help")
    six = "6" in letters
    for letter, value in options:
        if letter == "A":
            if value not in ("inet", "inet6", "ip", "tcpip"):
                raise NoEquivalent(f"the address family {value} has no routes in ip")
            six = value == "inet6"
    if not rest:
        routeshow.show(letters, answer, six=six)
        return
    verb, arguments = rest[0], rest[1:]
    if verb == "flush":
        raise ToolFails("flush is not supported by route: ip route flush is something it never did")
    if verb not in ("add", "del", "delete"):
        raise ToolFails(f"route has no {verb!r}")
    if "C" in letters:
        raise ToolFails("the routing cache cannot be changed")
    if not arguments:
        raise ToolFails(f"{verb} wants a target")
    adding = verb == "add"
    if six:
        route6.change(adding, arguments, answer)
        return
    _Line(adding, answer).run(arguments)


class _Line:
    """One ``add`` or ``del`` of IPv4."""

    def __init__(self, adding: bool, answer: Answer) -> None:
        self.adding = adding
        self.answer = answer
        self.mask: IPv4Address | None = None
        self.gateway: IPv4Address | None = None
        self.gatewayed = False
        self.device: str | None = None
        self.metric: int | None = None
        self.reject = False
        self.advmss: int | None = None
        self.window: int | None = None
        self.rtt: int | None = None

    def run(self, words: list[str]) -> None:
        """Read the words as INET_setroute does; ``ToolFails`` where it would refuse them."""
        words = list(words)
        kind = words.pop(0) if words[0] in ("#net", "#host") else ""
        if not words:
            raise ToolFails(f"-{kind[1:]} wants a target")
        target = words.pop(0)
        text, length = prefix_after_slash(target)
        if length is not None:
            self._slash(target, length)
        found = ipv4(text, self.answer, host_first=kind == "#host")
        net = found.net if not kind else kind == "#net"
        while words:
            self._word(words.pop(0), words)
        prefix = self._prefix(target, found.address, net)
        if self.adding:
            self._add(prefix)
        else:
            self._delete(prefix)

    def _slash(self, target: str, length: int) -> None:
        if length > 32:
            raise NoEquivalent(f"{target!r}: no IPv4 prefix is longer than 32")
        if length == 32 and not self.answer.busybox:
            return  # an x86 shifts by 32 bits modulo 32: no mask at all
        if length:
            self.mask = IPv4Address(0xFFFFFFFF << (32 - length) & 0xFFFFFFFF)

    def _word(self, word: str, words: list[str]) -> None:
        match word:
            case "metric":
                text = self._value(word, words)
                if not text[0].isdigit():
                    raise ToolFails(f"metric {text} is no number")
                self._set_metric(atoi(text))
            case "netmask":
                text = self._value(word, words)
                if self.mask is not None:
                    raise ToolFails("a second netmask")
                mask = ipv4(text, self.answer).address
                self.mask = mask if int(mask) else None
            case "gw" | "gateway":
                text = self._value(word, words)
                if self.gatewayed:
                    raise ToolFails("a second gateway")
                found = ipv4(text, self.answer, host_first=True)
                if found.net:
                    raise ToolFails(f"{text} is a network, not a gateway")
                self.gateway = found.address if int(found.address) else None
                self.gatewayed = True
            case "mss" | "mtu":
                self.advmss = _between(self._value(word, words), word, 64, 65536) - 40
            case "window":
                value = atoi(self._value(word, words)) & 0xFFFF
                if value < 128:
                    raise ToolFails("an invalid window")
                self.window = value
            case "irtt":
                self.rtt = atoi(self._value(word, words)) & 0xFFFF
            case "reject":
                self.reject = True
            case "mod" | "dyn" | "reinstate":
                self.answer.note(f"{word} is ignored by the kernel")
            case "dev" | "device":
                if self.device is not None:
                    raise ToolFails("a second device")
                self.device = self._value(word, words)
            case _:
                if self.device is not None or words:
                    raise ToolFails(f"route does not know {word!r} here")
                self.device = word

    @staticmethod
    def _value(word: str, words: list[str]) -> str:
        if not words or not words[0]:
            raise ToolFails(f"{word} wants a value")
        return words.pop(0)

    def _set_metric(self, metric: int) -> None:
        if metric > 32766:
            self.answer.doubt(
                f"the old request has 16 bits for the metric, so route makes another number of "
                f"{metric}; this sets {metric}"
            )
        self.metric = metric or None

    # ------------------------------------------------------------ what it comes to

    def _prefix(self, target: str, address: IPv4Address, net: bool) -> IPv4Network:
        if self.mask is not None:
            length = mask_length(self.mask)
            if not net:
                raise ToolFails(f"netmask {self.mask} does not make sense with a host route")
            if length is None:
                raise ToolFails(f"bogus netmask {self.mask}")
            if int(address) & ~int(self.mask) & 0xFFFFFFFF:
                raise ToolFails(f"netmask {self.mask} does not match {target}")
        if not net:
            return IPv4Network((address, 32))
        if self.mask is None:
            if int(address):
                raise ToolFails(f"-net {target} without a netmask (Invalid argument)")
            return IPv4Network((0, 0))
        return IPv4Network((address, mask_length(self.mask) or 0))

    def _source(self) -> tuple[str | None, IPv4Address | None]:
        """The device, and the alias's address where it is called by an alias."""
        if self.device is None:
            return None, None
        name, colon, _ = self.device.partition(":")
        name = device(name)
        found = self.answer.device(name)
        if found is None and re.fullmatch(r"\d+\.\d+\.\d+\.\d+", name):
            raise NoEquivalent(
                f"route takes {name} for a device's name and fails; a gateway is said with gw"
            )
        if not colon:
            return name, None
        if found is None:
            raise NoEquivalent(
                f"the route takes the address of {self.device} for its source, which is not known; "
                "give the state: --live, --netns NAME or --state FILE"
            )
        for address in found.addresses:
            if address.label == self.device and isinstance(address.local.ip, IPv4Address):
                return name, address.local.ip
        raise ToolFails(f"there is no alias {self.device}")

    def _own_gateway(self) -> bool:
        """Whether the gateway is one of the machine's own addresses (RTN_LOCAL), which makes the
        route's scope link (rtentry_to_fib_config in net/ipv4/fib_frontend.c)."""
        if self.gateway is None:
            return False
        if self.answer.state is None:
            self.answer.doubt(f"assumes that {self.gateway} is not an address of this machine")
            return False
        self.answer.used_state = True
        return is_own(self.answer.state, self.gateway)

    def _add(self, prefix: IPv4Network) -> None:
        if self.reject:
            route = Route(prefix, metric=self.metric, type="unreachable", scope="host")
            self._only(route)
            self.answer.do(PrependRoute(self.answer.node, route))
            return
        if self.gatewayed and self.gateway is None:
            raise ToolFails("0.0.0.0 is no gateway (Invalid argument)")
        name, source = self._source()
        if name is None and self.gateway is None:
            raise ToolFails("neither a gateway nor a device (No such device)")
        route = Route(
            prefix,
            gateway=self.gateway,
            device=name,
            metric=self.metric,
            source=source,
            scope="link" if self._own_gateway() else None,
            advmss=self.advmss,
            window=self.window,
            rtt=self.rtt,
        )
        self.answer.do(PrependRoute(self.answer.node, route))

    def _only(self, route: Route) -> None:
        """A reject route beside an equal one: SIOCADDRT leaves the table's number out, so that the
        kernel sees no equal and keeps both, which no `ip` command can bring about."""
        if self.answer.state is None:
            self.answer.doubt("assumes that there is no such route yet: route would double it")
        elif route in self.answer.state.routes:
            raise NoEquivalent(f"the route {route} is there, and route would double it")
        else:
            self.answer.used_state = True

    def _delete(self, prefix: IPv4Network) -> None:
        if self.reject:
            pattern = Route(prefix, metric=self.metric, type="unreachable", scope="host")
            self.answer.do(DeleteFirstRoute(self.answer.node, pattern))
            return
        name, source = self._source()
        scope = "global" if self.gateway is not None and not self._own_gateway() else None
        pattern = Route(
            prefix,
            gateway=self.gateway,
            device=name,
            metric=self.metric,
            source=source,
            scope=scope,
        )
        self.answer.do(DeleteFirstRoute(self.answer.node, pattern))


def _between(text: str, word: str, least: int, most: int) -> int:
    value = atoi(text)
    if not least <= value <= most:
        raise ToolFails(f"{word} {text} is not from {least} to {most}")
    return value
