"""What a machine's kernel holds, read independently of iplab, for comparing before with after."""

from __future__ import annotations

import json
import re
from typing import Any

from tests.kernel.sandbox import Sandbox

Json = Any

# Things that were there before any lab, and have to stay as they are.
FOREIGN = """
# Nothing here waits for duplicate address detection, so that nothing changes while we look.
sysctl -qw net.ipv6.conf.default.accept_dad=0
ip netns add foreign
ip netns exec foreign sysctl -qw net.ipv6.conf.default.accept_dad=0
ip link add fbr0 type bridge
ip link add fa0 type veth peer name fb0
ip link set fa0 master fbr0 up
ip link set fbr0 mtu 1400 up
ip addr add 10.99.0.1/24 dev fbr0
ip addr add fd99::1/64 dev fbr0
ip link set fb0 netns foreign
ip -n foreign addr add 10.99.0.2/24 dev fb0
ip -n foreign link set fb0 up
ip route add 10.98.0.0/16 via 10.99.0.2
ip route add blackhole 10.97.0.0/16
nft add table inet foreign
nft add chain inet foreign input '{ type filter hook input priority 0 ; }'
nft add rule inet foreign input ip saddr 10.96.0.1 counter drop
"""

SETTINGS = (
    "net/ipv4/ip_forward",
    "net/ipv6/conf/all/forwarding",
    "net/ipv4/conf/*/forwarding",
    "net/ipv4/conf/*/rp_filter",
    "net/ipv6/conf/*/accept_dad",
)


def with_foreign_things(sandbox: Sandbox) -> None:
    """Put things there that are nobody's lab, and wait until the kernel is done with them."""
    sandbox.sh(FOREIGN)
    for node in ("host", "foreign"):
        settle(sandbox, node)


def settle(sandbox: Sandbox, node: str) -> None:
    """Wait until all devices that are up have a carrier and no address is tentative."""
    where = "" if node == "host" else f"-n {node} "
    sandbox.sh(
        "for n in $(seq 100); do"
        f" ip {where}-o addr show | grep -q tentative || ip {where}-o link show up |"
        " grep -q -e NO-CARRIER -e 'state DOWN' || exit 0; sleep 0.1; done; exit 1"
    )


# A bridge's clockwork runs on by itself; nothing else is left out of `host`.
TIMERS = {
    "hello_timer", "tcn_timer", "topology_change_timer", "gc_timer", "topology_change_time",
    "message_age_timer", "forward_delay_timer", "hold_timer",
}  # fmt: skip


# What is compared of the host, for one script to ask: one start is cheaper than a dozen.
_ASKED = {
    "netns": "ip netns",
    "link": "ip -j -d link",
    "addr": "ip -j -d addr",
    "route": "ip -j -d route show table all",
    "rule": "ip -j rule",
    "nft": "nft list ruleset",
    "qdisc": "tc qdisc",
    "sysctl": f"(cd /proc/sys; grep -H '' {' '.join(SETTINGS)} | sort)",
    "foreign addr": "{ [ ! -e /run/netns/foreign ] || ip -n foreign -j -d addr; }",
    "foreign route": "{ [ ! -e /run/netns/foreign ] || ip -n foreign -j -d route show table all; }",
}


def host(sandbox: Sandbox) -> dict[str, Json]:
    """The host: all of it, but for timers."""
    said = sandbox.sh("\n".join(f"{command}; printf '\\0'" for command in _ASKED.values()))
    found: dict[str, Json] = dict(zip(_ASKED, said.split("\0")[:-1], strict=True))
    for name in ("link", "addr", "route", "rule", "foreign addr", "foreign route"):
        found[name] = json.loads(found[name] or "null")
    return found | {name: _without_timers(found[name]) for name in ("link", "addr")}


def _without_timers(value: Json) -> Json:
    if isinstance(value, list):
        return [_without_timers(one) for one in value]
    if isinstance(value, dict):
        return {k: _without_timers(v) for k, v in value.items() if k not in TIMERS}
    return value


def inside(sandbox: Sandbox, node: str, line: str) -> Json:
    """What `ip LINE` says in a namespace; ``None`` where there is none of that name."""
    done = sandbox.try_("ip", "-n", node, *line.split())
    return json.loads(done.out) if done.code == 0 else None


def settled(sandbox: Sandbox) -> dict[str, Json]:
    """``everywhere``, once the kernel is done with it in every namespace."""
    for line in ["host", *sandbox.ip("netns").splitlines()]:
        settle(sandbox, line.split()[0])
    return everywhere(sandbox)


def everywhere(sandbox: Sandbox) -> dict[str, Json]:
    """Every namespace, in a form in which two ways of making the same are the same.

    Left out are: numbers the kernel gives (ifindex, nsid, qdisc handles), MAC addresses
    it draws by chance and what follows from them (link-local addresses, bridge ids), and timers.
    A veth's peer, which `ip` gives by such a number, is written out.
    """
    names = ["host", *sorted(line.split()[0] for line in sandbox.ip("netns").splitlines())]
    raw = {name: _read(sandbox, name) for name in names}
    return {
        name: {
            "links": {link["ifname"]: _link(name, link, raw) for link in found["addr"]},
            "routes": sorted(json.dumps(_route(r), sort_keys=True) for r in found["route"]),
            "nft": found["nft"],
            "qdisc": found["qdisc"],
            "forward": found["forward"],
        }
        for name, found in raw.items()
    }


def _read(sandbox: Sandbox, name: str) -> dict[str, Json]:
    where = [] if name == "host" else ["ip", "netns", "exec", name]
    ids = json.loads(sandbox.run(*where, "ip", "-j", "netns", "list-id") or "[]")
    routes = sandbox.run(*where, "ip", "-j", "-d", "route", "show", "table", "all")
    forward = ("net.ipv4.ip_forward", "net.ipv6.conf.all.forwarding")
    qdisc = sandbox.run(*where, "tc", "qdisc")
    return {
        "addr": json.loads(sandbox.run(*where, "ip", "-j", "-d", "addr")),
        "route": json.loads(routes),
        "ids": {entry["nsid"]: entry.get("name", "host") for entry in ids},
        "nft": sandbox.run(*where, "nft", "list", "ruleset"),
        "qdisc": re.sub(r"(?m)^(qdisc \w+) \w+:", r"\1", qdisc),  # without the handle
        "forward": sandbox.run(*where, "sysctl", *forward),
    }


MASKED = {
    "ifindex",  # in the order of making
    "link_index",  # resolved, see _peer
    "link_netnsid",
    "address",  # a MAC drawn by chance (addr_info's `address`, a peer, is below and kept)
    "permaddr",
}
MASKED_DATA = {
    *("bridge_id", "root_id", "designated_bridge", "designated_root"),  # made of the MAC
    *TIMERS,
}


def _link(name: str, link: dict[str, Json], raw: dict[str, Json]) -> Json:
    kept = {key: value for key, value in link.items() if key not in MASKED}
    kept["peer"] = _peer(name, link, raw)
    for part in ("info_data", "info_slave_data"):
        info = kept.get("linkinfo", {}).get(part)
        if info:
            kept["linkinfo"] = kept["linkinfo"] | {
                part: {k: v for k, v in info.items() if k not in MASKED_DATA}
            }
    # In the order in which `ip` gives them: the first of a subnet is the primary one.
    kept["addr_info"] = [
        # `tentative` runs out by itself a second or two after a device came up.
        {key: value for key, value in address.items() if key != "tentative"}
        for address in link["addr_info"]
        if not str(address["local"]).startswith("fe80:")  # made of the MAC
    ]
    return kept


def _peer(name: str, link: dict[str, Json], raw: dict[str, Json]) -> str | None:
    """Where a link's number leads to, written out."""
    if "link_index" not in link:
        return None
    there = raw[name]["ids"][link["link_netnsid"]] if "link_netnsid" in link else name
    (other,) = (o for o in raw[there]["addr"] if o["ifindex"] == link["link_index"])
    return f"{there}:{other['ifname']}"


def _route(route: dict[str, Json]) -> Json:
    if str(route["dst"]).startswith("fe80:") and "/" not in route["dst"]:
        route = route | {"dst": "a link-local address"}  # made of the MAC
    return route
