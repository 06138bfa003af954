"""What of a shell script a walk shows."""

from __future__ import annotations

import pytest

from iplab.walk import Walk, from_script, project


def argvs(text: str) -> list[list[str]]:
    """Of the steps."""
    return [list(step.argv) for step in from_script(text)]


@pytest.mark.parametrize(
    ("text", "argv"),
    [
        ("ip netns add ns0", [["ip", "netns", "add", "ns0"]]),
        ("$ ip netns add ns0", [["ip", "netns", "add", "ns0"]]),
        ("# ip netns add ns0", [["ip", "netns", "add", "ns0"]]),
        ("root@box:~# ip netns add ns0", [["ip", "netns", "add", "ns0"]]),
        ("[me@box ~]$ ip netns add ns0", [["ip", "netns", "add", "ns0"]]),
        ("#!/bin/sh\n# ip netns add not\nip netns add a", [["ip", "netns", "add", "a"]]),
        ("ip a; ip r && ip l", [["ip", "a"], ["ip", "r"]]),
        ("A=b\nip -n $A a\nip -n ${A} r", [["ip", "-n", "b", "a"], ["ip", "-n", "b", "r"]]),
        ("ip link add veth0 \\\n  type veth", [["ip", "link", "add", "veth0", "type", "veth"]]),
        ("ip netns add a 2>/dev/null", [["ip", "netns", "add", "a"]]),
        ("ip netns add a > /dev/null 2>&1", [["ip", "netns", "add", "a"]]),
        ("ip netns add 'a'  # behind", [["ip", "netns", "add", "a"]]),
        ("```sh\r\nip a\r\n```\r\n", [["ip", "a"]]),
        ("modprobe veth\nip a | grep inet | awk '{print $2}'", [["ip", "a"]]),
        (
            "for i in 1 2; do ip netns add n$i; done",
            [["ip", "netns", "add", "n1"], ["ip", "netns", "add", "n2"]],
        ),
        (
            'add() { ip netns add "$1"; }\nadd a\nadd b',
            [["ip", "netns", "add", "a"], ["ip", "netns", "add", "b"]],
        ),
        (
            "ip -batch - <<E\nnetns add a\n-n a link set lo up\nE",
            [["ip", "netns", "add", "a"], ["ip", "-n", "a", "link", "set", "lo", "up"]],
        ),
    ],
)
def test_what_is_read(text: str, argv: list[list[str]]) -> None:
    assert argvs(text)[: len(argv)] == argv
    assert not any(step.reading.unknown for step in from_script(text))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("while read n; do ip netns add $n; done", "iplab does not follow this"),
        ("ip link set $DEV up", "$DEV is not set in the script"),
        ("ip addr add $(cat address) dev eth0", "$(cat address) is not known without running it"),
        ("ping -c 1 10.0.0.1 || ip netns del a", "whether it runs depends on"),
        ("ip netns add 'a", "the command ends where"),
    ],
)
def test_what_is_not_read_says_so(text: str, why: str) -> None:
    steps = from_script(f"ip a\n{text}")
    assert any(why in step.reading.unknown for step in steps)
    walk = project("x", steps)
    assert any(why in trouble for one in walk.troubles.values() for trouble in one)


def test_comments_go_with_the_next_command() -> None:
    found = from_script(
        "#!/bin/sh\n# 建立命名空間\nip netns add a\n\n# alone\n\nip netns add b # 第二個\n"
    )
    assert [(step.line, step.why) for step in found] == [(3, "建立命名空間"), (7, "第二個")]


OLD = """\
ip netns add a
ip link add p0 type veth peer name eth0 netns a
brctl addbr br0; brctl addif br0 p0
ifconfig br0 down  # it is
ifconfig nowhere 10.0.0.9
ip netns exec a ifconfig eth0 10.0.0.2 netmask 255.255.255.0 up   # 舊的寫法
ip netns exec a ifconfig eth0 10.0.0.3 netmask 255.255.255.0
sudo ip netns exec a /sbin/route add default gw 10.0.0.1
"""


def test_old_commands_are_said_again_one_a_step() -> None:
    walk: Walk = project("old", from_script(OLD))
    told = [(step.line, step.text) for step in walk.steps if step.old]
    assert told == [
        (3, "ip link add br0 type bridge"),
        (3, "ip link set p0 master br0"),
        (6, "ip -n a addr add 10.0.0.2/24 dev eth0"),
        (6, "ip -n a link set eth0 up"),
        # What is there is known: the second address replaces the first.
        (7, "ip -n a addr del 10.0.0.2/24 dev eth0"),
        (7, "ip -n a addr add 10.0.0.3/24 dev eth0"),
        (8, "ip -n a route prepend default via 10.0.0.1"),
    ]
    first = next(step for step in walk.steps if step.line == 6)
    assert first.old == "ip netns exec a ifconfig eth0 10.0.0.2 netmask 255.255.255.0 up"
    assert first.why == "舊的寫法"
    (refused,) = walk.troubles.values()
    assert "there is no device nowhere" in refused[0]
    (route,) = walk.states[-1].namespaces["a"].routes
    assert (str(route.gateway), route.device) == ("10.0.0.1", "eth0")


def test_the_script_s_own_arguments() -> None:
    text = 'for n in "$@"; do ip netns add "$n"; done'
    assert [step.argv[-1] for step in from_script(text, ["x", "y"])] == ["x", "y"]
