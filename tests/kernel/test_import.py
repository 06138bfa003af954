"""import --live: the plan of what was imported is empty, on every starter and on odd systems."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

import pytest

from iplab import lab as labs
from tests.kernel import words

pytestmark = [
    pytest.mark.kernel,
    pytest.mark.skipif(words.why_not() is not None, reason=str(words.why_not())),
]
IPLAB = f"{shlex.quote(sys.executable)} -m iplab"


@pytest.mark.parametrize("name", [name for name, _, _ in labs.starters()])
def test_an_imported_starter_has_nothing_to_do(name: str, tmp_path: Path) -> None:
    file, text = labs.starter_text(name)
    (tmp_path / file).write_text(text)
    done = words.run(
        f"{IPLAB} script {file} -o up.sh 2>/dev/null && ./up.sh up >/dev/null && "
        f"{IPLAB} import --live -o live.yaml && {IPLAB} plan live.yaml",
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "nothing to do" in done.stderr
    wanted = labs.loads(text, file).network.namespaces
    found = labs.load(tmp_path / "live.yaml").network.namespaces
    assert {*found} == {*wanted}
    assert {n: {*found[n].interfaces} for n in found} == {
        n: {*wanted[n].interfaces} for n in wanted
    }


SYSTEMS = {
    "ports named by hand": "ip netns add a; ip link add br0 type bridge; ip link set br0 up; "
    "ip link add p0 type veth peer name eth0 netns a; ip link set p0 master br0 mtu 1400; "
    "ip link set p0 up; ip -n a addr add 10.0.0.1/24 brd + dev eth0; ip -n a link set eth0 up",
    "one end down, rate at one end": "ip netns add a; ip link add x netns a type veth peer name y; "
    "ip link set y up; tc qdisc add dev y root tbf rate 1mbit burst 3200 latency 50ms",
    "macvlan and routes": "ip netns add a; ip netns add b; "
    "ip link add x netns a type veth peer name y netns b; "
    "ip -n a link add link x name m type macvlan mode bridge; ip -n a addr add fd00::1/64 dev m; "
    "ip -n a link set x up; ip -n b link set y up; ip -n a link set m up; "
    "ip -n a route add default via fd00::2; ip -n a route add 10.9.0.0/16 dev m metric 7; "
    "ip -n a route add blackhole 10.8.0.0/16; "
    "ip netns exec a sysctl -qw net.ipv6.conf.all.forwarding=1",
    "bridge in a node, stp": "ip netns add a; ip -n a link add br0 type bridge stp_state 1 "
    "vlan_filtering 1; ip -n a link add t0 type veth peer name t1; ip -n a link set t0 master br0; "
    "ip -n a tuntap add dev tap0 mode tap; ip -n a link set tap0 master br0",
    "link-local addresses by hand": "ip netns add a; ip -n a link add x type veth peer name y; "
    "ip -n a addr add fe80::1/64 dev x; ip -n a link set y addrgenmode random; "
    "ip -n a link set x up; ip -n a link set y up; ip -n a addr add fe80::2/64 dev y nodad; "
    "ip -n a link set x address 02:00:00:00:00:01; ip -n a addr add fe80::9/64 dev lo",
    "nothing in it": "ip netns add a",
}


@pytest.mark.parametrize("system", SYSTEMS)
def test_an_imported_system_has_nothing_to_do(system: str, tmp_path: Path) -> None:
    done = words.run(
        f"{SYSTEMS[system]}; {IPLAB} import --live -o live.yaml && cat live.yaml && "
        f"{IPLAB} plan live.yaml && {IPLAB} check live.yaml",
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "nothing to do" in done.stderr


def test_link_local_addresses_are_taken_over_where_somebody_set_them(tmp_path: Path) -> None:
    done = words.run(
        f"{SYSTEMS['link-local addresses by hand']}; {IPLAB} import --live", cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    lines = {line.strip(" -") for line in done.stdout.splitlines() if "fe80" in line}
    assert lines == {"a:x: fe80::1/64", "a:y: fe80::2/64", "lo: fe80::9/64"}


def test_what_a_lab_cannot_say_is_named(tmp_path: Path) -> None:
    done = words.run(
        "ip netns add a; ip -n a link add i0 type ifb; ip netns add b; "
        "ip link add x netns a type veth peer name y netns b; "
        "ip -n a addr add 10.0.0.1 peer 10.0.0.2 dev x; "
        "ip link add h0 type veth peer name eth0 netns a; sysctl -qw net.ipv4.ip_forward=1; "
        "ip netns exec a nft add table ip mine; nft add table inet theirs; "
        "tc -n b qdisc add dev y root bfifo limit 7000; "
        f"{IPLAB} import --live; echo $?; {IPLAB} import --live --only a",
        cwd=tmp_path,
    )
    assert "a:i0: a ifb, which a lab cannot make" in done.stderr
    assert "the peer 10.0.0.2" in done.stderr
    assert "a:x: it is bound to b:y, which is not asked for" in done.stderr
    assert "host: net.ipv4.ip_forward is 1" in done.stderr
    assert "a: the nft table ip mine" in done.stderr
    assert "host: the nft table inet theirs" in done.stderr
    assert "b:y: the qdisc bfifo" in done.stderr
    assert "MAC addresses are left to chance" in done.stderr
    assert "3\n" in done.stdout


LEFT_OUT = {
    "ip -n a addr add 10.0.0.1/24 dev x valid_lft 100 preferred_lft 50": "a:x: the address "
    "10.0.0.1/24, which has a lifetime",
    "ip -n a addr add fd00::1/64 dev x valid_lft 100 preferred_lft 50": "a:x: the address "
    "fd00::1/64, which has a lifetime",
    "ip -n a addr add 127.0.0.2/8 dev lo": "a:lo: the address 127.0.0.2/8",
    "ip -n a neigh add 10.0.0.9 lladdr 02:00:00:00:00:09 dev x nud permanent": "a: the neighbour "
    "10.0.0.9 dev x lladdr 02:00:00:00:00:09 nud permanent",
    "ip -n a neigh add proxy 10.0.0.9 dev x": "a: the neighbour 10.0.0.9 dev x proxy",
    "ip -n a route add 10.7.0.0/16 dev x table 7": "a: the route 10.7.0.0/16 dev x table 7",
    "ip -n a route add blackhole default table 7": "a: the route blackhole default table 7",
    "ip -n a route add 10.7.0.0/16 dev x proto bird": "a: the route 10.7.0.0/16 dev x proto bird",
    "ip -n a route add 10.7.0.0/16 nexthop dev x nexthop dev y": "a: the route 10.7.0.0/16 "
    "nexthop dev x nexthop dev y",
    "ip -n a rule add from 1.2.3.4 lookup 7": "a: the rule priority 32765 from 1.2.3.4 table 7",
    "ip -n a -6 rule add from fd00::9 lookup 7": "a: the rule priority 32765 from fd00::9 table 7",
}


@pytest.mark.parametrize("line", LEFT_OUT)
def test_what_is_left_out_of_a_system_is_named(line: str, tmp_path: Path) -> None:
    made = (
        "ip netns add a; ip -n a link add x type veth peer name y; "
        "ip -n a link set x up; ip -n a link set y up"
    )
    done = words.run(
        f"set -e; {made}; {IPLAB} import --live >/dev/null; {line}; set +e; "
        f"{IPLAB} import --live >/dev/null; echo $?",
        cwd=tmp_path,
    )
    assert done.stdout == "3\n", done.stderr
    assert f"left out: {LEFT_OUT[line]}" in done.stderr
    assert "of the settings (sysctl) only forwarding is read" in done.stderr
