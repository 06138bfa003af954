"""An introduction spares the kernel broadcasts, and changes nothing that it knows."""

from __future__ import annotations

from pathlib import Path

import pytest

from iplab.command import Command
from iplab.lab import load
from iplab.plan import introduce
from iplab.plan.matrix import matrix
from tests.kernel.sandbox import Sandbox

pytestmark = pytest.mark.kernel

COUNT = 10
LAB = "lab: star\nbridges:\n  - host:br0:\n    members:\n" + "".join(
    f"      n{n}:eth0: 10.0.0.{n + 1}/24\n" for n in range(COUNT)
)
NODES = [f"n{n}" for n in range(COUNT)]


def introduce_all(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, file: Path) -> None:
    monkeypatch.setattr(introduce, "MANY", COUNT)
    it = load(file)
    wanted = matrix(it.network, it.nodes, 0).wanted
    for node, lines in introduce.introductions(it.network, wanted).items():
        words = Command(("ip", "-n", node, "-batch", "-"), node, tuple(lines))
        sandbox.try_(*words.argv, stdin=words.stdin or "")


def ask_all(sandbox: Sandbox) -> int:
    """Every node asks every other; how many frames the last one saw meanwhile."""
    counter = "ip netns exec n9 cat /sys/class/net/eth0/statistics/rx_packets"
    before = int(sandbox.sh(counter))
    every = " ".join(f"10.0.0.{n + 1}" for n in range(COUNT))
    for node in NODES:
        sandbox.sh(f"ip netns exec {node} fping -q -r 2 -i 1 {every}")
    return int(sandbox.sh(counter)) - before


def forget(sandbox: Sandbox) -> None:
    for node in NODES:
        sandbox.ip(f"-n {node} neigh flush all")


def test_who_has_heard_of_all_others_needs_not_ask_for_them(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = sandbox.write("star.yaml", LAB)
    sandbox.iplab("up", "star.yaml", "--yes")
    alone = ask_all(sandbox)
    forget(sandbox)
    introduce_all(sandbox, monkeypatch, file)
    introduced = ask_all(sandbox)
    # One broadcast a pair is 45; one a node, and one more for each that the first one asks, is 18.
    assert introduced < alone - 20


def test_what_is_known_stays_as_it_is_and_a_silent_node_is_no_neighbour(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = sandbox.write("star.yaml", LAB)
    sandbox.iplab("up", "star.yaml", "--yes")
    forget(sandbox)
    sandbox.ip("-n n0 neigh add 10.0.0.10 lladdr 02:00:00:00:00:99 dev eth0 nud permanent")
    sandbox.ip("-n n5 link set eth0 down")
    introduce_all(sandbox, monkeypatch, file)
    known = {line.split()[0]: line for line in sandbox.ip("-n n0 neigh show nud all").splitlines()}
    assert "lladdr 02:00:00:00:00:99 PERMANENT" in known["10.0.0.10"]
    assert "lladdr" not in known["10.0.0.6"]
    assert "lladdr" in known["10.0.0.9"]  # which said so itself
    assert sandbox.try_("ip", "netns", "exec", "n0", "fping", "-q", "-r1", "10.0.0.6").code == 1
    assert sandbox.try_("ip", "netns", "exec", "n0", "fping", "-q", "-r1", "10.0.0.9").code == 0
