"""Asking the machine what ``iplab.why`` wants to know, and pinging for real."""

from __future__ import annotations

import difflib
import ipaddress
import re
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from iplab import observe
from iplab.command import Command
from iplab.errors import IplabError
from iplab.names import HOST, IPAddress
from iplab.network import Bridge, Network
from iplab.run import pings
from iplab.run.look import everything, look
from iplab.run.machine import Machine, find_program, inside
from iplab.why.facts import Lookup, Neighbour, Port, Ruleset
from iplab.why.judge import Pinged, judge, no_address
from iplab.why.report import Report
from iplab.why.ruleset import joined, parse, parse_save

_NARROWER = 4  # times a router may name a smaller mtu
_DEADLINE = "2"  # seconds without an answer
_PATIENCE = 2.0  # seconds in which "unreachable" may be old news
_LONGEST = 65507  # ping's largest payload over IPv4
_HEADERS = {4: 20 + 8, 6: 40 + 8}


class Asked:
    """Facts of this machine; each is asked once and kept."""

    def __init__(self, machine: Machine, network: Network) -> None:
        self.machine = machine
        self.network = network
        self._kept: dict[tuple[Any, ...], Any] = {}

    def _once(self, key: tuple[Any, ...], ask: Callable[[], Any]) -> Any:
        if key not in self._kept:
            self._kept[key] = ask()
        return self._kept[key]

    def lookup(
        self,
        node: str,
        to: IPAddress,
        *,
        source: IPAddress | None = None,
        arriving: str | None = None,
    ) -> Lookup:
        """``ip -j route get``."""
        words = ["route", "get", str(to)]
        words += ["from", str(source)] if source else []
        words += ["iif", arriving] if arriving else []
        found: Lookup = self._once(
            ("route", node, to, source, arriving), lambda: self._route(node, words)
        )
        return found

    def _route(self, node: str, words: Sequence[str]) -> Lookup:
        done = self.machine.run(Command((*_ip(node), *words), node), ok=range(256))
        if done.code:
            said = done.err.strip().splitlines()
            return Lookup(refused=said[-1].rpartition("answers: ")[2] if said else "no answer")
        answer = [o for d in observe.documents(done.out, "ip route get") for o in d]
        if not answer:
            return Lookup(refused="no answer")
        line = answer[0]
        kind = line.get("type", "unicast")
        if kind in ("unreachable", "blackhole", "prohibit", "throw"):
            return Lookup(refused=kind, type=kind)
        gateway = line.get("gateway") or line.get("via", {}).get("host")
        return Lookup(line.get("dev", ""), _address(gateway), _address(line.get("prefsrc")), kind)

    def sysctl(self, node: str, key: str) -> str | None:
        """A value below /proc/sys."""
        found: str | None = self._once(("sysctl", node, key), lambda: self._sysctl(node, key))
        return found

    def _sysctl(self, node: str, key: str) -> str | None:
        done = self.machine.run(inside(node, ("cat", f"/proc/sys/{key}")), ok=range(256))
        return " ".join(done.out.split()) if done.code == 0 else None

    def neighbours(self, node: str) -> Sequence[Neighbour]:
        """``ip -j neigh``."""
        found: Sequence[Neighbour] = self._once(("neigh", node), lambda: self._neighbours(node))
        return found

    def _neighbours(self, node: str) -> tuple[Neighbour, ...]:
        done = self.machine.run(Command((*_ip(node), "neigh", "show"), node))
        lines = [o for d in observe.documents(done.out, "ip neigh") for o in d]
        return tuple(
            Neighbour(
                ipaddress.ip_address(line["dst"]),
                line.get("dev", ""),
                line.get("lladdr"),
                (line.get("state") or ["NONE"])[0],
            )
            for line in lines
        )

    def ports(self, node: str) -> Mapping[str, Port]:
        """``bridge -j -d link`` and ``bridge -j vlan``."""
        found: Mapping[str, Port] = self._once(("ports", node), lambda: self._ports(node))
        return found

    def _ports(self, node: str) -> dict[str, Port]:
        vlans: dict[str, list[dict[str, Any]]] = {}
        bridges = self.network.namespaces[node].interfaces.values()
        filtering = any(isinstance(i.kind, Bridge) and i.kind.vlan_filtering for i in bridges)
        for line in self._bridge(node, "vlan", "show") if filtering else ():
            vlans.setdefault(line.get("ifname", ""), []).extend(line.get("vlans", ()))
        states = {line.get("ifname", ""): line for line in self._bridge(node, "link", "show")}
        return {
            device: Port(
                states.get(device, {}).get("state", "forwarding"),
                bool(states.get(device, {}).get("isolated", False)),
                frozenset(_numbers(vlans.get(device, ()))),
                next(
                    (v["vlan"] for v in vlans.get(device, ()) if "PVID" in v.get("flags", ())), None
                ),
            )
            for device in {**states, **vlans}
        }

    def _bridge(self, node: str, *words: str) -> list[dict[str, Any]]:
        where = () if node == HOST else ("-n", node)
        command = Command(("bridge", "-j", "-d", *where, *words), node)
        done = self.machine.run(command)
        return [o for d in observe.documents(done.out, "bridge") for o in d]

    def ruleset(self, node: str) -> Ruleset:
        """``nft -j list ruleset``, and iptables' older tables where that is here."""
        found: Ruleset = self._once(("rules", node), lambda: self._ruleset(node))
        return found

    def _ruleset(self, node: str) -> Ruleset:
        parts = []
        if find_program("nft"):
            done = self.machine.run(inside(node, ("nft", "-j", "list", "ruleset")))
            parts.append(parse(done.out, node))
        for program, family in (("iptables-legacy-save", "ip"), ("ip6tables-legacy-save", "ip6")):
            if find_program(program):
                done = self.machine.run(inside(node, (program,)), ok=range(256))
                parts.append(parse_save(done.out, family))
        return joined(*parts)


def _ip(node: str) -> tuple[str, ...]:
    return ("ip", "-j") if node == HOST else ("ip", "-n", node, "-j")


def _address(text: str | None) -> IPAddress | None:
    return ipaddress.ip_address(text) if text else None


def _numbers(vlans: Sequence[Mapping[str, Any]]) -> list[int]:
    found: list[int] = []
    for one in vlans:
        found += range(one["vlan"], one.get("vlanEnd", one["vlan"]) + 1)
    return found


# ---------------------------------------------------------------- the question


def why(machine: Machine, source: str, target: str) -> Report:
    """Walk from ``source`` (a node) to ``target`` (a node, ``NODE:DEV`` or an address).

    Raises ``IplabError`` where there is no such node or device, or no sense in the question.
    """
    network = _settled(machine)
    _node(network, source)
    facts = Asked(machine, network)
    wanted, device = _targets(network, source, target)
    if not wanted:
        return no_address(facts, source, target, device)
    return judge(facts, lambda node, to: ping(facts, node, to), source, wanted, target)


def _settled(machine: Machine) -> Network:
    """The network, once no IPv6 address is on trial any more: that takes a second or two."""
    until = time.monotonic() + pings.DAD_PATIENCE
    while True:
        network = look(machine, everything())
        waiting = any(
            address.tentative and not address.failed and not address.local.ip.is_link_local
            for _, interface in network.ends()
            if interface.up and "NO-CARRIER" not in interface.flags
            for address in interface.addresses
        )
        if not waiting or time.monotonic() > until:
            return network
        time.sleep(0.1)


def _node(network: Network, name: str) -> None:
    if name not in network.namespaces:
        near = _near(name.partition(":")[0], network.namespaces)
        raise IplabError(
            f"there is no node {name!r} here", hint=near or "iplab show   (lists the namespaces)"
        )


def _near(word: str, candidates: Iterable[str]) -> str:
    found = difflib.get_close_matches(word, list(candidates), 1)
    return f"did you mean {found[0]}?" if found else ""


def _targets(network: Network, source: str, target: str) -> tuple[list[IPAddress], str | None]:
    """The addresses to ask, and the device they are on, where one was named."""
    try:
        address = ipaddress.ip_address(target)
    except ValueError:
        pass
    else:
        return [_sensible(address)], None
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
    wanted = [a.local.ip for a in every if a.local.version in versions or not versions]
    return list(dict.fromkeys(wanted)), device or None


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


def ping(facts: Asked, node: str, to: IPAddress) -> Pinged:
    """A small ping, and where that is answered one as large as the first device sends."""
    code, text = _ping(facts.machine, node, to, ())
    until = time.monotonic() + _PATIENCE
    while code != 0 and "nreachable" in text and time.monotonic() < until:
        # Perhaps the end of a resolution that began before whatever was wrong was mended.
        code, text = _ping(facts.machine, node, to, ())
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


def _ping(machine: Machine, node: str, to: IPAddress, words: Sequence[str]) -> tuple[int, str]:
    # With -w, -c counts answers: the first may be lost to resolution, so others follow it.
    waiting = ("-c", "1", "-i", "0.25", "-w", _DEADLINE)
    argv = inside(node, ("ping", "-n", *waiting, *words, str(to))).argv
    done = machine.other(argv, timeout=10)
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
