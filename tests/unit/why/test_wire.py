"""What a frame can reach, and what stops it there."""

from __future__ import annotations

import ipaddress

from msgspec.structs import replace

from iplab.network import Bridge, End, Interface, Macvlan, Network, Other, Vlan, Vxlan
from iplab.why.facts import Port
from iplab.why.places import Places
from iplab.why.wire import Segment, Wires
from tests.unit.why.facts import Given, bridge, device, network, veth


def segment(nodes: Network, start: str, **ports: Port) -> Segment:
    """What hangs together with ``NODE:DEV``; ``ports`` are those of node s."""
    facts = Given(nodes, bridged={"s": ports})
    node, _, name = start.partition(":")
    return Wires(facts, Places(nodes), lambda *_: ()).segment(End(node, name))


def faults(found: Segment, end: str) -> list[str]:
    """The faults on the way to ``NODE:DEV``."""
    node, _, name = end.partition(":")
    return [f"{c.node}: {c.object} {c.what}" for c in found.ways[End(node, name)].faults]


def switch(**more: object) -> Network:
    """a, b and c on a bridge of s."""
    ends = "abc"
    nodes = {n: [veth("eth0", f"s:p{n}", f"10.0.0.{i}/24")] for i, n in enumerate(ends, 1)}
    ports = [veth(f"p{n}", f"{n}:eth0", master="br0") for n in ends]
    return network(s=[replace(bridge("br0"), **more), *ports], **nodes)


def test_a_switch_reaches_all_and_itself() -> None:
    found = segment(switch(), "a:eth0")
    assert {str(end) for end in found.ways} == {"b:eth0", "c:eth0", "s:br0"}
    assert not any(way.faults for way in found.ways.values())
    assert found.edges == ()


def test_a_bridge_that_is_down_stops_what_passes_it() -> None:
    assert faults(segment(switch(up=False), "a:eth0"), "b:eth0")[0] == "s: device br0 is down"


def test_isolated_ports_reach_the_others_only() -> None:
    apart = {"pa": Port(isolated=True), "pb": Port(isolated=True)}
    found = segment(switch(), "a:eth0", **apart)
    assert "isolated" in faults(found, "b:eth0")[0]
    assert faults(found, "c:eth0") == []
    assert faults(segment(switch(), "c:eth0", **apart), "b:eth0") == []


def test_a_bridge_that_filters_vlans_keeps_them_apart() -> None:
    ten, twenty = Port(vlans=frozenset({10}), pvid=10), Port(vlans=frozenset({20}), pvid=20)
    nodes = switch(kind=Bridge(vlan_filtering=True))
    found = segment(nodes, "a:eth0", pa=ten, pb=ten, pc=twenty)
    assert faults(found, "b:eth0") == []
    assert faults(found, "c:eth0") == ["s: bridge port pc is not in VLAN 10"]
    (cause,) = found.ways[End("c", "eth0")].faults
    assert cause.mend == "bridge -n s vlan add dev pc vid 10 pvid untagged"


def test_tags_must_agree() -> None:
    def ends(near: int, far: int) -> Segment:
        nodes = network(
            a=[veth("eth0", "b:eth0"), device("v", Vlan(End("a", "eth0"), near), "10.0.0.1/24")],
            b=[veth("eth0", "a:eth0"), device("v", Vlan(End("b", "eth0"), far), "10.0.0.2/24")],
        )
        return segment(nodes, "a:v")

    assert End("b", "v") in ends(5, 5).ways
    assert End("b", "v") not in ends(5, 6).ways


def test_macvlans_reach_each_other_but_not_what_they_stand_on() -> None:
    below = End("a", "eth0")
    nodes = network(
        a=[veth("eth0", "b:eth0")],
        b=[veth("eth0", "a:eth0")],
        m=[device("m0", Macvlan(below))],
        n=[device("n0", Macvlan(below))],
    )
    assert {str(end) for end in segment(nodes, "m:m0").ways} == {"b:eth0", "n:n0"}
    assert End("m", "m0") in segment(nodes, "b:eth0").ways


def test_an_uplink_is_an_edge() -> None:
    nodes = network(a=[device("eth0", Other("ether"))])
    assert segment(nodes, "a:eth0").edges == (End("a", "eth0"),)


def test_a_vxlan_whose_remote_is_nobody_s() -> None:
    def vxlan(name: str, local: str, remote: str) -> Interface:
        near, far = ipaddress.ip_address(local), ipaddress.ip_address(remote)
        return device(name, Vxlan(7, far, near, "eth0"), mtu=1450)

    nodes = network(
        a=[veth("eth0", "b:eth0", "10.1.0.1/24"), vxlan("vx", "10.1.0.1", "10.1.0.9")],
        b=[veth("eth0", "a:eth0", "10.1.0.2/24"), vxlan("vx", "10.1.0.2", "10.1.0.1")],
    )
    (cause,) = segment(nodes, "a:vx").ways[End("b", "vx")].faults
    assert cause.what == "sends to 10.1.0.9, which is nobody's address"
    assert cause.mend == "ip -n a link set vx type vxlan id 7 remote 10.1.0.2"
    assert not segment(nodes, "b:vx").ways[End("a", "vx")].faults


def test_a_thousand_ports_take_no_ages() -> None:
    count = 1000
    nodes = {f"n{i}": [veth("eth0", f"s:p{i}")] for i in range(count)}
    ports = [veth(f"p{i}", f"n{i}:eth0", master="br0") for i in range(count)]
    found = segment(network(s=[bridge("br0"), *ports], **nodes), "n0:eth0")
    assert len(found.ways) == count
