"""What explanations say against what the kernel and iproute2 do; each was seen there first."""

from __future__ import annotations

import pytest

from iplab.iproute2 import read_text
from iplab.iproute2.explain import Explanation, explain
from iplab.iproute2.shell import parts
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


@pytest.mark.parametrize(
    ("command", "true", "untrue"),
    [
        ("ip link set lo up", "::1/128 (scope host)", "fe80"),
        ("ip addr add 10.0.0.1 peer 10.0.0.2 dev tun0", "route to 10.0.0.2/32", "10.0.0.1/32 thr"),
        ("ip addr add 10.5.0.1 peer 10.0.0.9/30 dev tun0", "route to 10.0.0.8/30", "10.5.0.0"),
        ("ip addr add fd00::2/64 dev eth0", "RFC 6724", "secondary"),
        ("ip route add 10.0.0.0/24 dev eth0 table 5", "in table 5", "table main"),
        ("ip route show table all", "of every table", "table main"),
        ("ip route show table 5", "of table 5", "table main"),
        ("ip route flush cache", "takes no route away", "they are gone"),
        ("ip link set br0 type bridge stp_state 1", "forwards already goes on", "each port now"),
        ("bridge vlan del dev p0 vid 10", "are dropped at this port", "delete:"),
        ("bridge fdb del 02:00:00:00:00:01 dev p0 master", "no such entry", "leave by that port"),
        ("bridge fdb flush dev br0", "empties the forwarding table of br0", "on br0"),
    ],
)
def test_what_is_said_is_so(command: str, true: str, untrue: str) -> None:
    one = told(command)
    said = "\n".join((*one.does, *one.after, *one.traps))
    assert true in said
    assert untrue not in said


@pytest.mark.parametrize(
    ("command", "word", "means"),
    [
        ("ip link add veth0 type veth peer name veth1", "peer", "other end of the cable"),
        ("bridge link set dev p0 hairpin on", "hairpin on", "back out of the port"),
        ("bridge fdb add 02:00:00:00:00:01 dev p0 master", "02:00:00:00:00:01", "MAC address"),
        ("bridge vlan add dev p0 vid 10 pvid untagged", "untagged", "has no tag"),
        ("bridge mdb add dev br0 port p0 grp 239.1.1.1", "grp 239.1.1.1", "the group"),
        ("ip netns identify 1", "1", "the process of number 1"),
        ("ip link show master br0", "master br0", "the ports of br0"),
        ("ip link show up", "up", "those that are up"),
        ("ip neigh show proxy", "proxy", "those this machine answers for"),
    ],
)
def test_what_a_word_means(command: str, word: str, means: str) -> None:
    assert {w.written: w.meaning for w in told(command).words}[word].find(means) >= 0


@pytest.mark.parametrize(
    ("command", "look"),
    [
        ("ip link set x name y up", "ip link show dev y"),
        ("ip link set x netns ns1 name z up",
         "ip -n ns1 address show dev z|ip -n ns1 link show dev z"),
        ("ip link set x netns ns1 alias cellar",
         "ip -n ns1 address show dev x|ip -n ns1 -d link show dev x"),
        ("ip link set eth0 netns 1234", "nsenter -t 1234 -n ip link show dev eth0"),
        ("ip link set eth0 netns 1234 name z up", "nsenter -t 1234 -n ip link show dev z"),
        ("ip -n ns1 link set eth0 netns 1", "ip link show dev eth0"),
    ],
)  # fmt: skip
def test_one_looks_where_the_device_is_in_the_end(command: str, look: str) -> None:
    assert "|".join(told(command).look) == look


@pytest.mark.parametrize(
    ("command", "why"),
    [
        ("ip link add zz type vethh", "did you mean 'veth'?"),
        ("ip link add zz type bridg", "did you mean 'bridge'?"),
        ("ip link set br0 type bridg stp_state 1", "did you mean 'bridge'?"),
        ("ip neigh add 10.0.0.1 lladdr 02:00:00:00:00:zz dev v1", "is no MAC address"),
        ("ip -f inett a", "'inett' is no family"),
        (f"ip link set v1 mtu {'9' * 5000}", "a word of 5000 characters"),
        (f"ip addr add 10.0.0.1/24 dev v1 metric {'9' * 5000}", "a word of 5000 characters"),
    ],
)
def test_what_ip_refuses_is_refused(command: str, why: str) -> None:
    assert why in told(command).unknown


@pytest.mark.parametrize(
    ("command", "does"),
    [
        ("ip addr add 10.1/16 dev v1", "the address 10.1.0.0/16"),
        ("ip route add 10/8 dev v1", "packets for 10.0.0.0/8"),
        ("ip route add 10.2.3/24 via 10.9", "the gateway 10.9.0.0"),
        ("ip neigh add 10.8 lladdr 02:00:00:00:00:01 dev v1", "10.8.0.0"),
        ("ip -f link link", "shows devices"),
    ],
)
def test_what_ip_takes_is_read(command: str, does: str) -> None:
    assert does in told(command).does[0]


@pytest.mark.parametrize(
    ("command", "word", "means"),
    [
        ("ip -color=never a", "-color=never", "without colour"),
        ("ip -c a", "-c", "in colour"),
        ("ip route add default via inet6 fe80::1 dev e0", "via inet6 fe80::1", "gateway fe80::1"),
        ("ip route get fibmatch 10.0.0.1", "fibmatch", "as it stands in the table"),
        ("ip monitor route", "route", "of routes"),
        ("ip link set eth0 netns 1234", "netns 1234", "namespace of process 1234"),
    ],
)
def test_what_more_words_mean(command: str, word: str, means: str) -> None:
    assert means in {w.written: w.meaning for w in told(command).words}[word]


def test_an_option_keeps_its_value() -> None:
    assert told("ip -c=never a").full == "ip -color=never address"
    assert told("ip -colour a").unknown
    assert told("ip -family=inet a").unknown


def test_a_monitor_tells_of_what_it_is_asked() -> None:
    assert "addresses" not in told("ip monitor route").does[0]
    assert "addresses" in told("ip monitor").does[0]


def test_a_flush_of_one_family() -> None:
    assert "IPv6 addresses stay" in told("ip -4 addr flush dev eth0").traps[0]
    assert "fe80:: address goes" in told("ip addr flush dev eth0").traps[0]
    assert "and stays" in told("ip addr flush dev eth0 scope global").traps[0]


@pytest.mark.parametrize(
    ("command", "try_"),
    [
        ("ip addr add 10.0.0.1/24 eth0", "dev eth0"),
        ("ip route add default gw 10.0.0.1", "via 10.0.0.1"),
        ("ip route add default via 10.0.0.1 eth0", "dev eth0"),
    ],
)
def test_usual_mistakes_are_told_the_word_that_is_meant(command: str, try_: str) -> None:
    assert try_ in told(command).unknown


@pytest.mark.parametrize("command", ["ip help", "ip link help", "ip -help", "ip netns help"])
def test_help_is_help(command: str) -> None:
    assert told(command).does[0].startswith("prints how `ip")


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("ip a | grep x", [("ip a", "| grep x")]),
        ("ip a|grep x", [("ip a", "|grep x")]),
        ("ip link set a up && ip a", [("ip link set a up", "&&"), ("ip a", "")]),
        ("ip a; echo done", [("ip a", "; echo done")]),
        ("ip a 2> /dev/null", [("ip a", "2> /dev/null")]),
        ("ip link set a alias 'x | y'", [("ip link set a alias 'x | y'", "")]),
        ('ip link set a alias "x \\" | y"', [('ip link set a alias "x \\" | y"', "")]),
        ("ip a # | x", [("ip a # | x", "")]),
        ("ip link add <name> type dummy", [("ip link add <name> type dummy", "")]),
        ("nft add chain t c { type nat ; }", [("nft add chain t c { type nat ; }", "")]),
    ],
)
def test_what_is_the_shells(line: str, found: list[tuple[str, str]]) -> None:
    assert parts(line) == found
