"""The commands that people are taught, word for word."""

import pytest

from tests.kernel import state
from tests.kernel.labs import starter
from tests.kernel.sandbox import Sandbox

pytestmark = pytest.mark.kernel

NINE = """\
ip netns add ns0
ip netns add ns1
ip link add veth0 type veth peer name veth1
ip link set veth0 netns ns0
ip link set veth1 netns ns1
ip netns exec ns0 ip addr add 172.18.0.2/24 dev veth0
ip netns exec ns0 ip link set veth0 up
ip netns exec ns1 ip addr add 172.18.0.3/24 dev veth1
ip netns exec ns1 ip link set veth1 up
"""

SIX = """\
ip link add veth2 type veth peer name veth3
ip link set veth2 netns ns0
ip netns exec ns0 ip addr add 172.19.0.2/24 dev veth2
ip netns exec ns0 ip link set veth2 up
ip addr add 172.19.0.4/24 dev veth3
ip link set veth3 up
"""


def commands(printed: str) -> str:
    """What `plan` prints, without its reasons."""
    return "".join(f"{line}\n" for line in printed.splitlines() if not line.startswith("#"))


def test_the_nine_and_the_six(sandbox: Sandbox) -> None:
    two = starter(sandbox, "two-namespaces")
    assert commands(two.iplab("plan", style="steps", code=3).out) == NINE
    two.iplab("up", "--yes", style="steps")
    sandbox.run("ip", "netns", "exec", "ns1", "ping", "-c1", "-W1", "172.18.0.2")

    host = starter(sandbox, "host-to-namespace")
    assert commands(host.iplab("plan", style="steps", code=3).out) == SIX
    host.iplab("up", "--yes", style="steps")
    host.iplab("check")

    # Each lab takes away its own, in either order; the one that others stand in goes last.
    said = two.iplab("down", code=1).err
    assert "veth2" in said
    assert "host-to-namespace" in said
    host.iplab("down")
    two.iplab("check")
    two.iplab("down")
    assert sandbox.ip("netns") == ""


def test_pasted_into_a_shell_they_do_the_same(sandbox: Sandbox) -> None:
    two = starter(sandbox, "two-namespaces")
    printed = two.iplab("plan", style="steps", code=3).out
    sandbox.sh(printed)
    # All is as the file says, though none of it is the lab's.
    assert two.iplab("plan", "--json").json["commands"] == []
    two.iplab("check")


def test_a_batch_pasted_into_a_shell_does_the_same(sandbox: Sandbox) -> None:
    star = starter(sandbox, "star")
    sandbox.sh(star.iplab("plan", style="batch", code=3).out)
    assert star.iplab("plan", "--json").json["commands"] == []


def test_undo_pasted_into_a_shell_leads_back(sandbox: Sandbox) -> None:
    state.with_foreign_things(sandbox)
    before = state.host(sandbox)
    host = starter(sandbox, "host-to-namespace")
    there = host.iplab("plan", style="steps", code=3).out
    back = host.iplab("plan", "--undo", style="steps", code=3).out
    sandbox.sh(there)
    sandbox.sh(back)
    assert state.host(sandbox) == before
