"""One edit after another of a lab that is up: each comes true, and nothing is left to do."""

import pytest

from tests.kernel.sandbox import Sandbox

pytestmark = pytest.mark.kernel

BRIDGE = """\
lab: edits
bridges:
  - a:br0: 10.0.0.1/24
    members: {vm1:eth0: 10.0.0.2/24}
links:
  - a:p1: {master: br0}
    vm2:eth0: 10.0.0.3/24
"""


def becomes(sandbox: Sandbox, text: str) -> str:
    """The lab file is edited to ``text``: what `plan` says of it, before it is so."""
    lab = sandbox.write("lab.yaml", text)
    said = sandbox.iplab("plan", lab, code=3)
    sandbox.iplab("up", lab, "--yes")
    sandbox.iplab("check", lab)
    assert "nothing to do" in sandbox.iplab("up", lab, "--yes").err
    return said.out


def test_a_bridge_keeps_its_mtu_where_its_ports_get_less(sandbox: Sandbox) -> None:
    """The kernel has it follow the ports until somebody sets it, and does not show which."""
    becomes(sandbox, BRIDGE)
    wide = BRIDGE.replace("    members", "    mtu: 1500\n    members")
    assert "ip -n a link set br0 mtu 1500\n" in becomes(sandbox, wide + "    mtu: 1400\n")
    # Set it is by now, but who could tell?
    becomes(sandbox, wide)
    becomes(sandbox, wide + "    mtu: 1300\n")
    becomes(sandbox, wide.replace("mtu: 1500", "mtu: 1300") + "    mtu: 1300\n")
    becomes(sandbox, wide.replace("mtu: 1500", "mtu: 1300").partition("links")[0])
    becomes(sandbox, BRIDGE)
    sandbox.iplab("down", "lab.yaml")
    assert sandbox.ip("netns") == ""


@pytest.mark.parametrize("how", ["made", "edited"])
def test_a_bridge_is_wider_than_a_port_of_its_own(sandbox: Sandbox, how: str) -> None:
    narrow = BRIDGE.replace("    members", "    mtu: 1500\n    members") + "    mtu: 1400\n"
    if how == "edited":
        becomes(sandbox, BRIDGE.partition("links")[0])
    becomes(sandbox, narrow)
    assert "mtu 1500" in sandbox.ip("-n a link show br0")
