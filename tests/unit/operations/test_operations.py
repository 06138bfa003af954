"""Each operation: what it does to a network, as the kernel does it, and how it is undone."""

from __future__ import annotations

from ipaddress import ip_address, ip_interface, ip_network

import pytest

from iplab.draft import Draft
from iplab.errors import CannotApply
from iplab.network import (
    Address,
    Bridge,
    End,
    Interface,
    Loopback,
    Macvlan,
    Namespace,
    Network,
    Route,
    Veth,
    Vlan,
    Vxlan,
)
from iplab.operations import (
    AddAddress,
    AddBridge,
    AddMacvlan,
    AddMasquerade,
    AddNamespace,
    AddRoute,
    AddVeth,
    AddVxlan,
    DeleteAddress,
    DeleteLink,
    DeleteNamespace,
    MoveLink,
    Operation,
    SetDown,
    SetMaster,
    SetMtu,
    SetSysctl,
    SetUp,
    project,
)


def address(text: str) -> Address:
    return Address(ip_interface(text))


def route(text: str, device: str = "e0") -> Route:
    return Route(ip_network(text), device=device)


BARE = Network(
    {"host": Namespace("host"), "a": Namespace("a", {"lo": Interface("lo", Loopback())})}
)
WIRED = project(
    BARE,
    [
        AddNamespace("host", "b"),
        AddVeth("host", End("a", "e0"), End("b", "e0")),
        AddAddress("a", "e0", address("10.0.0.1/24")),
        AddAddress("a", "e0", address("10.0.0.2/24")),
        AddAddress("a", "e0", address("10.1.0.1/24")),
        AddAddress("a", "e0", address("fd00::1/64")),
        SetUp("a", "e0"),
        AddRoute("a", route("10.9.0.0/16")),
        AddRoute("a", route("fd09::/16")),
        AddRoute("a", Route(ip_network("10.8.0.0/16"), device="e0", source=ip_address("10.1.0.1"))),
    ],
)


def after(*operations: Operation) -> Network:
    return project(WIRED, operations)


def addresses(found: Network, node: str = "a") -> list[str]:
    interface = found.interface(End(node, "e0"))
    assert interface
    return [str(a.local) for a in interface.addresses]


def routes(found: Network, node: str = "a") -> list[str]:
    return [str(r.destination) for r in found.namespaces[node].routes]


def test_a_primary_address_takes_its_secondaries_along() -> None:
    gone = after(DeleteAddress("a", "e0", address("10.0.0.1/24")))
    assert addresses(gone) == ["10.1.0.1/24", "fd00::1/64"]
    kept = after(DeleteAddress("a", "e0", address("10.0.0.2/24")))
    assert addresses(kept) == ["10.0.0.1/24", "10.1.0.1/24", "fd00::1/64"]


def test_the_last_ipv4_address_takes_the_ipv4_routes_along() -> None:
    one = after(DeleteAddress("a", "e0", address("10.0.0.1/24")))
    assert routes(one) == ["10.9.0.0/16", "fd09::/16", "10.8.0.0/16"]
    both = one.namespaces["a"]
    assert both
    none = project(one, [DeleteAddress("a", "e0", address("10.1.0.1/24"))])
    assert routes(none) == ["fd09::/16"]


def test_an_ipv6_address_leaves_the_ipv4_routes() -> None:
    """Such as one that needs no IPv4 address: `ip route add default dev e0`."""
    device = Interface("e0", Bridge(), up=True)
    route = Route(ip_network("0.0.0.0/0"), device="e0")
    start = Network({"a": Namespace("a", {"e0": device}, (route,))})
    six = Address(ip_interface("fd00::1/64"))
    add = AddAddress("a", "e0", six)
    assert project(start, [add, DeleteAddress("a", "e0", six)]) == start
    assert project(add.apply(start), add.inverse(Draft(start)) or []) == start


def test_an_address_takes_the_routes_it_is_the_source_of() -> None:
    found = after(DeleteAddress("a", "e0", address("10.1.0.1/24")))
    assert routes(found) == ["10.9.0.0/16", "fd09::/16"]


def test_down_takes_routes_and_ipv6_addresses_along() -> None:
    found = after(SetDown("a", "e0"))
    assert routes(found) == []
    assert addresses(found) == ["10.0.0.1/24", "10.0.0.2/24", "10.1.0.1/24"]


def test_an_mtu_too_small_for_ipv6_takes_its_addresses_along() -> None:
    assert "fd00::1/64" not in addresses(after(SetMtu("a", "e0", 1279)))
    assert "fd00::1/64" in addresses(after(SetMtu("a", "e0", 1280)))


@pytest.mark.parametrize(
    "operation", [DeleteLink("a", "e0"), DeleteLink("b", "e0"), DeleteNamespace("host", "b")]
)
def test_a_veth_end_takes_the_other_along(operation: Operation) -> None:
    found = after(operation)
    assert found.interface(End("a", "e0")) is None
    assert routes(found) == []


def test_a_bridge_lets_its_ports_go() -> None:
    found = after(AddBridge("a", "br0"), SetMaster("a", "e0", "br0"), DeleteLink("a", "br0"))
    interface = found.interface(End("a", "e0"))
    assert interface
    assert interface.master is None


def test_a_device_takes_along_what_stands_on_it_in_whatever_namespace() -> None:
    built = after(
        AddMacvlan("a", "m0", "b", Macvlan(End("a", "e0"))),
        AddVxlan("a", "x0", Vxlan(1, ip_address("10.0.0.9"), dev="e0")),
    )
    vxlan = built.interface(End("a", "x0"))
    assert vxlan
    assert vxlan.mtu == 1450
    gone = project(built, [DeleteLink("b", "e0")])
    assert gone.interface(End("b", "m0")) is None
    assert gone.interface(End("a", "x0")) is None


def test_a_moved_device_arrives_bare() -> None:
    found = after(AddNamespace("host", "c"), MoveLink("a", "e0", "c"))
    assert found.interface(End("c", "e0")) == Interface("e0", Veth(End("b", "e0")), mtu=1500)
    peer = found.interface(End("b", "e0"))
    assert peer
    assert peer.kind == Veth(End("c", "e0"))
    assert routes(found) == []


@pytest.mark.parametrize(
    "operation",
    [
        AddNamespace("host", "a"),
        DeleteNamespace("host", "x"),
        AddVeth("host", End("a", "e0"), End("b", "e1")),
        AddVeth("host", End("a", "e1"), End("x", "e1")),
        AddBridge("a", "e0"),
        AddBridge("a", "lo"),
        DeleteLink("a", "e9"),
        DeleteLink("a", "lo"),
        MoveLink("a", "lo", "b"),
        MoveLink("a", "e0", "b"),
        MoveLink("a", "e0", "x"),
        AddAddress("a", "e0", address("10.0.0.1/24")),
        DeleteAddress("a", "e0", address("10.0.0.9/24")),
        AddRoute("a", route("10.9.0.0/16")),
        SetMaster("a", "e0", "br9"),
        SetUp("a", "e9"),
        AddMasquerade("a", "t", ip_network("10.0.0.0/24")),
    ],
)
def test_what_the_kernel_would_refuse_cannot_be_projected(operation: Operation) -> None:
    with pytest.raises(CannotApply):
        after(operation)


def test_a_bridge_cannot_change_namespace() -> None:
    with pytest.raises(CannotApply, match="bridge"):
        after(AddBridge("a", "br0"), MoveLink("a", "br0", "b"))


def test_a_vlan_cannot_be_up_while_what_it_stands_on_is_down() -> None:
    network = Network(
        {
            "a": Namespace(
                "a",
                {
                    "e0": Interface("e0", Bridge()),
                    "v0": Interface("v0", Vlan(End("a", "e0"), 7)),
                },
            )
        }
    )
    with pytest.raises(CannotApply):
        project(network, [SetUp("a", "v0")])


def test_projecting_changes_nothing_it_was_given() -> None:
    before = Draft(WIRED).freeze()
    after(DeleteNamespace("host", "b"))
    assert before == WIRED


FORWARD, REDIRECTS = "net.ipv4.ip_forward", "net.ipv4.conf.all.accept_redirects"


@pytest.mark.parametrize(
    ("operation", "changes"),
    [
        (
            SetSysctl("a", FORWARD, "1"),
            {FORWARD: "1", REDIRECTS: "0", "net.ipv4.conf.e0.forwarding": "1"},
        ),
        (SetSysctl("a", FORWARD, "0"), {}),
        (
            SetSysctl("a", "net.ipv6.conf.all.forwarding", "1"),
            {"net.ipv6.conf.all.forwarding": "1", "net.ipv6.conf.e0.forwarding": "1"},
        ),
        (SetSysctl("a", REDIRECTS, "0"), {REDIRECTS: "0"}),
    ],
)
def test_a_setting_leads_others(operation: SetSysctl, changes: dict[str, str]) -> None:
    """net/ipv4/devinet.c, inet_forward_change; net/ipv6/addrconf.c, addrconf_forward_change."""
    known = {
        FORWARD: "0",
        REDIRECTS: "1",
        "net.ipv4.conf.e0.forwarding": "0",
        "net.ipv4.conf.e0.rp_filter": "0",
        "net.ipv6.conf.all.forwarding": "0",
        "net.ipv6.conf.e0.forwarding": "0",
    }
    before = Network({"a": Namespace("a", sysctls=known)})
    after = operation.apply(before)
    assert after.namespaces["a"].sysctls == known | changes
    back = operation.inverse(Draft(before))
    assert back is not None
    assert project(after, back) == before


def test_the_way_back_sets_what_the_kernel_resets() -> None:
    """Off again, accept_redirects would be 1 by itself; it was 0 before."""
    before = Network({"a": Namespace("a", sysctls={FORWARD: "0", REDIRECTS: "0"})})
    back = SetSysctl("a", FORWARD, "1").inverse(Draft(before))
    assert back == [SetSysctl("a", FORWARD, "0"), SetSysctl("a", REDIRECTS, "0")]
