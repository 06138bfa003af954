"""``route -A inet6 add|del`` (lib/inet6_sr.c): no -net or -host, the metric is 1 unless given."""

from __future__ import annotations

from ipaddress import IPv6Address, IPv6Network

from iplab.legacy.answer import Answer, NoEquivalent, ToolFails
from iplab.legacy.words import atoi, ipv6, prefix6
from iplab.legacy.words import device as device_word
from iplab.network import Route
from iplab.operations import DeleteFirstRoute, PrependRoute


def change(adding: bool, words: list[str], answer: Answer) -> None:
    """Read the words as INET6_setroute does."""
    words = list(words)
    target = words.pop(0)
    text, slash, after = target.partition("/")
    length = prefix6(after) if slash else 128
    if text == "default":
        # INET6_resolve knows the word; with no slash it stays a host's /128 of ::.
        length = length if slash else 0
    address = ipv6(text)
    metric, gateway, name = 1, None, None
    while words:
        word = words.pop(0)
        match word:
            case "metric":
                if not words or not words[0][:1].isdigit():
                    raise ToolFails("metric wants a number")
                metric = atoi(words.pop(0))
            case "gw" | "gateway":
                if not words or gateway is not None:
                    raise ToolFails("one gateway, with a value")
                gateway = ipv6(words.pop(0))
            case "mod" | "dyn":
                raise NoEquivalent(
                    f"{word} leaves a flag in /proc/net/ipv6_route that no other tool can set"
                )
            case "dev" | "device":
                if not words:
                    raise ToolFails(f"{word} wants a value")
                name = words.pop(0)
            case _ if words:
                raise ToolFails(f"route does not know {word!r} here")
            case _:
                name = word
    if name is not None:
        name = device_word(name)
        answer.device(name)
    prefix = IPv6Network((address, length), strict=False)
    _say(adding, prefix, metric, gateway, name, answer)


def _say(
    adding: bool,
    prefix: IPv6Network,
    metric: int,
    gateway: IPv6Address | None,
    name: str | None,
    answer: Answer,
) -> None:
    if not adding:
        pattern = Route(prefix, gateway=gateway, device=name, metric=metric or None)
        answer.do(DeleteFirstRoute(answer.node, pattern))
        return
    host = prefix.prefixlen == 128
    if host and name is None:
        raise ToolFails("a /128 without a device: the kernel wants one (No such device)")
    route = Route(prefix, gateway=gateway, device=name, metric=metric or None, onlink=host)
    answer.do(PrependRoute(answer.node, route))
