"""What a lab masquerades: the rules, what they do to packets, and what becomes of them."""

import pytest

from tests.kernel.sandbox import Sandbox

pytestmark = pytest.mark.kernel

# `out` knows nothing of what is behind `gw`: it answers nobody but gw itself.
LAB = """\
lab: nat
links:
  - in:eth0: [10.0.1.2/24, fd00:1::2/64]
    gw:to-in: [10.0.1.1/24, fd00:1::1/64]
  - out:eth0: [10.0.2.2/24, fd00:2::2/64]
    gw:to-out: [10.0.2.1/24, fd00:2::1/64]
nodes:
  in: {routes: [default via 10.0.1.1, default via fd00:1::1]}
  gw: {forward: true, masquerade: [10.0.1.0/24, "fd00:1::/64"]}
checks: [in -> out]
"""
ALL = LAB.replace('10.0.1.0/24, "fd00:1::/64"', '0.0.0.0/0, "::/0"')
TABLE = "iplab-nat"

# The address that a server on loopback is spoken to from.
WHO = """\
import socket
server = socket.create_server(("127.0.0.1", 0))
socket.create_connection(server.getsockname())
print(server.accept()[1][0])
"""


@pytest.mark.parametrize("style", ["direct", "steps", "batch"])
def test_a_source_of_everything_is_all_that_leaves(sandbox: Sandbox, style: str) -> None:
    lab = sandbox.write("lab.yaml", ALL)
    sandbox.iplab("up", lab, "--yes", "--style", style)
    answers = sandbox.iplab("check", lab).out
    assert "ok       in -> out: 10.0.2.2 answers" in answers
    assert "fd00:2::2 answers" in answers
    # What does not leave stays as it is.
    who = sandbox.run("ip", "netns", "exec", "gw", "python3", "-c", WHO)
    assert who == "127.0.0.1\n"
    assert "nothing to do" in sandbox.iplab("up", lab, "--yes").err
    assert "reaches  in → out" in sandbox.iplab("why", "in", "out").out
    sandbox.iplab("down", lab)
    assert sandbox.ip("netns") == ""


def test_a_rule_of_everything_that_matches_nothing_is_put_right(sandbox: Sandbox) -> None:
    """As an iplab before this one wrote it."""
    lab = sandbox.write("lab.yaml", ALL)
    sandbox.iplab("up", lab, "--yes")
    sandbox.sh(
        f"ip netns exec gw nft flush chain inet {TABLE} postrouting; ip netns exec gw nft add rule"
        f" inet {TABLE} postrouting ip saddr 0.0.0.0/0 ip daddr '!=' 0.0.0.0/0 masquerade"
    )
    assert f"differs  gw: nft table {TABLE}" in sandbox.iplab("check", lab, code=3).out
    sandbox.iplab("up", lab, "--yes")
    sandbox.iplab("check", lab)
