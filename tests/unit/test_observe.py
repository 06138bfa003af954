"""Captured answers of `ip -j` and the Networks that are read from them.

Each file in ``tests/cases/observe/`` holds the commands that made the state (on a 6.x kernel, with
iproute2 6.1) and what was answered in each namespace.
"""

from __future__ import annotations

import contextlib
import json
from ipaddress import ip_address, ip_interface, ip_network
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iplab.errors import IplabError
from iplab.network import (
    Address,
    Bridge,
    End,
    Loopback,
    Macvlan,
    NatTable,
    Network,
    Route,
    Shaping,
    Tuntap,
    Veth,
    Vxlan,
)
from iplab.observe import Seen, ambiguous, documents, nat_table, network
from iplab.observe.links import interface

CASES = Path(__file__).parents[1] / "cases" / "observe"


def seen(case: str, *, with_names: bool = True) -> list[Seen]:
    """The answers in a file."""
    answers: dict[str, Any] = json.loads((CASES / f"{case}.json").read_text())["seen"]
    return [
        Seen(
            name,
            None,
            answer["addr"],
            answer["route"],
            {o["nsid"]: o["name"] for o in answer["list-id"] if "name" in o}
            if with_names
            else None,
            answer["qdisc"],
        )
        for name, answer in answers.items()
    ]


def nat(case: str, node: str) -> dict[str, NatTable | None]:
    """The nft tables of a node in a file."""
    answers: dict[str, Any] = json.loads((CASES / f"{case}.json").read_text())["seen"]
    return {
        table: nat_table(json.dumps(said), table) for table, said in answers[node]["nft"].items()
    }


def peers(found: Network) -> dict[str, str]:
    return {str(e): str(i.kind.peer) for e, i in found.ends() if isinstance(i.kind, Veth)}


def test_veth_pairs_across_namespaces() -> None:
    found = network(seen("veth"))
    assert peers(found) == {
        "host:veth3": "a:veth2",
        "a:veth0": "b:veth0",
        "a:veth2": "host:veth3",
        "b:veth0": "a:veth0",
    }
    # Both pairs are number 2 to number 2 or 3: where numbers alone do not tell, nothing is guessed.
    told = peers(network(seen("veth", with_names=False)))
    for end, peer in told.items():
        assert peer in ("None", peers(found)[end])
        if peer == "None":
            assert end.partition(":")[0] in ambiguous(seen("veth", with_names=False))


def test_addresses() -> None:
    found = network(seen("veth"))
    a0, a2, b0 = (
        found.interface(End(*e)) for e in (("a", "veth0"), ("a", "veth2"), ("b", "veth0"))
    )
    assert a0
    assert a2
    assert b0
    assert [str(a) for a in a0.addresses if not a.automatic] == [
        "10.0.0.1/24",
        "10.0.0.2/24",
        "fd00::1/64",
    ]
    assert [a.local for a in a0.addresses if a.automatic] == [
        a.local for a in a0.addresses if a.local.ip.is_link_local
    ]
    assert a2.addresses == (Address(ip_interface("10.1.0.1/32"), peer=ip_interface("10.1.0.2/32")),)
    assert b0.addresses[0] == Address(
        ip_interface("10.0.0.3/24"), broadcast=ip_address("10.0.0.255"), label="veth0:x"
    )
    assert (a0.up, a0.mtu, b0.up, b0.mtu, a2.up) == (True, 1500, True, 1400, False)


VETH = {"ifname": "x", "flags": [], "mtu": 1500, "ifindex": 2, "link_type": "ether"}


@pytest.mark.parametrize(
    ("more", "local", "automatic"),
    [
        ({}, "fe80::1", False),
        ({}, "fe80::181c:95ff:fe68:6f4c", True),  # of some MAC
        ({"stable-privacy": True}, "fe80::121b:1da6:c86b:f586", True),
        ({"protocol": "kernel_ll"}, "fe80::121b:1da6:c86b:f586", True),
        ({"protocol": "7"}, "fe80::181c:95ff:fe68:6f4c", False),
        ({"prefixlen": 10}, "fe80::181c:95ff:fe68:6f4c", False),
        ({"link_type": "gre"}, "fe80::5efe:a00:1", True),
        ({"linkinfo": {"info_kind": "ipvlan"}}, "fe80::200:0:100:1", True),
    ],
)
def test_link_local_addresses_of_the_kernel_and_of_others(
    more: dict[str, object], local: str, automatic: bool
) -> None:
    given = {"family": "inet6", "local": local, "prefixlen": 64, "scope": "link", **more}
    found = network([Seen("a", None, [{**VETH, "addr_info": [given], **more}], [])])
    device = found.interface(End("a", "x"))
    assert device
    assert [a.automatic for a in device.addresses] == [automatic]


def test_routes_that_somebody_asked_for() -> None:
    found = network(seen("veth")).namespaces["a"].routes
    assert set(found) == {
        Route(ip_network("0.0.0.0/0"), ip_address("10.0.0.3"), "veth0"),
        Route(ip_network("::/0"), ip_address("fd00::9"), "veth0"),
        Route(ip_network("10.9.0.0/16"), type="blackhole"),
        Route(ip_network("fd09::/16"), type="unreachable"),
        Route(
            ip_network("10.8.0.0/16"),
            device="veth0",
            metric=7,
            source=ip_address("10.0.0.2"),
            mtu=1300,
        ),
    }


def test_kinds() -> None:
    host = network(seen("kinds")).namespaces["host"].interfaces
    assert {name: interface.kind for name, interface in host.items()} == {
        "lo": Loopback(),
        "br0": Bridge(stp=True),
        "p": Veth(End("host", "q")),
        "q": Veth(End("host", "p")),
        "x0": Vxlan(7, ip_address("10.0.0.9"), ip_address("10.0.0.1"), "q", 4789),
        "x1": Vxlan(8, ip_address("ff05::1"), None, "q", 8472),
        "m0": Macvlan(End("host", "q"), "bridge"),
        "t0": Tuntap("tap", "nobody"),
        "t1": Tuntap("tun"),
    }
    assert {name: i.master for name, i in host.items() if i.master} == {"p": "br0"}


def test_shaping_and_nat() -> None:
    host = network(seen("shaped")).namespaces["host"]
    assert host.interfaces["p"].shaping == Shaping(rate=10_000_000)
    shaping = host.interfaces["q"].shaping
    assert shaping
    assert str(shaping).startswith("tbf ")
    tables = nat("shaped", "host")
    assert tables["iplab-x"] == NatTable(
        (ip_network("10.0.0.0/24"), ip_network("fd00::/64")), hooked=True
    )
    other = tables["iplab-y"]
    assert other
    assert other.sources == ()
    assert len(other.other) == 1


def test_several_answers_in_one_text() -> None:
    assert documents('[{"a":1}]\n[{},{"b":2}]\n\n[]', "ip") == [[{"a": 1}], [{"b": 2}], []]
    assert documents("", "ip") == []


@pytest.mark.parametrize("text", ["{}", "[1]", "[{", "x", '[{"a":1}] x', "[" * 100_000])
def test_what_is_no_answer_is_an_error(text: str) -> None:
    with pytest.raises(IplabError):
        documents(text, "ip -j")


@pytest.mark.parametrize(
    ("key", "value"), [("dev", []), ("metric", "1"), ("type", {}), ("scope", 5), ("metrics", [1])]
)
def test_a_route_with_another_kind_of_value_is_an_error(key: str, value: object) -> None:
    (host,) = seen("kinds")
    line = {"dst": "10.9.0.0/16", "dev": "br0", "flags": [], key: value}
    with pytest.raises(IplabError, match="a form iplab does not know"):
        network([Seen("host", None, host.addresses, [line], host.names)])


objects = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["ifname", "flags", "linkinfo", "info_kind", "info_data", "addr_info"])
            | st.text(max_size=5),
            inner,
            max_size=3,
        )
    ),
    max_leaves=8,
)


@given(
    st.integers(0, 8), st.sampled_from(["ifname", "flags", "mtu", "ifindex", "linkinfo"]), objects
)
def test_an_answer_of_another_form_is_an_error_and_no_traceback(
    number: int, key: str, value: object
) -> None:
    (host,) = seen("kinds")
    links = [dict(link) for link in host.addresses]
    links[number][key] = value
    with contextlib.suppress(IplabError):
        network([Seen("host", None, links, host.routes, host.names)])


@pytest.mark.parametrize(("user", "read"), [(4242, "4242"), ("tom", "tom"), (None, None)])
def test_a_taps_user_without_a_name_is_a_number_in_ips_answer(
    user: object, read: str | None
) -> None:
    data = {"type": "tap"} | ({} if user is None else {"user": user})
    info = {"info_kind": "tun", "info_data": data}
    link = {"ifname": "t", "ifindex": 2, "mtu": 1500, "flags": [], "linkinfo": info}
    assert interface(link, {}).kind == Tuntap("tap", read)
