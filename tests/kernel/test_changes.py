"""A lab that is up, and its file edited, or the machine changed by hand: the least change."""

from dataclasses import dataclass

import pytest

from tests.kernel.labs import starter
from tests.kernel.sandbox import Sandbox

pytestmark = pytest.mark.kernel

LAB = """\
lab: changing
links:
  - a:eth0: 10.0.1.2/24
    r:to-a: 10.0.1.1/24
    mtu: 1400
    rate: 10mbit
  - b:eth0: [10.0.2.2/24, fd00:2::2/64]
    r:to-b: [10.0.2.1/24, fd00:2::1/64]
bridges:
  - sw:br0: 10.0.3.1/24
    members:
      vm1:eth0: 10.0.3.11/24
      vm2:eth0: 10.0.3.12/24
nodes:
  a:
    routes: [default via 10.0.1.1]
  b:
    routes: [default via 10.0.2.1, 10.9.0.0/16 via 10.0.2.1]
  r:
    forward: true
    masquerade: [10.0.1.0/24]
    sysctl: {net.ipv4.conf.all.rp_filter: 2}
"""


TBF = "tbf rate 10mbit burst 6250 latency 50ms"
TABLE = "iplab-changing"


@dataclass
class Edit:
    """An edit as (old, new) texts, and the commands it takes."""

    what: str
    texts: list[tuple[str, str]]
    commands: list[str]


EDITS = [
    Edit(
        "an address",
        [("a:eth0: 10.0.1.2/24", "a:eth0: 10.0.1.22/24")],
        [
            "ip -n a addr del 10.0.1.2/24 dev eth0",
            "ip -n a addr add 10.0.1.22/24 dev eth0",
            # The kernel takes the route along with the last IPv4 address.
            "ip -n a route add default via 10.0.1.1 dev eth0",
        ],
    ),
    Edit(
        "an address more",
        [("vm1:eth0: 10.0.3.11/24", "vm1:eth0: [10.0.3.11/24, 10.0.3.111/24]")],
        ["ip -n vm1 addr add 10.0.3.111/24 dev eth0"],
    ),
    Edit(
        "an IPv6 address",
        [("b:eth0: [10.0.2.2/24, fd00:2::2/64]", "b:eth0: [10.0.2.2/24, fd00:2::3/64]")],
        [
            "ip -n b addr del fd00:2::2/64 dev eth0",
            "ip -n b addr add fd00:2::3/64 dev eth0",
        ],
    ),
    Edit(
        "the prefix length of an address",
        [("sw:br0: 10.0.3.1/24", "sw:br0: 10.0.3.1/25")],
        ["ip -n sw addr del 10.0.3.1/24 dev br0", "ip -n sw addr add 10.0.3.1/25 dev br0"],
    ),
    Edit(
        "the mtu",
        [("mtu: 1400", "mtu: 1300")],
        ["ip -n a link set eth0 mtu 1300", "ip -n r link set to-a mtu 1300"],
    ),
    Edit(
        "no mtu",
        [("    mtu: 1400\n", "")],
        ["ip -n a link set eth0 mtu 1500", "ip -n r link set to-a mtu 1500"],
    ),
    Edit(
        "a route",
        [("10.9.0.0/16 via", "10.8.0.0/16 via")],
        [
            "ip -n b route del 10.9.0.0/16 via 10.0.2.1 dev eth0",
            "ip -n b route add 10.8.0.0/16 via 10.0.2.1 dev eth0",
        ],
    ),
    Edit(
        "a route less",
        [(", 10.9.0.0/16 via 10.0.2.1", "")],
        ["ip -n b route del 10.9.0.0/16 via 10.0.2.1 dev eth0"],
    ),
    Edit(
        "the rate",
        [("rate: 10mbit", "rate: 20mbit")],
        [
            "tc -n a qdisc replace dev eth0 root tbf rate 20mbit burst 12500 latency 50ms",
            "tc -n r qdisc replace dev to-a root tbf rate 20mbit burst 12500 latency 50ms",
        ],
    ),
    Edit(
        "no rate",
        [("    rate: 10mbit\n", "")],
        ["tc -n a qdisc del dev eth0 root", "tc -n r qdisc del dev to-a root"],
    ),
    Edit(
        "a bridge member more",
        [("nodes:", "      vm3:eth0: 10.0.3.13/24\nnodes:")],
        [
            "ip netns add vm3",
            "ip link add vm3-eth0 netns sw type veth peer name eth0 netns vm3",
            "ip -n sw link set vm3-eth0 master br0",
            "ip -n sw link set vm3-eth0 up",
            "ip -n vm3 link set lo up",
            "ip -n vm3 addr add 10.0.3.13/24 dev eth0",
            "ip -n vm3 link set eth0 up",
        ],
    ),
    Edit(
        "a bridge member less",
        [("      vm2:eth0: 10.0.3.12/24\n", "")],
        ["ip -n sw link del vm2-eth0", "ip netns del vm2"],
    ),
    Edit(
        "a bridge member on a bridge of its own",
        [
            ("      vm2:eth0: 10.0.3.12/24\n", ""),
            ("nodes:", "  - sw:br1:\n    members:\n      vm2:eth0: 10.0.3.12/24\nnodes:"),
        ],
        [
            "ip -n sw link add br1 type bridge",
            "ip -n sw link set br1 up",
            "ip -n sw link set vm2-eth0 master br1",
        ],
    ),
    Edit(
        "the spanning tree",
        [("    members:", "    stp: on\n    members:")],
        ["ip -n sw link set br0 type bridge stp_state 1"],
    ),
    Edit(
        "a node more",
        [("nodes:", "nodes:\n  lonely:")],
        ["ip netns add lonely", "ip -n lonely link set lo up"],
    ),
    Edit(
        "a link wired elsewhere",
        [("a:eth0: 10.0.1.2/24", "c:eth0: 10.0.1.2/24"), ("  a:\n    routes", "  c:\n    routes")],
        [
            "ip -n r link del to-a",
            "ip netns del a",
            "ip netns add c",
            "ip link add eth0 netns c type veth peer name to-a netns r",
            "ip -n c link set lo up",
            "ip -n c link set eth0 mtu 1400",
            "ip -n c addr add 10.0.1.2/24 dev eth0",
            "ip -n c link set eth0 up",
            "ip -n c route add default via 10.0.1.1 dev eth0",
            f"tc -n c qdisc replace dev eth0 root {TBF}",
            "ip -n r link set to-a mtu 1400",
            "ip -n r addr add 10.0.1.1/24 dev to-a",
            "ip -n r link set to-a up",
            f"tc -n r qdisc replace dev to-a root {TBF}",
        ],
    ),
    Edit(
        "no forwarding",
        [("    forward: true\n", "")],
        [
            "ip netns exec r sysctl -w net.ipv4.ip_forward=0",
            "ip netns exec r sysctl -w net.ipv6.conf.all.forwarding=0",
        ],
    ),
    Edit(
        "another masqueraded subnet",
        [("[10.0.1.0/24]", "[10.0.1.0/24, 10.0.2.0/24]")],
        [
            f"ip netns exec r nft add rule inet {TABLE} postrouting "
            "ip saddr 10.0.2.0/24 ip daddr '!=' 10.0.2.0/24 masquerade"
        ],
    ),
    Edit(
        "no masquerading",
        [("    masquerade: [10.0.1.0/24]\n", "")],
        [f"ip netns exec r nft delete table inet {TABLE}"],
    ),
    Edit(
        "one masqueraded subnet for another",
        [("[10.0.1.0/24]", "[10.0.2.0/24]")],
        [
            f"ip netns exec r nft flush chain inet {TABLE} postrouting",
            f"ip netns exec r nft add rule inet {TABLE} postrouting "
            "ip saddr 10.0.2.0/24 ip daddr '!=' 10.0.2.0/24 masquerade",
        ],
    ),
    Edit(
        "a sysctl",
        [("rp_filter: 2", "rp_filter: 1")],
        ["ip netns exec r sysctl -w net.ipv4.conf.all.rp_filter=1"],
    ),
    Edit(
        "loopback",
        [("links:", "loopback: down\nlinks:")],
        [f"ip -n {n} link set lo down" for n in ("a", "r", "b", "sw", "vm1", "vm2")],
    ),
]


@pytest.mark.parametrize("edit", EDITS, ids=lambda e: e.what)
def test_an_edit_takes_the_least(sandbox: Sandbox, edit: Edit) -> None:
    sandbox.write("lab.yaml", LAB)
    sandbox.iplab("up", "lab.yaml", "--yes")
    text = LAB
    for old, new in edit.texts:
        assert text.count(old) == 1
        text = text.replace(old, new)
    sandbox.write("lab.yaml", text)
    sandbox.iplab("check", "lab.yaml", code=3)
    plan = sandbox.iplab("plan", "lab.yaml", "--json", code=3).json
    assert [command["text"] for command in plan["commands"]] == edit.commands
    sandbox.iplab("up", "lab.yaml", "--yes")
    sandbox.iplab("check", "lab.yaml")
    # And back: not always the reverse, but it has to lead there.
    sandbox.write("lab.yaml", LAB)
    sandbox.iplab("up", "lab.yaml", "--yes")
    sandbox.iplab("check", "lab.yaml")
    sandbox.iplab("down", "lab.yaml")
    assert sandbox.ip("netns") == ""


def test_the_wrong_address(sandbox: Sandbox) -> None:
    """172.18.0.3 was meant to be 172.18.0.33: one goes, one comes, and the reason says why both."""
    two = starter(sandbox, "two-namespaces")
    two.iplab("up", "--yes")
    text = (sandbox.here / two.file).read_text()
    sandbox.write(two.file, text.replace("172.18.0.3/24", "172.18.0.33/24"))
    plan = two.iplab("plan", "--json", style="steps", code=3).json
    assert [command["text"] for command in plan["commands"]] == [
        "ip netns exec ns1 ip addr del 172.18.0.3/24 dev veth1",
        "ip netns exec ns1 ip addr add 172.18.0.33/24 dev veth1",
    ]
    why = plan["commands"][0]["why"]
    assert "replace" in why
    assert "change" in why
    two.iplab("up", "--yes")
    two.iplab("check")

    # What the reason says is so: neither changes an address.
    for word in ("replace", "change"):
        sandbox.try_("ip", "-n", "ns1", "addr", word, "172.18.0.34/24", "dev", "veth1")
        assert "172.18.0.33/24" in sandbox.ip("-n ns1 addr show dev veth1")


LED = """\
lab: led
links: [{{"a:e0": {addresses}, "b:e0": 10.0.0.2/24}}]
nodes: {{a: {{{settings}}}}}
"""
BOTH, FOUR = "[10.0.0.1/24, fd00::1/64]", "10.0.0.1/24"
PLAIN = LED.format(addresses=BOTH, settings="sysctl: {net.ipv4.conf.e0.forwarding: 0}")
ROUTER = LED.format(
    addresses=FOUR,
    settings="forward: true, sysctl: {net.ipv4.conf.e0.forwarding: 0, "
    "net.ipv4.conf.all.accept_redirects: 0, net.ipv6.conf.all.disable_ipv6: 1}",
)
HOST_AGAIN = LED.format(
    addresses=BOTH,
    settings="forward: false, sysctl: {net.ipv4.conf.e0.forwarding: 0, "
    "net.ipv4.conf.all.accept_redirects: 0, net.ipv6.conf.all.disable_ipv6: 0}",
)
SET = "ip netns exec a sysctl -w"


@pytest.mark.parametrize(
    ("before", "after", "commands"),
    [
        (
            PLAIN,
            ROUTER,
            [
                f"{SET} net.ipv4.ip_forward=1",
                "ip -n a addr del fd00::1/64 dev e0",
                f"{SET} net.ipv6.conf.all.disable_ipv6=1",
                f"{SET} net.ipv4.conf.e0.forwarding=0",
            ],
        ),
        (
            ROUTER,
            HOST_AGAIN,
            [
                f"{SET} net.ipv4.ip_forward=0",
                f"{SET} net.ipv6.conf.all.disable_ipv6=0",
                f"{SET} net.ipv4.conf.all.accept_redirects=0",
                "ip -n a addr add fd00::1/64 dev e0",
            ],
        ),
    ],
)
def test_a_setting_that_sets_others(
    sandbox: Sandbox, before: str, after: str, commands: list[str]
) -> None:
    """`ip_forward` resets each device's forwarding, and accept_redirects; without IPv6 there are no
    IPv6 addresses."""
    sandbox.write("lab.yaml", before)
    sandbox.iplab("up", "lab.yaml", "--yes")
    sandbox.write("lab.yaml", after)
    plan = sandbox.iplab("plan", "lab.yaml", "--json", code=3).json
    assert [command["text"] for command in plan["commands"]] == commands
    sandbox.iplab("up", "lab.yaml", "--yes")
    sandbox.iplab("check", "lab.yaml")
    sandbox.iplab("down", "lab.yaml")


def test_an_ipv6_route_with_a_source_of_its_own(sandbox: Sandbox) -> None:
    """The kernel refuses an address that it is still looking for elsewhere (duplicates)."""
    links = '{"a:e0": [fd00::1/64, fd00::3/64], "b:e0": fd00::2/64}'
    routes = '["default via fd00::2 src fd00::1"]'
    sandbox.write(
        "lab.yaml", f"lab: source\nlinks: [{links}]\nnodes: {{a: {{routes: {routes}}}}}\n"
    )
    sandbox.iplab("up", "lab.yaml", "--yes")
    assert "via fd00::2 dev e0 src fd00::1" in sandbox.ip("-n a -6 route show default")
    lines = sandbox.ip("-n a -6 -o addr show dev e0").splitlines()
    assert ["fd00::1/64" in line for line in lines if "nodad" in line] == [True]
    sandbox.iplab("check", "lab.yaml")


@dataclass
class Drift:
    """A change made by hand, what `check` then names, and the commands that mend it."""

    by_hand: str
    names: list[str]
    mended_by: list[str]


DRIFTS = [
    Drift(
        "ip -n a addr add 10.0.1.99/24 dev eth0",
        ["a: eth0 address: wanted absent, found 10.0.1.99/24"],
        ["ip -n a addr del 10.0.1.99/24 dev eth0"],
    ),
    Drift(
        "ip -n vm1 addr del 10.0.3.11/24 dev eth0",
        ["vm1: eth0 address: wanted 10.0.3.11/24, found absent"],
        ["ip -n vm1 addr add 10.0.3.11/24 dev eth0"],
    ),
    Drift(
        "ip -n a link set eth0 down",
        ["a: eth0 state: wanted up, found down", "a: route: wanted default via 10.0.1.1 dev eth0"],
        ["ip -n a link set eth0 up", "ip -n a route add default via 10.0.1.1 dev eth0"],
    ),
    Drift(
        "ip -n b route del default",
        ["b: route: wanted default via 10.0.2.1 dev eth0, found absent"],
        ["ip -n b route add default via 10.0.2.1 dev eth0"],
    ),
    Drift(
        "ip -n b route add 10.7.0.0/16 via 10.0.2.1",
        ["b: route: wanted absent, found 10.7.0.0/16 via 10.0.2.1 dev eth0"],
        ["ip -n b route del 10.7.0.0/16 via 10.0.2.1 dev eth0"],
    ),
    Drift(
        "ip -n a link set eth0 mtu 1000",
        ["a: eth0 mtu: wanted 1400, found 1000"],
        ["ip -n a link set eth0 mtu 1400"],
    ),
    Drift(
        "ip -n sw link set vm1-eth0 nomaster",
        ["sw: vm1-eth0 master: wanted br0, found none"],
        ["ip -n sw link set vm1-eth0 master br0"],
    ),
    Drift(
        "tc -n a qdisc del dev eth0 root",
        ["a: eth0 qdisc: wanted rate 10mbit, found the kernel's own"],
        [f"tc -n a qdisc replace dev eth0 root {TBF}"],
    ),
    Drift(
        "tc -n b qdisc add dev eth0 root tbf rate 1mbit burst 3200 latency 50ms",
        ["b: eth0 qdisc: wanted the kernel's own, found rate 1mbit"],
        ["tc -n b qdisc del dev eth0 root"],
    ),
    Drift(
        "ip netns exec r sysctl -w net.ipv4.ip_forward=0",
        ["r: sysctl net.ipv4.ip_forward: wanted 1, found 0"],
        ["ip netns exec r sysctl -w net.ipv4.ip_forward=1"],
    ),
    Drift(
        f"ip netns exec r nft flush table inet {TABLE}",
        [f"r: nft table {TABLE}: wanted masquerade 10.0.1.0/24, found masquerade nothing"],
        [
            f"ip netns exec r nft add rule inet {TABLE} postrouting "
            "ip saddr 10.0.1.0/24 ip daddr '!=' 10.0.1.0/24 masquerade"
        ],
    ),
    Drift(
        f"ip netns exec r nft delete table inet {TABLE}",
        [f"r: nft table {TABLE}: wanted masquerade 10.0.1.0/24, found absent"],
        [
            f"ip netns exec r nft add table inet {TABLE}",
            f"ip netns exec r nft add chain inet {TABLE} postrouting "
            "'{ type nat hook postrouting priority srcnat ; }'",
            f"ip netns exec r nft add rule inet {TABLE} postrouting "
            "ip saddr 10.0.1.0/24 ip daddr '!=' 10.0.1.0/24 masquerade",
        ],
    ),
    Drift(
        "ip -n vm1 link del eth0",
        ["vm1: eth0: wanted veth, found absent", "sw: vm1-eth0: wanted veth, found absent"],
        [
            "ip link add vm1-eth0 netns sw type veth peer name eth0 netns vm1",
            "ip -n sw link set vm1-eth0 master br0",
            "ip -n sw link set vm1-eth0 up",
            "ip -n vm1 addr add 10.0.3.11/24 dev eth0",
            "ip -n vm1 link set eth0 up",
        ],
    ),
    Drift(
        "ip netns del vm2; sleep 0.2",
        ["vm2: namespace: wanted present, found absent"],
        [
            "ip netns add vm2",
            "ip link add vm2-eth0 netns sw type veth peer name eth0 netns vm2",
            "ip -n sw link set vm2-eth0 master br0",
            "ip -n sw link set vm2-eth0 up",
            "ip -n vm2 link set lo up",
            "ip -n vm2 addr add 10.0.3.12/24 dev eth0",
            "ip -n vm2 link set eth0 up",
        ],
    ),
]


@pytest.mark.parametrize("drift", DRIFTS, ids=lambda d: d.by_hand.replace("/", "_"))
def test_a_change_by_hand_shows_and_is_mended(sandbox: Sandbox, drift: Drift) -> None:
    sandbox.write("lab.yaml", LAB)
    sandbox.iplab("up", "lab.yaml", "--yes")
    sandbox.sh(drift.by_hand)
    printed = sandbox.iplab("check", "lab.yaml", code=3).out
    for name in drift.names:
        assert f"differs  {name}" in printed
    plan = sandbox.iplab("plan", "lab.yaml", "--json", code=3).json
    assert [command["text"] for command in plan["commands"]] == drift.mended_by
    sandbox.iplab("up", "lab.yaml", "--yes")
    sandbox.iplab("check", "lab.yaml")
    sandbox.iplab("down", "lab.yaml")
    assert sandbox.ip("netns") == ""


@pytest.mark.xfail(
    reason="a bridge takes the lowest MAC address of its ports: when that port goes, neighbours "
    "send to an address that nobody has, for up to a minute"
)
def test_a_bridge_can_be_reached_when_a_member_has_gone(sandbox: Sandbox) -> None:
    lab = """
lab: switch
bridges:
  - sw:br0: 10.0.3.1/24
    members:
      vm1:eth0: 10.0.3.11/24
      vm2:eth0: 10.0.3.12/24
checks: [vm1 -> sw]
"""
    sandbox.write("lab.yaml", lab)
    sandbox.iplab("up", "lab.yaml", "--yes")
    sandbox.ip("-n sw link set vm2-eth0 address 02:00:00:00:00:01")  # the lowest there can be
    sandbox.iplab("check", "lab.yaml")
    sandbox.write("lab.yaml", lab.replace("      vm2:eth0: 10.0.3.12/24\n", ""))
    sandbox.iplab("up", "lab.yaml", "--yes")
    sandbox.iplab("check", "lab.yaml")


def test_an_ipv6_route_with_a_second_way(sandbox: Sandbox) -> None:
    """The kernel makes one multipath route of the two; what nobody asked for goes."""
    links = '{"a:e0": "fd00::1/64", "b:e0": [fd00::2/64, fd00::4/64]}'
    text = f'lab: ways\nlinks: [{links}]\nnodes: {{a: {{routes: ["fd09::/64 via fd00::2"]}}}}\n'
    sandbox.write("lab.yaml", text)
    sandbox.iplab("up", "lab.yaml", "--yes")
    sandbox.ip("-n a -6 route append fd09::/64 via fd00::4")
    said = sandbox.iplab("check", "lab.yaml", code=3).out
    assert "a: route: wanted absent, found fd09::/64 via fd00::4 dev e0" in said
    sandbox.iplab("up", "lab.yaml", "--yes")
    sandbox.iplab("check", "lab.yaml")
    assert "fd00::4" not in sandbox.ip("-n a -6 route show fd09::/64")
