"""What is drawn of a network, and what is not."""

from __future__ import annotations

import ipaddress

from iplab.network import Address, End, Interface, Macvlan, Namespace, Network, Veth, Vxlan
from iplab.picture import graph
from iplab.picture.tunnels import tunnels
from tests.unit.picture.pictures import starter


def test_a_vxlan_is_a_wire_between_both_ends() -> None:
    wires = graph(starter("vxlan")).wires
    assert [w.ends for w in wires if w.kind == "vxlan"] == [
        (End("east", "vx0"), End("west", "vx0"))
    ]


def site(name: str, own: str, far: str, number: int = 1) -> Namespace:
    """A namespace with an address and a VXLAN device to ``far``."""
    interfaces = {
        "eth0": Interface("eth0", Veth(), addresses=(Address(ipaddress.ip_interface(own)),)),
        "vx0": Interface("vx0", Vxlan(number, ipaddress.ip_address(far))),
    }
    return Namespace(name, interfaces)


def test_tunnels_among_labs_with_the_same_addresses() -> None:
    a, b = site("a", "10.0.0.1/24", "10.0.0.2"), site("b", "10.0.0.2/24", "10.0.0.1")
    assert set(tunnels(Network({"a": a, "b": b}))) == {
        (End("a", "vx0"), End("b", "vx0")),
        (End("b", "vx0"), End("a", "vx0")),
    }
    twins = Network({"a": a, "b": b, "c": site("c", "10.0.0.2/24", "10.0.0.1")})
    assert not [t for t in tunnels(twins) if t[0].node == "a"], "either b or c: not for us to say"
    assert not list(tunnels(Network({"a": a, "b": site("b", "10.0.0.2/24", "10.0.0.1", 2)})))


def test_members_of_a_group_are_strung_in_a_row() -> None:
    three = {n: site(n, f"10.0.0.{i}/24", "239.1.1.1") for i, n in enumerate("abc", 1)}
    ends = [End(n, "vx0") for n in "abc"]
    assert list(tunnels(Network(three))) == [(ends[0], ends[1]), (ends[1], ends[2])]


def test_the_host_is_in_every_picture() -> None:
    host = graph(starter("two-namespaces")).boxes[-1]
    assert host.is_host
    assert host.notes[0].text == "nothing of the lab is here"


def test_nat_and_default_routes_are_said() -> None:
    boxes = {box.name: box for box in graph(starter("nat")).boxes}
    assert [(n.kind, n.text) for n in boxes["gw"].notes] == [
        ("forward", "forwards IPv4"),
        ("nat", "NAT 10.72.0.0/24 (masquerade)"),
    ]
    assert [n.text for n in boxes["inside"].notes] == ["default via 10.72.0.1"]


def test_what_is_out_of_sight_is_said_to_be() -> None:
    lonely = Namespace("a", {"v": Interface("v", Veth()), "m": Interface("m", Macvlan(), up=True)})
    plugs = {p.end.device: p for p in graph(Network({"a": lonely})).plugs()}
    assert plugs["v"].words == ["v", "down", "other end out of sight"]
    assert plugs["m"].words == ["m", "macvlan bridge on a device out of sight"]
