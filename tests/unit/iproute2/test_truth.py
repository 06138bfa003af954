"""What explanations say against what the kernel and iproute2 do; each was seen there first."""

from __future__ import annotations

import pytest

from iplab.iproute2 import read_text
from iplab.iproute2.explain import Explanation, explain
from iplab.messages import Messages


def told(command: str) -> Explanation:
    return explain(read_text(command), Messages("en"))


def test_all_namespaces_have_no_name() -> None:
    one = told("ip -a netns exec ip a")
    assert one.does[0].startswith("runs `ip a` in every named namespace")
    assert not one.undo_note
    assert "netns.inside" not in [part.topic for part in read_text("ip -a netns exec ip a").parts]
    other = read_text("ip -all netns exec ip link set lo up")
    assert (other.node, other.operations) == ("host", ())
    assert [known.topic for known in other.known] == ["netns.exec-all"]


@pytest.mark.parametrize(
    ("command", "undo"),
    [
        ("ip route del default", "it has the way (via, dev)"),
        ("tc qdisc add dev eth0 ingress", "`tc qdisc del dev eth0 ingress`"),
        ("tc qdisc add dev eth0 clsact", "`tc qdisc del dev eth0 clsact`"),
        ("tc qdisc add dev eth0 root fq", "`tc qdisc del dev eth0 root`: the kernel's own"),
        ("tc qdisc change dev eth0 root fq limit 9", "`tc qdisc change` again"),
        ("ip link set group 5 down", "`ip link set group 5 up`"),
        ("ip link set eth0 group 5", "`ip link set dev eth0 group default`"),
    ],
)
def test_the_way_back_in_words(command: str, undo: str) -> None:
    one = told(command)
    assert not one.undo
    assert undo in one.undo_note[0]
    assert not one.does[0].rstrip().endswith(":")


def test_a_route_that_is_taken_away_with_its_way_can_be_added_again() -> None:
    assert told("ip route del default via 10.0.0.1").undo == ("ip route add default via 10.0.0.1",)
    assert told("ip route del blackhole 10.0.0.0/8").undo == ("ip route add blackhole 10.0.0.0/8",)


def test_a_route_without_a_way_is_refused() -> None:
    assert "via GATEWAY or dev DEV" in told("ip route add 10.0.0.0/24").unknown
