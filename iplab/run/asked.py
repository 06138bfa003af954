"""Asking the machine what ``iplab.why`` wants to know: each thing once, when the walk needs it."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from iplab import observe
from iplab.command import Command
from iplab.names import HOST, IPAddress, IPNetwork
from iplab.network import Bridge, Network
from iplab.run.machine import Machine, find_program
from iplab.run.netns import inside
from iplab.run.nft import nft
from iplab.run.settings import settings
from iplab.why.facts import Entry, Lookup, Neighbour, PolicyRule, Port, Ruleset
from iplab.why.ruleset import joined, parse, parse_save

# What `iplab.why` asks for, of which a whole node is asked in one process.
_OF_NODES = (
    "net/ipv4/ip_forward",
    "net/ipv4/ip_default_ttl",
    "net/ipv4/icmp_echo_ignore_all",
    "net/ipv6/icmp/echo_ignore_all",
    "net/bridge/bridge-nf-call-iptables",
    "net/bridge/bridge-nf-call-ip6tables",
)
_OF_DEVICES = (
    "net/ipv4/conf/{}/forwarding",
    "net/ipv4/conf/{}/accept_local",
    "net/ipv4/conf/{}/rp_filter",
    "net/ipv4/conf/{}/arp_ignore",
    "net/ipv6/conf/{}/forwarding",
    "net/ipv6/conf/{}/force_forwarding",
    "net/ipv6/conf/{}/hop_limit",
    "net/ipv6/conf/{}/disable_ipv6",
)
_FEW = 64  # devices; a node with more is asked for each setting alone


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

    def fitting(self, node: str, to: IPAddress) -> Entry | None:
        """``ip -j route get fibmatch``."""
        found: Entry | None = self._once(("fitting", node, to), lambda: self._fitting(node, to))
        return found

    def _fitting(self, node: str, to: IPAddress) -> Entry | None:
        words = (*_ip(node), "route", "get", "fibmatch", str(to))
        done = self.machine.run(Command(words, node), ok=range(256))
        if done.code:
            return None
        for line in (o for d in observe.documents(done.out, "ip route get") for o in d):
            return Entry(
                line.get("type", "unicast"),
                _prefix(line.get("dst", "default"), to.version),
                line.get("dev", ""),
                str(line.get("table", "main")),
            )
        return None

    def policy(self, node: str, version: int) -> Sequence[PolicyRule]:
        """``ip -j rule``."""
        words = (*_ip(node), f"-{version}", "rule", "show")
        found: Sequence[PolicyRule] = self._once(
            ("policy", node, version),
            lambda: tuple(
                _rule(line)
                for d in observe.documents(self.machine.run(Command(words, node)).out, "ip rule")
                for line in d
            ),
        )
        return found

    def sysctl(self, node: str, key: str) -> str | None:
        """A value below /proc/sys."""
        devices = self.network.namespaces[node].interfaces
        if len(devices) > _FEW:
            found: Mapping[str, str] = self._once(
                ("sysctl", node, key), lambda: settings({node: [key]})[node]
            )
            return found.get(key)
        keys = [*_OF_NODES, *(k.format(d) for d in ("all", *devices) for k in _OF_DEVICES)]
        found = self._once(("sysctls", node), lambda: settings({node: keys})[node])
        return found.get(key)

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

    def forward_delay(self, node: str, bridge: str) -> float:
        """``ip -j -d link show``: the bridge's ``forward_delay``, in hundredths of a second."""
        found: float = self._once(("delay", node, bridge), lambda: self._delay(node, bridge))
        return found

    def _delay(self, node: str, bridge: str) -> float:
        words = (*_ip(node), "-d", "link", "show", "dev", bridge)
        done = self.machine.run(Command(words, node), ok=range(256))
        lines = [o for d in observe.documents(done.out, "ip link") for o in d] if done.out else []
        kind = (lines[0].get("linkinfo") or {}) if lines else {}
        return float((kind.get("info_data") or {}).get("forward_delay", 1500)) / 100

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
            device: _port(states.get(device, {}), vlans.get(device, ()))
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
        parts = [parse(nft(self.machine, node, "-j", "list", "ruleset"), node)]
        for program, family in (("iptables-legacy-save", "ip"), ("ip6tables-legacy-save", "ip6")):
            if find_program(program):
                done = self.machine.run(inside(node, (program,)), ok=range(256))
                parts.append(parse_save(done.out, family))
        return joined(*parts)


def _ip(node: str) -> tuple[str, ...]:
    return ("ip", "-j") if node == HOST else ("ip", "-n", node, "-j")


# What a rule's line says besides what it asks of a packet (print_rule, iproute2's iprule.c).
_NOT_ASKED = {"priority", "src", "srclen", "dst", "dstlen", "action", "table", "protocol"}


def _rule(line: Mapping[str, Any]) -> PolicyRule:
    """A rule from its line of ``ip -j rule``."""
    return PolicyRule(
        line.get("priority", 0),
        _selected(line, "src"),
        _selected(line, "dst"),
        line.get("action", ""),
        str(line.get("table", "")),
        tuple(key for key in line if key not in _NOT_ASKED),
    )


def _selected(line: Mapping[str, Any], key: str) -> IPNetwork | None:
    text = line.get(key, "all")
    if text == "all":
        return None
    return ipaddress.ip_network(f"{text}/{line[key + 'len']}" if key + "len" in line else text)


def _prefix(text: str, version: int) -> str:
    if text == "default":
        text = "0.0.0.0/0" if version == 4 else "::/0"
    return str(ipaddress.ip_network(text))


def _port(state: Mapping[str, Any], vlans: Sequence[Mapping[str, Any]]) -> Port:
    """A port from its lines of `bridge -d link` and `bridge vlan`."""
    return Port(
        state.get("state", "forwarding"),
        isolated=bool(state.get("isolated", False)),
        learning=bool(state.get("learning", True)),
        flood=bool(state.get("flood", True)),
        broadcasts=bool(state.get("bcast_flood", True)),
        locked=bool(state.get("locked", False)),
        vlans=frozenset(_numbers(vlans)),
        pvid=next((v["vlan"] for v in vlans if "PVID" in v.get("flags", ())), None),
    )


def _address(text: str | None) -> IPAddress | None:
    return ipaddress.ip_address(text) if text else None


def _numbers(vlans: Sequence[Mapping[str, Any]]) -> list[int]:
    found: list[int] = []
    for one in vlans:
        found += range(one["vlan"], one.get("vlanEnd", one["vlan"]) + 1)
    return found
