"""What `explain` claims the kernel holds afterwards, asked of the kernel."""

from __future__ import annotations

import pytest

from iplab.iproute2 import read_text
from iplab.iproute2.calling import OBJECTS
from iplab.iproute2.explain import explain
from iplab.iproute2.output import read as read_output
from iplab.messages import Messages
from tests.kernel import words

pytestmark = [
    pytest.mark.kernel,
    pytest.mark.skipif(words.why_not() is not None, reason=str(words.why_not())),
]
PAIR = "ip netns add ns1; ip link add v0 type veth peer name v1; "

# before, the command, a question, what its answer holds (or with '!' does not), the claim's words
CLAIMS = [
    ("", "ip netns add ns1", "ip -n ns1 -o link", "lo: <LOOPBACK>", "lo, which is down"),
    ("", "ip netns add ns1", "ls /run/netns", "ns1", "/run/netns/ns1"),
    (PAIR + "ip link set v1 netns ns1", "ip netns del ns1", "sleep .3; ip link", "!v0",
     "took its other end along"),
    ("", "ip link add v0 type veth peer name v1", "ip -o link show v0", "state DOWN", "both down"),
    ("", "ip link add v0 type veth peer name v1", "ip -o link show v0", "v0@v1", "as its peer"),
    (PAIR, "ip link del v0", "ip link", "!v1", "a veth's other end too"),
    (PAIR + "ip addr add 10.0.0.1/24 dev v0; ip link set v0 up", "ip link set v0 netns ns1",
     "ip -n ns1 addr show v0", "state DOWN", "it is down there"),
    (PAIR + "ip addr add 10.0.0.1/24 dev v0", "ip link set v0 netns ns1",
     "ip -n ns1 addr show v0", "!10.0.0.1", "without addresses"),
    (PAIR, "ip link set v0 netns ns1", "ip -n ns1 -o link show v0", "v0@if", "keeps its other"),
    (PAIR + "ip link set v1 up", "ip link set v0 up", "sleep .1; ip addr show v0", "fe80::",
     "IPv6 gives it an address"),
    (PAIR, "ip link set v0 up", "ip link show v0", "M-DOWN", ""),
    (PAIR + "ip addr add 10.0.0.1/24 dev v0", "ip link set v0 up", "ip route", "10.0.0.0/24 dev v0",
     "brings the route"),
    (PAIR + "ip addr add 10.0.0.1/24 dev v0; ip addr add fd00::1/64 dev v0; ip link set v0 up",
     "ip link set v0 down", "ip addr show v0", "10.0.0.1", "IPv4 addresses stay"),
    (PAIR + "ip addr add fd00::1/64 dev v0; ip link set v0 up", "ip link set v0 down",
     "ip addr show v0", "!fd00::1", "its IPv6 addresses"),
    (PAIR + "ip addr add 10.0.0.1/24 dev v0; ip link set v0 up; ip route add default via 10.0.0.2",
     "ip link set v0 down", "ip route", "!default", "so are all routes"),
    (PAIR + "ip addr add fd00::1/64 dev v0; ip link set v0 up", "ip link set v0 mtu 1200",
     "ip addr show v0", "!fd00::1", "IPv6 addresses go"),
    (PAIR + "ip link add br0 type bridge", "ip link set v0 master br0", "ip link show v0",
     "master br0", "`master br0` stands"),
    (PAIR + "ip addr add 10.0.0.1/24 dev v0", "ip addr add 10.0.0.2/24 dev v0",
     "ip addr show v0", "10.0.0.1/24", "beside those it has"),
    (PAIR + "ip addr add 10.0.0.1/24 dev v0", "ip addr add 10.0.0.2/24 dev v0",
     "ip addr show v0", "secondary", "is `secondary`"),
    (PAIR + "ip addr add 10.0.0.1/24 dev v0; ip addr add 10.0.0.2/24 dev v0",
     "ip addr del 10.0.0.1/24 dev v0", "ip addr show v0", "!10.0.0.2", "go with it"),
    (PAIR + "ip addr add 10.0.0.1/24 dev v0", "ip addr replace 10.0.0.2/24 dev v0",
     "ip addr show v0", "10.0.0.1/24", "beside every address"),
    (PAIR + "ip addr add 10.0.0.1/24 dev v0", "ip addr replace 10.0.0.1/16 dev v0",
     "ip addr show v0", "10.0.0.1/24", "the same with another length"),
    (PAIR + "ip addr add fd00::1/64 dev v0", "ip addr replace fd00::1/48 dev v0",
     "ip addr show v0", "fd00::1/64", "another length stays as it was"),
    (PAIR, "ip addr change 10.0.0.1/24 dev v0", "ip addr show v0", "10.0.0.1/24",
     "the kernel adds it all the same"),
    (PAIR, "ip addr change fd00::1/64 dev v0", "ip addr show v0", "fd00::1/64",
     "the kernel adds it all the same"),
    ("ip rule add from 10.0.0.0/8 lookup 9", "ip rule add from 10.0.0.0/8 lookup 9",
     "ip rule | grep -c 'lookup 9'", "2", "it is there twice"),
    (PAIR + "ip link set v0 up; ip neigh add 10.0.0.9 lladdr 02:00:00:00:00:09 dev v0",
     "ip neigh flush dev v0", "ip neigh show dev v0", "PERMANENT", "PERMANENT ones stay"),
    (PAIR, "ip addr add 10.0.0.1 dev v0", "ip addr show v0", "10.0.0.1/32", "it is /32"),
    (PAIR, "ip link set v0 name eth9", "ip link", "eth9", "under the new name"),
    (PAIR, "ip link set v0 promisc on", "ip link show v0", "PROMISC", "PROMISC is set"),
    (PAIR, "ip link set v0 arp off", "ip link show v0", "NOARP", "NOARP is set"),
    (PAIR + "ip link set v0 up", "ip neigh add 10.0.0.9 lladdr 02:00:00:00:00:09 dev v0",
     "ip neigh show dev v0", "PERMANENT", "in the state PERMANENT"),
    ("", "ip netns exec nowhere true || ip rule flush", "ip rule", "!main", ""),
    ("", "sysctl -w net.ipv4.ip_forward=1", "sysctl net.ipv4.ip_forward", "= 1",
     "net.ipv4.ip_forward = 1"),
    ("", "ip link add x0 type vxlan id 5 remote 10.0.0.2", "ip -d link show x0", "dstport 8472",
     "the port is 8472"),
    ("", "ip link add x0 type vxlan id 5 remote 10.0.0.2", "ip -d link show x0", "vxlan id 5",
     "id 5"),
    ("", "ip link set lo up", "ip addr show lo", "::1/128 scope host", "::1/128 (scope host)"),
    ("", "ip link set lo up", "ip addr show lo", "!fe80", "it has 127.0.0.1/8"),
    (PAIR + "ip link set v0 up", "ip addr add 10.5.0.1 peer 10.0.0.9/30 dev v0", "ip route",
     "10.0.0.8/30 dev v0", "a route to 10.0.0.8/30"),
    (PAIR + "ip link set v0 up; ip addr add fd00::1/64 dev v0", "ip addr add fd00::2/64 dev v0",
     "ip addr show v0", "!secondary", "RFC 6724"),
    (PAIR + "ip link set v0 up", "ip route add 10.7.0.0/16 dev v0 table 5", "ip route", "!10.7.0.0",
     "a route in table 5"),
    (PAIR + "ip link add br0 type bridge; ip link set v0 master br0; ip link set br0 up;"
     "ip link set v0 up; ip link set v1 up; sleep .5", "ip link set br0 type bridge stp_state 1",
     "ip -d link show v0", "state forwarding", "forwards already goes on"),
    (PAIR + "ip link set v0 up; ip link set v1 up; sleep .1; ip addr add 10.0.0.1/24 dev v0",
     "ip -4 addr flush dev v0", "ip addr show v0", "fe80::", "IPv6 addresses stay"),
    ("ip route add blackhole 10.0.0.0/8", "ip route flush cache", "ip route", "blackhole",
     "takes no route away"),
    ("ip netns add ns1; ip netns add ns2", "ip -a netns exec ip link set lo up",
     "ip -n ns1 -o link; ip -n ns2 -o link", "LOOPBACK,UP", "in every named namespace"),
]  # fmt: skip


@pytest.mark.parametrize(("before", "command", "question", "answer", "claim"), CLAIMS)
def test_a_claim(before: str, command: str, question: str, answer: str, claim: str) -> None:
    text = f"{before.rstrip('; ') or ':'}\n{command} || exit 7\n{question}"
    done = words.run(text)
    assert done.returncode == 0, done.stdout + done.stderr
    there, wanted = answer.removeprefix("!") in done.stdout, not answer.startswith("!")
    assert there is wanted, done.stdout
    if claim:
        one = explain(read_text(command), Messages("en"))
        assert claim in " ".join((*one.does, *one.after, *one.traps))


@pytest.mark.parametrize(
    ("before", "command", "said"),
    [
        ("ip netns add ns1; ip link add br0 type bridge", "ip link set br0 netns ns1", ""),
        ("ip netns add ns1", "ip link set lo netns ns1", ""),
        (
            PAIR + "ip -n ns1 link add v0 type veth peer name x",
            "ip link set v0 netns ns1",
            "exists",
        ),
        ("", "ip link del lo", "not supported"),
        ("", "ip route add 10.0.0.0/24", "No such device"),
        ("", "ip link add zz type vethh", "Unknown device type"),
        ("", "ip -f inett a", "invalid protocol family"),
    ],
)
def test_what_is_said_to_be_refused(before: str, command: str, said: str) -> None:
    done = words.run(f"{before or ':'}\n{command}")
    assert done.returncode != 0
    assert said in done.stderr


@pytest.mark.parametrize(
    ("before", "command", "question"),
    [
        ("", "ip netns add ns1", "ip netns"),
        ("", "ip link add v0 type veth peer name v1", "ip -br link | cut -d' ' -f1"),
        ("", "ip link add br0 type bridge", "ip -br link | cut -d' ' -f1"),
        (PAIR, "ip link set v0 up", "ip link show v0 | grep -o '<.*>'"),
        (PAIR, "ip link set v0 netns ns1", "ip -br link show v0 | cut -d' ' -f1"),
        (PAIR + "ip link add br0 type bridge", "ip link set v0 master br0", "ip -o link show v0"),
        (PAIR, "ip addr add 10.0.0.1/24 brd + dev v0", "ip addr show v0"),
        (PAIR + "ip link set v0 up", "ip route add 10.1.0.0/16 dev v0", "ip route"),
        ("ip link add br0 type bridge", "ip link set br0 type bridge stp_state 1",
         "ip -d link show br0 | grep -o 'stp_state .'"),
        (PAIR, "ip link set v0 name eth9", "ip link"),
        (PAIR, "tc qdisc add dev v0 ingress", "tc qdisc show dev v0"),
        (PAIR, "tc qdisc add dev v0 clsact", "tc qdisc show dev v0"),
        (PAIR + "ip link set v0 group 5; ip link set v0 up", "ip link set group 5 down",
         "ip link show v0 | grep -o '<.*>'"),
        (PAIR, "tc qdisc add dev v0 root tbf rate 1mbit burst 3200 latency 50ms",
         "tc qdisc show dev v0"),
    ],
)  # fmt: skip
def test_the_way_back_leads_back(before: str, command: str, question: str) -> None:
    one = explain(read_text(command), Messages("en"))
    back = [*one.undo, *(note.split("`")[1] for note in one.undo_note if note.startswith("`"))]
    there_and_back = f"{command} || exit 7\n{'; '.join(back)} || exit 8"
    done = words.run(f"{before or ':'}\n{question}; echo ----\n{there_and_back}\n{question}")
    assert done.returncode == 0, done.stdout + done.stderr
    was, _, now = done.stdout.partition("----\n")
    assert now == was


def test_an_object_is_what_the_real_ip_takes_it_for() -> None:
    """`help` tells which object an abbreviation is."""
    shorts = sorted({key.name[:n] for key in OBJECTS for n in (1, 2, 4)})
    fulls = [next(key.means for key in OBJECTS if key.fits(short)) for short in shorts]
    asked = "; ".join(f"ip {word} help 2>&1 | head -1" for word in (*shorts, *fulls))
    answers = words.run(asked).stdout.splitlines()
    assert len(answers) == 2 * len(shorts)
    by_short = dict(zip(shorts, answers, strict=False))
    assert by_short == dict(zip(shorts, answers[len(shorts) :], strict=True))


def test_a_kernels_output_is_told_whole() -> None:
    from iplab.iproute2.output import read
    from iplab.messages import LANGUAGES

    done = words.run(
        PAIR + "ip link set v1 netns ns1; ip addr add 10.0.0.1/24 dev v0; ip link set v0 up; "
        "ip -n ns1 link set v1 up; ip link add br0 type bridge; ip link set br0 up; ip a; ip -br a;"
        " ip -br link; ip -o a; ip link"
    )
    for lang in LANGUAGES:
        devices = read(done.stdout, Messages(lang))
        assert {"lo", "v0", "br0"} <= {d.name for d in devices}
        assert all(field.meaning for device in devices for field in device.fields)
    text = " ".join(f.meaning for d in read(done.stdout, Messages("en")) for f in d.fields)
    assert "in the namespace ns1" in text


def test_json_says_what_the_lines_say() -> None:
    """`ip -j X` is explained field by field as `ip X` is."""
    asked = ("addr", "-br addr", "-br link", "-4 addr", "route show table all", "neigh", "link")
    script = PAIR + (
        "ip addr add 10.0.0.1/24 dev v0; ip addr add 10.1.0.1 peer 10.1.0.2/32 dev v0; "
        "ip link set v0 up; ip link set v1 up; ip link set v0 alias cellar; "
        "ip route add default via 10.0.0.2; ip route add blackhole 10.8.0.0/16; "
        "ip route add 10.9.0.0/16 nexthop via 10.0.0.3 weight 2 nexthop via 10.0.0.4; "
        "ip neigh add 10.0.0.9 lladdr 02:00:00:00:00:01 dev v0; sleep .2; "
    )
    script += "".join(f"ip {one}; echo '####'; ip -j {one}; echo '####'; " for one in asked)
    parts = words.run(script).stdout.split("####\n")
    for one, plain, objects in zip(asked, parts[::2], parts[1::2], strict=False):
        told = [
            [{f.text for f in device.fields} for device in read_output(text, Messages("en"))]
            for text in (plain, objects)
        ]
        assert told[0], one
        assert told[0] == told[1], one
