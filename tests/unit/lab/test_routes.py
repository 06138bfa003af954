"""Routes in the words of `ip route`, each with its device."""

import pytest

from iplab.errors import BadName, LabError
from iplab.lab import loads
from iplab.lab.routes import parse

BASE = """\
lab: x
links:
  - a:e0: [10.0.0.2/24, fd00:0::2/64]
    r:e0: [10.0.0.1/24, fd00:0::1/64]
  - a:e1: 10.0.0.130/25
    s:e0: 10.0.0.129/25
  - host:h0: 10.9.0.1/24
    s:e1: 10.9.0.2/24
nodes:
"""


def routes(*texts: str, node: str = "a") -> list[str]:
    lines = "".join(f"      - {text}\n" for text in texts)
    lab = loads(f"{BASE}  {node}:\n    routes:\n{lines}", "x")
    return [str(route) for route in lab.network.namespaces[node].routes]


@pytest.mark.parametrize(
    ("text", "route"),
    [
        ("default via 10.0.0.1", "default via 10.0.0.1 dev e0"),
        ("default via fd00::1", "default via fd00::1 dev e0"),
        ("default via 10.0.0.129", "default via 10.0.0.129 dev e1"),  # the narrowest subnet
        ("default via 10.0.0.129 dev e0", "default via 10.0.0.129 dev e0"),
        ("unicast 10.1.0.0/16 via 10.0.0.1 metric 5 mtu 1400",
         "10.1.0.0/16 via 10.0.0.1 dev e0 metric 5 mtu 1400"),
        ("10.1.0.1 via 10.0.0.1 src 10.0.0.2", "10.1.0.1/32 via 10.0.0.1 dev e0 src 10.0.0.2"),
        ("default dev e0", "default dev e0"),
        ("10.1.0.0/16 dev e0 scope link", "10.1.0.0/16 dev e0"),
        ("10.1.0.0/16 dev e0 scope host", "10.1.0.0/16 dev e0 scope host"),
        ("10.1.0.0/16 via 10.0.0.1 scope global", "10.1.0.0/16 via 10.0.0.1 dev e0"),
        ("fd01::/64 dev e0 scope global", "fd01::/64 dev e0"),
        ("10.1.0.0/16 dev lo", "10.1.0.0/16 dev lo"),
        ("blackhole 10.1.0.0/16", "blackhole 10.1.0.0/16"),
        ("unreachable default metric 100", "unreachable default metric 100"),
        ("prohibit fd01::/64", "prohibit fd01::/64"),
        ("10.1.0.0/16 via 10.5.0.1 dev e0 onlink", "10.1.0.0/16 via 10.5.0.1 dev e0 onlink"),
        ("fd01::/64 via fe80::1 dev e0", "fd01::/64 via fe80::1 dev e0"),
        ("10.1.0.0/16 via 10.0.0.1 metric 0", "10.1.0.0/16 via 10.0.0.1 dev e0"),
        ("fd01::/64 via fd00::1 metric 1024", "fd01::/64 via fd00::1 dev e0"),
        ("10.1.0.0/16 via 10.0.0.1 metric 1024", "10.1.0.0/16 via 10.0.0.1 dev e0 metric 1024"),
        ("10.0.0.0/24 dev e0 metric 7", "10.0.0.0/24 dev e0 metric 7"),
    ],
)  # fmt: skip
def test_routes_are_written_out(text: str, route: str) -> None:
    assert routes(text) == [route]


def test_a_gateway_may_be_behind_a_route_of_its_own() -> None:
    assert routes("10.7.0.1/32 dev e0", "default via 10.7.0.1") == [
        "10.7.0.1/32 dev e0",
        "default via 10.7.0.1 dev e0",
    ]
    with pytest.raises(LabError, match="nothing leads"):
        routes("default via 10.7.0.1", "10.7.0.1/32 dev e0")


def test_the_family_of_default_is_that_of_its_addresses() -> None:
    assert parse("default dev e0").destination.version == 4
    assert parse("default src fd00::2 dev e0").destination.version == 6
    assert parse("::/0 dev e0").destination.version == 6


def test_two_routes_differ_in_destination_or_metric() -> None:
    assert len(routes("default via 10.0.0.1", "default via 10.0.0.129 metric 5")) == 2
    assert len(routes("default via 10.0.0.1", "default via fd00::1")) == 2
    with pytest.raises(LabError, match="already"):
        routes("10.1.0.0/16 via 10.0.0.1", "blackhole 10.1.0.0/16")


def test_the_kernels_own_routes_are_those_of_subnets() -> None:
    lo = "    interfaces: {lo: [10.50.0.1/24, 10.51.0.1/32]}\n    routes:\n"
    start = f"{BASE}  a:\n{lo}"
    loads(f"{start}      - 10.50.0.0/24 dev e0\n      - 10.51.0.1/32 via 10.0.0.1\n", "x")
    with pytest.raises(LabError, match="by itself"):
        routes("10.0.0.128/25 via 10.0.0.1")
    with pytest.raises(LabError, match="nothing leads"):
        loads(f"{start}      - default via 10.50.0.9\n", "x")


def test_the_host_has_devices_of_its_own() -> None:
    assert routes("10.1.0.0/16 via 10.9.0.2", node="host") == ["10.1.0.0/16 via 10.9.0.2 dev h0"]
    assert routes("10.1.0.0/16 via 192.0.2.1 dev wan0", node="host") == [
        "10.1.0.0/16 via 192.0.2.1 dev wan0"
    ]
    with pytest.raises(LabError, match="in no subnet that this lab gives the host"):
        routes("10.1.0.0/16 via 192.0.2.1", node="host")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "add default via 10.0.0.1",
        "ip route add default via 10.0.0.1",
        "default via 10.0.0.1/24",
        "default via a;b",
        "default dev $(reboot)",
        "default dev -v",
        "default via 10.0.0.1 via 10.0.0.1",
        "default via 10.0.0.1 metric -1",
        "default via 10.0.0.1 metric 4294967296",
        "default via 10.0.0.1 mtu lock 1400",
        "default via 10.0.0.1 scope nowhere",
        "default via 10.0.0.1 proto static",
        "default via inet6 fd00::1",
        "default onlink",
        "default via 10.0.0.1 onlink",
        "local 10.0.0.9 dev lo",
        "fe80::%e0/64 dev e0",
        "10.0.0.0/0.255.255.255 via 10.0.0.1",
    ],
)
def test_no_routes(text: str) -> None:
    with pytest.raises(BadName):
        parse(text)
