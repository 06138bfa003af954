"""The same network by other means: each builds, reads, and takes away.  Run as programs.

python3 tests/bench/builders.py pyroute2|mininet NETWORK COUNT
prints one line of JSON: seconds for `up`, `down`, and of Mininet `ping`.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.bench.networks import NETWORKS, Net, inside


def by_pyroute2(it: Net) -> dict[str, float]:
    """Netlink from Python, one NetNS object a node, as its documentation does it."""
    from pyroute2 import IPRoute, NetNS, netns

    started = time.monotonic()
    for node in it.nodes:
        netns.create(node)
    with IPRoute() as host:
        for a, b in it.wires:
            host.link("add", ifname=a[1], kind="veth", net_ns_fd=a[0],
                      peer={"ifname": b[1], "net_ns_fd": b[0]})  # fmt: skip
    for node, lines in inside(it).items():
        with NetNS(node) as ns:
            for line in lines:
                _pyroute2(ns, line.split())
            if node in it.routers:
                _forward(node)
    up = time.monotonic() - started
    started = time.monotonic()
    for node in it.nodes:
        netns.remove(node)
    return {"up": up, "down": time.monotonic() - started}


def _pyroute2(ns: Any, words: list[str]) -> None:
    def index(device: str) -> int:
        return int(ns.link_lookup(ifname=device)[0])

    match words:
        case ["link", "set", device, "up"]:
            ns.link("set", index=index(device), state="up")
        case ["link", "set", device, "master", bridge]:
            ns.link("set", index=index(device), master=index(bridge))
        case ["link", "add", device, "type", kind]:
            ns.link("add", ifname=device, kind=kind)
        case ["addr", "add", address, "dev", device]:
            local, length = address.split("/")
            ns.addr("add", index=index(device), address=local, prefixlen=int(length))
        case ["route", "add", dst, "via", gateway]:
            ns.route("add", dst=dst, gateway=gateway)


def _forward(node: str) -> None:
    os.system(f"nsenter --net=/run/netns/{node} sysctl -qw net.ipv4.ip_forward=1")


def by_mininet(it: Net) -> dict[str, float]:
    """Mininet's own API: hosts, links, and for a star its Linux bridge."""
    from mininet.log import setLogLevel
    from mininet.net import Mininet
    from mininet.nodelib import LinuxBridge

    setLogLevel("error")
    started = time.monotonic()
    net = Mininet(switch=LinuxBridge, controller=None, build=False, waitConnected=False)
    hosts = {node: net.addHost(node, ip=None) for node in it.nodes if node != "hub"}
    if it.bridge:
        hosts["hub"] = net.addSwitch("s1")
    for a, b in it.wires:
        net.addLink(
            hosts[a[0]],
            hosts[b[0]],
            intfName1=f"{a[0]}-{a[1]}",
            params1={"ip": a[2]} if a[2] else {},
            params2={"ip": b[2]} if b[2] else {},
        )
    net.build()
    net.start()
    up = time.monotonic() - started
    found = {"up": up}
    if it.bridge:
        started = time.monotonic()
        lost = net.pingAll(timeout="1")
        found |= {"ping": time.monotonic() - started, "lost": float(lost)}
    started = time.monotonic()
    net.stop()
    return found | {"down": time.monotonic() - started}


def main() -> None:
    """Build, take away, print the seconds."""
    tool, network, count = sys.argv[1:4]
    it = NETWORKS[network](int(count))
    print(json.dumps({"pyroute2": by_pyroute2, "mininet": by_mininet}[tool](it)))


if __name__ == "__main__":
    main()
