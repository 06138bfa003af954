"""From facts and pings to a report."""

from __future__ import annotations

import ipaddress
import json

import pytest
from msgspec.structs import replace

from iplab.names import IPAddress
from iplab.network import Address, Network
from iplab.why.facts import Chain, Neighbour, Rule, Ruleset
from iplab.why.judge import Pinged, judge
from iplab.why.report import Cause, Report
from iplab.why.ruleset import parse
from tests.unit.why.facts import ON, Given, bridge, network, route, veth

B = ipaddress.ip_address("10.0.2.2")


def silent(node: str, to: IPAddress, *, patient: bool = False) -> Pinged:
    return Pinged(False)


def answered(node: str, to: IPAddress, *, patient: bool = False) -> Pinged:
    return Pinged(True, True)


def small_only(node: str, to: IPAddress, *, patient: bool = False) -> Pinged:
    return Pinged(True, False, None, 1500)


def routed() -> Given:
    """a — r — b."""
    nodes = network(
        a=[veth("eth0", "r:left", "10.0.1.2/24")],
        r=[veth("left", "a:eth0", "10.0.1.1/24"), veth("right", "b:eth0", "10.0.2.1/24")],
        b=[veth("eth0", "r:right", "10.0.2.2/24")],
    )
    routes = {
        "a": [route("0.0.0.0/0", "10.0.1.1", "eth0")],
        "b": [route("0.0.0.0/0", "10.0.2.1", "eth0")],
    }
    return Given(_with_routes(nodes, routes), routes, {"r": ON})


def _with_routes(nodes: Network, routes: dict[str, list]) -> Network:
    return Network(
        {
            name: replace(namespace, routes=tuple(routes.get(name, ())))
            for name, namespace in nodes.namespaces.items()
        }
    )


def switched(**more: object) -> Given:
    """a and b on a bridge of s."""
    nodes = network(
        a=[veth("eth0", "s:pa", "10.0.2.1/24")],
        s=[
            bridge("br0"),
            veth("pa", "a:eth0", master="br0"),
            veth("pb", "b:eth0", **{"master": "br0", **more}),
        ],
        b=[veth("eth0", "s:pb", "10.0.2.2/24")],
    )
    return Given(nodes)


def test_a_whole_path_reaches_and_shows_its_stations() -> None:
    report = judge(routed(), answered, "a", [B], "b")
    assert report.reaches
    assert report.cause is None
    assert [(h.node, h.device, h.via) for h in report.path] == [
        ("a", "eth0", "10.0.1.1"),
        ("r", "right", None),
        ("b", "eth0", None),
    ]


def test_the_report_is_the_contract_s_json() -> None:
    value = judge(routed(), answered, "a", [B], "b").json()
    assert set(value) == {"from", "to", "reaches", "path", "cause", "notes"}
    assert json.loads(json.dumps(value)) == value


def test_forwarding_off_is_named_with_its_sysctl() -> None:
    facts = replace(routed(), sysctls={"r": {"net/ipv4/ip_forward": "0"}})
    cause = _cause(judge(facts, silent, "a", [B], "b"))
    assert (cause.node, cause.mend) == (
        "r",
        "ip netns exec r sysctl -w net.ipv4.ip_forward=1",
    )


def test_what_a_ping_disproves_is_only_a_note() -> None:
    facts = replace(routed(), sysctls={"r": {"net/ipv4/ip_forward": "0"}})
    report = judge(facts, answered, "a", [B], "b")
    assert report.reaches
    assert "does not forward" in report.notes[0]


def test_the_missing_way_back() -> None:
    facts = routed()
    routes = {"a": facts.routes["a"]}
    facts = replace(facts, routes=routes, network=_with_routes(facts.network, routes))  # type: ignore[arg-type]
    cause = _cause(judge(facts, silent, "a", [B], "b"))
    assert cause.node == "b"
    assert cause.mend == "ip -n b route add default via 10.0.2.1"


def test_a_port_outside_its_bridge() -> None:
    cause = _cause(judge(switched(master=None), silent, "a", [B], "b"))
    assert (cause.node, cause.object) == ("s", "device pb")
    assert cause.mend == "ip -n s link set pb master br0"


def test_the_first_fault_on_the_way_comes_first() -> None:
    facts = switched(up=False)
    a = facts.network.namespaces["a"]
    down = replace(a.interfaces["eth0"], up=False)
    nodes = {**facts.network.namespaces, "a": replace(a, interfaces={**a.interfaces, "eth0": down})}
    facts = replace(facts, network=Network(nodes))
    cause = _cause(judge(facts, silent, "a", [B], "b"))
    assert (cause.node, cause.object, cause.what) == ("a", "device eth0", "is down")


def test_a_narrow_port_matters_only_to_large_packets() -> None:
    facts = switched(mtu=1300)
    assert judge(facts, answered, "a", [B], "b").reaches
    cause = _cause(judge(facts, small_only, "a", [B], "b"))
    assert (cause.node, cause.object) == ("s", "device pb")
    assert cause.mend == "ip -n s link set pb mtu 1500"


def test_a_wrong_permanent_neighbour() -> None:
    wrong = Neighbour(B, "eth0", "02:00:00:00:00:01", "PERMANENT")
    facts = replace(switched(), known={"a": [wrong]})
    cause = _cause(judge(facts, silent, "a", [B], "b"))
    assert cause.mend == "ip -n a neigh del 10.0.2.2 dev eth0"


def test_an_answer_nobody_explains_says_where_to_look() -> None:
    report = judge(switched(), silent, "a", [B], "b")
    assert not report.reaches
    assert _cause(report).mend == ""
    assert "tcpdump" in report.notes[0]


def test_the_rule_that_drops_is_named_by_its_handle() -> None:
    rules = parse(
        json.dumps(
            {
                "nftables": [
                    {"chain": {"family": "inet", "table": "f", "name": "in", "handle": 1,
                               "type": "filter", "hook": "input", "prio": 0, "policy": "accept"}},
                    {"rule": {"family": "inet", "table": "f", "chain": "in", "handle": 7,
                              "expr": [{"match": {"op": "==", "left": {"meta": {"key": "iifname"}},
                                                  "right": "eth0"}}, {"drop": None}]}},
                ]
            }
        ),
        "b",
    )  # fmt: skip
    cause = _cause(judge(replace(switched(), rules={"b": rules}), silent, "a", [B], "b"))
    assert cause.mend == "ip netns exec b nft delete rule inet f in handle 7"


def _cause(report: Report) -> Cause:
    assert not report.reaches
    assert report.cause is not None
    return report.cause


def _with(facts: Given, node: str, device: str, address: str) -> Given:
    """The same, with one more address."""
    namespace = facts.network.namespaces[node]
    interface = namespace.interfaces[device]
    more = (*interface.addresses, Address(ipaddress.ip_interface(address)))
    held = {**namespace.interfaces, device: replace(interface, addresses=more)}
    nodes = {**facts.network.namespaces, node: replace(namespace, interfaces=held)}
    return replace(facts, network=Network(nodes))


def test_a_node_that_has_the_target_s_address_itself_does_not_reach_it() -> None:
    facts = _with(routed(), "a", "eth0", "10.0.2.2/24")
    cause = _cause(judge(facts, answered, "a", [B], "b"))
    assert cause.what == "a itself has 10.0.2.2, so nothing leaves it for b"
    assert cause.mend == "ip -n a addr del 10.0.2.2/24 dev eth0"


def test_a_router_that_has_the_target_s_address_too() -> None:
    cause = _cause(judge(_with(routed(), "r", "left", "10.0.2.2/32"), answered, "a", [B], "b"))
    assert (cause.node, cause.mend) == ("r", "ip -n r addr del 10.0.2.2/32 dev left")


def test_a_router_that_takes_the_packet_by_a_local_route() -> None:
    facts = routed()
    local = replace(route("10.0.2.2/32", dev="lo", type="local"), table="local")
    facts = replace(facts, routes={**facts.routes, "r": [local]})
    for to in ("b", "10.0.2.2"):
        cause = _cause(judge(facts, answered, "a", [B], to))
        assert cause.what == "r takes what is meant for b itself"
        assert cause.mend == "ip -n r route del local 10.0.2.2/32 dev lo table local"


def test_a_node_reaches_its_own_address() -> None:
    a = ipaddress.ip_address("10.0.1.2")
    for to in ("a", "10.0.1.2"):
        assert judge(routed(), answered, "a", [a], to).reaches


def test_a_translated_packet_may_end_elsewhere() -> None:
    chain = ("ip", "nat", "pre")
    to_r = Rule(chain, 1, ({"dnat": {"addr": "10.0.1.1"}},))
    rules = Ruleset((Chain(*chain, hook="prerouting", type="nat"),), (to_r,))
    assert judge(replace(routed(), rules={"r": rules}), answered, "a", [B], "b").reaches


@pytest.mark.parametrize(
    ("length", "line"),
    [
        (24, ""),
        (30, "ip -n a addr add 10.0.1.2/30 dev eth0 && ip -n a addr del 10.9.9.2/24 dev eth0"),
    ],
)
def test_an_address_in_a_subnet_that_nobody_on_the_wire_has(length: int, line: str) -> None:
    nodes = network(
        a=[veth("eth0", "r:left", "10.9.9.2/24")],
        r=[veth("left", "a:eth0", f"10.0.1.1/{length}"), veth("right", "b:eth0", "10.0.2.1/24")],
        b=[veth("eth0", "r:right", "10.0.2.2/24")],
    )
    cause = _cause(judge(Given(nodes, {}, {"r": ON}), silent, "a", [B], "b"))
    assert (cause.node, cause.object) == ("a", "address 10.9.9.2/24 on eth0")
    assert cause.what == f"nobody on its wire is in 10.9.9.0/24: r:left has 10.0.1.1/{length}"
    assert cause.mend == line
