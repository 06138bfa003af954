"""What of a shell script a walk reads."""

from __future__ import annotations

import pytest

from iplab.walk.script import lines


@pytest.mark.parametrize(
    ("text", "argv"),
    [
        ("ip netns add ns0", [["ip", "netns", "add", "ns0"]]),
        ("$ ip netns add ns0", [["ip", "netns", "add", "ns0"]]),
        ("# ip netns add ns0", [["ip", "netns", "add", "ns0"]]),
        ("root@box:~# ip netns add ns0", [["ip", "netns", "add", "ns0"]]),
        ("ip a; ip r && ip l", [["ip", "a"], ["ip", "r"], ["ip", "l"]]),
        ("A=b\nip -n $A a\nip -n ${A} r", [["ip", "-n", "b", "a"], ["ip", "-n", "b", "r"]]),
        ('NS="a b"\nip netns add "$NS"', [["ip", "netns", "add", "a b"]]),
        ("ip link add veth0 \\\n  type veth", [["ip", "link", "add", "veth0", "type", "veth"]]),
        ("ip netns add a 2>/dev/null", [["ip", "netns", "add", "a"]]),
        ("ip netns add a > /dev/null 2>&1", [["ip", "netns", "add", "a"]]),
        ("ip netns add 'a'  # behind", [["ip", "netns", "add", "a"]]),
        ("#!/bin/sh\nset -eu\necho hello\n", []),
        ("```sh\nip a\n```", [["ip", "a"]]),
    ],
)  # fmt: skip
def test_what_is_read(text: str, argv: list[list[str]]) -> None:
    found = lines(text)
    assert [list(line.argv) for line in found] == argv
    assert not any(line.unread for line in found)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("for i in 1 2 3; do ip netns add ns$i; done", "depends on running it"),
        ("ip link set $DEV up", "$DEV has no plain value"),
        ("ip addr add $(cat address) dev eth0", "depends on running it"),
        ("ip a | grep inet", "depends on running it"),
        ("ip netns add 'a", "quotes"),
    ],
)
def test_what_is_not_read_says_so(text: str, why: str) -> None:
    assert any(why in line.unread for line in lines(text))


def test_comments_go_with_the_next_command() -> None:
    found = lines(
        "#!/bin/sh\n# 建立命名空間\nip netns add a\n\n# alone\n\nip netns add b # 第二個\n"
    )
    assert [(line.number, line.comment) for line in found] == [(3, "建立命名空間"), (7, "第二個")]
