"""One line as words → a Translation: what it claims, what it says, and that nothing breaks it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from iplab.errors import IplabError, UsageError
from iplab.legacy import TOOLS, Context, Translation, table, translate
from iplab.legacy.examples import SECTIONS, STATE
from iplab.legacy.reading import awk
from iplab.legacy.script import rewrite
from iplab.legacy.state import load
from iplab.legacy.translate import words_of
from iplab.render import Renderer

HELD, _ = load(STATE)


def say(line: str, **options: Any) -> Translation:
    return translate(words_of(line), **options)


def commands(line: str, **options: Any) -> list[str]:
    return [" ".join(argv) for argv in say(line, **options).commands]


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("ifconfig eth0 up", ["ip link set eth0 up"]),
        ("/sbin/ifconfig eth0 down", ["ip link set eth0 down"]),
        ("ifconfig eth0 add 2001:db8::1/64", ["ip addr add 2001:db8::1/64 dev eth0"]),
        ("route del default", ["ip route del unicast default"]),
        (
            "route add -net 10.0.0.0/8 dev eth0 mss 1500 window 4096 irtt 40",
            ["ip route prepend 10.0.0.0/8 dev eth0 advmss 1460 window 4096 rtt 40ms"],
        ),
        ("route -A inet6 del 2001:db8::/32", ["ip route del 2001:db8::/32 metric 1"]),
        ("route -n", ["ip -4 route show table main"]),
        ("arp -an", ["ip -4 neigh show", "ip -4 neigh show proxy"]),
        ("brctl setfd br0 2.5", ["ip link set br0 type bridge forward_delay 250"]),
        ("brctl hairpin br0 p1 on", ["bridge link set dev p1 hairpin on"]),
        ("netstat -tulpn", ["ss -tulpn"]),
        ("netstat -s", ["nstat -asz"]),
        ("vconfig set_flag eth0.5 1 0", ["ip link set eth0.5 type vlan reorder_hdr off"]),
        (
            "iptunnel add tun1 mode gre remote 10.1 tos 10",
            ["ip tunnel add tun1 mode gre remote 10.1.0.0 tos 0x0a"],
        ),
    ],
)
def test_exact_without_state(line: str, wanted: list[str]) -> None:
    found = say(line)
    assert found.exact
    assert not found.used_state
    assert [" ".join(argv) for argv in found.commands] == wanted


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        (
            "ifconfig eth0 192.168.1.5",
            ["ip addr del 192.168.1.4/24 dev eth0", "ip addr add 192.168.1.5/24 brd + dev eth0"],
        ),
        ("ifconfig eth0:1 down", ["ip addr del 10.0.0.1/8 dev eth0"]),
        (
            "route add -net 10.5.0.0/16 dev eth0:1",
            ["ip route prepend 10.5.0.0/16 dev eth0 src 10.0.0.1"],
        ),
        (
            "route add default gw 192.168.1.4",
            ["ip route prepend default via 192.168.1.4 scope link"],
        ),
        ("nameif lan0 02:00:00:00:00:01", ["ip link set eth0 name lan0"]),
        ("ifconfig eth0 192.168.1.4", []),
        ("brctl addif br0 p1", []),
    ],
)
def test_exact_with_state(line: str, wanted: list[str]) -> None:
    found = say(line, state=HELD)
    assert found.exact
    assert found.used_state
    assert [" ".join(argv) for argv in found.commands] == wanted
    assert found.nothing is (not wanted)


@pytest.mark.parametrize(
    "line", ["ifconfig eth0 10.0.0.5", "route add default gw 10.0.0.1", "brctl addif br0 eth0"]
)
def test_without_state_what_is_assumed_is_said(line: str) -> None:
    found = say(line)
    assert found.commands
    assert not found.exact
    assert found.doubts
    assert set(found.doubts) <= set(found.notes)


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("ifconfig eth0 netmask 255.0.0.0", "give the state"),
        ("ifconfig eth0 www.example.org", "looks up"),
        ("route add default gw somewhere", "looks up"),
        ("arp -s 10.0.0.1 02:00:00:00:00:01", "name it with -i"),
        ("netstat -M", "conntrack"),
        ("rarp -a", "RARP"),
    ],
)
def test_refused_with_the_reason(line: str, why: str) -> None:
    found = say(line)
    assert found.reason is not None
    assert why in found.reason
    assert found.commands == ()
    assert not found.exact


@pytest.mark.parametrize(
    "line",
    ["route add 10.0.0.0/8 gw 10.0.0.1", "ifconfig eth9 up", "brctl frob", "arp -z", "route flush"],
)
def test_what_the_tool_rejects_is_no_command(line: str) -> None:
    found = say(line, state=HELD)
    assert found.nothing
    assert found.exact
    assert any("the old tool fails" in note for note in found.notes)


def test_a_slash_32_does_what_was_meant_and_says_so() -> None:
    found = say("ifconfig eth1 10.0.0.5/32", state=HELD)
    assert not found.exact
    assert found.commands[0] == (
        "ip", "addr", "add", "10.0.0.5/32", "brd", "10.255.255.255", "dev", "eth1",
    )  # fmt: skip
    assert any("/0" in doubt for doubt in found.doubts)


def test_busybox_is_another_ifconfig() -> None:
    assert say("ifconfig eth1 10.0.0.5/24", state=HELD, dialect="busybox").nothing
    replaced = ["ip addr del 192.168.1.4/24 dev eth0", "ip addr add 192.168.1.9/24 brd + dev eth0"]
    assert commands("ifconfig eth0 add 192.168.1.9", state=HELD, dialect="busybox") == replaced
    assert commands("busybox ifconfig eth0 add 192.168.1.9", state=HELD) == replaced


def test_a_state_without_details_says_no_type() -> None:
    """`ip -j addr` without -d: a bridge is then not known for one, nor for none."""
    text = '[{"ifname": "br7", "flags": ["UP"], "ifindex": 2, "addr_info": []}]'
    plain, routes = load(text)
    assert not routes
    found = say("brctl stp br7 on", state=plain)
    assert found.commands
    assert not found.exact


def test_the_uid_of_who_runs_it() -> None:
    assert commands("tunctl -t tap1", state=HELD, context=Context(uid=1000)) == [
        "ip tuntap add dev tap1 mode tap user 1000"
    ]


def test_other_programs_are_wrong_use() -> None:
    for line in ("ls -l", "ip addr"):
        with pytest.raises(UsageError):
            say(line)
    with pytest.raises(UsageError):
        translate([])
    with pytest.raises(UsageError):
        say("ifconfig", dialect="solaris")
    with pytest.raises(UsageError):
        words_of("ifconfig 'eth0")


def test_the_commands_are_the_operations_worded_by_the_templates() -> None:
    words = Renderer("direct")
    for row in table.rows():
        if row.found.operations:
            worded = tuple(words.command(o).argv for o in row.found.operations)
            assert row.found.commands == worded


def test_every_tool_is_in_the_table() -> None:
    lines = [line.removeprefix("* ") for lines in SECTIONS.values() for line in lines]
    assert {line.split()[0] for line in lines} == TOOLS


_WORDS = sorted({w for lines in SECTIONS.values() for line in lines for w in line.split()} - {"*"})


@settings(max_examples=400, deadline=None)
@given(
    tool=st.sampled_from(sorted(TOOLS)),
    rest=st.lists(st.one_of(st.sampled_from(_WORDS), st.text(max_size=12)), max_size=7),
    known=st.booleans(),
    dialect=st.sampled_from(["net-tools", "busybox"]),
)
def test_no_line_breaks_it(tool: str, rest: list[str], known: bool, dialect: str) -> None:
    context = Context(
        resolve=lambda name: None, networks="x", read_file=lambda name: "a b\n", uid=0
    )
    found = translate(
        [tool, *rest], state=HELD if known else None, dialect=dialect, context=context
    )
    assert (found.reason is None) or not found.commands
    assert found.nothing is (found.reason is None and not found.commands)
    assert found.exact is (found.reason is None and not found.doubts)


BONDED = """[
  {"ifname": "bond0", "flags": ["BROADCAST", "MULTICAST", "MASTER", "UP"], "mtu": 9000,
   "linkinfo": {"info_kind": "bond"}, "link_type": "ether"},
  {"ifname": "eth0", "flags": ["BROADCAST", "MULTICAST", "UP"], "mtu": 1500, "link_type": "ether",
   "addr_info": [{"family": "inet", "local": "10.0.0.1", "prefixlen": 24, "label": "eth0"}]},
  {"ifname": "eth1", "flags": ["BROADCAST", "MULTICAST", "SLAVE", "UP"], "mtu": 9000,
   "link_type": "ether", "master": "bond0"}
]"""


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        (
            "ifenslave bond0 eth0",
            [
                "ip link set eth0 down",
                "ip addr del 10.0.0.1/24 dev eth0",
                "ip link set eth0 mtu 9000",
                "ip link set eth0 master bond0",
            ],
        ),
        ("ifenslave -d bond0 eth1", ["ip link set eth1 nomaster", "ip link set eth1 mtu 1500"]),
        ("ifenslave -c bond0 eth1", ["ip link set bond0 type bond active_slave eth1"]),
        ("ifenslave bond0 eth1", []),
        ("ifenslave -d bond0 eth0", []),
        ("ifenslave eth0 eth1", []),
    ],
)
def test_ifenslave_as_its_source_has_it(line: str, wanted: list[str]) -> None:
    state, _ = load(BONDED)
    found = say(line, state=state)
    assert [" ".join(argv) for argv in found.commands] == wanted
    assert found.fails == (not wanted)
    assert found.exact == (not wanted), "it was not tried, and has to say so"


def test_arp_d_a_deletes_nothing_and_says_so() -> None:
    found = say("arp -d -a")
    assert found.exact
    assert any("deletes nothing" in note for note in found.notes)
    assert not any("deletes nothing" in note for note in say("arp -a").notes)


def test_an_ad_hoc_network_is_joined_with_its_frequency() -> None:
    found = say("iwconfig wlan0 mode ad-hoc essid mesh")
    assert found.reason is not None
    assert "iw dev DEV ibss join mesh FREQ" in found.reason
    (note,) = [n for n in say("iwconfig wlan0 essid mesh").notes if "ad-hoc" in n]
    assert "iw dev DEV ibss join SSID FREQ" in note


def test_a_name_type_that_was_set_decides_what_vconfig_makes() -> None:
    for kind, name in (
        ("VLAN_PLUS_VID", "vlan0005"),
        ("VLAN_PLUS_VID_NO_PAD", "vlan5"),
        ("DEV_PLUS_VID", "eth0.0005"),
        ("DEV_PLUS_VID_NO_PAD", "eth0.5"),
    ):
        found = say("vconfig add eth0 5", context=Context(vlan_names=kind))
        assert found.exact
        assert found.commands == (
            ("ip", "link", "add", "link", "eth0", "name", name, "type", "vlan", "id", "5"),
        )


@pytest.mark.parametrize("digits", [400, 5000])
@pytest.mark.parametrize(
    "line", ["ifconfig eth0 mtu", "vconfig add eth0", "iwconfig eth0 freq", "brctl setageing br0"]
)
def test_a_number_without_end_is_refused_in_words(line: str, digits: int) -> None:
    found = translate([*line.split(), "1" * digits])
    assert digits < 1000 or "too long" in (found.reason or "")


@pytest.mark.parametrize(
    "text",
    [
        '{"addr":[],"route":[{}]}',
        '{"addr":[],"route":5}',
        '[{"ifname":"eth0","flags":5}]',
        '{"addr":[],"sysctl":5}',
    ],
)
def test_a_state_of_another_form_is_an_error_in_words(text: str) -> None:
    with pytest.raises(IplabError):
        load(text)


@pytest.mark.parametrize(
    "program",
    [
        "awk '{print length()}'",
        "awk '{printf}'",
        "awk '{print substr()}'",
        "awk '{print index($1)}'",
        "awk '{print substr($0, 1e999)}'",
        "awk '{print toupper()}'",
        "tr -s ''",
    ],
)
def test_a_filter_that_is_not_understood_is_left(program: str) -> None:
    line = f"x=$(ifconfig eth0 | {program})\n"
    assert rewrite(line).text == line.encode()


def test_length_of_nothing_is_the_lines() -> None:
    assert awk.run(["{print length(), length}"], ["abc", ""]) == (["3 3", "0 0"], 0)
