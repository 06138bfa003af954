"""The networks that are measured, and each as a lab file, as shell scripts and as plain values."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass
class Net:
    """Nodes, wires between them (a node's device and address at each end), a bridge, routes."""

    name: str
    nodes: list[str] = field(default_factory=list)
    wires: list[tuple[tuple[str, str, str], tuple[str, str, str]]] = field(default_factory=list)
    bridge: tuple[str, str, str] | None = None  # node, device, address; ports: ends without one
    routes: dict[str, list[str]] = field(default_factory=dict)
    routers: list[str] = field(default_factory=list)


def pairs(count: int) -> Net:
    """Two nodes on a wire, count / 2 times."""
    it = Net("pairs")
    for n in range(count // 2):
        a, b, net = f"a{n}", f"b{n}", f"10.{n // 256}.{n % 256}"
        it.nodes += [a, b]
        it.wires.append(((a, "eth0", f"{net}.1/24"), (b, "eth0", f"{net}.2/24")))
    return it


def star(count: int) -> Net:
    """Nodes on one bridge, which is in a node of its own."""
    it = Net("star", ["hub"], bridge=("hub", "br0", "10.0.0.1/16"))
    for n in range(count):
        leaf = f"n{n}"
        it.nodes.append(leaf)
        address = f"10.0.{1 + n // 250}.{1 + n % 250}/16"
        it.wires.append(((leaf, "eth0", address), ("hub", f"p{n}", "")))
    return it


def chain(count: int) -> Net:
    """Routers in a row: each sends what it does not know to the right, the first subnet left."""
    it = Net("chain", [f"r{n}" for n in range(count)])
    it.routers = it.nodes[1:-1]
    for n in range(count - 1):
        a, b = _subnet(n)
        it.wires.append(((f"r{n}", "right", f"{a}/30"), (f"r{n + 1}", "left", f"{b}/30")))
        it.routes.setdefault(f"r{n}", []).append(f"default via {b}")
        if n:
            it.routes.setdefault(f"r{n + 1}", []).append(f"10.128.0.0/30 via {a}")
    return it


def tree(count: int) -> Net:
    """Routers in a binary tree: each knows the way up."""
    it = Net("tree", [f"t{n}" for n in range(count)])
    for n in range(1, count):
        up = (n - 1) // 2
        a, b = _subnet(n)
        side = "left" if n % 2 else "right"
        it.wires.append(((f"t{up}", side, f"{a}/30"), (f"t{n}", "parent", f"{b}/30")))
        it.routes.setdefault(f"t{n}", []).append(f"default via {a}")
        if it.nodes[up] not in it.routers:
            it.routers.append(it.nodes[up])
    return it


def _subnet(n: int) -> tuple[str, str]:
    first = n * 4
    net = f"10.{128 + first // 65536}.{first // 256 % 256}"
    return f"{net}.{first % 256 + 1}", f"{net}.{first % 256 + 2}"


NETWORKS = {"pairs": pairs, "star": star, "chain": chain, "tree": tree}


# ---------------------------------------------------------------- as text


def lab(it: Net, other: bool = False) -> str:
    """The lab file; with ``other`` one address of it is another one."""
    lines = [f"lab: {it.name}"]
    ends = {b[1]: b for _, b in it.wires if not b[2]}
    changed = it.wires[-1][0]

    def end(one: tuple[str, str, str]) -> str:
        node, device, address = one
        if other and one == changed:
            address = "10.255.255.1/30"
        return f"{node}:{device}: {address}"

    if it.bridge:
        node, device, address = it.bridge
        lines += ["bridges:", f"  - {node}:{device}: {address}", "    members:"]
        lines += [f"      {end(a)}" for a, b in it.wires if b[1] in ends]
    else:
        lines.append("links:")
        for a, b in it.wires:
            lines += [f"  - {end(a)}", f"    {end(b)}"]
    if it.routes or it.routers:
        lines.append("nodes:")
        for node in it.nodes:
            words = []
            if it.routes.get(node):
                words.append(f"routes: [{', '.join(it.routes[node])}]")
            if node in it.routers:
                words.append("forward: true")
            if words:
                lines.append(f"  {node}: {{{', '.join(words)}}}")
    return "\n".join(lines) + "\n"


def inside(it: Net) -> dict[str, list[str]]:
    """For each node the `ip` commands that are run in it once its devices are there."""
    found: dict[str, list[str]] = {node: ["link set lo up"] for node in it.nodes}
    if it.bridge:
        node, device, address = it.bridge
        found[node] += [f"link add {device} type bridge", f"addr add {address} dev {device}",
                        f"link set {device} up"]  # fmt: skip
    for wire in it.wires:
        for node, device, address in wire:
            if address:
                found[node].append(f"addr add {address} dev {device}")
            elif it.bridge:
                found[node].append(f"link set {device} master {it.bridge[1]}")
            found[node].append(f"link set {device} up")
    for node, routes in it.routes.items():
        found[node] += [f"route add {route}" for route in routes]
    return found


def taught(it: Net) -> Iterator[str]:
    """The commands people are taught: one process each, devices moved, `ip netns exec`."""
    for node in it.nodes:
        yield f"ip netns add {node}"
    for number, wire in enumerate(it.wires):
        # Made on the host under names of their own, as all of them pass through it.
        names = [f"w{number}{side}" for side in "ab"]
        yield f"ip link add {names[0]} type veth peer name {names[1]}"
        for (node, device, _), name in zip(wire, names, strict=True):
            yield f"ip link set {name} netns {node}"
            yield f"ip netns exec {node} ip link set {name} name {device}"
    for node in it.routers:
        yield f"ip netns exec {node} sysctl -qw net.ipv4.ip_forward=1"
    for node, lines in inside(it).items():
        for line in lines:
            yield f"ip netns exec {node} ip {line}"
