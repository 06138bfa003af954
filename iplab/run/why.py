"""Why does A not reach B: the question put to this machine, with real pings."""

from __future__ import annotations

import difflib
import ipaddress
import re
import time
from collections.abc import Iterable, Sequence
from functools import partial

from msgspec.structs import replace

from iplab.errors import IplabError
from iplab.names import IPAddress
from iplab.network import Network
from iplab.run import pings
from iplab.run.asked import Asked
from iplab.run.dad import settled
from iplab.run.look import everything
from iplab.run.machine import Machine
from iplab.run.netns import inside
from iplab.why.judge import Pinged, judge, no_address
from iplab.why.report import Report

_NARROWER = 4  # times a router may name a smaller mtu
_DEADLINE = 1  # seconds without an answer
_PATIENT = 3  # the same where nothing is known that would stop a packet
_PATIENCE = 2.0  # seconds in which "unreachable" may be old news
_UNRESOLVED = ("Host Unreachable", "Address unreachable")  # what IPv4 and IPv6 then say
_LONGEST = 65507  # ping's largest payload over IPv4
_HEADERS = {4: 20 + 8, 6: 40 + 8}


# ---------------------------------------------------------------- the question


def why(machine: Machine, source: str, target: str) -> Report:
    """Walk from ``source`` (a node) to ``target`` (a node, ``NODE:DEV`` or an address).

    Raises ``IplabError`` where there is no such node or device, or no sense in the question.
    """
    network = settled(machine, everything(), link_local=False)
    _node(network, source)
    facts = Asked(machine, network)
    wanted, skipped, device = _targets(network, source, target)
    if not wanted:
        return no_address(facts, source, target, device)
    report = judge(facts, partial(ping, facts), source, wanted, target)
    if not skipped:
        return report
    family = f"IPv{skipped[0].version}"
    note = f"not asked, as {source} has no {family} address: {', '.join(map(str, skipped))}"
    return replace(report, notes=(*report.notes, note))


def _node(network: Network, name: str) -> None:
    if name not in network.namespaces:
        near = _near(name.partition(":")[0], network.namespaces)
        raise IplabError(
            f"there is no node {name!r} here", hint=near or "iplab show   (lists the namespaces)"
        )


def _near(word: str, candidates: Iterable[str]) -> str:
    found = difflib.get_close_matches(word, list(candidates), 1)
    return f"did you mean {found[0]}?" if found else ""


def _targets(
    network: Network, source: str, target: str
) -> tuple[list[IPAddress], list[IPAddress], str | None]:
    """The addresses to ask, those of a family that ``source`` has not, and the device they are on,
    where one was named."""
    try:
        address = ipaddress.ip_address(target)
    except ValueError:
        pass
    else:
        return [_sensible(address)], [], None
    node, colon, device = target.partition(":")
    _node(network, node)
    interfaces = network.namespaces[node].interfaces
    if colon and device not in interfaces:
        near = _near(device, interfaces)
        raise IplabError(
            f"there is no device {device!r} in {node}", hint=near or f"iplab show {node}"
        )
    every = [
        address
        for name, interface in interfaces.items()
        if name == device or (not colon and name != "lo")
        for address in interface.addresses
        if not address.local.ip.is_link_local
    ]
    versions = _versions(network, source)
    found = list(dict.fromkeys(a.local.ip for a in every))
    wanted = [a for a in found if a.version in versions or not versions]
    return wanted, [a for a in found if a not in wanted], device or None


def _versions(network: Network, source: str) -> set[int]:
    return {
        address.local.version
        for name, interface in network.namespaces[source].interfaces.items()
        for address in interface.addresses
        if name != "lo" and not address.local.ip.is_link_local
    }


def _sensible(address: IPAddress) -> IPAddress:
    if address.is_multicast or address.is_unspecified or str(address) == "255.255.255.255":
        raise IplabError(f"{address} is no address of one machine", hint="172.18.0.2 or fd19::4")
    if address.version == 6 and (address.is_link_local or address.scope_id):
        raise IplabError(
            f"{address} is link-local: it means another machine on every wire",
            hint="a node, or one of its global addresses",
        )
    return address


# ---------------------------------------------------------------- pings


def ping(facts: Asked, node: str, to: IPAddress, *, patient: bool = False) -> Pinged:
    """A small ping, and where that is answered one as large as the first device sends."""
    deadline = _PATIENT if patient else _DEADLINE
    code, text = _ping(facts.machine, node, to, (), deadline)
    until = time.monotonic() + _PATIENCE
    while code != 0 and any(w in text for w in _UNRESOLVED) and time.monotonic() < until:
        # Perhaps the end of a resolution that began before whatever was wrong was mended.
        code, text = _ping(facts.machine, node, to, (), deadline)
    if code != 0:
        return Pinged(False, said=_words(text))
    size = _largest(facts, node, to)
    if size is None:
        return Pinged(True)
    payload = size - _HEADERS[to.version]
    told = None
    for _ in range(_NARROWER):
        code, text = _ping(facts.machine, node, to, ("-M", "do", "-s", str(payload)))
        if code == 0:
            return Pinged(True, True, told, size)
        found = re.search(r"mtu ?= ?(\d+)|mtu=(\d+)", text)
        if found:
            told = int(found.group(1) or found.group(2))
            payload = told - _HEADERS[to.version]
    return Pinged(True, False, told, payload + _HEADERS[to.version])


def _ping(
    machine: Machine, node: str, to: IPAddress, words: Sequence[str], deadline: int = _DEADLINE
) -> tuple[int, str]:
    # With -w, -c counts answers: the first may be lost to resolution, so others follow it.
    waiting = ("-c", "1", "-i", "0.25", "-w", str(deadline))
    argv = inside(node, ("ping", "-n", *waiting, *words, str(to))).argv
    done = machine.other(argv, timeout=10)
    if not words:
        pings.told(argv, done)
    return done.code, done.out + done.err


def _words(text: str) -> str:
    """What ping said about its packet, if it said more than that there was no answer."""
    for line in text.splitlines():
        if "nreachable" in line or "exceeded" in line or "filtered" in line or "rohibited" in line:
            return line.partition("icmp_seq=1")[2].strip() or line.strip()
        if line.startswith("ping:"):
            return line.removeprefix("ping:").strip()
    return ""


def _largest(facts: Asked, node: str, to: IPAddress) -> int | None:
    """The largest packet the first device sends; ``None`` where it never leaves the node."""
    route = facts.lookup(node, to)
    if route.refused or route.type == "local":
        return None
    interface = facts.network.namespaces[node].interfaces.get(route.device)
    if interface is None or interface.mtu is None:
        return None
    return min(interface.mtu, _LONGEST + _HEADERS[4])
