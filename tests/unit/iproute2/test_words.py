"""Abbreviations and options as iproute2's own comparisons resolve them, and what is refused."""

from __future__ import annotations

import pytest

from iplab.iproute2 import read_text


@pytest.mark.parametrize(
    ("typed", "full"),
    [
        ("ip a", "ip address"),
        ("ip a a 10.0.0.1/24 dev eth0", "ip address add 10.0.0.1/24 dev eth0"),
        ("ip a s eth0", "ip address show eth0"),
        ("ip a r 10.0.0.1/24 dev e0", "ip address replace 10.0.0.1/24 dev e0"),
        ("ip a c 10.0.0.1/24 dev e0", "ip address change 10.0.0.1/24 dev e0"),
        ("ip a d 10.0.0.1/24 dev e0", "ip address delete 10.0.0.1/24 dev e0"),
        ("ip a f dev e0", "ip address flush dev e0"),
        ("ip l", "ip link"),
        ("ip l s veth0 up", "ip link set veth0 up"),
        ("ip l sh veth0", "ip link show veth0"),
        ("ip l a br0 ty bridge", "ip link add br0 type bridge"),
        ("ip l a l e0 e0.5 ty vlan i 5", "ip link add link e0 e0.5 type vlan id 5"),
        ("ip l d br0", "ip link delete br0"),
        ("ip l s e0 m br0", "ip link set e0 master br0"),
        ("ip l s e0 nom", "ip link set e0 nomaster"),
        ("ip l s e0 ad 02:00:00:00:00:01", "ip link set e0 address 02:00:00:00:00:01"),
        ("ip r", "ip route"),
        ("ip r a default via 10.0.0.1", "ip route add default via 10.0.0.1"),
        ("ip r s t all", "ip route show table all"),
        ("ip r g 1.1.1.1", "ip route get 1.1.1.1"),
        ("ip r r default via 10.0.0.1", "ip route replace default via 10.0.0.1"),
        ("ip r d default", "ip route delete default"),
        ("ip ru", "ip rule"),
        ("ip ru a from 10.0.0.0/8 lookup 9", "ip rule add from 10.0.0.0/8 table 9"),
        ("ip n", "ip neighbour"),
        ("ip nei s dev e0", "ip neighbour show dev e0"),
        ("ip net", "ip netns"),
        ("ip netn a ns0", "ip netns add ns0"),
        ("ip netns e ns0 ip a", "ip netns exec ns0 ip address"),
        ("ip netns s", "ip netns list"),
        ("ip -n ns0 -4 -br -c a", "ip -netns ns0 -4 -brief -color address"),
        ("ip -s -d -o -j l", "ip -statistics -details -oneline -json link"),
        ("ip -b file", "ip -batch file"),
        ("ip tunt a dev tap0 m ta", "ip tuntap add dev tap0 mode ta"),
        ("bridge l", "bridge link"),
        ("bridge v s", "bridge vlan show"),
        ("tc q s dev e0", "tc qdisc show dev e0"),
        ("sudo /sbin/ip l", "sudo /sbin/ip link"),
    ],
)
def test_abbreviations_are_written_out(typed: str, full: str) -> None:
    reading = read_text(typed)
    assert reading.unknown == ""
    assert " ".join(reading.full) == full


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("", "there is no command"),
        ("ls -l", "not a program"),
        ("ip", "object is missing"),
        ("ip foo", "no object"),
        ("ip xfrm state", "not something iplab reads"),
        ("ip -x a", "no option"),
        ("ip link set", "device is missing"),
        ("ip link set veth0", "does not say what"),
        ("ip link set veth0 frob", "second device"),
        ("ip link set veth0 mtu", "needs a value"),
        ("ip link set veth0 mtu much", "not a number"),
        ("ip link set 'a b' up", "cannot be the name"),
        ("ip link add veth0", "type is missing"),
        ("ip addr add 10.0.0.1/24", "device is missing"),
        ("ip addr add 10.0.0.300/24 dev e0", "not an address"),
        ("ip -6 addr add 10.0.0.1/24 dev e0", "family"),
        ("ip route add 10.0.0.1/24 dev e0", "host bits"),
        ("ip netns exec", "should stand"),
        ("ip netns exec ns0", "command to run inside"),
        ("ip link set 'veth0", "quotes"),
        ("tc filter add dev e0", "only `tc qdisc`"),
        ("nft list ruleset", "reads only"),
    ],
)
def test_what_is_not_known_is_said(typed: str, why: str) -> None:
    reading = read_text(typed)
    assert why in reading.unknown
    assert reading.operations == ()
    assert reading.known == ()
